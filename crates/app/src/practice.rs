//! Practice on past cases whose outcome is known: drills, chosen from the kinds of cases in which somebody took advice too readily or too
//! little, and the cases of an induction. One answers, sees the advice, answers again, and is told the truth.
//!
//! It is nobody's but the person's who practises: rows that nothing reads but their own pages. It writes no event of a case, gives no
//! judgment, and is never learned from. That an induction was gone through is an event; how well is not.

mod choose;
mod induction;
mod told;

pub(crate) use induction::inducted;
pub use induction::{InductionExample, InductionRegion, InductionView};
pub use told::{PracticeCase, PracticeDone, PracticeSummary, PracticeTruth, PracticeView};

use crate::{Caller, Error, Workspace, control::Control};
use choose::Candidate;
use countersign_core::{
    id::{CaseId, EventId, PersonId, PlaybookId},
    playbook::{AnswerSpec, Playbook},
    refusal::{Code, Refusal},
};
use countersign_engine::track::Cell;
use countersign_store::{self as store, practice::PracticeRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Cases of a session.
pub const PRACTICE_CASES: usize = 8;
/// Least cases of a drill: of fewer nothing can be seen.
const DRILL_CASES_MIN: usize = 4;
/// Sessions that are told of.
const SESSIONS_LISTED: i64 = 20;
/// Steps of a case: an own answer, an answer with the advice, the truth.
const STEPS: i64 = 3;

/// What somebody practises for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A short session on the kinds of cases in which their reliance was off.
    Drill,
    /// The cases of an induction.
    Induction,
}

impl Kind {
    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Drill => "drill",
            Self::Induction => "induction",
        }
    }

    fn of(row: &PracticeRow) -> Self {
        if row.kind == Self::Induction.as_str() { Self::Induction } else { Self::Drill }
    }
}

/// Begins practice.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PracticeInput {
    /// Who; absent where the key speaks for one.
    #[serde(default)]
    pub person: Option<Uuid>,
    /// What for.
    pub kind: Kind,
}

/// Takes a step.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepInput {
    /// Who; absent where the key speaks for one.
    #[serde(default)]
    pub person: Option<Uuid>,
    /// The step that is answered, as the session told it: the same step sent twice is taken once.
    pub step: i64,
    /// The answer; absent where the truth was told and the next case is wanted.
    #[serde(default)]
    pub answer: Option<String>,
}

/// What a session holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The version of the track record by which it was chosen.
    record: Option<u64>,
    /// The kinds of cases that it is about, by their places in that record; empty: all.
    focus: Vec<u32>,
    /// How the person took advice in them until then.
    before: [Cell; 6],
    items: Vec<Item>,
}

/// A case of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    case: CaseId,
    proposal: EventId,
    ai: String,
    truth: String,
    first: Option<String>,
    last: Option<String>,
    /// Erased or open again when its turn came.
    #[serde(default)]
    skipped: bool,
}

impl Workspace {
    /// Begins a session of practice, or goes on with the one that was begun and not finished.
    ///
    /// # Errors
    /// Where the person may not decide in the playbook, its answers are no choice, or there are too few past cases.
    pub async fn practice_start(&self, caller: &Caller, playbook: &str, person: PersonId, kind: Kind) -> Result<PracticeView, Error> {
        let control = self.control().await?;
        let (id, version, latest) = control.playbook_latest(playbook)?;
        self.may_practise(&control, person, &latest)?;
        if let Some(open) = self.practice_open(person, id, kind).await? {
            return self.practice_get(person, open.session).await;
        }
        let choice = matches!(latest.answer, AnswerSpec::Choice { .. });
        if !choice && kind == Kind::Drill {
            return Err(Refusal::new(Code::WrongState, "drills need answers that are a choice: only these are right or wrong").into());
        }
        let content = if choice {
            let candidates = self.candidates(&control, id, person).await?;
            self.chosen(&control, id, person, kind, candidates)
        } else {
            Content { record: None, focus: Vec::new(), before: [Cell::default(); 6], items: Vec::new() }
        };
        if kind == Kind::Drill && content.items.len() < DRILL_CASES_MIN {
            let detail =
                format!("a drill takes {DRILL_CASES_MIN} past cases with advice whose outcome is known, and there are not enough yet");
            return Err(Refusal::new(Code::WrongState, detail).into());
        }
        let now = self.inner.env.now();
        let nothing = content.items.is_empty();
        let row = PracticeRow {
            session: self.inner.env.ordered_id(),
            person: person.0,
            playbook: id.0,
            kind: kind.as_str().into(),
            started_at: now,
            finished_at: nothing.then_some(now),
            step: 0,
            content: serde_json::to_string(&content).map_err(|e| Error::Damaged(e.to_string()))?,
        };
        let mut tx = self.inner.db.begin().await?;
        store::practice::put(tx.conn(), self.id.0, &row).await?;
        tx.commit().await?;
        if nothing {
            self.induction_complete(caller, person, (id, version), &content).await?;
        }
        self.practice_get(person, row.session).await
    }

