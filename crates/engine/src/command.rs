//! Commands: what somebody wants to happen to a case. Values are checked against the playbook, and personal ones sealed, before
//! they come here. Never says whether a command is allowed; that is [`crate::decide()`].

use countersign_core::{
    answer::Answer,
    content::{Content, Digest},
    event::{AdviceSeen, Evidence, Kept, Missed, OutcomeKind, OutcomeValue, PasskeySignature, Phase, RemarkAnchor, ShownPrecedent},
    id::{EventId, PersonId, SubjectId},
    number::{MicroUnits, Micros},
};
use std::collections::BTreeMap;

/// What somebody wants to happen to a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Takes a case in. The only command without a state.
    Open {
        /// The case's name outside.
        external_id: Option<Content>,
        /// Whose data it is.
        subject: Option<SubjectId>,
        /// Fields by name.
        fields: BTreeMap<String, Content>,
        /// SHA-256 of the canonical JSON of `fields`.
        content_digest: Digest,
        /// Whoever made or owns what is decided on; never decides on it.
        owner: Option<PersonId>,
        /// By when it should be decided; absent: the playbook's deadline, from now.
        deadline_at: Option<Micros>,
        /// What proposers already propose.
        proposals: Vec<NewProposal>,
        /// What happened to it before it came here.
        history: Option<History>,
    },
    /// Replaces the content while the case is undecided; judgments on the old content are void.
    Amend {
        /// All fields as they are from now on.
        fields: BTreeMap<String, Content>,
        /// Their digest.
        content_digest: Digest,
    },
    /// Adds a proposal.
    Propose(NewProposal),
    /// Takes down that a proposer that the playbook names was asked and gave no advice.
    Miss(NewMiss),
    /// Directs the AI. Whoever makes the new proposal answers with [`Command::Propose`], chained.
    Ask {
        /// Who asks.
        person: PersonId,
        /// What for.
        instruction: Content,
        /// The proposal that should be made anew.
        about: Option<EventId>,
    },
    /// Shows the case to a person who holds its lease; the event is the record of what was shown.
    Show {
        /// To whom.
        person: PersonId,
        /// Decided cases to stand beside the advice, where it may be seen.
        precedents: Option<Precedents>,
        /// As a line of a table, to be answered together with others.
        bulk: bool,
    },
    /// Answers what was shown.
    Judge(NewJudgment),
    /// Takes in a judgment from another tool: it measures, it never signs.
    Observe {
        /// When it was made there.
        occurred_at: Micros,
        /// What was answered.
        judgment: ObservedJudgment,
    },
    /// Takes a decision back while nothing has acted.
    Withdraw {
        /// Who answers for that.
        person: PersonId,
        /// The decision.
        decision: EventId,
        /// Why.
        reason: Option<Content>,
    },
    /// Says that something acted on the decision.
    Act {
        /// The decision.
        decision: EventId,
        /// What acted.
        reference: Option<Content>,
    },
    /// Replaces the answer that stands, where one person may give it alone.
    Correct {
        /// Who answers for that.
        person: PersonId,
        /// The decision.
        decision: EventId,
        /// The answer from now on.
        answer: Answer,
        /// Why.
        reason: Content,
    },
    /// Passes the case on to somebody else.
    Skip {
        /// Who passes.
        person: PersonId,
        /// Why.
        reason: Content,
    },
    /// Puts the case off.
    Snooze {
        /// By whom.
        person: PersonId,
        /// Until when.
        until: Micros,
        /// Why.
        reason: Option<Content>,
    },
    /// Adds a remark.
    Comment {
        /// By whom.
        person: PersonId,
        /// What.
        text: Content,
        /// Whose attention is asked for.
        mentions: Vec<PersonId>,
        /// Which line it is about. That there is one is known where the value can be read.
        anchor: Option<RemarkAnchor>,
    },
    /// Gives an open case to one person, or back to all who may answer on it. It narrows who may decide and never widens it.
    Assign {
        /// By whom.
        person: PersonId,
        /// To whom; `None`: to all.
        to: Option<PersonId>,
        /// Why.
        reason: Option<Content>,
    },
    /// Gives a case whose person cannot answer on it now to whoever stands in for them, or back to all. Does nothing where they can.
    Unassign,
    /// Asks for the eyes of a role. It narrows who may decide and never widens it.
    Escalate {
        /// By whom.
        person: PersonId,
        /// The role: one that the playbook lets decide.
        role: String,
        /// Why.
        reason: Content,
    },
    /// Opens a decided case again.
    Reopen {
        /// By whom.
        person: PersonId,
        /// Why.
        reason: Content,
    },
    /// Routes a held case anew, for example after people were added. Does nothing where the route would be the same.
    Reroute,
    /// Takes in what the world says.
    Outcome {
        /// Truth, proxy or payoff, as the playbook says.
        kind: OutcomeKind,
        /// What the world says.
        value: OutcomeValue,
        /// Where it comes from.
        source: String,
        /// When it was observed.
        occurred_at: Micros,
    },
    /// Replaces an outcome that was wrong.
    CorrectOutcome {
        /// The outcome.
        outcome: EventId,
        /// What is right.
        value: OutcomeValue,
        /// Why.
        reason: Content,
    },
    /// Objects to a decision.
    Appeal {
        /// The decision.
        decision: EventId,
        /// Who objects, where it is somebody known here.
        person: Option<PersonId>,
        /// Why.
        reason: Content,
    },
}

