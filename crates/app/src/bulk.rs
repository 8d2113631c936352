//! Answering cases of one shape together: each is looked at for whether it may be, claimed and shown in one line of a table, and then
//! answered by a judgment of its own. Decides nothing: the engine and the rules are asked for every case.

use crate::{
    Caller, Error, IdempotencyKey, Options, Workspace,
    case::read::File,
    input::JudgmentInput,
    rules::may::{Act, Who, answering},
    view::{FieldView, ProposalView, Receipt},
};
use countersign_core::{
    content::Digest,
    event::Route,
    id::{CaseId, EventId, PersonId},
    limits::{BULK_CASES_MAX, BULK_HEADLINE_CHARS_MAX},
    playbook::{AnswerSpec, Playbook, check},
    refusal::{Code, Refusal},
};
use countersign_engine::{
    CaseState,
    decide::{BY_ITSELF, bulk_signatures},
    state::Status,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::BTreeSet, sync::Arc};
use utoipa::ToSchema;
use uuid::Uuid;

/// The route under which an answer is known when it is sent twice.
const ROUTE: &str = "bulk judgment";

/// Cases that somebody would answer together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkInput {
    /// Who.
    pub person: Uuid,
    /// The cases, at most 50, in the order in which they are to stand in the table.
    pub cases: Vec<Uuid>,
    /// One answer for all; absent: to each what was proposed for it.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub answer: Option<Value>,
}

/// Answers to what was shown in a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkAnswers {
    /// Who answers.
    pub person: Uuid,
    /// One for each case, at most 50.
    pub judgments: Vec<BulkAnswer>,
}

/// An answer to one line of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BulkAnswer {
    /// The case.
    pub case: Uuid,
    /// What was shown, as it was given.
    pub token: String,
    /// The answer; absent where a proposal is accepted.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    pub answer: Option<Value>,
    /// The proposal that is taken over unchanged.
    #[serde(default)]
    pub accept: Option<Uuid>,
}

/// Why a case is not answered with the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefusedView {
    /// The kind of problem, as in `/problems/KIND`.
    pub problem: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl From<Refusal> for RefusedView {
    fn from(refusal: Refusal) -> Self {
        Self { problem: refusal.code.slug().to_owned(), detail: refusal.detail }
    }
}

/// The table.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BulkView {
    /// The playbook of the first case that may be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub playbook: Option<String>,
    /// What it asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<String>,
    /// A line for each case, in the order in which they were named.
    pub lines: Vec<BulkLine>,
}

/// One case in the table.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BulkLine {
    /// The case.
    pub case: Uuid,
    /// Its headline, where this person may read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What was shown of it; absent where it may not be answered here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<BulkShown>,
    /// Why it may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedView>,
}

/// What was shown of a case in its line: a `case.shown` event of its own.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BulkShown {
    /// The record.
    pub shown: Uuid,
    /// To be sent back with the answer.
    pub token: String,
    /// The fields in the table.
    pub fields: Vec<FieldView>,
    /// What was proposed, without explanations.
    pub proposals: Vec<ProposalView>,
    /// The answer that would be recorded.
    #[schema(value_type = Object)]
    pub answer: Value,
    /// The proposal that would be accepted, where it says the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept: Option<Uuid>,
    /// Until when it can be answered (RFC 3339).
    pub expires: String,
}

/// What came of the answers.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BulkDone {
    /// A line for each, in order.
    pub lines: Vec<BulkOutcome>,
}

/// What came of one answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BulkOutcome {
    /// The case.
    pub case: Uuid,
    /// What was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// Why nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedView>,
}

/// What would be recorded on a case.
struct Recorded {
    answer: Value,
    accept: Option<EventId>,
}

/// A refusal as a view; whatever else goes wrong goes on as it is.
fn refused<T>(done: Result<T, Error>) -> Result<Result<T, RefusedView>, Error> {
    match done {
        Ok(done) => Ok(Ok(done)),
        // Too much at once, or a storage that fails, is no word about the case.
        Err(Error::Refused(refusal)) if !matches!(refusal.code, Code::Busy | Code::Storage) => Ok(Err(refusal.into())),
        Err(error) => Err(error),
    }
}

