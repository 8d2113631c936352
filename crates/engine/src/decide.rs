//! The verbs: what a command does to a case, or why it may not. This page names them all; each has its own module.

use crate::{
    CaseState, Command, Context,
    route::{self, Cause, Inputs},
    sabotage::{Sabotage, on},
    state::{EnteredRecord, Status},
    track::Proposed,
};
use countersign_core::{
    Content, Refusal,
    answer::Answer,
    content::Digest,
    event::{Basis, Body, DecisionMade, ExperimentArm, Route, RouteInputs, RouteLearning, RouteMeasured, StopScope},
    id::{EventId, PersonId},
    limits::{EVENTS_PER_CASE_MAX, EVENTS_PER_CASE_RESERVED, FUTURE_TOLERANCE_MICROS},
    number::Micros,
    refusal::Code,
};
use std::{borrow::Cow, collections::BTreeMap};

mod appeal;
mod assign;
mod bulk;
mod checks;
mod content;
mod decision;
mod judge;
mod open;
mod outcome;
mod remark;
mod settle;
mod show;

pub use assign::could_be_given;
pub use bulk::{BY_ITSELF, bulk_signatures};
pub use show::induction_wanted;

/// An event that is about to be recorded. The caller adds the envelope and the stream version.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Its id, which also names what it created.
    pub id: EventId,
    /// When it happened.
    pub occurred_at: Micros,
    /// The event that led to it.
    pub causation: Option<EventId>,
    /// What happened.
    pub body: Body,
}

type Decided = Result<Vec<NewEvent>, Refusal>;

/// What a command does to a case. `state` is `None` for [`Command::Open`] and for nothing else.
///
/// An empty list of events means that there is nothing to do; that is no error.
///
/// # Errors
/// A [`Refusal`] says why the command may not be carried out; nothing has happened then.
pub fn decide(state: Option<&CaseState>, command: Command, ctx: &mut Context<'_>) -> Decided {
    let state = match (state, command) {
        (None, Command::Open { external_id, subject, fields, content_digest, owner, deadline_at, proposals, history }) => {
            let case = open::NewCase { external_id, subject, fields, content_digest, owner, deadline_at };
            return open::open(case, proposals, history, ctx);
        }
        (Some(_), Command::Open { .. }) => {
            return Err(Refusal::new(Code::Conflict, "the case is open already"));
        }
        (None, _) => return Err(Refusal::new(Code::NotFound, "there is no such case")),
        (Some(state), command) => (state, command),
    };
    let (state, command) = state;
    if (ctx.playbook_id, ctx.playbook_version) != (state.playbook, state.playbook_version) {
        return Err(Refusal::new(Code::Internal, "the case was loaded with another version of its playbook"));
    }
    has_room(state, &command)?;
    let now = ctx.now.max(state.recorded_at);
    Turn { state, now, ctx }.take(command)
}

/// One command's turn on one case.
struct Turn<'t, 'c> {
    state: &'t CaseState,
    /// The time; it never goes back on a case.
    now: Micros,
    ctx: &'t mut Context<'c>,
}

impl Turn<'_, '_> {
    fn take(&mut self, command: Command) -> Decided {
        use Command as C;
        match command {
            C::Open { .. } => Ok(Vec::new()), // INVARIANT: `decide` has dealt with it.
            C::Amend { fields, content_digest } => self.amend(fields, content_digest),
            C::Propose(proposal) => self.propose(proposal),
            C::Miss(miss) => self.miss(miss),
            C::Ask { person, instruction, about } => self.ask(person, instruction, about),
            C::Show { person, precedents, bulk } => self.show(person, precedents, bulk),
            C::Judge(judgment) => self.judge(judgment),
            C::Observe { occurred_at, judgment } => self.observe(occurred_at, judgment),
            C::Withdraw { person, decision, reason } => self.withdraw(person, decision, reason),
            C::Act { decision, reference } => self.act(decision, reference),
            C::Correct { person, decision, answer, reason } => self.correct(person, decision, answer, reason),
            C::Skip { person, reason } => self.skip(person, reason),
            C::Snooze { person, until, reason } => self.snooze(person, until, reason),
            C::Comment { person, text, mentions, anchor } => self.comment(person, text, mentions, anchor),
            C::Assign { person, to, reason } => self.assign(person, to, reason),
            C::Unassign => self.unassign(),
            C::Escalate { person, role, reason } => self.escalate(person, role, reason),
            C::Reopen { person, reason } => self.reopen(person, reason),
            C::Reroute => self.reroute(),
            C::Outcome { kind, value, source, occurred_at } => self.outcome(kind, value, source, occurred_at),
            C::CorrectOutcome { outcome, value, reason } => self.correct_outcome(outcome, value, reason),
            C::Appeal { decision, person, reason } => self.appeal(decision, person, reason),
        }
    }

