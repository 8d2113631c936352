//! The laws as a judge of finished streams: given the events of one case, which law does each of them break? Written without the
//! engine's own state, so that one mistake is not made twice. For tests; never runs in a program that people use.

use crate::context::Roster;
use countersign_core::{
    answer::Answer,
    content::{Content, Digest},
    event::{
        Basis, Body, CaseRouted, CaseShown, Event, JudgmentGiven, OutcomeKind, OutcomeValue, PeopleMetrics, Phase, ProposalMade, Route,
    },
    id::{EventId, PersonId, PlaybookId, StreamId},
    limits::{PROPOSALS_PER_CASE_MAX, WAIT_MICROS_MAX},
    number::{Micros, ONE_BILLIONTHS},
    playbook::Playbook,
};
use std::collections::{BTreeMap, BTreeSet};

mod assigned;
mod hands;
mod standing;
mod stops;

pub use hands::check_hands;
pub use stops::check_stops;

/// What the laws are held against.
pub struct Facts<'a> {
    /// The case's playbook.
    pub playbook: &'a Playbook,
    /// Who was there, all the time.
    pub roster: &'a dyn Roster,
    /// What was measured of people, all the time.
    pub people_metrics: PeopleMetrics,
}

/// A broken law.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The law's number.
    pub law: u8,
    /// The event that breaks it.
    pub event: EventId,
    /// What is wrong.
    pub what: &'static str,
}

/// Every breach in the events of one case.
#[must_use]
pub fn check(events: &[Event], facts: &Facts<'_>) -> Vec<Breach> {
    let mut walk = Walk::new(facts);
    for (at, event) in events.iter().enumerate() {
        walk.step(at, event);
    }
    walk.breaches
}

struct Standing {
    id: EventId,
    act_after: Micros,
    acted: bool,
}

struct Walk<'a> {
    facts: &'a Facts<'a>,
    breaches: Vec<Breach>,
    at: usize,
    event: EventId,
    now: Micros,
    ids: BTreeSet<EventId>,
    playbook: Option<PlaybookId>,
    digest: Option<Digest>,
    revision: u64,
    fields: BTreeMap<String, Content>,
    owners: BTreeSet<PersonId>,
    proposals: usize,
    remarks: BTreeMap<EventId, PersonId>,
    route: Option<CaseRouted>,
    shown: Vec<(usize, EventId, CaseShown)>,
    judgments: Vec<(usize, EventId, JudgmentGiven)>,
    decision: Option<Standing>,
    appealed: bool,
    assignee: Option<PersonId>,
    deciders: BTreeSet<PersonId>,
    appellant: Option<PersonId>,
    /// The event at which the content last changed.
    content_since: usize,
    /// The event at which the case was last opened again.
    round_since: usize,
}

impl<'a> Walk<'a> {
    fn new(facts: &'a Facts<'a>) -> Self {
        Self {
            facts,
            breaches: Vec::new(),
            at: 0,
            event: EventId(StreamId::nil()),
            now: Micros::MIN,
            ids: BTreeSet::new(),
            playbook: None,
            digest: None,
            revision: 1,
            fields: BTreeMap::new(),
            owners: BTreeSet::new(),
            proposals: 0,
            remarks: BTreeMap::new(),
            route: None,
            shown: Vec::new(),
            judgments: Vec::new(),
            decision: None,
            appealed: false,
            assignee: None,
            deciders: BTreeSet::new(),
            appellant: None,
            content_since: 0,
            round_since: 0,
        }
    }

    fn must(&mut self, law: u8, what: &'static str, holds: bool) {
        if !holds {
            self.breaches.push(Breach { law, event: self.event, what });
        }
    }

