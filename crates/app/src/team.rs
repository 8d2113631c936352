//! What people of a team are to one another: what is for somebody, who is on a case, to whom it can be given, who is mentioned in a
//! remark; and giving cases back whose person can no longer answer. Decides nothing, and shows no word of a remark.

use crate::{
    Error, Inner, Options, Workspace,
    case::Verb,
    control::Control,
    queue::{Due, QueueItem, View},
    rounds,
    workspace::system,
};
use countersign_core::{
    event::PersonKind,
    id::{CaseId, PersonId, PlaybookId, WorkspaceId},
    number::Micros,
    playbook::Playbook,
    time,
};
use countersign_engine::{
    CaseState,
    context::Roster as _,
    decide::could_be_given,
    state::{ONE_PERSON, one_person},
};
use countersign_store::{self as store, mention::AssignedRow};
use serde::Serialize;
use std::{
    collections::{HashMap, HashSet},
    sync::Weak,
    time::Duration,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// Cases and mentions that are listed at most.
const ITEMS_MAX: i64 = 100;
/// Mentions that are counted at most: "99+" says enough.
pub const UNSEEN_MAX: u64 = 99;
/// Assigned cases that are looked at in one round.
const ASSIGNED_AT_ONCE: i64 = 10_000;
/// How often it is looked whether people changed.
const PERIOD: Duration = Duration::from_millis(500);
/// After so many such rounds it is looked whether somebody is away by now.
const ROUNDS_APART: u32 = 40;

/// What is for one person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ForYou {
    /// Cases that are theirs to answer, the most urgent first.
    pub assigned: Vec<QueueItem>,
    /// Remarks that ask for their attention, the latest first.
    pub mentions: Vec<Mention>,
}

/// A remark that asks for somebody's attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The remark's event.
    pub event: Uuid,
    /// The case.
    pub case: Uuid,
    /// Its playbook's name.
    pub playbook: String,
    /// Its headline, as far as this person may read it.
    pub title: Option<String>,
    /// Whose remark it is.
    pub by: Uuid,
    /// When.
    pub at: Micros,
    /// Whether they have looked at what is for them since.
    pub seen: bool,
}

/// How much is for one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ForYouCount {
    /// Cases that are theirs.
    pub assigned: u64,
    /// Mentions that they have not looked at; at most [`UNSEEN_MAX`] and one more.
    pub unseen: u64,
}

/// What is for one person, as the API says it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ForYouView {
    /// Cases that are theirs to answer, the most urgent first; at most 100.
    pub assigned: Vec<AssignedView>,
    /// Remarks that ask for their attention, the latest first; at most 100. What they say stands in the case's events.
    pub mentions: Vec<MentionView>,
}

/// A case that is one person's.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AssignedView {
    /// The case.
    pub case: Uuid,
    /// Its playbook's name.
    pub playbook: String,
    /// By when it should be decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
}

/// A remark that asks for somebody's attention.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MentionView {
    /// The remark's event.
    pub event: Uuid,
    /// The case.
    pub case: Uuid,
    /// Its playbook's name.
    pub playbook: String,
    /// Whose remark it is.
    pub by: Uuid,
    /// When.
    pub at: String,
    /// Whether the person has said at the desk that they have looked since.
    pub seen: bool,
}

impl From<ForYou> for ForYouView {
    fn from(found: ForYou) -> Self {
        let assigned =
            |item: QueueItem| AssignedView { case: item.case, playbook: item.playbook, deadline: item.until.map(time::format_rfc3339) };
        let mention = |one: Mention| MentionView {
            event: one.event,
            case: one.case,
            playbook: one.playbook,
            by: one.by,
            at: time::format_rfc3339(one.at),
            seen: one.seen,
        };
        Self { assigned: found.assigned.into_iter().map(assigned).collect(), mentions: found.mentions.into_iter().map(mention).collect() }
    }
}

/// Who could answer on a case, or be told of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Around {
    /// Whose it is.
    pub assignee: Option<Uuid>,
    /// To whom it could be given: empty where several people answer on it.
    pub assignable: Vec<Uuid>,
    /// Who else is on it right now.
    pub present: Vec<Uuid>,
    /// Whether this person's own answer stands, and it is decided once others have answered.
    pub answered: bool,
}

