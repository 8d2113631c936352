//! Whether somebody may do something: the one place where rules are asked. Every command on a case and every change of the workspace
//! passes here on its way through the writer, so that no handler can forget it; what reads, offers or takes out asks here too. Widens
//! nothing: it is asked beside the engine, and what the engine refuses stays refused.

use crate::{Error, Workspace, case::Verb, control::Control};
use countersign_core::{
    Content,
    event::{Actor, PersonAway, PersonKind, SignInChanged, StopScope, TrackPin},
    id::{CaseId, PersonId, PlaybookId},
    number::Micros,
    playbook::{FieldKind, Playbook},
    refusal::{Code, Refusal},
};
use countersign_engine::{
    CaseState,
    context::Roster,
    workspace::{LEAD_ROLE, OneHand, PersonFacts, WorkspaceCommand},
};
use countersign_policy::{self as policy, Action, Fact, Verdict};
use serde_json::Value;
use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

/// The platform's own hands that rules speak of: whoever works on the server. Its other parts carry out what was decided.
const OPERATOR: &str = "operator";

/// Who acts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who<'a> {
    /// A person.
    Person(PersonId),
    /// A program whose key speaks for nobody.
    Key(&'a str),
    /// A proposer.
    Agent(&'a str),
    /// Whoever works on the server.
    Operator,
}

impl<'a> Who<'a> {
    /// Whoever acts by themselves; none for a part of the platform.
    pub(crate) fn of(actor: &'a Actor) -> Option<Self> {
        match actor {
            Actor::Person(person) => Some(Self::Person(*person)),
            Actor::Key(key) => Some(Self::Key(key)),
            Actor::System(name) if name == OPERATOR => Some(Self::Operator),
            Actor::System(_) => None,
        }
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act<'a> {
    pub action: Action,
    /// In which playbook: its name, and the roles that it names.
    pub playbook: Option<(&'a str, &'a [String])>,
    /// What the case says, and the playbook that says what its fields are.
    pub fields: Option<(&'a BTreeMap<String, Content>, &'a Playbook)>,
    /// Whether whoever acts made or owns what is decided on.
    pub own: bool,
    /// Whether a certificate is in force.
    pub certified: bool,
    /// The answer that is given.
    pub answer: Option<&'a str>,
}

impl<'a> Act<'a> {
    /// In the whole workspace.
    pub(crate) fn here(action: Action) -> Self {
        Self { action, playbook: None, fields: None, own: false, certified: false, answer: None }
    }

    /// In a playbook.
    pub(crate) fn within(action: Action, playbook: &'a Playbook) -> Self {
        Self { playbook: Some((&playbook.name, &playbook.decide.roles)), ..Self::here(action) }
    }

    /// On a case.
    pub(crate) fn on(action: Action, playbook: &'a Playbook, state: &'a CaseState) -> Self {
        Self { fields: Some((&state.fields, playbook)), ..Self::within(action, playbook) }
    }
}

/// As much of an act as rules that never ask about a case can tell apart.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Alike {
    who: (u8, String),
    action: Action,
    playbook: Option<(String, Vec<String>)>,
    on_case: bool,
    own: bool,
    certified: bool,
}

impl Alike {
    fn of(who: Who<'_>, act: &Act<'_>) -> Self {
        let who = match who {
            Who::Person(person) => (0, person.to_string()),
            Who::Key(key) => (1, key.to_owned()),
            Who::Agent(name) => (2, name.to_owned()),
            Who::Operator => (3, String::new()),
        };
        let playbook = act.playbook.map(|(name, roles)| (name.to_owned(), roles.to_vec()));
        Self { who, action: act.action, playbook, on_case: act.fields.is_some(), own: act.own, certified: act.certified }
    }
}

/// What rules said that ask about no case. They go by people, keys and playbooks, whose every change begins another epoch, and so
/// another one of these.
#[derive(Debug, Default)]
pub(crate) struct Said(Mutex<HashMap<Alike, Verdict>>);

/// Verdicts that are remembered at once.
const SAID_MAX: usize = 10_000;

impl Said {
    fn or_ask(&self, alike: Alike, ask: impl FnOnce() -> Verdict) -> Verdict {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() >= SAID_MAX {
            said.clear();
        }
        said.entry(alike).or_insert_with(ask).clone()
    }
}

/// What answering on a case is at this point: signing after somebody, or deciding first.
pub(crate) fn answering(state: &CaseState, person: PersonId) -> Action {
    match state.final_answers().any(|answer| answer.person != person) {
        true => Action::Countersign,
        false => Action::Decide,
    }
}

fn owns(state: &CaseState, person: PersonId) -> bool {
    state.owner == Some(person) || state.proposals.iter().any(|proposal| proposal.owner == Some(person))
}

fn forbidden(verdict: &Verdict) -> Refusal {
    Refusal::field(Code::Forbidden, "/person", verdict.sentence())
}

/// What fields say as rules read it: words, yes and no, and numbers. Nothing personal or masked is ever asked about.
fn facts<'f>(fields: &'f BTreeMap<String, Content>, playbook: &'f Playbook) -> Vec<(&'f str, bool, Cow<'f, str>)> {
    let read = |spec: &'f countersign_core::playbook::FieldSpec| {
        let Some(Content::Plain(value)) = fields.get(&spec.name) else { return None };
        let number = spec.kind == FieldKind::Number;
        let text: Cow<'f, str> = match (&spec.kind, value) {
            _ if spec.personal || spec.subject || spec.is_masked() => return None,
            (FieldKind::Category { .. } | FieldKind::Number, Value::String(text)) => text.as_str().into(),
            (FieldKind::Boolean, Value::Bool(yes)) => if *yes { "true" } else { "false" }.into(),
            (FieldKind::Number, Value::Number(number)) => number.to_string().into(),
            _ => return None,
        };
        Some((spec.name.as_str(), number, text))
    };
    playbook.fields.iter().filter_map(read).collect()
}