    fn step(&mut self, at: usize, event: &Event) {
        (self.at, self.event) = (at, event.id);
        let fresh = self.ids.insert(event.id);
        self.must(8, "two events have one id", fresh);
        self.must(8, "the stream has a gap", event.stream_version == at as u64 + 1);
        self.must(8, "the time of a case goes back", event.recorded_at >= self.now);
        self.now = event.recorded_at;
        match &event.body {
            Body::CaseOpened(body) => {
                (self.digest, self.playbook) = (Some(body.content_digest), Some(body.playbook));
                self.fields.clone_from(&body.fields);
                self.owners.extend(body.owner);
            }
            Body::CaseAmended(body) => {
                self.must(3, "what is decided was amended", self.decision.is_none());
                self.must(8, "a revision is missing", body.revision == self.revision + 1);
                (self.digest, self.revision, self.content_since) = (Some(body.content_digest), body.revision, at);
                self.fields.clone_from(&body.fields);
            }
            Body::ProposalMade(body) => self.proposed(body),
            Body::AdviceMissed(body) => {
                self.must(3, "advice was missed on other content", self.digest == Some(body.content_digest));
                self.must(1, "advice was awaited on what is decided", self.decision.is_none());
            }
            Body::CaseRouted(body) => {
                let role = self.route.as_ref().and_then(|route| route.role.clone());
                self.assignee = self.assignee.filter(|_| body.seats == 1 && body.role == role);
                self.routed(body);
            }
            Body::CaseAssigned(body) => self.assigned(body),
            Body::CaseSkipped(body) => self.answers_no_more(body.person),
            Body::CaseShown(body) => {
                self.assigned_to(body.person);
                self.case_shown(event, body);
            }
            Body::JudgmentGiven(body) => {
                self.assigned_to(body.person);
                self.judged(event, body);
                if body.phase != Phase::First {
                    self.answers_no_more(body.person);
                }
            }
            Body::DecisionMade(body) => {
                self.assignee = None;
                self.decided(event, body);
            }
            Body::CaseSnoozed(body) => {
                let span = body.until.saturating_sub(event.recorded_at);
                self.must(8, "snoozed into the past, or for ever", span > 0 && span <= WAIT_MICROS_MAX);
            }
            Body::CommentAdded(body) => {
                self.remarks.insert(event.id, body.person);
                if let Some(anchor) = &body.anchor {
                    self.must(3, "a remark stands on a line of other content", self.digest == Some(anchor.content_digest));
                    let there = self.fields.contains_key(&anchor.field) && !self.hidden(&anchor.field);
                    self.must(4, "a remark stands on what is not there to be seen", there);
                    self.must(2, "a remark stands on what is masked to its writer", !self.masked(body.person, &anchor.field));
                }
            }
            Body::OutcomeObserved(body) => self.outcome(body.kind, &body.value),
            Body::JudgmentObserved(body) => {
                let kept = self.facts.people_metrics != PeopleMetrics::Off || body.took.is_none();
                self.must(9, "a time was recorded where that is off", kept);
            }
            body => self.after_decision(event, body),
        }
    }

    fn proposed(&mut self, body: &ProposalMade) {
        self.proposals += 1;
        self.must(8, "too many proposals", self.proposals <= PROPOSALS_PER_CASE_MAX);
        self.must(3, "a proposal is bound to other content", self.digest == Some(body.content_digest));
        let since = self.content_since.max(self.round_since);
        let counts = |at: usize, j: &JudgmentGiven| at > since && j.phase != Phase::Appeal;
        let spoke = self.judgments.iter().any(|(at, _, j)| counts(*at, j) && Some(j.person) == body.owner);
        self.must(4, "somebody who has answered proposes", !spoke);
        self.owners.extend(body.owner);
    }