impl Workspace {
    /// What is for a person, of what they may see.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn for_you(&self, person: PersonId) -> Result<ForYou, Error> {
        let control = self.inner.control(self.id).await?;
        let mut session = self.inner.db.session().await?;
        let mut rows = store::mention::assigned_of(session.conn(), self.id.0, &one_person(person), ITEMS_MAX).await?;
        let mentions = store::mention::of_person(session.conn(), self.id.0, person.0, ITEMS_MAX).await?;
        let seen_until = store::mention::seen_until(session.conn(), self.id.0, person.0).await?.unwrap_or(Micros::MIN);
        drop(session);
        self.rows_allowed(&control, person, View::Mine, &mut rows).await?;
        let cases: Vec<Uuid> = rows.iter().map(|row| row.case).chain(mentions.iter().map(|m| m.case)).collect();
        let titles = self.titles(&control, &cases).await?;
        let now = self.inner.env.now();
        let assigned = rows.into_iter().map(|row| QueueItem {
            title: titles.get(&row.case).cloned(),
            case: row.case,
            playbook: control.playbook_name(PlaybookId(row.playbook)),
            state: row.status,
            at: row.opened_at,
            until: row.deadline_at,
            due: Due::at(now, row.opened_at, row.deadline_at),
            answer: None,
        });
        let seen_cases: HashSet<Uuid> = self.seen_of(&mentions.iter().map(|m| m.case).collect::<Vec<_>>()).await?.into_iter().collect();
        let states = self.states(mentions.iter().map(|m| m.case)).await?;
        let mentions = mentions.into_iter().filter(|m| seen_cases.contains(&m.case)).map(|m| Mention {
            event: m.event,
            case: m.case,
            playbook: states.get(&m.case).map(|state| control.playbook_name(state.playbook)).unwrap_or_default(),
            title: titles.get(&m.case).cloned(),
            by: m.by,
            at: m.at,
            seen: m.at <= seen_until,
        });
        Ok(ForYou { assigned: assigned.collect(), mentions: mentions.collect() })
    }

    /// How much is for a person.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn for_you_count(&self, person: PersonId) -> Result<ForYouCount, Error> {
        let mut session = self.inner.db.session().await?;
        let assigned = store::mention::assigned_count(session.conn(), self.id.0, &one_person(person), ITEMS_MAX).await?;
        let seen_until = store::mention::seen_until(session.conn(), self.id.0, person.0).await?.unwrap_or(Micros::MIN);
        let limit = i64::try_from(UNSEEN_MAX).unwrap_or(0) + 1;
        let unseen = store::mention::count_since(session.conn(), self.id.0, person.0, seen_until, limit).await?;
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        Ok(ForYouCount { assigned: count(assigned), unseen: count(unseen) })
    }

    /// Takes down that a person has looked at what is for them.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn for_you_seen(&self, person: PersonId) -> Result<(), Error> {
        let now = self.inner.env.now();
        let mut tx = self.inner.db.begin().await?;
        store::mention::see(tx.conn(), self.id.0, person.0, now).await?;
        Ok(tx.commit().await?)
    }

    /// Who else is on a case, whose it is, and to whom it could be given.
    ///
    /// # Errors
    /// Where there is no such case, or the storage fails.
    pub async fn case_around(&self, case: CaseId, person: PersonId) -> Result<Around, Error> {
        let (_, state) = self.folded(case).await?;
        let control = self.inner.control(self.id).await?;
        self.may_see(&control, &state)?;
        let playbook = control.playbook(state.playbook, state.playbook_version)?;
        self.around(case, &state, &playbook, person).await
    }

    /// The same of a case that was read already.
    pub(crate) async fn around(&self, case: CaseId, state: &CaseState, playbook: &Playbook, person: PersonId) -> Result<Around, Error> {
        let control = self.inner.control(self.id).await?;
        let now = self.inner.env.now();
        let mut session = self.inner.db.session().await?;
        let leases = store::claim::of_cases(session.conn(), self.id.0, &[case.0], now).await?;
        let present = leases.into_iter().map(|(_, holder, _)| holder).filter(|holder| *holder != person.0).collect();
        let could = |to: &&PersonId| could_be_given(state, playbook, &control.state, now, **to);
        Ok(Around {
            assignee: state.assignee.map(|p| p.0),
            assignable: control.state.people.keys().filter(could).map(|p| p.0).collect(),
            present,
            answered: state.decision.is_none() && state.final_answers().any(|answer| answer.person == person),
        })
    }

    /// The active members whom a remark names, as in `@Ada`.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn mentioned_in(&self, text: &str) -> Result<Vec<PersonId>, Error> {
        let control = self.inner.control(self.id).await?;
        let takes_part = |id: &PersonId| control.state.people.get(id).is_some_and(|p| p.active && p.kind != PersonKind::External);
        let names: HashMap<PersonId, String> =
            self.people_names().await?.into_iter().map(|(id, name)| (PersonId(id), name)).filter(|(id, _)| takes_part(id)).collect();
        Ok(named(text, &names))
    }

    /// Gives what is assigned to somebody who cannot answer on it now to whoever stands in for them, or back to all. Returns how
    /// many cases that were.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn assignments_check(&self) -> Result<u64, Error> {
        let control = self.inner.control(self.id).await?;
        let mut session = self.inner.db.session().await?;
        let assigned = store::mention::assigned_all(session.conn(), self.id.0, ASSIGNED_AT_ONCE).await?;
        drop(session);
        let mut given_back = 0;
        for row in assigned {
            // The engine looks closer than this; it does nothing where they can answer.
            if !can_answer(&control, &row, self.inner.env.now())? {
                let done = self.submit(&system("team"), CaseId(row.case), Verb::Unassign, Options::default()).await?;
                given_back += u64::from(!done.receipt.events.is_empty());
            }
        }
        Ok(given_back)
    }
}