impl Control {
    /// What these rules say of an act. Without a case it is asked whether there may be one on which it is allowed.
    pub(crate) fn asked(&self, rules: &policy::Rules, who: Who<'_>, act: &Act<'_>) -> Verdict {
        let id = match who {
            Who::Person(person) => person.to_string(),
            _ => String::new(),
        };
        let none = Vec::new();
        let mut roles = Vec::new();
        let actor = match who {
            Who::Person(person) => {
                let facts = self.state.people.get(&person);
                roles.extend(facts.map(|facts| facts.roles.clone()).unwrap_or_default());
                if matches!(act.action, Action::Rules | Action::People) && self.state.count_with_any_role(&[LEAD_ROLE.to_owned()]) == 0 {
                    roles.push(LEAD_ROLE.to_owned());
                }
                let member = facts.is_some_and(|facts| facts.may(&[]));
                policy::Actor::Person { id: &id, roles: &roles, member }
            }
            Who::Key(key) => policy::Actor::Key { id: key, scopes: self.state.keys.get(key).map_or(&none, |facts| &facts.scopes) },
            Who::Agent(name) => policy::Actor::Agent { name },
            Who::Operator => policy::Actor::System { name: OPERATOR },
        };
        let read = act.fields.map(|(fields, playbook)| facts(fields, playbook)).unwrap_or_default();
        let facts = read.iter().map(|(name, number, text)| (*name, if *number { Fact::Number(text) } else { Fact::Word(text) }));
        let request = policy::Request {
            facts: facts.collect(),
            own: act.own,
            certified: act.certified,
            answer: act.answer,
            ..policy::Request::new(actor, act.action, act.playbook.map(|(name, roles)| policy::Playbook { name, roles }))
        };
        let by_case = act.action.on() == policy::On::Case && act.fields.is_none();
        if by_case { rules.perhaps(&request) } else { rules.decide(&request) }
    }

    /// Whether somebody may do something by the rules that hold.
    pub(crate) fn may(&self, who: Who<'_>, act: &Act<'_>) -> Result<(), Refusal> {
        let ask = || self.asked(&self.rules, who, act);
        // Only what people wrote asks about cases and answers.
        let verdict = if self.rules.any() { ask() } else { self.said.or_ask(Alike::of(who, act), ask) };
        if verdict.allowed { Ok(()) } else { Err(forbidden(&verdict)) }
    }

    /// Whether a person may take a case and answer on it.
    pub(crate) fn may_answer(&self, person: PersonId, playbook: &Playbook, state: &CaseState) -> Result<(), Refusal> {
        let who = Who::Person(person);
        for action in [Action::See, Action::Claim, answering(state, person)] {
            self.may(who, &Act { own: owns(state, person), ..Act::on(action, playbook, state) })?;
        }
        self.two_on(person, state)
    }

    /// Whether a person is another one than all who have a part in a case: nobody has a hand in both.
    pub(crate) fn two_on(&self, person: PersonId, state: &CaseState) -> Result<(), Refusal> {
        match self.state.hands.any() {
            true => state.two(person, &self.state, |_| true).map_err(|refusal| self.named(refusal)),
            false => Ok(()),
        }
    }

