//! The verbs of a workspace.

use super::{WorkspaceCommand, WorkspaceContext, WorkspaceState, absence, change, experiment, hands, passkey, rules, stop};
use crate::{NewEvent, state::ONE_PERSON};
use countersign_core::{
    Actor, Refusal,
    event::{
        ApiKeyAdded, ApiKeyRevoked, Body, DrawKeyCommitted, DrawKeyDisclosed, ExperimentStopped, InductionCompleted, LogKeyRotated,
        PeopleMetricsChanged, PersonAdded, PersonChanged, PersonKind, PlaybookPublished, SubjectErased, TrackPin, TrackRecordPublished,
        WorkspaceCreated, WorkspaceRestored,
    },
    id::{PersonId, PlaybookId},
    refusal::Code,
};

/// What a command does to the workspace: no event or one. `playbook.published` belongs on the playbook's own stream, everything
/// else on the workspace's.
///
/// # Errors
/// A [`Refusal`] says why the command may not be carried out; nothing has happened then.
pub fn decide(state: &WorkspaceState, command: WorkspaceCommand, ctx: &mut WorkspaceContext<'_>) -> Result<Vec<NewEvent>, Refusal> {
    let creates = matches!(command, WorkspaceCommand::Create { .. });
    match (state.version > 0, creates) {
        (true, true) => return Err(Refusal::new(Code::Conflict, "the workspace exists already")),
        (false, false) => {
            return Err(Refusal::new(Code::NotFound, "the workspace does not exist: create it first"));
        }
        _ => {}
    }
    let occurred_at = ctx.now.max(state.recorded_at);
    let body = match command {
        WorkspaceCommand::SetAway(body) => absence::away(state, occurred_at, body)?,
        WorkspaceCommand::SetBack { person } => absence::back(state, occurred_at, person)?,
        other => body_of(state, other, &ctx.actor)?,
    };
    Ok(body.into_iter().map(|body| NewEvent { id: (ctx.ids)(), occurred_at, causation: None, body }).collect())
}