/// Whether the person whose case it is takes part, has a role that may decide, and is not away.
fn can_answer(control: &Control, row: &AssignedRow, now: Micros) -> Result<bool, Error> {
    let Some(person) = row.who.strip_prefix(ONE_PERSON).and_then(|id| id.parse().ok()).map(PersonId) else { return Ok(false) };
    let playbook = control.playbook(PlaybookId(row.playbook), u64::try_from(row.playbook_version).unwrap_or(0))?;
    let may = control.state.people.get(&person).is_some_and(|facts| facts.may(&playbook.decide.roles));
    Ok(may && control.state.stand_in(person, now).is_none())
}

/// The people whom a text names by `@` and their name, whatever the case of its letters; the longest name that fits.
fn named(text: &str, names: &HashMap<PersonId, String>) -> Vec<PersonId> {
    let lower = text.to_lowercase();
    let mut found = Vec::new();
    for (at, _) in lower.match_indices('@') {
        let rest = lower.get(at + 1..).unwrap_or_default();
        let fits = names.iter().filter(|(_, name)| {
            let after = rest.strip_prefix(name.to_lowercase().as_str());
            after.is_some_and(|after| !after.starts_with(char::is_alphanumeric))
        });
        if let Some((person, _)) = fits.max_by_key(|(person, name)| (name.len(), **person)) {
            found.push(*person);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Gives back what people who left had, in all workspaces, whenever something about people changed; until the node is dropped.
pub fn spawn(app: &crate::App) -> tokio::task::JoinHandle<()> {
    tokio::spawn(run(std::sync::Arc::downgrade(&app.inner)))
}

async fn run(node: Weak<Inner>) {
    let mut looked: HashMap<WorkspaceId, (i64, u32)> = HashMap::new();
    while let Some(workspaces) = rounds::next(&node, PERIOD).await {
        for workspace in workspaces {
            let id = workspace.id();
            let Ok(control) = workspace.inner.control(id).await else { continue };
            let (seen, rounds) = looked.get(&id).copied().unwrap_or((i64::MIN, 0));
            // When somebody begins to be away nothing happens that could be noticed.
            if seen == control.epoch && rounds < ROUNDS_APART {
                looked.insert(id, (seen, rounds + 1));
                continue;
            }
            match workspace.assignments_check().await {
                Ok(given_back) => {
                    looked.insert(id, (control.epoch, 0));
                    if given_back > 0 {
                        tracing::info!(workspace.id = %id, given_back, "cases of people who cannot answer on them now were given on, or back to all");
                    }
                }
                Err(error) => tracing::warn!(error = %error, workspace.id = %id, "assigned cases could not be looked at; trying again"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_after_an_at_sign_is_found_whole() {
        let person = |n| PersonId(Uuid::from_u128(n));
        let names: HashMap<PersonId, String> =
            [(person(1), "Ada"), (person(2), "Ada Berg"), (person(3), "Chloé")].map(|(id, name)| (id, name.to_owned())).into();
        let found = |text: &str| named(text, &names).iter().map(|p| p.0.as_u128()).collect::<Vec<_>>();
        assert_eq!(found("@Ada, please look"), [1]);
        assert_eq!(found("@ada berg: and @CHLOÉ, and @Ada again"), [1, 2, 3]);
        assert_eq!(found("@Ada Berg"), [2], "the longer name");
        assert_eq!(found("@Adam and a mail to x@adab.example"), [] as [u128; 0]);
        assert_eq!(found("@ @@ @"), [] as [u128; 0]);
    }
}