    /// Whether a person may take and answer on some case of a playbook, as far as that can be said without one.
    pub(crate) fn may_answer_within(&self, person: PersonId, playbook: &Playbook) -> Result<(), Refusal> {
        let who = Who::Person(person);
        self.may(who, &Act::within(Action::See, playbook))?;
        self.may(who, &Act::within(Action::Claim, playbook))?;
        let countersigns = self.may(who, &Act::within(Action::Countersign, playbook));
        self.may(who, &Act::within(Action::Decide, playbook)).or(countersigns)
    }

    /// Whether the rules of a playbook ask about the case where somebody sees, takes or answers.
    pub(crate) fn rules_ask_cases(&self, playbook: &Playbook) -> bool {
        let actor = policy::Actor::System { name: OPERATOR };
        let within = policy::Playbook { name: &playbook.name, roles: &playbook.decide.roles };
        let asks = |action: &Action| self.rules.reads_case(&policy::Request::new(actor, *action, Some(within)));
        self.rules.any() && [Action::See, Action::Claim, Action::Decide, Action::Countersign].iter().any(asks)
    }

    /// Whether a command on a case may be carried out. Asked after the engine has let it pass.
    pub(crate) fn may_verb(&self, actor: &Actor, verb: &Verb, state: Option<&CaseState>, playbook: &Playbook) -> Result<(), Refusal> {
        let Some(state) = state else { return Ok(()) };
        let Some((who, action, answer)) = of_verb(actor, verb, state) else { return Ok(()) };
        let own = matches!(who, Who::Person(person) if owns(state, person));
        let act = Act { own, answer: answer.as_deref(), ..Act::on(action, playbook, state) };
        self.may(who, &act)?;
        // Nobody is shown, and nobody answers on, what they may not take.
        let takes = matches!((action, who), (Action::Decide | Action::Countersign, Who::Person(_)));
        if takes { self.may(who, &Act::on(Action::Claim, playbook, state)) } else { Ok(()) }
    }

    /// Whether a change of the workspace may be carried out. Asked before it is.
    pub(crate) fn may_change(&self, actor: &Actor, command: &WorkspaceCommand) -> Result<(), Refusal> {
        let Some((who, action, within)) = of_command(actor, command) else { return Ok(()) };
        let playbooks: Vec<&str> = match &within {
            Within::Workspace => return self.may(who, &Act::here(action)),
            Within::Playbook(id) => self.state.playbooks.get(id).map(|known| known.name.as_str()).into_iter().collect(),
            Within::Named(name) => vec![name.as_str()],
            Within::All => self.state.playbook_names.keys().map(String::as_str).collect(),
        };
        playbooks.into_iter().try_for_each(|name| self.may(who, &Act { playbook: Some((name, &[])), ..Act::here(action) }))
    }

    /// The rule, if there is one, that keeps a proposer's answer from standing by itself.
    fn automation_forbidden(&self, playbook: PlaybookId, proposer: &str, fields: &BTreeMap<String, Content>) -> Option<String> {
        if !self.rules.any() {
            return None;
        }
        let latest = self.playbook(playbook, self.playbook_version(playbook)).ok()?;
        let act = Act { certified: true, fields: Some((fields, &latest)), ..Act::within(Action::Automate, &latest) };
        let verdict = self.asked(&self.rules, Who::Agent(proposer), &act);
        let id = || verdict.reasons.first().map_or_else(|| "default.automate".to_owned(), |reason| reason.id.clone());
        (!verdict.allowed).then(id)
    }
}