fn so_many(field: &str, count: usize) -> Result<(), Refusal> {
    if (1..=BULK_CASES_MAX).contains(&count) {
        return Ok(());
    }
    Err(Refusal::invalid(field, format!("1 to {BULK_CASES_MAX} cases are answered together, and these are {count}")))
}

impl Workspace {
    /// Looks at cases that somebody would answer together, and shows those that may be: each is claimed, and its line in the table is
    /// recorded as shown. The others have their reasons, and nothing is written of them.
    ///
    /// # Errors
    /// Where there are too many cases or none, this is no active member, or the storage fails.
    pub async fn bulk_show(&self, caller: &Caller, input: BulkInput) -> Result<BulkView, Error> {
        so_many("/cases", input.cases.len())?;
        if input.cases.iter().collect::<BTreeSet<_>>().len() < input.cases.len() {
            return Err(Refusal::invalid("/cases", "a case is named twice").into());
        }
        let person = PersonId(input.person);
        self.member(person).await?;
        let control = self.control().await?;
        let titles = self.titles(&control, &input.cases).await?;
        // Who held it before keeps it; whoever takes it for this lets it go where it comes to nothing.
        let held: BTreeSet<Uuid> = self.claims_of(person).await?.into_iter().map(|claim| claim.case).collect();
        let mut view = BulkView { playbook: None, question: None, lines: Vec::with_capacity(input.cases.len()) };
        let mut shape = None;
        for case in input.cases {
            let mut line = BulkLine { case, title: None, shown: None, refused: None };
            let case = CaseId(case);
            // Only whoever may read the case is told its headline.
            match refused(self.bulk_file(case, person).await)? {
                Err(why) => line.refused = Some(why),
                Ok((file, playbook)) => {
                    let state = &file.state;
                    line.title = titles.get(&case.0).cloned();
                    let alike = shape.get_or_insert((state.playbook, state.playbook_version));
                    let same = *alike == (state.playbook, state.playbook_version);
                    match refused(
                        self.bulk_line(caller, (case, person), (&file, &playbook), input.answer.as_ref(), (same, held.contains(&case.0)))
                            .await,
                    )? {
                        Err(why) => line.refused = Some(why),
                        Ok(shown) => {
                            view.playbook.get_or_insert_with(|| playbook.name.clone());
                            view.question.get_or_insert_with(|| playbook.question.clone());
                            line.shown = Some(shown);
                        }
                    }
                }
            }
            view.lines.push(line);
        }
        Ok(view)
    }

    /// A case that this person may read, as it stands.
    async fn bulk_file(&self, case: CaseId, person: PersonId) -> Result<(File, Arc<Playbook>), Error> {
        let playbook = self.case_open_to(case, person).await?;
        let control = self.control().await?;
        let file = self.file(case).await?;
        control.may(Who::Person(person), &Act::on(countersign_policy::Action::See, &playbook, &file.state))?;
        Ok((file, playbook))
    }

    async fn bulk_line(
        &self,
        caller: &Caller,
        (case, person): (CaseId, PersonId),
        (file, playbook): (&File, &Arc<Playbook>),
        answer: Option<&Value>,
        (same, held): (bool, bool),
    ) -> Result<BulkShown, Error> {
        let recorded = self.bulk_recorded(person, (&file.state, playbook), answer, same).await?;
        let headline = playbook.headline().and_then(|spec| file.values.text(file.state.fields.get(&spec.name)?));
        if headline.is_some_and(|text| text.chars().count() > BULK_HEADLINE_CHARS_MAX) {
            return Err(
                Refusal::new(Code::WrongState, "its headline is too long for a line of a table, so it is looked at by itself").into()
            );
        }
        self.claim(person, case).await?;
        let shown = match self.case_show_bulk(caller, case, person).await {
            Ok(shown) => shown,
            Err(error) => {
                if !held {
                    self.release(person, case).await?;
                }
                return Err(error);
            }
        };
        Ok(BulkShown {
            shown: shown.shown,
            token: shown.token,
            fields: shown.fields,
            proposals: shown.proposals,
            answer: recorded.answer,
            accept: recorded.accept.map(|id| id.0),
            expires: shown.expires,
        })
    }