    /// Laws 1 and 2: a person is in charge, and rules come first.
    fn routed(&mut self, body: &CaseRouted) {
        let playbook = self.facts.playbook;
        self.must(1, "it was automated without leave", body.route != Route::Automate || self.may_automate(body));
        let roles = body.role.as_ref().map_or(playbook.decide.roles.as_slice(), std::slice::from_ref);
        let all = self.facts.roster.count_with_any_role(roles);
        let since = self.content_since.max(self.round_since);
        let answers = |person: &PersonId| {
            self.judgments.iter().any(|(at, _, j)| *at > since && j.person == *person && !matches!(j.phase, Phase::First | Phase::Appeal))
        };
        let away = self.facts.roster.away_with_any_role(roles, self.now).iter().filter(|person| !answers(person)).count();
        let there = all - away;
        self.must(1, "an empty roster does not hold", there > 0 || body.route == Route::Hold);
        let fills = |count: usize| count >= usize::try_from(body.seats).unwrap_or(usize::MAX);
        let lost = body.route == Route::Panel && !matches!(body.reason.as_str(), "escalated" | "reopened") && !fills(there) && fills(all);
        self.must(1, "a panel counts on people who are away", !lost);
        let verdicts = playbook.routing.rules.iter().map(|rule| (rule, rule_holds(rule, &self.fields)));
        let rule = verdicts.into_iter().find(|(_, holds)| *holds).map(|(rule, _)| rule);
        let ruled = rule.map_or(playbook.routing.default, |rule| rule.route);
        let allowed = match (body.reason.as_str(), ruled) {
            ("no_roster" | "away", _) => body.route == Route::Hold,
            ("measured" | "explore", _) => body.rule.is_none() && playbook.routing.choose.contains(&body.route),
            ("experiment", _) => rule.is_none() && playbook.routing.allows(body.route),
            ("audit", _) => body.rule.is_none() && body.route == Route::Blind,
            ("escalated", Route::Hold) | (_, Route::Assist) => {
                matches!(body.route, Route::Assist | Route::Blind | Route::Unaided)
            }
            (_, ruled) => body.route == ruled,
        };
        self.must(2, "the route is not the one that the rules give", allowed || body.route == Route::Automate);
        let forbidden = self.facts.roster.automation_forbidden(PlaybookId(StreamId::nil()), "", &self.fields).is_some();
        self.must(2, "it was automated against a rule of the people here", body.route != Route::Automate || !forbidden);
        self.must(2, "the route cannot be derived again", crate::route::explain(body, playbook).is_ok());
        let learning = body.inputs.as_ref().and_then(|inputs| inputs.learning.as_ref());
        let lot = playbook.learning.map_or(0, |learning| learning.lot);
        let drawn = body.draws.iter().any(|draw| draw.purpose == crate::route::DRAW_LEARN && draw.share == lot && lot > 0);
        self.must(5, "a case has its place for a model's sake, and no draw says whether by lot", learning.is_none() || drawn);
        self.route = Some(body.clone());
    }

    /// The playbook allows it, a certificate covers the proposal and has not expired, no rule speaks, nobody pressed stop.
    fn may_automate(&self, body: &CaseRouted) -> bool {
        let inputs = body.inputs.as_ref();
        let measured = inputs.and_then(|inputs| inputs.measured.as_ref());
        let valid = measured.and_then(|m| m.certificate.as_ref()).is_some_and(|c| c.now < c.expires_at);
        let stopped = inputs.is_some_and(|inputs| !inputs.stops.is_empty());
        let ruled = self.facts.playbook.routing.rules.iter().any(|rule| rule_holds(rule, &self.fields));
        self.facts.playbook.routing.automate.is_some() && valid && !stopped && !ruled
    }

    fn held(&self) -> bool {
        self.decision.is_none() && self.route.as_ref().is_none_or(|r| r.route == Route::Hold)
    }

    fn hidden(&self, name: &str) -> bool {
        self.facts.playbook.fields.iter().any(|spec| spec.hidden && spec.name == name)
    }

    /// Whether somebody has none of the roles that see a field whole.
    fn masked(&self, person: PersonId, name: &str) -> bool {
        let roles = self.facts.roster.person(person).map(|facts| &facts.roles);
        let spec = self.facts.playbook.fields.iter().find(|spec| spec.name == name);
        spec.is_some_and(|spec| {
            !spec.visible_to.is_empty() && !roles.is_some_and(|has| has.iter().any(|role| spec.visible_to.contains(role)))
        })
    }