/// Who a command on a case is by, and what it is. None for what programs hand in and what the platform does: their keys' scopes and the
/// engine say what they may.
fn of_verb<'v>(actor: &'v Actor, verb: &'v Verb, state: &CaseState) -> Option<(Who<'v>, Action, Option<Cow<'v, str>>)> {
    let by = |person: uuid::Uuid, action| Some((Who::Person(PersonId(person)), action, None));
    let word = |answer: Option<&'v Value>| answer.and_then(Value::as_str).map(Cow::Borrowed);
    match verb {
        Verb::Open(_) | Verb::Amend(_) | Verb::Propose(_) | Verb::Miss(_) | Verb::Observe(..) | Verb::Act(..) | Verb::Outcome(_) => None,
        Verb::CorrectOutcome(..) | Verb::Reroute { .. } | Verb::Unassign => None,
        Verb::Ask(input) => by(input.person, Action::Claim),
        Verb::Show(person, _) | Verb::ShowBulk(person) => Some((Who::Person(*person), answering(state, *person), None)),
        Verb::Judge(input, ..) => {
            let accepted = input.accept.and_then(|id| state.proposal(countersign_core::id::EventId(id)));
            let answer = word(input.answer.as_ref()).or_else(|| accepted.map(|proposal| proposal.answer.label().to_owned().into()));
            let person = PersonId(input.person);
            Some((Who::Person(person), answering(state, person), answer))
        }
        Verb::Withdraw(_, input) => by(input.person, Action::Correct),
        Verb::Correct(_, input) => Some((Who::Person(PersonId(input.person)), Action::Correct, word(Some(&input.answer)))),
        Verb::Skip(input) => by(input.person, Action::Claim),
        Verb::Snooze(input) => by(input.person, Action::Claim),
        Verb::Escalate(input) => by(input.person, Action::Claim),
        Verb::Assign(input) => by(input.person, Action::Claim),
        Verb::Comment(input, _) => by(input.person, Action::See),
        Verb::Reopen(input) => by(input.person, Action::Reopen),
        Verb::Appeal(_, input) => match input.person {
            Some(person) => by(person, Action::Appeal),
            None => Who::of(actor).map(|who| (who, Action::Appeal, None)),
        },
    }
}

/// Where a change takes place.
enum Within {
    Workspace,
    Playbook(PlaybookId),
    Named(String),
    /// In every playbook at once.
    All,
}

/// Who a change is by, and what it is. None for what is open to all, such as stopping, and for what the platform does by itself.
fn of_command<'c>(actor: &'c Actor, command: &WorkspaceCommand) -> Option<(Who<'c>, Action, Within)> {
    use WorkspaceCommand as C;
    let caller = || Who::of(actor);
    let by = |person: PersonId, action, within| Some((Who::Person(person), action, within));
    match command {
        C::Create { .. } | C::Restore { .. } | C::RotateLogKey { .. } | C::CommitDrawKey { .. } | C::DiscloseDrawKey { .. } => None,
        // Stopping is open to all, and so is what only records or tells.
        C::Stop { .. } | C::StopExperiment { .. } | C::CompleteInduction(_) | C::RaiseNotice(_) => None,
        C::RehearseRouting(_) | C::ReplayRules(_) => None,
        // By what somebody shows who they are is their own matter, and whoever runs the workspace takes it away.
        C::AddPasskey(_) | C::RemovePasskey(_) => None,
        C::ChangeSignIn(SignInChanged { person, .. }) | C::SetAway(PersonAway { person, .. }) | C::SetBack { person } => match actor {
            Actor::Person(own) if own == person => None,
            Actor::System(_) => None,
            _ => caller().map(|who| (who, Action::People, Within::Workspace)),
        },
        C::VouchPerson { by: Some(by), .. } => Some((Who::Person(*by), Action::People, Within::Workspace)),
        C::VouchPerson { by: None, .. } => None,
        // Known from elsewhere only: they decide nothing here.
        C::AddPerson { kind: PersonKind::External, .. } => None,
        C::AddPerson { .. } | C::ChangePerson { .. } | C::AddKey { .. } | C::RevokeKey { .. } | C::SetPeopleMetrics { .. } => {
            caller().map(|who| (who, Action::People, Within::Workspace))
        }
        C::EraseSubject { .. } => caller().map(|who| (who, Action::Erase, Within::Workspace)),
        C::Resume { scope, person, .. } => {
            let within = if let StopScope::Playbook(id) = scope { Within::Playbook(*id) } else { Within::All };
            by(*person, Action::Resume, within)
        }
        C::PublishPlaybook { name, .. } => caller().map(|who| (who, Action::Change, Within::Named(name.clone()))),
        C::PublishRecord(body) if body.cause == TrackPin::Learned => None,
        C::PublishRecord(body) => body.person.and_then(|person| by(person, Action::Change, Within::Playbook(body.playbook))),
        C::StartExperiment(body) => by(body.person, Action::Change, Within::Playbook(body.playbook)),
        C::DraftRouting(body) => by(body.person, Action::Change, Within::Playbook(body.playbook)),
        C::RollBackRouting { playbook, person, .. } => by(*person, Action::Change, Within::Playbook(*playbook)),
        // What they lead to is published in the same change, and asked about there.
        C::ApproveRouting { .. } | C::WithdrawRouting { .. } => None,
        C::DraftRules(body) => by(body.person, Action::Rules, Within::Workspace),
        C::ApproveRules { person, .. } | C::WithdrawRules { person, .. } | C::RollBackRules { person, .. } => {
            by(*person, Action::Rules, Within::Workspace)
        }
    }
}

