//! A session of practice as its person sees it: one case after the other, never more of it than the step allows; and what it came to,
//! beside how they took advice before it and since. Figures have their n, and their interval where there are enough.

use super::{Content, Item, Kind, SESSIONS_LISTED, STEPS, choose};
use crate::{
    Error, Workspace,
    case::read::File,
    explain::region_words,
    precedent,
    track::{Counted, LikeView, RelianceView, together},
    view::{FieldView, ProposalView},
};
use countersign_core::{
    event::Phase,
    id::{PersonId, PlaybookId},
    number::Micros,
    playbook::AnswerSpec,
    time::format_rfc3339,
};
use countersign_engine::track::{Cell, TrackRecord};
use countersign_science::reliance::contributions;
use countersign_store::{self as store, practice::PracticeRow};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// Own answers since a session that are looked at: the latest.
const SINCE_MAX: i64 = 500;

/// A session of practice.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PracticeView {
    /// Its id.
    pub session: Uuid,
    /// What for.
    pub kind: Kind,
    /// The playbook.
    pub playbook: String,
    /// What is asked.
    pub question: String,
    /// The answers there are.
    pub options: Vec<String>,
    /// The kinds of cases that it is about, in words; empty: all.
    pub about: Vec<String>,
    /// The step that is to be taken, to be sent back with it.
    pub step: i64,
    /// `answer`, `advice`, `truth` or `finished`.
    pub stage: String,
    /// Which case it is, from 1.
    pub at: usize,
    /// How many there are.
    pub cases: usize,
    /// The case at hand; absent once it is finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<PracticeCase>,
    /// What it came to, once it is finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<PracticeDone>,
}

/// A case of a session, as far as the step shows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PracticeCase {
    /// The case; told with the truth, because its page tells what was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<Uuid>,
    /// Its headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its fields, without those that people do not see.
    pub fields: Vec<FieldView>,
    /// The own first answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// The advice; after the first answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<ProposalView>,
    /// The own second answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// The truth; after the second answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truth: Option<PracticeTruth>,
}

/// What turned out, and why.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PracticeTruth {
    /// What turned out.
    pub truth: String,
    /// Whether the first answer was right.
    pub first_right: bool,
    /// Whether the second was.
    pub last_right: bool,
    /// Whether the AI was.
    pub ai_right: bool,
    /// What people decided at that time.
    pub decided: String,
    /// The reasons that they gave.
    pub reasons: Vec<String>,
}

/// What a session came to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PracticeDone {
    /// When it was finished (RFC 3339).
    pub finished: String,
    /// First answers that were right, and of how many.
    pub first_right: u64,
    /// Second answers that were right.
    pub last_right: u64,
    /// Proposals of the AI that were right.
    pub ai_right: u64,
    /// Cases that were practised.
    pub cases: u64,
    /// How the person took advice in such cases until then.
    pub before: RelianceView,
    /// How they took it in the session.
    pub during: RelianceView,
    /// How they have taken it in such cases since, on their own answers whose outcome is known.
    pub since: RelianceView,
    /// Wrong answers in the end on cases with an own first answer, until then.
    pub wrong_before: Counted,
    /// Since.
    pub wrong_since: Counted,
}

/// A session in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PracticeSummary {
    /// Its id.
    pub session: Uuid,
    /// What for.
    pub kind: Kind,
    /// The playbook.
    pub playbook: String,
    /// When it was begun (RFC 3339).
    pub started: String,
    /// Whether it is finished.
    pub finished: bool,
    /// First answers that were right.
    pub first_right: u64,
    /// Second answers that were right.
    pub last_right: u64,
    /// Cases that were answered.
    pub cases: u64,
}

