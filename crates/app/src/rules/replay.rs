//! What was done lately, asked again under other rules: what of it would have been refused. People's roles are those of today. Reads
//! events backwards and decides nothing.

use super::{
    may::{Act, Who, answering},
    view::{ReplayedActView, ReplayedView},
};
use crate::{Error, Workspace, control::Control};
use countersign_core::{
    event::{
        Actor, AutomationResumed, Basis, Body, Event, PersonAway, PersonBack, ResumeAsked, RulesExample, RulesReplayed, StopScope,
        TrackPin, case_of,
    },
    id::{CaseId, EventId, PersonId},
    number::Micros,
    time::format_rfc3339,
};
use countersign_engine::CaseState;
use countersign_policy::{Action, Rules};
use countersign_store as store;
use std::collections::BTreeSet;
use uuid::Uuid;

/// How far it is looked back, in days.
pub const REPLAYED_DAYS: i64 = 30;
/// The latest so many acts are asked about at most.
pub const REPLAYED_ACTS_MAX: usize = 20_000;
/// Acts that are named one by one.
const EXAMPLES_MAX: usize = 20;
const EVENTS_AT_ONCE: i64 = 2_000;
const STREAMS_AT_ONCE: usize = 200;
const DAY_MICROS: Micros = 86_400_000_000;

/// Something that was done.
struct Done<'e> {
    event: &'e Event,
    who: Who<'e>,
    action: Action,
    answer: Option<&'e str>,
}

/// What an event on a case records that somebody did, by the state before it.
fn on_case<'e>(event: &'e Event, state: &'e CaseState) -> Option<Done<'e>> {
    let by = |person: PersonId, action, answer| Some(Done { event, who: Who::Person(person), action, answer });
    match &event.body {
        // Who was shown a case had claimed it.
        Body::CaseShown(body) => by(body.person, Action::Claim, None),
        Body::JudgmentGiven(body) => by(body.person, answering(state, body.person), Some(body.answer.label())),
        Body::DecisionWithdrawn(body) => by(body.person, Action::Correct, None),
        Body::DecisionCorrected(body) => by(body.person, Action::Correct, Some(body.answer.label())),
        Body::CaseReopened(body) => by(body.person, Action::Reopen, None),
        Body::AppealOpened(body) => body.person.and_then(|person| by(person, Action::Appeal, None)),
        Body::DecisionMade(body) if matches!(body.basis, Basis::Certificate { .. }) => {
            let proposal = state.route.as_ref().and(state.proposals.last());
            proposal.map(|p| Done { event, who: Who::Agent(&p.proposer), action: Action::Automate, answer: None })
        }
        _ => None,
    }
}

/// What an event of the workspace records that somebody did, and in which playbook.
fn on_workspace(event: &Event) -> Option<(Done<'_>, Option<countersign_core::id::PlaybookId>)> {
    let by = |who, action| Done { event, who, action, answer: None };
    let caller = |action| Who::of(&event.actor).map(|who| by(who, action));
    match &event.body {
        Body::PlaybookPublished(body) => caller(Action::Change).map(|done| (done, Some(body.playbook))),
        Body::ExperimentStarted(body) => Some((by(Who::Person(body.person), Action::Change), Some(body.playbook))),
        Body::RoutingDrafted(body) => Some((by(Who::Person(body.person), Action::Change), Some(body.playbook))),
        Body::TrackRecordPublished(body) if body.cause != TrackPin::Learned => {
            body.person.map(|person| (by(Who::Person(person), Action::Change), Some(body.playbook)))
        }
        Body::AutomationResumed(AutomationResumed { scope, person, .. }) | Body::ResumeAsked(ResumeAsked { scope, person, .. }) => {
            match scope {
                StopScope::Playbook(id) => Some((by(Who::Person(*person), Action::Resume), Some(*id))),
                StopScope::Workspace | StopScope::Proposer(_) => None,
            }
        }
        Body::SubjectErased(_) => caller(Action::Erase).map(|done| (done, None)),
        // By what somebody signs in is their own matter.
        Body::SignInChanged(body) if event.actor == Actor::Person(body.person) => None,
        Body::SignInChanged(_) | Body::PersonAway(_) | Body::PersonBack(_) if matches!(event.actor, Actor::System(_)) => None,
        Body::PersonAway(PersonAway { person, .. }) | Body::PersonBack(PersonBack { person }) if event.actor == Actor::Person(*person) => {
            None
        }
        Body::PersonVouched(body) => body.by.map(|person| (by(Who::Person(person), Action::People), None)),
        Body::SignInChanged(_)
        | Body::PersonAway(_)
        | Body::PersonBack(_)
        | Body::PersonAdded(_)
        | Body::PersonChanged(_)
        | Body::ApiKeyAdded(_)
        | Body::ApiKeyRevoked(_)
        | Body::PeopleMetricsChanged(_) => caller(Action::People).map(|done| (done, None)),
        _ => None,
    }
}

