//! What a person decided lately, and what can still be done about it. Shows a person nothing but their own answers.

use crate::{Error, Workspace};
use countersign_core::{
    event::{Basis, OutcomeValue, Phase},
    id::{EventId, PersonId},
    number::Micros,
};
use countersign_engine::{CaseState, state::Status};
use countersign_store as store;
use uuid::Uuid;

/// What can be done about an answer now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Afterwards {
    /// The decision can be withdrawn until then.
    Undo {
        /// The decision.
        decision: EventId,
        /// Until when, in microseconds.
        until: Micros,
    },
    /// The decision stands: correct it, appeal, or open the case again.
    Stands {
        /// The decision.
        decision: EventId,
        /// Whether something has acted on it.
        acted: bool,
        /// Whether its answer was corrected.
        corrected: bool,
    },
    /// Others have to answer before it is decided.
    Waits,
    /// Somebody objects.
    Appealed,
    /// The answer no longer counts: it was withdrawn, the case amended or opened again.
    Void,
}

/// A case that a person answered on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecentItem {
    /// The case.
    pub case: Uuid,
    /// Its playbook's name.
    pub playbook: String,
    /// Its headline.
    pub title: Option<String>,
    /// What this person answered last: the label, which is `document` for texts, patches, actions and forms.
    pub answer: String,
    /// When they answered, in microseconds.
    pub at: Micros,
    /// What can be done about it.
    pub afterwards: Afterwards,
    /// What turned out, once that is known of a settled case.
    pub turned_out: Option<TurnedOut>,
}

/// What turned out, beside what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnedOut {
    /// What the world says.
    pub truth: String,
    /// Whether this person's last answer was right.
    pub right: bool,
    /// Whether the AI was, where it proposed anything: the first proposal for the content that was decided on.
    pub ai_right: Option<bool>,
}

impl Workspace {
    /// The cases on which a person answered last, the latest first.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn recent(&self, person: PersonId, limit: u32) -> Result<Vec<RecentItem>, Error> {
        let control = self.inner.control(self.id).await?;
        let now = self.inner.env.now();
        let mut session = self.inner.db.session().await?;
        let lately = store::answered::lately(session.conn(), self.id.0, person.0, i64::from(limit)).await?;
        let cases: Vec<Uuid> = lately.iter().map(|(case, _)| *case).collect();
        drop(session);
        let states = self.states(cases.iter().copied()).await?;
        let titles = self.titles(&control, &cases).await?;
        let items = lately.into_iter().filter_map(|(case, at)| {
            let state = states.get(&case)?;
            let own = state.judgments.iter().rev().find(|j| j.person == person && j.phase != Phase::First)?;
            Some(RecentItem {
                case,
                playbook: control.playbook_name(state.playbook),
                title: titles.get(&case).cloned(),
                answer: own.answer.label().to_owned(),
                at,
                afterwards: afterwards(state, own.id, now),
                turned_out: turned_out(state, own.answer.label()),
            })
        });
        Ok(items.collect())
    }
}

/// Told of settled cases only: on an open one it would help whoever answers next.
fn turned_out(state: &CaseState, own: &str) -> Option<TurnedOut> {
    if !matches!(state.status(), Status::Decided | Status::Acted) {
        return None;
    }
    let outcome = state.outcomes.last()?;
    let OutcomeValue::Answer(truth) = &outcome.value else { return None };
    let truth = truth.label();
    let proposed = state.proposals_current().find(|proposal| proposal.ask.is_none());
    let ai_right = proposed.map(|proposal| proposal.answer.label() == truth);
    // Documents are equal only by their content, which a label does not tell.
    (truth != "document").then(|| TurnedOut { truth: truth.to_owned(), right: own == truth, ai_right })
}

fn afterwards(state: &CaseState, judgment: EventId, now: Micros) -> Afterwards {
    let counts = state.judgments_standing().any(|j| j.id == judgment);
    match (&state.decision, state.status()) {
        (_, Status::Appealed) => Afterwards::Appealed,
        (Some(decision), _) => {
            let undoable = !decision.acted && now < decision.act_after && !matches!(decision.basis, Basis::Appeal | Basis::Imported);
            match undoable {
                true => Afterwards::Undo { decision: decision.id, until: decision.act_after },
                false => Afterwards::Stands { decision: decision.id, acted: decision.acted, corrected: decision.corrected },
            }
        }
        (None, _) if counts => Afterwards::Waits,
        (None, _) => Afterwards::Void,
    }
}