    /// What would be recorded, or why this case is not answered with the others. All of it is asked again, by the engine, when it is.
    async fn bulk_recorded(
        &self,
        person: PersonId,
        (state, playbook): (&CaseState, &Playbook),
        answer: Option<&Value>,
        same: bool,
    ) -> Result<Recorded, Error> {
        let not_here = |detail: String| Error::from(Refusal::new(Code::WrongState, detail));
        if !playbook.decide.bulk {
            return Err(not_here(format!("the playbook {} lets no cases be answered together", playbook.name)));
        }
        if !same {
            return Err(not_here("it goes by another playbook, or another version of it, than the first of these cases".into()));
        }
        if state.status() != Status::Open {
            return Err(not_here(format!("the case is {} and waits for nobody's answer here", state.status_word())));
        }
        let route = state.route.as_ref();
        let proposals: Vec<_> = state.proposals_advised().collect();
        if !route.is_some_and(|route| route.route == Route::Assist && route.assigned.is_none() && route.role.is_none()) {
            return Err(not_here(BY_ITSELF.into()));
        }
        let Some(last) = proposals.last() else { return Err(not_here("there is no advice on it, so it is looked at by itself".into())) };
        let recorded = match answer {
            Some(answer) => {
                check::answer_value(playbook, answer)?;
                let said = proposals.iter().rev().find(|proposal| Some(proposal.answer.label()) == answer.as_str());
                Recorded { answer: answer.clone(), accept: said.map(|proposal| proposal.id) }
            }
            None if proposals.iter().all(|proposal| proposal.answer == last.answer) => {
                Recorded { answer: last.answer.label().into(), accept: Some(last.id) }
            }
            None => return Err(not_here("its proposals differ, so it is looked at by itself".into())),
        };
        let label = recorded.answer.as_str().unwrap_or_default();
        let signatures = playbook.signatures_for(label);
        if signatures > 1 {
            return Err(not_here(bulk_signatures(label, signatures)));
        }
        let control = self.control().await?;
        control.may_answer(person, playbook, state)?;
        let act = Act { answer: Some(label), ..Act::on(answering(state, person), playbook, state) };
        control.may(Who::Person(person), &act)?;
        Ok(recorded)
    }

    /// Answers what was shown in a table: each case by a judgment of its own, which says that it was one of many. What is refused
    /// leaves the others as they are. The same answer to the same showing is one answer, however often it is sent.
    ///
    /// # Errors
    /// Where there are too many or none, or the storage fails; what was written before that is written.
    pub async fn bulk_judge(&self, caller: &Caller, input: BulkAnswers) -> Result<BulkDone, Error> {
        so_many("/judgments", input.judgments.len())?;
        let mut lines = Vec::with_capacity(input.judgments.len());
        for one in input.judgments {
            let case = one.case;
            let (receipt, refused) = match refused(self.bulk_judge_one(caller, input.person, one).await)? {
                Ok(receipt) => (Some(receipt), None),
                Err(why) => (None, Some(why)),
            };
            lines.push(BulkOutcome { case, receipt, refused });
        }
        Ok(BulkDone { lines })
    }

    async fn bulk_judge_one(&self, caller: &Caller, person: Uuid, one: BulkAnswer) -> Result<Receipt, Error> {
        let case = CaseId(one.case);
        let said = format!("{}\0{}", one.answer.as_ref().map(ToString::to_string).unwrap_or_default(), one.accept.unwrap_or_default());
        let input = JudgmentInput {
            person,
            token: one.token,
            // What is accepted says the answer.
            answer: one.answer.filter(|_| one.accept.is_none()),
            accept: one.accept,
            confidence: None,
            seconds: None,
            reason: None,
            signature: None,
        };
        let shown = self.answers_bulk_showing(case, &input)?;
        let request = Digest::of(said.as_bytes()).0;
        let idempotency = Some(IdempotencyKey { route: ROUTE.to_owned(), key: shown.to_string(), request });
        self.case_judge(caller, case, input, Options { idempotency, if_match: None }).await
    }

    /// Whether a playbook lets its cases be answered together, and what the answers are; for the page that offers it.
    #[must_use]
    pub fn bulk_options(playbook: &Playbook) -> Option<&[String]> {
        match &playbook.answer {
            AnswerSpec::Choice { options } if playbook.decide.bulk => Some(options),
            _ => None,
        }
    }
}