fn body_of(state: &WorkspaceState, command: WorkspaceCommand, actor: &Actor) -> Result<Option<Body>, Refusal> {
    use WorkspaceCommand as C;
    Ok(Some(match command {
        // INVARIANT: `decide` has dealt with them: they ask for the time.
        C::SetAway(_) | C::SetBack { .. } => return Ok(None),
        C::Create { name, origin, log_key, people_metrics } => WorkspaceCreated { name, origin, log_key, people_metrics }.into(),
        C::Restore { origin, log_key, old_checkpoint, erased } => restored(state, origin, log_key, old_checkpoint, erased)?,
        C::AddPerson { person, kind, roles } => person_added(state, person, kind, roles)?,
        C::ChangePerson { person, roles, active } => return person_changed(state, person, roles, active),
        C::AddPasskey(body) => passkey::added(state, actor, body)?,
        C::RemovePasskey(body) => return passkey::removed(state, actor, body),
        C::ChangeSignIn(body) => hands::sign_in_changed(state, actor, body)?,
        C::VouchPerson { person, by } => return hands::vouched(state, actor, person, by),
        C::AddKey { key, scopes, person, expires_at } => {
            if state.keys.contains_key(&key) {
                return Err(Refusal::field(Code::Conflict, "/key", "a key with this id exists already"));
            }
            if let Some(person) = person {
                known(state, person)?;
            }
            key_of_person(actor, &scopes, person)?;
            ApiKeyAdded { key, scopes, person, expires_at }.into()
        }
        C::RevokeKey { key } => match state.keys.get(&key) {
            None => {
                return Err(Refusal::field(Code::NotFound, "/key", "there is no key with this id"));
            }
            Some(facts) if facts.revoked => return Ok(None),
            Some(_) => ApiKeyRevoked { key }.into(),
        },
        C::Stop { scope, reason } => return stop::stopped(state, scope, reason),
        C::Resume { scope, person, reason, able } => stop::resumed(state, actor, (scope, person), reason, &able)?,
        C::SetPeopleMetrics { to, .. } if to == state.control.people_metrics => return Ok(None),
        C::SetPeopleMetrics { to, reason } => PeopleMetricsChanged { from: state.control.people_metrics, to, reason }.into(),
        C::RotateLogKey { old, new, statement } => {
            if state.log_key() != Some(old.as_str()) {
                return Err(Refusal::field(Code::StaleVersion, "/old", "this is not the present key of the log"));
            }
            LogKeyRotated { old, new, statement }.into()
        }
        C::EraseSubject { subject, .. } if state.erased.contains(&subject) => return Ok(None),
        C::EraseSubject { subject, values, ground } => SubjectErased { subject, values, ground }.into(),
        C::PublishPlaybook { name, digest, source, new_id } => return published(state, name, digest, source, new_id),
        C::PublishRecord(body) => return record(state, actor, body),
        C::CompleteInduction(body) => return inducted(state, body),
        C::StartExperiment(body) => experiment::started(state, actor, body)?,
        C::StopExperiment { experiment, cause, reason, person } => {
            return experiment::stopped(state, actor, ExperimentStopped { experiment, cause, reason, person });
        }
        C::DraftRouting(body) => change::drafted(state, actor, body)?,
        C::RehearseRouting(body) => change::rehearsed(state, *body)?,
        C::ApproveRouting { draft, person } => change::approved(state, actor, draft, person)?,
        C::WithdrawRouting { draft, person, reason } => change::withdrawn(state, actor, draft, person, reason)?,
        C::RollBackRouting { playbook, person, reason } => change::rolled_back(state, actor, playbook, person, reason)?,
        C::DraftRules(body) => rules::drafted(state, actor, *body)?,
        C::ReplayRules(body) => rules::replayed(state, body)?,
        C::ApproveRules { draft, person } => rules::approved(state, actor, draft, person)?,
        C::WithdrawRules { draft, person, reason } => rules::withdrawn(state, actor, draft, person, reason)?,
        C::RollBackRules { person, reason } => rules::rolled_back(state, actor, person, reason)?,
        C::RaiseNotice(body) => body.into(),
        C::CommitDrawKey { epoch, commitment } => {
            let next = state.draw_epochs.keys().next_back().map_or(1, |last| last + 1);
            if epoch != next {
                return Err(Refusal::invalid("/epoch", format!("the next epoch is {next}")));
            }
            DrawKeyCommitted { epoch, commitment }.into()
        }
        C::DiscloseDrawKey { epoch, key, commitment } => {
            let facts = state.draw_epochs.get(&epoch);
            let facts = facts.ok_or_else(|| Refusal::field(Code::NotFound, "/epoch", "no key was committed for this epoch"))?;
            if facts.commitment != commitment {
                return Err(Refusal::invalid("/key", "this key is not the one that was committed to"));
            }
            if facts.disclosed.is_some() {
                return Ok(None);
            }
            DrawKeyDisclosed { epoch, key }.into()
        }
    }))
}

/// INVARIANT: nobody gives a program another one's voice. A key that a person makes speaks for them or for nobody, and one that speaks for
/// nobody answers nothing: such a key names whom it answers for, and that is for whoever runs the server to give away.
fn key_of_person(actor: &Actor, scopes: &[String], speaks_for: Option<PersonId>) -> Result<(), Refusal> {
    let Actor::Person(own) = actor else { return Ok(()) };
    if speaks_for.is_some_and(|person| person != *own) {
        return Err(Refusal::field(Code::Forbidden, "/person", "a key that you make speaks for you, or for nobody"));
    }
    if speaks_for.is_none() && scopes.iter().any(|scope| ["judge", "admin"].contains(&scope.as_str())) {
        let detail =
            "a key that answers or may do everything speaks for you; one that speaks for nobody is made by whoever runs the server";
        return Err(Refusal::field(Code::Forbidden, "/scopes", detail));
    }
    Ok(())
}

fn known(state: &WorkspaceState, person: PersonId) -> Result<(), Refusal> {
    let missing = || Refusal::field(Code::NotFound, "/person", "there is no such person");
    state.people.contains_key(&person).then_some(()).ok_or_else(missing)
}

fn roles_checked(roles: &[String]) -> Result<(), Refusal> {
    if let Some(at) = roles.iter().position(|role| role.starts_with(ONE_PERSON)) {
        return Err(Refusal::invalid(format!("/roles/{at}"), format!("names that begin with {ONE_PERSON} stand for one person each")));
    }
    match roles.iter().position(|role| role.trim().is_empty()) {
        Some(at) => Err(Refusal::invalid(format!("/roles/{at}"), "a role needs a name")),
        None => Ok(()),
    }
}