    /// An event that happens now.
    fn event(&mut self, body: impl Into<Body>) -> NewEvent {
        new_event(self.ctx, self.now, None, body)
    }

    /// An event that happens now because of another.
    fn follow(&mut self, cause: &NewEvent, body: impl Into<Body>) -> NewEvent {
        new_event(self.ctx, self.now, Some(cause.id), body)
    }

    /// One event that happens now, and nothing else.
    fn only(&mut self, body: impl Into<Body>) -> Decided {
        Ok(vec![self.event(body)])
    }

    /// The route for these fields, from the proposals that are current where the content is still the same. No case enters an experiment
    /// by it, unless `enters`.
    fn routed(
        &mut self,
        (cause, enters): (Cause, bool),
        role: Option<String>,
        fields: &BTreeMap<String, Content>,
        content_digest: Digest,
    ) -> countersign_core::event::CaseRouted {
        let playbook = self.ctx.playbook;
        let current = |p| proposed(playbook, p);
        let same = content_digest == self.state.content_digest;
        let proposals: Vec<_> = match same {
            // Further drafts of one proposer are no further proposers.
            true => self.state.proposals_current().filter(|p| p.candidate == 1).map(current).collect(),
            false => Vec::new(),
        };
        // What was kept back once is not kept back again: only new content is.
        let kept_back = cause == Cause::Content && !playbook.proposers.is_empty() && !same;
        let awaits = if same { self.state.awaits(playbook) } else { !playbook.proposers.is_empty() };
        let awaited = proposals.is_empty() && (!self.state.proposals.is_empty() || awaits);
        let until = self.state.route.as_ref().and_then(|route| route.awaited_until).filter(|_| awaited && same);
        let awaited_until = if kept_back { kept_back_until(playbook, self.now) } else { until };
        let lot = match &self.state.entered {
            Some(entered) => Lot::Drawn(entered),
            None if enters => Lot::Open,
            None => Lot::Closed,
        };
        // What was answered on other content, or in a round that is over, fills no seat.
        let counts = same && cause != Cause::Reopened;
        let answered = self.state.final_answers().filter(|_| counts).map(|answer| answer.person).collect();
        // A place once given stays until a model looks again.
        let before = || self.state.route.as_ref().and_then(|route| route.learning.clone());
        let learning = self.ctx.learning.clone().or_else(before);
        let asked = Asked { cause, role, answered, awaited: (awaited, awaited_until), lot, learning };
        let inputs = route_inputs(self.ctx, self.now, asked, fields, content_digest, &proposals);
        route::route(self.ctx.playbook, inputs)
    }

    /// A route, and the decision that follows where a certificate decides.
    fn routed_and_automated(&mut self, routed: NewEvent) -> Vec<NewEvent> {
        let state = self.state;
        let answer = |id| state.proposal(id).map(|p| p.answer.clone());
        let decided = automated(self.ctx, self.now, &routed, answer);
        std::iter::once(routed).chain(decided).collect()
    }
}

/// A proposal as the track record is asked about it.
fn proposed<'p>(playbook: &countersign_core::playbook::Playbook, p: &'p crate::state::ProposalRecord) -> Proposed<'p> {
    Proposed {
        id: p.id,
        proposer: &p.proposer,
        version: &p.proposer_version,
        probability: p.probability,
        signatures: playbook.signatures_for(p.answer.label()),
    }
}

/// The decision that a certificate makes, if the route says so. Nobody signs it: what answers for it is the certificate, the rules
/// that allow it, and whoever wrote them.
fn automated(ctx: &mut Context<'_>, now: Micros, routed: &NewEvent, answer: impl Fn(EventId) -> Option<Answer>) -> Option<NewEvent> {
    let Body::CaseRouted(body) = &routed.body else { return None };
    if body.route != Route::Automate {
        return None;
    }
    let inputs = body.inputs.as_ref();
    let measured = inputs.and_then(|inputs| inputs.measured.as_ref());
    let certificate = measured.and_then(|m| m.certificate.as_ref()).map(|c| c.id.clone()).unwrap_or_default();
    let surest = inputs.and_then(|inputs| inputs.proposals.iter().max_by_key(|p| p.probability));
    let proposal = measured.and_then(|m| m.proposal).or(surest.map(|p| p.id))?;
    let made = DecisionMade {
        answer: answer(proposal)?,
        basis: Basis::Certificate { certificate },
        persons: Vec::new(),
        judgments: Vec::new(),
        act_after: now.saturating_add(ctx.playbook.decide.grace),
        content_digest: body.content_digest,
        playbook_version: body.playbook_version,
    };
    Some(new_event(ctx, now, Some(routed.id), made))
}

