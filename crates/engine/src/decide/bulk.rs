//! Bulk: answering a case together with others, from one line of a table. Only where the playbook allows it, and never where somebody's
//! own or undivided look is what the case is for. Such an answer decides and measures nobody.

use super::Turn;
use crate::sabotage::{Sabotage, on};
use countersign_core::{
    Refusal,
    answer::Answer,
    event::{Phase, Route, ShownField},
    id::PersonId,
    playbook::{FieldKind, FieldSpec, Playbook},
    refusal::Code,
};

/// What a person is told of a case that is not answered in bulk. The same for each of the reasons, some of which nobody may be told.
pub const BY_ITSELF: &str = "this case is to be looked at by itself";

impl Turn<'_, '_> {
    /// INVARIANT: in bulk only what is shown with advice, by a playbook that allows it. Blind cases, panels, appeals and those decided
    /// without advice are there for somebody's own answer, and an experiment for an answer given in its own way.
    pub(super) fn bulk_holds(&self, phase: Phase) -> Result<(), Refusal> {
        if on(Sabotage::BulkAnywhere) {
            return Ok(());
        }
        let playbook = self.ctx.playbook;
        if !playbook.decide.bulk {
            let detail = format!("the playbook {} lets no cases be answered together", playbook.name);
            return Err(Refusal::new(Code::WrongState, detail));
        }
        let route = self.state.route.as_ref();
        let assisted = route.is_some_and(|route| route.route == Route::Assist && route.assigned.is_none() && route.role.is_none());
        let advised = self.state.proposals_advised().next().is_some();
        if phase == Phase::Only && assisted && advised {
            return Ok(());
        }
        Err(Refusal::new(Code::WrongState, BY_ITSELF))
    }

    /// The fields that stand in the table.
    pub(super) fn bulk_fields(&self, person: PersonId) -> Vec<ShownField> {
        let mut fields = self.fields_shown(person);
        fields.retain(|field| self.ctx.playbook.fields.iter().any(|spec| spec.name == field.name && in_table(self.ctx.playbook, spec)));
        fields
    }

    /// INVARIANT (law 2): what takes more than one signature is not signed in passing.
    pub(super) fn bulk_answer_holds(&self, answer: &Answer) -> Result<(), Refusal> {
        let signatures = self.ctx.playbook.signatures_for(answer.label());
        if signatures <= 1 || on(Sabotage::BulkAnywhere) {
            return Ok(());
        }
        Err(Refusal::field(Code::WrongState, "/answer", bulk_signatures(answer.label(), signatures)))
    }
}

/// Whether a field stands in the table in which cases are answered together: the headline, and what is said in a word.
fn in_table(playbook: &Playbook, spec: &FieldSpec) -> bool {
    let word = matches!(spec.kind, FieldKind::Number | FieldKind::Category { .. } | FieldKind::Boolean | FieldKind::Time);
    !spec.hidden && (word || playbook.headline().is_some_and(|headline| headline.name == spec.name))
}

/// What a person is told whose answer takes more than one signature.
#[must_use]
pub fn bulk_signatures(answer: &str, signatures: u32) -> String {
    format!("“{answer}” takes {signatures} signatures, so this case is looked at by itself")
}
