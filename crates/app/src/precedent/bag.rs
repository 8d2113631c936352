//! What a case says, as far as it may be compared with others. Leaves out what people (or some of them) do not see, what decisions are checked for bias
//! by, what goes to no model, and whose data it is: a person's earlier case is no reason to decide alike.

use crate::seal::Values;
use countersign_core::playbook::{FieldKind, FieldSpec, Playbook, Share};
use countersign_engine::CaseState;
use countersign_precedents::Bag;
use serde_json::Value;

/// What a case says.
pub(super) fn of(playbook: &Playbook, state: &CaseState, values: &Values) -> Bag {
    let mut bag = Bag::default();
    for spec in playbook.fields.iter().filter(|spec| compared(spec)) {
        let value = state.fields.get(&spec.name).and_then(|content| values.get(content));
        if let Some(value) = value {
            take(&mut bag, spec, &value);
        }
    }
    bag
}

fn compared(spec: &FieldSpec) -> bool {
    let kept = spec.hidden || spec.audited || spec.subject || spec.is_masked() || (spec.personal && spec.share == Share::Never);
    !kept && !matches!(spec.kind, FieldKind::Image | FieldKind::Time)
}

fn take(bag: &mut Bag, spec: &FieldSpec, value: &Value) {
    match (&spec.kind, value) {
        (FieldKind::Category { .. }, Value::String(word)) => bag.value(&spec.name, word),
        (FieldKind::Boolean, Value::Bool(yes)) => bag.value(&spec.name, if *yes { "yes" } else { "no" }),
        (FieldKind::Number, Value::String(number)) => number.parse().into_iter().for_each(|number| bag.number(&spec.name, number)),
        (FieldKind::Number, Value::Number(number)) => number.as_f64().into_iter().for_each(|number| bag.number(&spec.name, number)),
        (FieldKind::Conversation, Value::Array(turns)) => {
            turns.iter().filter_map(|turn| turn.get("text").and_then(Value::as_str)).for_each(|text| bag.text(text));
        }
        (_, value) => texts(bag, value),
    }
}

/// Every text in a value.
fn texts(bag: &mut Bag, value: &Value) {
    match value {
        Value::String(text) => bag.text(text),
        Value::Array(items) => items.iter().for_each(|item| texts(bag, item)),
        Value::Object(members) => members.values().for_each(|member| texts(bag, member)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