fn restored(state: &WorkspaceState, origin: String, log_key: String, old: String, erased: u64) -> Result<Body, Refusal> {
    let old_origin = state.logs.last().map(|log| log.origin.clone()).unwrap_or_default();
    if state.logs.iter().any(|log| log.origin == origin) {
        return Err(Refusal::invalid("/origin", "a restored workspace needs a log origin that was never used"));
    }
    Ok(WorkspaceRestored { origin, log_key, old_origin, old_checkpoint: old, erased }.into())
}

fn person_added(state: &WorkspaceState, person: PersonId, kind: PersonKind, roles: Vec<String>) -> Result<Body, Refusal> {
    if state.people.contains_key(&person) {
        return Err(Refusal::field(Code::Conflict, "/person", "a person with this id exists already"));
    }
    roles_checked(&roles)?;
    Ok(PersonAdded { person, kind, roles }.into())
}

fn person_changed(state: &WorkspaceState, person: PersonId, roles: Vec<String>, active: bool) -> Result<Option<Body>, Refusal> {
    known(state, person)?;
    roles_checked(&roles)?;
    let same = state.people.get(&person).is_some_and(|facts| facts.roles == roles && facts.active == active);
    Ok((!same).then(|| PersonChanged { person, roles, active }.into()))
}

/// INVARIANT: what a person chose stays until a person lets go, and going back never brings a certificate back that is not in force.
fn record(state: &WorkspaceState, actor: &Actor, mut body: TrackRecordPublished) -> Result<Option<Body>, Refusal> {
    if !state.playbooks.contains_key(&body.playbook) {
        return Err(Refusal::field(Code::NotFound, "/playbook", "there is no such playbook"));
    }
    let facts = state.records.get(&body.playbook);
    let latest = facts.map_or(0, |facts| facts.latest);
    match (body.cause, body.person) {
        (TrackPin::Learned, None) => {
            if facts.is_some_and(|facts| facts.pinned) {
                return Ok(None);
            }
            if body.number <= latest {
                return Err(Refusal::new(Code::Conflict, format!("version {latest} of the track record was published already")));
            }
        }
        (TrackPin::Pinned | TrackPin::Released, Some(person)) => {
            by_own_hand(state, actor, person, "only an active member chooses a track record, in their own name")?;
            if body.number > latest {
                return Err(Refusal::field(Code::NotFound, "/number", format!("the latest version is {latest}")));
            }
            let in_force = facts.map(|facts| facts.certificates.as_slice()).unwrap_or_default();
            body.certificates.retain(|id| in_force.contains(id));
        }
        _ => return Err(Refusal::invalid("/person", "learning names no person, and choosing does")),
    }
    Ok(Some(body.into()))
}

/// An active member acts in their own name: by their own hand, or by a key that speaks for them.
pub(super) fn by_own_hand(state: &WorkspaceState, actor: &Actor, person: PersonId, detail: &str) -> Result<(), Refusal> {
    let own = match actor {
        Actor::Person(id) => *id == person,
        Actor::Key(key) => state.keys.get(key).is_some_and(|facts| !facts.revoked && facts.person == Some(person)),
        Actor::System(_) => false,
    };
    let may = state.people.get(&person).is_some_and(|facts| facts.may(&[]));
    (own && may).then_some(()).ok_or_else(|| Refusal::field(Code::Forbidden, "/person", detail))
}

fn inducted(state: &WorkspaceState, body: InductionCompleted) -> Result<Option<Body>, Refusal> {
    known(state, body.person)?;
    if !state.playbooks.contains_key(&body.playbook) {
        return Err(Refusal::field(Code::NotFound, "/playbook", "there is no such playbook"));
    }
    let done = state.inducted.get(&(body.person, body.playbook)).is_some_and(|version| *version >= body.playbook_version);
    Ok((!done).then(|| body.into()))
}

fn published(
    state: &WorkspaceState,
    name: String,
    digest: countersign_core::content::Digest,
    source: countersign_core::Content,
    new_id: PlaybookId,
) -> Result<Option<Body>, Refusal> {
    let (playbook, version) = match state.playbook_latest(&name) {
        Some((_, latest)) if latest.digest == digest => return Ok(None),
        Some((id, latest)) => (id, latest.version + 1),
        None if state.playbooks.contains_key(&new_id) => {
            return Err(Refusal::field(Code::Conflict, "/new_id", "another playbook has this id"));
        }
        None => (new_id, 1),
    };
    Ok(Some(PlaybookPublished { playbook, name, version, digest, source }.into()))
}