impl Workspace {
    /// A session of this person's, at its present step.
    ///
    /// # Errors
    /// Where there is no such session of this person, or the storage fails.
    pub async fn practice_get(&self, person: PersonId, session: Uuid) -> Result<PracticeView, Error> {
        let (row, content) = self.practice_row(person, session).await?;
        let control = self.control().await?;
        let id = PlaybookId(row.playbook);
        let (.., playbook) = control.playbook_latest(&control.playbook_name(id))?;
        let record = match content.record {
            Some(number) => Some(self.record_read(id, number).await?.0),
            None => None,
        };
        let options = match &playbook.answer {
            AnswerSpec::Choice { options } => options.clone(),
            _ => Vec::new(),
        };
        let about: Vec<String> = content.focus.iter().filter_map(|region| Some(region_words(record.as_deref()?, *region))).collect();
        let at = usize::try_from(row.step / STEPS).unwrap_or(usize::MAX);
        let item = content.items.get(at).filter(|_| row.finished_at.is_none());
        let case = match item {
            Some(item) => {
                let mut files = self.files(std::iter::once(item.case.0)).await?;
                let there = files.remove(&item.case.0).filter(|file| choose::still_there(file, &control.state.erased));
                let there = there.map(|file| file.read_by(&control, Some(person)));
                let playbook = |file: &File| control.playbook(id, file.state.playbook_version);
                there.map(|file| Ok::<_, Error>(case(&file, &*playbook(&file)?, item, row.step % STEPS, record.as_deref()))).transpose()?
            }
            None => None,
        };
        let done = match row.finished_at {
            Some(at) => Some(self.practice_done(&row, &content, at, record).await?),
            None => None,
        };
        Ok(PracticeView {
            session,
            kind: Kind::of(&row),
            playbook: playbook.name.clone(),
            question: playbook.question.clone(),
            options,
            about,
            step: row.step,
            stage: stage(done.is_some(), row.step).into(),
            at: (at + 1).min(content.items.len()),
            cases: content.items.len(),
            case,
            done,
        })
    }

    /// A person's sessions, the latest first.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn practice_list(&self, person: PersonId) -> Result<Vec<PracticeSummary>, Error> {
        let control = self.control().await?;
        let mut db = self.inner.db.session().await?;
        let rows = store::practice::of_person(db.conn(), self.id.0, person.0, SESSIONS_LISTED).await?;
        drop(db);
        let mut sessions = Vec::with_capacity(rows.len());
        for row in rows {
            let content: Content =
                serde_json::from_str(&row.content).map_err(|e| Error::Damaged(format!("practice cannot be read: {e}")))?;
            let [first_right, last_right, _, cases] = tally(&content.items);
            sessions.push(PracticeSummary {
                session: row.session,
                kind: Kind::of(&row),
                playbook: control.playbook_name(PlaybookId(row.playbook)),
                started: format_rfc3339(row.started_at),
                finished: row.finished_at.is_some(),
                first_right,
                last_right,
                cases,
            });
        }
        Ok(sessions)
    }

    async fn practice_done(
        &self,
        row: &PracticeRow,
        content: &Content,
        finished: Micros,
        record: Option<Arc<TrackRecord>>,
    ) -> Result<PracticeDone, Error> {
        let [first_right, last_right, ai_right, cases] = tally(&content.items);
        let during = content.items.iter().filter_map(|item| {
            let (first, last) = (item.first.as_deref()?, item.last.as_deref()?);
            Some(cells([&item.truth, &item.ai, first, last]))
        });
        let since = self.practice_since(row, content, finished, record.as_deref()).await?;
        Ok(PracticeDone {
            finished: format_rfc3339(finished),
            first_right,
            last_right,
            ai_right,
            cases,
            before: content.before.into(),
            during: together(during).into(),
            since: since.into(),
            wrong_before: off(&content.before).into(),
            wrong_since: off(&since).into(),
        })
    }

    /// How a person took advice since, in the kinds of cases that the session is about.
    async fn practice_since(
        &self,
        row: &PracticeRow,
        content: &Content,
        finished: Micros,
        record: Option<&TrackRecord>,
    ) -> Result<[Cell; 6], Error> {
        let mut db = self.inner.db.session().await?;
        let lately = store::answered::lately(db.conn(), self.id.0, row.person, SINCE_MAX).await?;
        drop(db);
        let files = self.files(lately.into_iter().filter(|(_, at)| *at > finished).map(|(case, _)| case)).await?;
        let of_focus = |file: &File| {
            let region = record.map_or(0, |record| record.region_of(&file.state.fields));
            file.state.playbook.0 == row.playbook && (content.focus.is_empty() || content.focus.contains(&region))
        };
        let taken = files.values().filter(|file| of_focus(file)).filter_map(|file| {
            let own = |phase: Phase| file.state.judgments.iter().rev().find(|given| given.person.0 == row.person && given.phase == phase);
            let (first, last) = (own(Phase::First)?.answer.label(), own(Phase::Final)?.answer.label());
            let proposal = file.state.proposals_current().find(|proposal| proposal.ask.is_none())?.answer.label();
            let truth = precedent::turned_out(&file.state)?;
            Some(cells([&truth, proposal, first, last]))
        });
        Ok(together(taken))
    }
}

