//! Cases: taking them in, everything that is done to one, and reading one. Checks what comes from outside against the playbook;
//! what is allowed is the engine's word.

mod command;
pub(crate) mod mask;
mod opening;
pub mod proof;
pub(crate) mod read;
mod remark;
mod show;

pub(crate) use opening::Opening;

use crate::{
    AtomicError, Caller, Error, Options, Workspace,
    input::{
        ActInput, AmendInput, AppealInput, AskInput, AssignInput, CaseInput, CommentInput, CorrectionInput, EscalateInput, JudgmentInput,
        MissInput, Moment, ObservedInput, OutcomeCorrection, OutcomeInput, ProposalInput, ReasonInput, SnoozeInput,
    },
    view::Receipt,
    writer::{AtomicJob, CaseJob, Done, Work, known_answer, reply},
};
use countersign_core::{
    event::{Kept, RemarkAnchor, RouteLearning},
    id::{CaseId, EventId, PersonId},
    limits::{ATOMIC_LINES_MAX, FUTURE_TOLERANCE_MICROS},
    number::Micros,
    refusal::{Code, Refusal},
    time,
};
use countersign_engine::command::{Precedents, ShownFacts};
use countersign_store as store;
use serde::de::DeserializeOwned;
use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::sync::oneshot;

/// What is to be done to a case, as it came from outside, with all that needs no look at the case already checked.
pub(crate) enum Verb {
    Open(Box<Opening>),
    Amend(AmendInput),
    Propose(ProposalInput),
    Miss(MissInput),
    Ask(AskInput),
    Show(PersonId, Option<Precedents>),
    /// As a line of a table.
    ShowBulk(PersonId),
    Judge(JudgmentInput, ShownFacts, Option<Vec<Kept>>),
    Observe(ObservedInput, PersonId),
    Withdraw(EventId, ReasonInput),
    Act(EventId, ActInput),
    Correct(EventId, CorrectionInput),
    Skip(ReasonInput),
    Snooze(SnoozeInput),
    /// With the line that it is about.
    Comment(CommentInput, Option<RemarkAnchor>),
    Escalate(EscalateInput),
    Assign(AssignInput),
    /// Gives back what its person can no longer answer.
    Unassign,
    Reopen(ReasonInput),
    /// With the rest of bulk work, or at once.
    Reroute {
        bulk: bool,
        /// What a young model would learn from the case.
        learning: Option<RouteLearning>,
    },
    Outcome(OutcomeInput),
    CorrectOutcome(EventId, OutcomeCorrection),
    Appeal(EventId, AppealInput),
}

impl Verb {
    /// Bulk work waits for interactive commands.
    pub(crate) fn is_bulk(&self) -> bool {
        match self {
            Self::Open(opening) => opening.bulk,
            Self::Reroute { bulk, .. } => *bulk,
            _ => false,
        }
    }

    /// What a young model would learn from the case, where it was asked.
    pub(crate) fn learning(&self) -> Option<RouteLearning> {
        match self {
            Self::Open(opening) => opening.learning.clone(),
            Self::Reroute { learning, .. } => learning.clone(),
            _ => None,
        }
    }

    /// The person whose lease the engine wants to know.
    pub(crate) fn lease_of(&self) -> Option<PersonId> {
        match self {
            Self::Show(person, _) | Self::ShowBulk(person) => Some(*person),
            Self::Judge(input, ..) => Some(PersonId(input.person)),
            Self::Skip(input) => Some(PersonId(input.person)),
            Self::Snooze(input) => Some(PersonId(input.person)),
            Self::Escalate(input) => Some(PersonId(input.person)),
            Self::Ask(input) => Some(PersonId(input.person)),
            _ => None,
        }
    }

    /// The person whose lease ends with the command. After a first answer the person keeps the case for the final one.
    pub(crate) fn ends_lease_of(&self) -> Option<PersonId> {
        match self {
            Self::Judge(input, shown, _) if shown.phase != countersign_core::event::Phase::First => Some(PersonId(input.person)),
            Self::Skip(input) => Some(PersonId(input.person)),
            Self::Snooze(input) => Some(PersonId(input.person)),
            Self::Escalate(input) => Some(PersonId(input.person)),
            // What is somebody else's from now on, or anybody's, is not in one's hands.
            Self::Assign(input) if input.to != Some(input.person) => Some(PersonId(input.person)),
            _ => None,
        }
    }
}

/// A refusal because a value has no canonical form.
pub(crate) fn refused_value(field: &str, error: &dyn std::fmt::Display) -> Error {
    Refusal::invalid(format!("/{field}"), format!("the value cannot be recorded: {error}")).into()
}

/// A refusal because a subject was erased.
pub(crate) fn erased() -> Error {
    Refusal::new(Code::Erased, "the personal values of this case were erased, and nothing personal can be added to it any more").into()
}