/// Who is there, and what the rules keep from being automated.
pub(crate) struct Ruled<'c>(pub &'c Control);

impl Roster for Ruled<'_> {
    fn person(&self, person: PersonId) -> Option<&PersonFacts> {
        self.0.state.person(person)
    }

    fn count_with_any_role(&self, roles: &[String]) -> usize {
        self.0.state.count_with_any_role(roles)
    }

    fn inducted(&self, person: PersonId, playbook: PlaybookId) -> bool {
        self.0.state.inducted(person, playbook)
    }

    fn automation_forbidden(&self, playbook: PlaybookId, proposer: &str, fields: &BTreeMap<String, Content>) -> Option<String> {
        self.0.automation_forbidden(playbook, proposer, fields)
    }

    fn away_with_any_role(&self, roles: &[String], at: Micros) -> Vec<PersonId> {
        self.0.state.away_with_any_role(roles, at)
    }

    fn stand_in(&self, person: PersonId, at: Micros) -> Option<Option<PersonId>> {
        self.0.state.stand_in(person, at)
    }

    fn one_hand(&self, a: PersonId, b: PersonId) -> Option<OneHand> {
        self.0.state.one_hand(a, b)
    }
}

impl Workspace {
    /// The same workspace, asked by whoever acts: what they read is held against the rules. A person's reading also withholds what they
    /// may still have to answer independently: see [`Workspace::read_by`].
    #[must_use]
    pub fn asked_by(mut self, actor: Actor) -> Self {
        self.asker = Some(actor);
        self
    }

    /// Whoever reads, where somebody does.
    pub(crate) fn asker(&self) -> Option<Who<'_>> {
        self.reader.map(Who::Person).or_else(|| self.asker.as_ref().and_then(Who::of))
    }

    /// Whether whoever reads may see a case.
    pub(crate) fn may_see(&self, control: &Control, state: &CaseState) -> Result<(), Error> {
        let Some(who) = self.asker().filter(|_| control.rules.any()) else { return Ok(()) };
        let playbook = control.playbook(state.playbook, state.playbook_version)?;
        Ok(control.may(who, &Act::on(Action::See, &playbook, state))?)
    }

    /// Whether whoever asks may see some cases; of those that are not there it is not asked.
    pub(crate) async fn seen_of(&self, cases: &[uuid::Uuid]) -> Result<std::collections::HashSet<uuid::Uuid>, Error> {
        let control = self.inner.control(self.id).await?;
        if self.asker().is_none() || !control.rules.any() {
            return Ok(cases.iter().copied().collect());
        }
        let states = self.states(cases.iter().copied()).await?;
        let mut seen = std::collections::HashSet::with_capacity(states.len());
        for (case, state) in states {
            if self.may_see(&control, &state).is_ok() {
                seen.insert(case);
            }
        }
        Ok(seen)
    }

    /// The rule, in a sentence, by which a person may not take a case and answer on it, where there is one. What else may stand in the
    /// way is told when they try.
    ///
    /// # Errors
    /// Where there is no such case, or the storage fails.
    pub async fn case_rule_against(&self, case: CaseId, person: PersonId) -> Result<Option<String>, Error> {
        let control = self.inner.control(self.id).await?;
        if !control.rules.any() {
            return Ok(None);
        }
        let (_, state) = self.folded(case).await?;
        let playbook = control.playbook(state.playbook, state.playbook_version)?;
        // What they made themselves is refused with the platform's own words.
        let actions = [Action::Claim, answering(&state, person)];
        let refused = actions.into_iter().find_map(|action| control.may(Who::Person(person), &Act::on(action, &playbook, &state)).err());
        Ok(refused.map(|refusal| refusal.detail))
    }

    /// Whether a person may say who takes part, and make keys.
    ///
    /// # Errors
    /// `forbidden`, with the rule.
    pub async fn may_manage_people(&self, person: PersonId) -> Result<(), Error> {
        Ok(self.control().await?.may(Who::Person(person), &Act::here(Action::People))?)
    }

    /// Whether whoever asks may take data out.
    ///
    /// # Errors
    /// `forbidden`, with the rule.
    pub async fn may_export(&self) -> Result<(), Error> {
        let control = self.control().await?;
        Ok(self.asker().map_or(Ok(()), |who| control.may(who, &Act::here(Action::Export)))?)
    }
}
