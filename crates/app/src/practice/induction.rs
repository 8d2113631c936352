//! Inductions: what the AI is good and bad at in a playbook, from what was measured, with real cases; and that somebody has gone through
//! one, as an event. What is told names nobody.

use super::{Candidate, Content, Kind, PRACTICE_CASES};
use crate::{
    Caller, Error, Workspace,
    control::Control,
    explain::region_words,
    track::{Figure, ROWS_MIN},
    writer::Change,
};
use countersign_core::{
    event::InductionCompleted,
    id::{PersonId, PlaybookId},
    playbook::{AnswerSpec, Playbook},
    refusal::{Code, Refusal},
};
use countersign_engine::{
    decide::induction_wanted,
    track::{AdviceEffect, Cell, TrackRecord},
    workspace::WorkspaceCommand,
};
use countersign_science::interval;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

const LEVEL: f64 = 0.95;
/// Real cases that are told of each kind.
const EXAMPLES: usize = 2;

/// What somebody is told before their first decision.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct InductionView {
    /// The playbook.
    pub playbook: String,
    /// What is asked in it.
    pub question: String,
    /// Whether the playbook wants it before the first decision.
    pub required: bool,
    /// Whether this person has gone through it.
    pub done: bool,
    /// The session of practice that was begun and not finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Uuid>,
    /// Kinds of cases; empty where nothing was learned yet.
    pub regions: Vec<InductionRegion>,
    /// Past cases that can be practised on now, at most as many as a session has.
    pub cases: usize,
}

/// A kind of cases, and how the AI does there.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct InductionRegion {
    /// In words.
    pub region: String,
    /// How often the AI is right; absent: not enough yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ai: Option<Figure>,
    /// How often people without advice are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<Figure>,
    /// The AI here against the AI elsewhere: `better`, `worse`, `as_elsewhere`, `only_kind` where there is no elsewhere, or
    /// `not_enough_yet`.
    pub stands: String,
    /// Real cases with their outcomes.
    pub examples: Vec<InductionExample>,
}

/// A real case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InductionExample {
    /// The case.
    pub case: Uuid,
    /// Its headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the AI said.
    pub ai: String,
    /// What turned out.
    pub truth: String,
    /// Whether the AI was right.
    pub right: bool,
}

impl Workspace {
    /// What a person is told of a playbook before their first decision.
    ///
    /// # Errors
    /// Where there is no such playbook, the person may not decide in it, or the storage fails.
    pub async fn induction(&self, playbook: &str, person: PersonId) -> Result<InductionView, Error> {
        let control = self.control().await?;
        let (id, _, latest) = control.playbook_latest(playbook)?;
        self.may_practise(&control, person, &latest)?;
        let choice = matches!(latest.answer, AnswerSpec::Choice { .. });
        let candidates = if choice { self.candidates(&control, id, person).await? } else { Vec::new() };
        let record = control.records.get(&id).map(|published| &published.record);
        Ok(InductionView {
            playbook: latest.name.clone(),
            question: latest.question.clone(),
            required: latest.decide.induction,
            done: control.state.inducted.contains_key(&(person, id)),
            session: self.practice_open(person, id, Kind::Induction).await?.map(|row| row.session),
            regions: record.map(|record| regions(record, &candidates)).unwrap_or_default(),
            cases: candidates.len().min(PRACTICE_CASES),
        })
    }

    /// The playbook whose induction keeps this person from deciding, of one playbook or of all that their roles open.
    ///
    /// # Errors
    /// Where the playbook is unknown or the storage fails.
    pub async fn induction_due(&self, person: PersonId, playbook: Option<&str>) -> Result<Option<String>, Error> {
        let control = self.control().await?;
        let names: Vec<&str> = match playbook {
            Some(name) => vec![name],
            None => control.state.playbook_names.keys().map(String::as_str).collect(),
        };
        for name in names {
            let (id, _, latest) = control.playbook_latest(name)?;
            let may = control.state.people.get(&person).is_some_and(|facts| facts.may(&latest.decide.roles));
            if may && inducted(&control, person, (id, &latest)).is_err() {
                return Ok(Some(name.to_owned()));
            }
        }
        Ok(None)
    }

    /// Writes down that somebody has gone through an induction.
    pub(super) async fn induction_complete(
        &self,
        caller: &Caller,
        person: PersonId,
        (playbook, version): (PlaybookId, u64),
        content: &Content,
    ) -> Result<(), Error> {
        let practised = content.items.iter().filter(|item| item.last.is_some()).count();
        let body = InductionCompleted { person, playbook, playbook_version: version, cases: practised as u64, record: content.record };
        let change = Change::command(move |_| Ok(WorkspaceCommand::CompleteInduction(body.clone())));
        self.change(caller, change).await.map(|_| ())
    }
}

/// Refuses whoever has to go through an induction first.
pub(crate) fn inducted(control: &Control, person: PersonId, (id, playbook): (PlaybookId, &Playbook)) -> Result<(), Refusal> {
    if !playbook.decide.induction || control.state.inducted.contains_key(&(person, id)) {
        return Ok(());
    }
    Err(Refusal::field(Code::InductionRequired, "/person", induction_wanted(&playbook.name)))
}

/// Kinds of cases: those in which the AI does worse than elsewhere first, because that is what one has to know.
fn regions(record: &TrackRecord, candidates: &[Candidate]) -> Vec<InductionRegion> {
    let mut regions: Vec<InductionRegion> = record.advice.iter().map(|effect| region(record, effect, candidates)).collect();
    let order = |stands: &str| ["worse", "better", "as_elsewhere", "only_kind", "not_enough_yet"].iter().position(|word| *word == stands);
    regions.sort_by_key(|region| order(&region.stands));
    regions
}

fn region(record: &TrackRecord, effect: &AdviceEffect, candidates: &[Candidate]) -> InductionRegion {
    let others = record.advice.iter().filter(|other| other.region != effect.region).fold(Cell::default(), |sum, other| sum.and(other.ai));
    let pair = |cell: Cell| (cell.right, cell.n);
    let enough = effect.ai.n >= ROWS_MIN && others.n >= ROWS_MIN;
    let difference = interval::difference(pair(effect.ai), pair(others), LEVEL).ok().filter(|_| enough);
    let stands = match difference {
        Some(d) if d.low > 0.0 => "better",
        Some(d) if d.high < 0.0 => "worse",
        Some(_) => "as_elsewhere",
        // The only kind there is has no elsewhere.
        None if effect.ai.n >= ROWS_MIN && record.advice.len() == 1 => "only_kind",
        None => "not_enough_yet",
    };
    InductionRegion {
        region: region_words(record, effect.region),
        ai: Figure::of(effect.ai),
        people: Figure::of(effect.unaided),
        stands: stands.into(),
        examples: examples(candidates, effect.region, stands == "worse"),
    }
}

/// One case in which the AI was right and one in which it was wrong, where there are both; first the one that shows the point.
fn examples(candidates: &[Candidate], region: u32, wrong_first: bool) -> Vec<InductionExample> {
    let here = || candidates.iter().filter(|candidate| candidate.region == region);
    let of = |right: bool| here().find(|candidate| candidate.ai_right() == right);
    let both = if wrong_first { [of(false), of(true)] } else { [of(true), of(false)] };
    let told = |candidate: &Candidate| InductionExample {
        case: candidate.case.0,
        title: candidate.title.clone(),
        ai: candidate.ai.clone(),
        truth: candidate.truth.clone(),
        right: candidate.ai_right(),
    };
    both.into_iter().flatten().take(EXAMPLES).map(told).collect()
}