/// Reads a moment from outside.
pub(crate) fn moment(given: &Moment, field: &str, now: Micros) -> Result<Micros, Refusal> {
    let at = match given {
        Moment::Micros(at) => *at,
        Moment::Text(text) => time::parse_rfc3339(text).map_err(|error| Refusal::invalid(field, error.to_string()))?,
    };
    if !countersign_core::number::is_safe_integer(at) {
        return Err(Refusal::invalid(field, "this time is too far from today to be recorded"));
    }
    if at > now + FUTURE_TOLERANCE_MICROS && field != "/until" && field != "/deadline" && field != "/expires" {
        return Err(Refusal::invalid(field, "this time lies in the future: check the clock of the sender"));
    }
    Ok(at)
}

/// A receipt that is still to come: resolves after the commit.
pub struct PendingReceipt(oneshot::Receiver<Result<Done, Error>>);

impl Future for PendingReceipt {
    type Output = Result<Receipt, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|answer| match answer {
            Ok(done) => done.map(|d| d.receipt),
            Err(_) => Err(Refusal::new(Code::Busy, "the server is shutting down; send it again when it is back").into()),
        })
    }
}

impl Workspace {
    /// Takes a case in.
    ///
    /// # Errors
    /// A refusal names the field; nothing is written then.
    pub async fn case_open(&self, caller: &Caller, input: CaseInput, options: Options) -> Result<Receipt, Error> {
        match self.case_open_once(caller, input, options.clone()).await {
            Err(refused) => self.answered_before(caller, &options, refused).await,
            done => done,
        }
    }

    async fn case_open_once(&self, caller: &Caller, input: CaseInput, options: Options) -> Result<Receipt, Error> {
        let verb = Verb::Open(Box::new(self.opening(input, false).await?));
        let case = CaseId(self.inner.env.ordered_id());
        self.predecide(caller, case, &verb).await?;
        self.submit(caller, case, verb, options).await.map(|done| done.receipt)
    }

    /// What was answered to the same request before, where a check before the writer refuses it by now: whoever never got the answer
    /// sends it again, and by then a new playbook or the clock may have changed what is accepted.
    async fn answered_before<T: DeserializeOwned>(&self, caller: &Caller, options: &Options, refused: Error) -> Result<T, Error> {
        let Error::Refused(refusal) = &refused else { return Err(refused) };
        if matches!(refusal.code, Code::Busy | Code::Storage) {
            return Err(refused);
        }
        match known_answer(&self.inner, self.id, caller, options).await? {
            Some(known) => serde_json::from_str(&known).map_err(|e| Error::Damaged(format!("a kept answer cannot be read: {e}"))),
            None => Err(refused),
        }
    }

    /// Hands a case in as one of many; waits only for a place in the queue. The receipt comes after the commit.
    ///
    /// # Errors
    /// A refusal that needs no look at the database comes at once.
    pub async fn case_submit_bulk(&self, caller: &Caller, input: CaseInput) -> Result<PendingReceipt, Error> {
        let verb = Verb::Open(Box::new(self.opening(input, true).await?));
        let case = CaseId(self.inner.env.ordered_id());
        self.predecide(caller, case, &verb).await?;
        self.submit_bulk(caller, case, verb, Options::default()).await.map(PendingReceipt)
    }

    /// Hands a command in as one of many, waiting for a place only.
    pub(crate) async fn submit_bulk(
        &self,
        caller: &Caller,
        case: CaseId,
        verb: Verb,
        options: Options,
    ) -> Result<oneshot::Receiver<Result<Done, Error>>, Error> {
        let (reply, answer) = oneshot::channel();
        let job = CaseJob { workspace: self.id, caller: caller.clone(), options, case, verb, reply };
        self.inner.writer.submit_bulk(Work::Case(Box::new(job))).await?;
        Ok(answer)
    }

    /// Takes all cases in or none.
    ///
    /// # Errors
    /// Says which one, counted from 0, is to blame.
    pub async fn cases_open_atomic(&self, caller: &Caller, inputs: Vec<CaseInput>, options: Options) -> Result<Vec<Receipt>, AtomicError> {
        match self.cases_open_atomic_once(caller, inputs, options.clone()).await {
            Err(AtomicError { line, error }) => {
                self.answered_before(caller, &options, error).await.map_err(|error| AtomicError { line, error })
            }
            done => done,
        }
    }

    async fn cases_open_atomic_once(&self, caller: &Caller, inputs: Vec<CaseInput>, options: Options) -> Result<Vec<Receipt>, AtomicError> {
        let whole = |error: Error| AtomicError { line: 0, error };
        if inputs.len() > ATOMIC_LINES_MAX {
            return Err(whole(
                Refusal::new(
                    Code::TooLarge,
                    format!("an atomic intake holds at most {ATOMIC_LINES_MAX} cases: send fewer, or without atomic"),
                )
                .into(),
            ));
        }
        let mut openings = Vec::with_capacity(inputs.len());
        for (line, input) in inputs.into_iter().enumerate() {
            let opening = self.opening(input, false).await.map_err(|error| AtomicError { line, error })?;
            openings.push((CaseId(self.inner.env.ordered_id()), Verb::Open(Box::new(opening))));
        }
        let (reply, answer) = oneshot::channel();
        let job = AtomicJob { workspace: self.id, caller: caller.clone(), options, openings, reply };
        self.inner.writer.submit(Work::Atomic(Box::new(job))).map_err(whole)?;
        match answer.await {
            Ok(done) => done.map_err(|(line, error)| AtomicError { line, error }),
            Err(_) => Err(whole(Refusal::new(Code::Busy, "the server is shutting down; send it again when it is back").into())),
        }
    }