fn new_event(ctx: &mut Context<'_>, at: Micros, causation: Option<EventId>, body: impl Into<Body>) -> NewEvent {
    NewEvent { id: (ctx.ids)(), occurred_at: at, causation, body: body.into() }
}

/// Why a route is asked for.
struct Asked<'t> {
    cause: Cause,
    role: Option<String>,
    /// Who has answered already.
    answered: Vec<PersonId>,
    /// Whether advice is awaited, and until when the case is kept back for it.
    awaited: (bool, Option<Micros>),
    lot: Lot<'t>,
    /// What a young model would learn from it.
    learning: Option<RouteLearning>,
}

/// Until when a case that is there since `now` is kept back for its advice: the longest that its proposers want.
fn kept_back_until(playbook: &countersign_core::playbook::Playbook, now: Micros) -> Option<Micros> {
    let longest = playbook.proposers.iter().map(|proposer| proposer.wait).max()?;
    (longest > 0).then(|| now.saturating_add(longest))
}

/// What experiments have to do with a route.
#[derive(Clone, Copy)]
enum Lot<'t> {
    /// It comes in, or is proposed on for the first time: it may enter the experiment that runs.
    Open,
    /// It is looked at again. Whatever led to that may depend on what became of it, so that it enters nothing any more.
    Closed,
    /// It entered one before, and stays in it.
    Drawn(&'t EnteredRecord),
}

fn route_inputs(
    ctx: &Context<'_>,
    now: Micros,
    asked: Asked<'_>,
    fields: &BTreeMap<String, Content>,
    content_digest: Digest,
    proposals: &[Proposed<'_>],
) -> Inputs {
    let routing = &ctx.playbook.routing;
    let roles = asked.role.as_ref().map_or(ctx.playbook.decide.roles.as_slice(), std::slice::from_ref);
    let all = ctx.roster.count_with_any_role(roles);
    // Whoever has answered fills their seat wherever they are.
    let away = ctx.roster.away_with_any_role(roles, now).into_iter().filter(|person| !asked.answered.contains(person)).count();
    let away = if on(Sabotage::AbsenceIgnored) { 0 } else { away.min(all) };
    let roster = all - away;
    let reaches = |stop: &&StopScope| match stop {
        StopScope::Workspace => true,
        StopScope::Playbook(id) => *id == ctx.playbook_id,
        StopScope::Proposer(name) => proposals.iter().any(|p| p.proposer == *name),
    };
    let told = |arm: &ExperimentArm| {
        let is = |p: &Proposed<'_>| {
            arm.proposer.as_deref().is_none_or(|name| name == p.proposer)
                && arm.version.as_deref().is_none_or(|version| version == p.version)
        };
        (arm.proposer.is_none() && arm.version.is_none()) || proposals.iter().any(is)
    };
    let experiment = match asked.lot {
        Lot::Open => ctx.control.experiments.get(&ctx.playbook_id),
        Lot::Drawn(entered) => Some(&entered.experiment),
        Lot::Closed => None,
    };
    let experiment = experiment.filter(|known| asked.cause == Cause::Content && known.arms.iter().all(told));
    // Only what the playbook draws for is drawn: a draw costs a MAC.
    let share = |purpose: &str| match purpose {
        route::DRAW_AUDIT => routing.automate.filter(|_| ctx.record.is_some()).map_or(0, |terms| terms.audit),
        route::DRAW_EXPLORE => routing.explore,
        _ => routing.blind,
    };
    let drawn = route::DRAWS.into_iter().filter(|purpose| share(purpose) > 0);
    let drawn = drawn.filter_map(|purpose| Some((Cow::Borrowed(purpose), (ctx.draws)(purpose)?)));
    let by_lot = experiment.and_then(|experiment| match asked.lot {
        Lot::Drawn(entered) => Some(route::drawn(&entered.draw)),
        _ => {
            let purpose = route::experiment_purpose(experiment.id);
            let drawn = (ctx.draws)(&purpose)?;
            Some((Cow::Owned(purpose), drawn))
        }
    });
    let playbook = (ctx.playbook, ctx.playbook_version);
    let entered = experiment.cloned();
    let measured = ctx.record.map(|published| published.record.assess(published.digest, playbook, fields, proposals, now));
    // Where a record tells what a look is worth, or an experiment runs, the queue is theirs: in all of the playbook, or what is left to the
    // lot would be a sample of some kinds of cases. Without a committed key nothing can be left to it, and nothing is ordered.
    let free = measured.as_ref().is_none_or(|m| m.worth.is_none()) && !ctx.control.experiments.contains_key(&ctx.playbook_id);
    let learning = asked.learning.filter(|_| free && ctx.playbook.learning.is_some() && asked.cause == Cause::Content);
    let placed = learning.as_ref().and_then(|_| Some((Cow::Borrowed(route::DRAW_LEARN), (ctx.draws)(route::DRAW_LEARN)?)));
    let learning = learning.filter(|_| placed.is_some());
    Inputs {
        playbook_version: ctx.playbook_version,
        content_digest,
        cause: asked.cause,
        role: asked.role,
        drawn: drawn.chain(by_lot).chain(placed).collect(),
        frozen: RouteInputs {
            rules: route::verdicts(&routing.rules, fields),
            stops: ctx.control.stops.iter().filter(reaches).cloned().collect(),
            awaited: asked.awaited.0,
            awaited_until: asked.awaited.1,
            roster: u64::try_from(roster).unwrap_or(u64::MAX),
            away: u64::try_from(away).unwrap_or(u64::MAX),
            proposals: proposals.iter().map(|p| route::frozen_proposal(p.id, p.proposer, p.probability)).collect(),
            forbidden: forbidden(ctx, measured.as_ref(), proposals, fields),
            measured,
            experiment: entered,
            learning: learning.map(Box::new),
        },
    }
}