    /// Law 4: what may be on a screen.
    fn case_shown(&mut self, event: &Event, body: &CaseShown) {
        self.must(1, "a held case was shown", !self.held());
        let plain = body.proposals.is_empty() && body.judgments.is_empty() && body.precedents.is_empty() && !body.advice_visible;
        let route = self.route.as_ref().map(|r| r.route);
        let beside = body.precedents.is_empty() || body.advice_visible;
        let first_given =
            self.judgments.iter().any(|(at, _, j)| *at > self.content_since && j.person == body.person && j.phase == Phase::First);
        let allowed = match (body.phase, route) {
            (Phase::First | Phase::Appeal, _) | (Phase::Only, Some(Route::Panel | Route::Unaided)) => plain,
            // Decided cases stand beside advice only: an answer without it is the person's own, and is learned as that.
            (Phase::Final, _) => body.judgments.is_empty() && first_given && beside,
            (Phase::Only, Some(Route::Assist)) => body.judgments.is_empty() && beside,
            (Phase::Adjudication, _) => body.proposals.is_empty() && body.precedents.is_empty() && !body.judgments.is_empty(),
            (Phase::Only, _) => false,
        };
        self.must(4, "the screen tells what it must not", allowed);
        self.must(3, "other content was shown", self.digest == Some(body.content_digest));
        let others = body.comments.iter().any(|id| self.remarks.get(id) != Some(&body.person));
        let beside_advice = body.phase == Phase::Final || (body.phase == Phase::Only && route == Some(Route::Assist));
        self.must(4, "what others remarked stood before an answer that is one's own", !others || (beside_advice && !body.bulk));
        let hides = !body.fields.iter().any(|field| self.hidden(&field.name));
        self.must(4, "a hidden field was shown", hides);
        let as_allowed = body.fields.iter().all(|field| field.masked == self.masked(body.person, &field.name));
        self.must(2, "somebody was shown what only others see whole", as_allowed);
        let experimental = self.route.as_ref().is_some_and(|route| route.assigned.is_some());
        let together = self.facts.playbook.decide.bulk && route == Some(Route::Assist) && body.phase == Phase::Only && body.advice_visible;
        let bare = body.unexplained && body.precedents.is_empty() && body.record.is_none();
        self.must(4, "a case was shown in bulk that is there for somebody's own look", !body.bulk || (together && bare && !experimental));
        self.shown.push((self.at, event.id, body.clone()));
    }

    /// Laws 2, 3, 4 and 9 on one answer.
    fn judged(&mut self, event: &Event, body: &JudgmentGiven) {
        let line = self.shown.iter().any(|(_, id, shown)| *id == body.shown && shown.bulk);
        self.must(4, "an answer in bulk does not say so", body.bulk == line);
        self.must(9, "an answer in bulk has a time of its own", !body.bulk || body.took.is_none());
        let signatures = self.facts.playbook.signatures_for(body.answer.label());
        self.must(2, "what takes several signatures was signed in bulk", !body.bulk || signatures <= 1);
        self.must(1, "a held case was answered", !self.held());
        self.must(9, "a time was recorded where that is off", self.facts.people_metrics != PeopleMetrics::Off || body.took.is_none());
        self.must(
            9,
            "what was kept was recorded where that is off",
            self.facts.people_metrics != PeopleMetrics::Off || body.kept.is_none(),
        );
        let of_shown = body.kept.iter().flatten().all(|kept| body.proposals.contains(&kept.proposal));
        self.must(3, "what was kept is of something that was not shown", of_shown);
        self.must(8, "a confidence above one", body.confidence.is_none_or(|c| c <= ONE_BILLIONTHS));
        self.must(2, "the person may not decide", self.may_decide(body.person));
        let inducted = !self.facts.playbook.decide.induction
            || self.playbook.is_some_and(|playbook| self.facts.roster.inducted(body.person, playbook));
        self.must(2, "the person decides before their induction", inducted);
        self.must(3, "a decided case was answered", self.decision.is_none() || self.appealed);
        let shown = self.shown.iter().find(|(_, id, _)| *id == body.shown).cloned();
        self.must(3, "nothing was shown", shown.is_some());
        if let Some((shown_at, _, shown)) = shown {
            let bound = shown.person == body.person
                && shown.phase == body.phase
                && shown.content_digest == body.content_digest
                && shown.playbook_version == body.playbook_version
                && shown.proposals == body.proposals
                && shown.advice_visible == body.advice_visible;
            self.must(3, "the answer is not bound to what was shown", bound);
            let current = shown_at > self.content_since;
            self.must(3, "the content has changed since it was shown", current && self.digest == Some(body.content_digest));
            self.must(3, "the time to answer was over", event.recorded_at < shown.expires_at);
        }
        let twice = self.judgments.iter().any(|(_, _, j)| j.shown == body.shown);
        self.must(3, "one showing was answered twice", !twice);
        self.independent(body);
        self.judgments.push((self.at, event.id, body.clone()));
    }