    pub(crate) async fn submit(&self, caller: &Caller, case: CaseId, verb: Verb, options: Options) -> Result<Done, Error> {
        let (sender, answer) = oneshot::channel();
        let job = CaseJob { workspace: self.id, caller: caller.clone(), options, case, verb, reply: sender };
        self.inner.writer.submit(Work::Case(Box::new(job)))?;
        reply(answer).await
    }

    async fn act_on(&self, caller: &Caller, case: CaseId, verb: Verb, options: Options) -> Result<Receipt, Error> {
        self.submit(caller, case, verb, options).await.map(|done| done.receipt)
    }

    /// The case of a decision.
    pub(crate) async fn case_of_decision(&self, decision: EventId) -> Result<CaseId, Error> {
        let mut session = self.inner.db.session().await?;
        let row = store::decision::get(session.conn(), self.id.0, decision.0).await?;
        row.map(|r| CaseId(r.case)).ok_or_else(|| Refusal::new(Code::NotFound, "there is no such decision").into())
    }
}

/// Declares the use cases that only hand a verb on: name, input, verb, documentation.
macro_rules! on_case {
    ($($(#[$doc:meta])* $name:ident($input:ty) => $verb:expr;)*) => {
        impl Workspace {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// A refusal says what is wrong; nothing is written then.
                pub async fn $name(&self, caller: &Caller, case: CaseId, input: $input, options: Options) -> Result<Receipt, Error> {
                    let verb: fn($input) -> Verb = $verb;
                    self.act_on(caller, case, verb(input), options).await
                }
            )*
        }
    };
}

on_case! {
    /// Replaces the content of an undecided case; judgments on the old content are void.
    case_amend(AmendInput) => Verb::Amend;
    /// Adds a proposal.
    case_propose(ProposalInput) => Verb::Propose;
    /// Directs the AI.
    case_ask(AskInput) => Verb::Ask;
    /// Passes a case on.
    case_skip(ReasonInput) => Verb::Skip;
    /// Puts a case off.
    case_snooze(SnoozeInput) => Verb::Snooze;
    /// Asks for the eyes of a role.
    case_escalate(EscalateInput) => Verb::Escalate;
    /// Gives a case to one person, or back to all.
    case_assign(AssignInput) => Verb::Assign;
    /// Opens a decided case again.
    case_reopen(ReasonInput) => Verb::Reopen;
    /// Takes in what the world says.
    case_outcome(OutcomeInput) => Verb::Outcome;
}

/// The same for decisions, whose case is looked up first.
macro_rules! on_decision {
    ($($(#[$doc:meta])* $name:ident($input:ty) => $verb:path;)*) => {
        impl Workspace {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// A refusal says what is wrong; nothing is written then.
                pub async fn $name(&self, caller: &Caller, decision: EventId, input: $input, options: Options) -> Result<Receipt, Error> {
                    let case = self.case_of_decision(decision).await?;
                    self.act_on(caller, case, $verb(decision, input), options).await
                }
            )*
        }
    };
}

on_decision! {
    /// Takes a decision back within its grace.
    decision_withdraw(ReasonInput) => Verb::Withdraw;
    /// Replaces the answer that stands.
    decision_correct(CorrectionInput) => Verb::Correct;
    /// Says that something acted on the decision.
    decision_act(ActInput) => Verb::Act;
    /// Objects to a decision.
    decision_appeal(AppealInput) => Verb::Appeal;
}

impl Workspace {
    /// Takes in a judgment from another tool. An unknown name becomes an external person.
    ///
    /// # Errors
    /// A refusal says what is wrong; nothing is written then.
    pub async fn case_observe(&self, caller: &Caller, case: CaseId, input: ObservedInput, options: Options) -> Result<Receipt, Error> {
        let person = self.person_by_name(caller, &input.person).await?;
        self.act_on(caller, case, Verb::Observe(input, person), options).await
    }

    /// Routes a held case anew.
    ///
    /// # Errors
    /// A refusal says what is wrong; nothing is written then.
    pub async fn case_reroute(&self, caller: &Caller, case: CaseId, options: Options) -> Result<Receipt, Error> {
        self.act_on(caller, case, Verb::Reroute { bulk: false, learning: None }, options).await
    }

    /// Replaces an outcome that was wrong.
    ///
    /// # Errors
    /// A refusal says what is wrong; nothing is written then.
    pub async fn case_outcome_correct(
        &self,
        caller: &Caller,
        case: CaseId,
        outcome: EventId,
        input: OutcomeCorrection,
        options: Options,
    ) -> Result<Receipt, Error> {
        self.act_on(caller, case, Verb::CorrectOutcome(outcome, input), options).await
    }
}