/// The rule of the workspace that keeps the case from being automated. Asked only where a certificate covers it: nothing else is ever
/// automated.
fn forbidden(
    ctx: &Context<'_>,
    measured: Option<&RouteMeasured>,
    proposals: &[Proposed<'_>],
    fields: &BTreeMap<String, Content>,
) -> Option<String> {
    let covered = measured.filter(|m| m.certificate.is_some())?.proposal?;
    let proposer = proposals.iter().find(|p| p.id == covered)?.proposer;
    ctx.roster.automation_forbidden(ctx.playbook_id, proposer, fields)
}

/// A time from outside may lie anywhere in the past, but not in the future.
fn not_in_future(field: &str, at: Micros, now: Micros) -> Result<(), Refusal> {
    if at > now.saturating_add(FUTURE_TOLERANCE_MICROS) {
        return Err(Refusal::invalid(field, "this time lies in the future"));
    }
    Ok(())
}

/// Talk alone never fills a case: the last events are kept for what people decide and what the world says.
fn has_room(state: &CaseState, command: &Command) -> Result<(), Refusal> {
    use Command as C;
    let talk = matches!(
        command,
        C::Propose(_)
            | C::Miss(_)
            | C::Ask { .. }
            | C::Show { .. }
            | C::Observe { .. }
            | C::Skip { .. }
            | C::Snooze { .. }
            | C::Comment { .. }
    );
    // INVARIANT: no command on an existing case gives more than three events.
    let limit = EVENTS_PER_CASE_MAX - if talk { EVENTS_PER_CASE_RESERVED } else { 3 };
    if state.version >= limit {
        let detail = format!("the case has {} events, more than it can take: open a new one", state.version);
        return Err(Refusal::new(Code::TooLarge, detail));
    }
    Ok(())
}

/// A word for where a case stands, for the sentence of a refusal.
fn stands(state: &CaseState) -> String {
    match state.status() {
        Status::Held => {
            let reason = state.route.as_ref().map_or("not_routed", |route| route.reason.as_str());
            format!("the case is held ({reason}): nobody can decide on it yet")
        }
        Status::Open => "the case is not decided".into(),
        Status::Decided => "the case is decided: withdraw the decision or re-open the case first".into(),
        Status::Acted => "the decision was acted on: re-open the case first".into(),
        Status::Appealed => "an appeal is open: it has to be decided first".into(),
    }
}