/// The word for a step.
fn stage(finished: bool, step: i64) -> &'static str {
    match (finished, step % STEPS) {
        (true, _) => "finished",
        (false, 0) => "answer",
        (false, 1) => "advice",
        (false, _) => "truth",
    }
}

/// Second answers that were off: with wrong advice, or without right advice.
fn off(reliance: &[Cell; 6]) -> Cell {
    let [_, _, over, _, under, _] = *reliance;
    over.and(under)
}

/// First answers right, second answers right, the AI right, and cases that were answered to the end.
fn tally(items: &[Item]) -> [u64; 4] {
    items.iter().filter(|item| item.last.is_some()).fold([0; 4], |[first, last, ai, all], item| {
        let right = |answer: Option<&String>| u64::from(answer == Some(&item.truth));
        [first + right(item.first.as_ref()), last + right(item.last.as_ref()), ai + right(Some(&item.ai)), all + 1]
    })
}

/// What one case says of how advice was taken: truth, advice, first and second answer.
fn cells(answers: [&str; 4]) -> [Cell; 6] {
    // Only whether they are the same matters: each is the place of the first that says it.
    let place = |answer: &str| answers.iter().zip(0_u32..).find(|(known, _)| **known == answer).map_or(0, |(_, at)| at);
    let [truth, ai, first, last] = answers.map(place);
    contributions(truth, ai, first, last).map(|said| {
        let mut cell = Cell::default();
        said.into_iter().for_each(|said| cell.add(said));
        cell
    })
}

/// A case as the step shows it.
fn case(
    file: &File,
    playbook: &countersign_core::playbook::Playbook,
    item: &Item,
    stage: i64,
    record: Option<&TrackRecord>,
) -> PracticeCase {
    let seen = playbook.fields.iter().filter(|spec| !spec.hidden && file.state.fields.contains_key(&spec.name));
    let advice = file.proposal(item.proposal).filter(|_| stage >= 1).map(|mut view| {
        view.like = record.and_then(|record| LikeView::of(record, &file.state, item.proposal));
        view
    });
    let right = |answer: Option<&String>| answer == Some(&item.truth);
    let reasons = file.events.iter().filter_map(|(_, event)| file.judgment(event.id)?.reason);
    let truth = (stage >= 2).then(|| PracticeTruth {
        truth: item.truth.clone(),
        first_right: right(item.first.as_ref()),
        last_right: right(item.last.as_ref()),
        ai_right: right(Some(&item.ai)),
        decided: file.state.decision.as_ref().map(|decision| decision.answer.label().to_owned()).unwrap_or_default(),
        reasons: reasons.collect(),
    });
    PracticeCase {
        case: (stage >= 2).then_some(item.case.0),
        title: precedent::title(playbook, file),
        fields: seen.map(|spec| file.field(playbook, &spec.name, false)).collect(),
        first: item.first.clone(),
        advice,
        last: item.last.clone(),
        truth,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_counts_in_the_cells_that_it_belongs_to() {
        let told = |answers: [&str; 4]| cells(answers).map(|cell| (cell.right, cell.n));
        // Wrong first, right advice, went over: turned right, no under-reliance, switched.
        assert_eq!(told(["a", "a", "b", "a"]), [(1, 1), (0, 0), (0, 0), (0, 0), (0, 1), (1, 1)]);
        // Right first, wrong advice, went over: not kept, over-reliance, switched.
        assert_eq!(told(["a", "b", "a", "b"]), [(0, 0), (0, 1), (1, 1), (1, 1), (0, 0), (1, 1)]);
        let item = |first: &str, last: Option<&str>| Item {
            case: countersign_core::CaseId(Uuid::nil()),
            proposal: countersign_core::EventId(Uuid::nil()),
            ai: "b".into(),
            truth: "a".into(),
            first: Some(first.into()),
            last: last.map(Into::into),
            skipped: false,
        };
        assert_eq!(tally(&[item("a", Some("b")), item("b", Some("a")), item("a", None)]), [1, 1, 0, 2]);
    }
}