    /// Takes a step: the answer to what is asked, or the way on from what was told. A step that was taken already changes nothing.
    ///
    /// # Errors
    /// Where there is no such session of this person, or the answer is none of the options.
    pub async fn practice_step(&self, caller: &Caller, person: PersonId, session: Uuid, input: StepInput) -> Result<PracticeView, Error> {
        let (row, mut content) = self.practice_row(person, session).await?;
        if row.step != input.step || row.finished_at.is_some() {
            return self.practice_get(person, session).await;
        }
        let control = self.control().await?;
        let latest = control.playbook_latest(&control.playbook_name(PlaybookId(row.playbook)))?;
        let at = usize::try_from(row.step / STEPS).unwrap_or(usize::MAX);
        let Some(item) = content.items.get_mut(at) else { return Err(Error::Damaged("a session has fewer cases than steps".into())) };
        let there = self.practice_there(&control, item).await?;
        let taken = match row.step % STEPS {
            // Erased or open again while it was at hand: nobody saw it, so that nobody answered on it.
            0 | 1 if !there => {
                (item.first, item.last, item.skipped) = (None, None, true);
                STEPS - row.step % STEPS
            }
            0 => {
                item.first = Some(option(&latest.2, input.answer)?);
                1
            }
            1 => {
                item.last = Some(option(&latest.2, input.answer)?);
                1
            }
            _ => 1,
        };
        let next = self.next_step(&control, &mut content, row.step + taken).await?;
        self.practice_moved(caller, (&control, (latest.0, latest.1)), row, next, &content).await?;
        self.practice_get(person, session).await
    }

    /// Deletes a session of practice: it is the person's own.
    ///
    /// # Errors
    /// Where there is no such session of this person.
    pub async fn practice_delete(&self, person: PersonId, session: Uuid) -> Result<(), Error> {
        let mut tx = self.inner.db.begin().await?;
        let deleted = store::practice::delete(tx.conn(), self.id.0, session, person.0).await?;
        tx.commit().await?;
        deleted.then_some(()).ok_or_else(|| no_session().into())
    }

    /// The step that is to be taken next, past cases that are no longer there or no longer settled.
    async fn next_step(&self, control: &Control, content: &mut Content, step: i64) -> Result<i64, Error> {
        let mut step = step;
        while step % STEPS == 0 {
            let at = usize::try_from(step / STEPS).unwrap_or(usize::MAX);
            let Some(item) = content.items.get_mut(at) else { break };
            if self.practice_there(control, item).await? {
                break;
            }
            item.skipped = true;
            step += STEPS;
        }
        Ok(step)
    }

    /// Whether a case of a session can still be practised on.
    async fn practice_there(&self, control: &Control, item: &Item) -> Result<bool, Error> {
        let files = self.files(std::iter::once(item.case.0)).await?;
        Ok(files.get(&item.case.0).is_some_and(|file| choose::still_there(file, &control.state.erased)))
    }

    async fn practice_moved(
        &self,
        caller: &Caller,
        (control, playbook): (&Control, (PlaybookId, u64)),
        row: PracticeRow,
        step: i64,
        content: &Content,
    ) -> Result<(), Error> {
        let cases = i64::try_from(content.items.len()).unwrap_or(i64::MAX);
        let finished = step >= cases.saturating_mul(STEPS);
        let (before, person, kind) = (row.step, PersonId(row.person), Kind::of(&row));
        let moved = PracticeRow {
            step,
            finished_at: finished.then(|| self.inner.env.now()),
            content: serde_json::to_string(content).map_err(|e| Error::Damaged(e.to_string()))?,
            ..row
        };
        let mut tx = self.inner.db.begin().await?;
        let taken = store::practice::step(tx.conn(), self.id.0, before, &moved).await?;
        tx.commit().await?;
        let done = control.state.inducted.contains_key(&(person, playbook.0));
        if taken && finished && kind == Kind::Induction && !done {
            self.induction_complete(caller, person, playbook, content).await?;
        }
        Ok(())
    }

    async fn practice_row(&self, person: PersonId, session: Uuid) -> Result<(PracticeRow, Content), Error> {
        let mut db = self.inner.db.session().await?;
        let row = store::practice::get(db.conn(), self.id.0, session).await?;
        // Somebody else's is as good as not there.
        let row = row.filter(|row| row.person == person.0).ok_or_else(no_session)?;
        let content = serde_json::from_str(&row.content).map_err(|e| Error::Damaged(format!("practice cannot be read: {e}")))?;
        Ok((row, content))
    }

    /// The session that was begun and not finished.
    async fn practice_open(&self, person: PersonId, playbook: PlaybookId, kind: Kind) -> Result<Option<PracticeRow>, Error> {
        let mut db = self.inner.db.session().await?;
        let rows = store::practice::of_person(db.conn(), self.id.0, person.0, SESSIONS_LISTED).await?;
        Ok(rows.into_iter().find(|row| row.finished_at.is_none() && row.playbook == playbook.0 && Kind::of(row) == kind))
    }

    fn may_practise(&self, control: &Control, person: PersonId, playbook: &Playbook) -> Result<(), Error> {
        let may = control.state.people.get(&person).is_some_and(|facts| facts.may(&playbook.decide.roles));
        let detail = || format!("practising in {} takes one of the roles {}", playbook.name, playbook.decide.roles.join(", "));
        may.then_some(()).ok_or_else(|| Refusal::field(Code::Forbidden, "/person", detail()).into())
    }
}

fn no_session() -> Refusal {
    Refusal::new(Code::NotFound, "there is no such session of practice")
}

/// One of the options.
fn option(playbook: &Playbook, answer: Option<String>) -> Result<String, Refusal> {
    let AnswerSpec::Choice { options } = &playbook.answer else {
        return Err(Refusal::new(Code::WrongState, "the answers of this playbook are no longer a choice"));
    };
    let detail = || format!("answer with one of {}", options.join(", "));
    answer.filter(|answer| options.contains(answer)).ok_or_else(|| Refusal::invalid("/answer", detail()))
}