/// Both rules, and what the second changes.
struct Tally<'c> {
    control: &'c Control,
    after: &'c Rules,
    body: RulesReplayed,
}

impl Tally<'_> {
    fn ask(&mut self, done: &Done<'_>, act: &Act<'_>) {
        self.body.acts += 1;
        let was = self.control.asked(&self.control.rules, done.who, act);
        let will = self.control.asked(self.after, done.who, act);
        match (was.allowed, will.allowed) {
            (true, false) => self.body.refused += 1,
            (false, true) => self.body.allowed += 1,
            _ => return,
        }
        if self.body.examples.len() < EXAMPLES_MAX {
            self.body.examples.push(RulesExample {
                event: done.event.id,
                case: case_of(done.event),
                person: if let Who::Person(person) = done.who { Some(person) } else { None },
                action: done.action.word().to_owned(),
                allowed: will.allowed,
                rule: will.reasons.first().map(|reason| reason.id.clone()),
            });
        }
    }
}

impl Workspace {
    /// What a draft comes to on what was done in the last month.
    pub(super) async fn rules_replayed(&self, control: &Control, draft: EventId, after: &Rules) -> Result<RulesReplayed, Error> {
        let since = self.inner.env.now() - REPLAYED_DAYS * DAY_MICROS;
        let body = RulesReplayed { of: draft, since, acts: 0, refused: 0, allowed: 0, examples: Vec::new() };
        let mut tally = Tally { control, after, body };
        let mut cases: Vec<Uuid> = Vec::new();
        let (mut known, mut session) = (BTreeSet::new(), self.inner.db.session().await?);
        let mut end = store::log_head::get(session.conn(), self.id.0).await?.map_or(0, |head| head.size);
        let mut seen = 0;
        'back: while end > 0 && seen < REPLAYED_ACTS_MAX {
            let from = (end - EVENTS_AT_ONCE).max(0);
            let rows = store::event::from_position(session.conn(), self.id.0, from, end - from).await?;
            for row in rows.iter().rev() {
                if row.recorded_at < since {
                    break 'back;
                }
                let event = Event::from_bytes(&row.bytes)?;
                if let Some((done, playbook)) = on_workspace(&event) {
                    let name = playbook.map(|id| control.playbook_name(id));
                    let act = Act { playbook: name.as_deref().map(|name| (name, [].as_slice())), ..Act::here(done.action) };
                    tally.ask(&done, &act);
                }
                seen += usize::from(acts(&event));
                if let Some(case) = case_of(&event).filter(|_| acts(&event))
                    && known.insert(case.0)
                {
                    cases.push(case.0);
                }
            }
            end = from;
        }
        for some in cases.chunks(STREAMS_AT_ONCE) {
            let rows = store::event::of_streams(session.conn(), self.id.0, some).await?;
            let mut states: std::collections::HashMap<Uuid, CaseState> = std::collections::HashMap::new();
            for row in rows {
                let event = Event::from_bytes(&row.bytes)?;
                match states.get_mut(&event.stream) {
                    None => drop(CaseState::fold(std::iter::once(&event)).map(|state| states.insert(event.stream, state))),
                    Some(state) => {
                        if event.recorded_at >= since
                            && let Some(done) = on_case(&event, state)
                        {
                            let playbook = control.playbook(state.playbook, state.playbook_version)?;
                            let certified = done.action == Action::Automate;
                            let act = Act { certified, answer: done.answer, ..Act::on(done.action, &playbook, state) };
                            tally.ask(&done, &act);
                        }
                        state.apply(&event);
                    }
                }
            }
        }
        Ok(tally.body)
    }
}

/// Whether an event on a case is one of those that are asked about.
fn acts(event: &Event) -> bool {
    matches!(
        event.body,
        Body::CaseShown(_)
            | Body::JudgmentGiven(_)
            | Body::DecisionWithdrawn(_)
            | Body::DecisionCorrected(_)
            | Body::CaseReopened(_)
            | Body::AppealOpened(_)
            | Body::DecisionMade(_)
    )
}

/// What a draft came to, as people see it.
pub(super) fn view(control: &Control, at: Micros, body: &RulesReplayed) -> ReplayedView {
    let example = |one: &RulesExample| ReplayedActView {
        event: one.event.0,
        case: one.case.map(|CaseId(case)| case),
        person: one.person.map(|person| control.name_of(person).unwrap_or_else(|| person.to_string())),
        action: one.action.clone(),
        allowed: one.allowed,
        rule: one.rule.clone(),
    };
    ReplayedView {
        at: format_rfc3339(at),
        since: format_rfc3339(body.since),
        acts: body.acts,
        refused: body.refused,
        allowed: body.allowed,
        examples: body.examples.iter().map(example).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::event::Actor;

    #[test]
    fn parts_of_the_platform_are_not_asked_about() {
        assert!(Who::of(&Actor::System("router".into())).is_none());
        assert!(matches!(Who::of(&Actor::System("operator".into())), Some(Who::Operator)));
    }
}
