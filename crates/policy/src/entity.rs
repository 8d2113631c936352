//! A request in Cedar's words: as few entities as it takes. Decides nothing.

use crate::{Action, Actor, Fact, Request, rules::Names};
use cedar_policy::{Context, Entities, Entity, EntityUid, Request as CedarRequest, RestrictedExpression as Value};
use std::{
    collections::{HashMap, HashSet},
    fmt::Display,
};

/// Why something cannot be said in Cedar's words. What cannot be said is not allowed.
#[derive(Debug, thiserror::Error)]
#[error("what is asked cannot be put to the rules: {0}")]
pub(crate) struct Unsaid(String);

fn unsaid(error: impl Display) -> Unsaid {
    Unsaid(error.to_string())
}

/// The digits after the point that a rule reads.
const SCALE: usize = 4;
/// The largest number that a rule reads, and the smallest.
const LARGEST: (&str, &str) = ("922337203685477.5807", "-922337203685477.5808");

/// A decimal as rules read it: four digits after the point, cut and not rounded, and no further than they reach.
pub(crate) fn readable(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |rest| ("-", rest));
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    // 15 digits before the point are 999 trillion, and the reach ends at 922.
    let over = whole.len() > 15 || (whole.len() == 15 && whole >= "922337203685477");
    if over {
        return if sign.is_empty() { LARGEST.0 } else { LARGEST.1 }.to_owned();
    }
    let rest: String = rest.chars().take(SCALE).collect();
    let (whole, rest) = (if whole.is_empty() { "0" } else { whole }, if rest.is_empty() { "0" } else { &rest });
    format!("{sign}{whole}.{rest}")
}

fn texts(all: &[String]) -> Value {
    Value::new_set(all.iter().map(|text| Value::new_string(text.clone())))
}

/// The request, and what its rules may ask about.
pub(crate) fn said(names: &Names, request: &Request<'_>) -> Result<(CedarRequest, Entities), Unsaid> {
    let mut entities: Vec<Entity> = Vec::with_capacity(8);
    let principal = match request.actor {
        Actor::Person { id, roles, member } => {
            let uid = names.uid(&names.person, id);
            let parents: HashSet<EntityUid> = roles.iter().map(|role| names.uid(&names.role, role)).collect();
            let attributes = HashMap::from([("member".to_owned(), Value::new_bool(member))]);
            entities.push(Entity::new(uid.clone(), attributes, parents).map_err(unsaid)?);
            uid
        }
        Actor::Key { id, scopes } => {
            let uid = names.uid(&names.key, id);
            let attributes = HashMap::from([("scopes".to_owned(), texts(scopes))]);
            entities.push(Entity::new(uid.clone(), attributes, HashSet::new()).map_err(unsaid)?);
            uid
        }
        Actor::Agent { name } => names.uid(&names.agent, name),
        Actor::System { name } => names.uid(&names.system, name),
    };
    let playbook = request.playbook.map(|playbook| names.uid(&names.playbook, playbook.name));
    let resource = match (request.action.on(), playbook) {
        (crate::On::Workspace, _) => names.workspace.clone(),
        (_, None) => return Err(Unsaid(format!("{} is done in a playbook, and none is named", request.action.word()))),
        (crate::On::Playbook, Some(playbook)) => playbook,
        (crate::On::Case, Some(playbook)) => {
            case(names, request, playbook, &mut entities)?;
            names.case.clone()
        }
    };
    let mut how = vec![("own".to_owned(), Value::new_bool(request.own)), ("certified".to_owned(), Value::new_bool(request.certified))];
    how.extend(request.answer.map(|answer| ("answer".to_owned(), Value::new_string(answer.to_owned()))));
    let context = Context::from_pairs(how).map_err(unsaid)?;
    let action = names.action(request.action);
    // Without it Cedar does not know that to decide is to answer.
    let groups: HashSet<EntityUid> = names.group(request.action).into_iter().collect();
    entities.push(Entity::new_no_attrs(action.clone(), groups));
    let asked = CedarRequest::new(principal, action, resource, context, None).map_err(unsaid)?;
    Ok((asked, Entities::from_entities(entities, None).map_err(unsaid)?))
}

fn case(names: &Names, request: &Request<'_>, playbook: EntityUid, entities: &mut Vec<Entity>) -> Result<(), Unsaid> {
    let (mut words, mut numbers) = (Vec::new(), Vec::new());
    for (field, fact) in &request.facts {
        match fact {
            Fact::Word(word) => words.push(((*field).to_owned(), Value::new_string((*word).to_owned()))),
            Fact::Number(number) => numbers.push(((*field).to_owned(), Value::new_decimal(readable(number)))),
        }
    }
    let attributes = [("numbers".to_owned(), Value::new_entity_uid(names.numbers.clone()))];
    entities.push(Entity::new_with_tags(names.case.clone(), attributes, [playbook], words).map_err(unsaid)?);
    entities.push(Entity::new_with_tags(names.numbers.clone(), [], [], numbers).map_err(unsaid)?);
    Ok(())
}

/// What the schema calls an action.
pub(crate) fn action_word(action: Action) -> &'static str {
    action.word()
}