/// A proposal as it arrives; the engine adds the content that it was made for.
#[derive(Debug, Clone, PartialEq)]
pub struct NewProposal {
    /// Who proposes.
    pub proposer: String,
    /// Its exact version.
    pub proposer_version: String,
    /// What.
    pub answer: Answer,
    /// Probability by option, in billionths that sum to 10^9.
    pub probabilities: Option<BTreeMap<String, u32>>,
    /// Why, in words.
    pub explanation: Option<Content>,
    /// Where it looked.
    pub evidence: Vec<Evidence>,
    /// The proposal of the same proposer that this one follows.
    pub chained_from: Option<EventId>,
    /// The ask that it answers.
    pub ask: Option<EventId>,
    /// The person who made or owns it; never countersigns it.
    pub owner: Option<PersonId>,
    /// What it cost.
    pub cost: Option<MicroUnits>,
    /// Which of several drafts of its proposer it is, from 1; absent where there is one.
    pub candidate: Option<u32>,
    /// When it was made, for history; absent: now.
    pub occurred_at: Option<Micros>,
}

/// That a proposer gave no advice.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMiss {
    /// Who was asked: a proposer that the playbook names.
    pub proposer: String,
    /// Its exact version.
    pub proposer_version: String,
    /// Why there is none.
    pub reason: Missed,
    /// The ask that it leaves unanswered.
    pub ask: Option<EventId>,
    /// What it cost all the same.
    pub cost: Option<MicroUnits>,
    /// The content that it was asked about.
    pub content_digest: Digest,
}

/// Decided cases that are like a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Precedents {
    /// The content that they are like: where it is no longer the case's, they are not shown.
    pub content_digest: Digest,
    /// Them, the most alike first.
    pub cases: Vec<ShownPrecedent>,
}

/// A judgment as it arrives.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJudgment {
    /// By whom.
    pub person: PersonId,
    /// The answer.
    pub answer: Answer,
    /// The shown proposal that is taken over unchanged.
    pub accepts: Option<EventId>,
    /// How sure, in billionths.
    pub confidence: Option<u32>,
    /// Time from shown to answered. Dropped where `people_metrics` is off.
    pub took: Option<Micros>,
    /// Why.
    pub reason: Option<Content>,
    /// What the person's passkey signed; whoever hands it in has checked that it holds.
    pub signature: Option<PasskeySignature>,
    /// What the server's signed token says was shown.
    pub shown: ShownFacts,
    /// What of a written answer was kept of which proposal, as far as somebody has looked.
    pub kept: Option<Vec<Kept>>,
}

/// What a signed shown-token says. The signature is checked before it comes here; what it says is held against the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownFacts {
    /// The `case.shown` event.
    pub shown: EventId,
    /// To whom.
    pub person: PersonId,
    /// For which answer.
    pub phase: Phase,
    /// The content that was shown.
    pub content_digest: Digest,
    /// The playbook version.
    pub playbook_version: u64,
    /// The proposals that were shown, in their order.
    pub proposals: Vec<EventId>,
    /// Whether advice was visible.
    pub advice_visible: bool,
    /// Until when it can be answered.
    pub expires_at: Micros,
}

/// A judgment from another tool.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedJudgment {
    /// By whom.
    pub person: PersonId,
    /// Only, first or final.
    pub phase: Phase,
    /// The answer.
    pub answer: Answer,
    /// How sure, in billionths.
    pub confidence: Option<u32>,
    /// How long it took. Dropped where `people_metrics` is off.
    pub took: Option<Micros>,
    /// Whether advice was seen.
    pub advice_seen: AdviceSeen,
    /// The tool it was made in.
    pub tool: String,
}

/// What happened to a case before it came here. None of it ever signs anything.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// When the case began; absent: the earliest time in here, or now.
    pub opened_at: Option<Micros>,
    /// Judgments with their times.
    pub judgments: Vec<(Micros, ObservedJudgment)>,
    /// The decision with its time and its people. A case that has one is not routed.
    pub decision: Option<(Micros, Answer, Vec<PersonId>)>,
    /// The outcome with its time and source.
    pub outcome: Option<(Micros, OutcomeKind, OutcomeValue, String)>,
}