    fn independent(&mut self, body: &JudgmentGiven) {
        self.must(4, "an owner answers", !self.owners.contains(&body.person));
        let one = self.owners.iter().any(|owner| self.facts.roster.one_hand(*owner, body.person).is_some());
        self.must(4, "an owner answers under another name", !one);
        let own = |walk: &Self, since: usize, phase: fn(Phase) -> bool| {
            walk.judgments.iter().any(|(at, _, j)| *at > since && j.person == body.person && phase(j.phase))
        };
        let advised = self.shown.iter().any(|(at, _, s)| *at > self.content_since && s.person == body.person && s.advice_visible);
        match body.phase {
            Phase::First => {
                let again = own(self, self.content_since, |phase| phase == Phase::First);
                self.must(4, "a first answer was given again", !again);
                self.must(4, "a first answer came after advice", !advised);
            }
            Phase::Appeal => {
                let objects = self.appellant == Some(body.person);
                let part = objects || self.deciders.contains(&body.person) || own(self, 0, |_| true);
                self.must(4, "somebody decides on an appeal against themselves", !part);
                let mut had = self.deciders.iter().chain(&self.appellant);
                let one = had.any(|other| self.facts.roster.one_hand(*other, body.person).is_some());
                self.must(4, "somebody decides on an appeal against themselves under another name", !one);
            }
            Phase::Only | Phase::Final | Phase::Adjudication => {
                let since = self.content_since.max(self.round_since);
                let again = own(self, since, |phase| !matches!(phase, Phase::First | Phase::Appeal));
                self.must(4, "one person counts twice", !again);
                let blind = self.route.as_ref().is_some_and(|r| r.route == Route::Blind);
                let first = own(self, self.content_since, |phase| phase == Phase::First);
                self.must(4, "a blind route without a first answer", !blind || body.phase == Phase::Adjudication || first);
            }
        }
    }

    fn may_decide(&self, person: PersonId) -> bool {
        let facts = self.facts.roster.person(person);
        let role = self.route.as_ref().and_then(|route| route.role.as_ref());
        facts.is_some_and(|facts| facts.may(&self.facts.playbook.decide.roles) && role.is_none_or(|role| facts.roles.contains(role)))
    }
}

/// A rule as the tests' playbooks write it: words only.
fn rule_holds(rule: &countersign_core::playbook::RouteRule, fields: &BTreeMap<String, Content>) -> bool {
    rule.when.iter().all(|condition| match (&condition.test, fields.get(&condition.field)) {
        (countersign_core::playbook::Test::Is(words), Some(content)) => {
            content.as_plain_str().is_some_and(|text| words.iter().any(|word| word == text))
        }
        (countersign_core::playbook::Test::Missing, content) => content.is_none(),
        _ => false,
    })
}
