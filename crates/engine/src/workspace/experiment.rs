//! Experiments as they are started and stopped. Never says what they came to: that is learned ([`crate::learn`]).

use super::{WorkspaceState, verbs::by_own_hand};
use countersign_core::{
    Actor, Refusal,
    event::{Body, ExperimentArm, ExperimentEnd, ExperimentStarted, ExperimentStopped, Route},
    limits::{EXPERIMENT_ARMS_MAX, EXPERIMENT_CASES_MAX},
    number::{Micros, ONE_BILLIONTHS},
    refusal::Code,
};

/// Fewest cases that an experiment is worth.
const CASES_MIN: u64 = 100;

/// An experiment.
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentFacts {
    /// How it was set up.
    pub started: ExperimentStarted,
    /// When.
    pub started_at: Micros,
    /// When it ended, and why.
    pub stopped: Option<(Micros, ExperimentStopped)>,
}

/// INVARIANT: one experiment at a time in a playbook, so that none changes what another one sees; and a person answers for it.
pub(super) fn started(state: &WorkspaceState, actor: &Actor, body: ExperimentStarted) -> Result<Body, Refusal> {
    if !state.playbooks.contains_key(&body.playbook) {
        return Err(Refusal::field(Code::NotFound, "/playbook", "there is no such playbook"));
    }
    by_own_hand(state, actor, body.person, "only an active member starts an experiment, in their own name")?;
    if state.control.experiments.contains_key(&body.playbook) {
        let detail = "an experiment runs in this playbook already: stop it first, or wait until it has ended";
        return Err(Refusal::field(Code::Conflict, "/playbook", detail));
    }
    arms(&body.arms)?;
    let within = |field: &str, fits: bool, detail: &str| if fits { Ok(()) } else { Err(Refusal::invalid(field, detail)) };
    within("/share", (1..=ONE_BILLIONTHS).contains(&body.share), "a share lies above 0 and at most at 1")?;
    within("/certainty", (500_000_000..ONE_BILLIONTHS).contains(&body.certainty), "a certainty lies from 0.5 to below 1")?;
    within("/harm", body.harm < 500_000_000, "a harm that is tolerated lies from 0 to below 0.5")?;
    let cases = format!("an experiment takes {CASES_MIN} to {EXPERIMENT_CASES_MAX} cases");
    within("/cases_max", (CASES_MIN..=EXPERIMENT_CASES_MAX).contains(&body.cases_max), &cases)?;
    Ok(body.into())
}

fn arms(arms: &[ExperimentArm]) -> Result<(), Refusal> {
    if !(2..=EXPERIMENT_ARMS_MAX).contains(&arms.len()) {
        return Err(Refusal::invalid("/arms", format!("an experiment compares 2 to {EXPERIMENT_ARMS_MAX} ways")));
    }
    for (at, arm) in arms.iter().enumerate() {
        let (field, earlier) = (format!("/arms/{at}"), arms.get(..at).unwrap_or_default());
        let advised = matches!(arm.route, Route::Assist | Route::Blind);
        let said = if arm.name.trim().is_empty() {
            "a way needs a name"
        } else if matches!(arm.route, Route::Automate | Route::Hold) {
            "an experiment compares ways in which people decide: assist, blind, unaided or panel"
        } else if !advised && (arm.proposer.is_some() || arm.version.is_some() || arm.unexplained) {
            "only on routes with advice can be said which advice is shown, and how"
        } else if earlier.iter().any(|other| other.name == arm.name) {
            "another way has this name already"
        } else if earlier.iter().any(|other| ExperimentArm { name: arm.name.clone(), ..other.clone() } == *arm) {
            "another way is exactly the same"
        } else {
            continue;
        };
        return Err(Refusal::invalid(field, said));
    }
    Ok(())
}

/// A stop rule stops an experiment, or a person does; a person says so in their own name.
pub(super) fn stopped(state: &WorkspaceState, actor: &Actor, body: ExperimentStopped) -> Result<Option<Body>, Refusal> {
    let none = || Refusal::field(Code::NotFound, "/experiment", "there is no such experiment");
    let facts = state.experiments.get(&body.experiment).ok_or_else(none)?;
    match (body.cause, body.person) {
        (ExperimentEnd::Person, Some(person)) => {
            by_own_hand(state, actor, person, "only an active member stops an experiment, in their own name")?;
        }
        (ExperimentEnd::Person, None) | (_, Some(_)) => {
            return Err(Refusal::invalid("/person", "a person stops in their own name, and a stop rule in nobody's"));
        }
        _ => {}
    }
    match facts.stopped {
        Some(_) if body.person.is_some() => Err(Refusal::field(Code::WrongState, "/experiment", "this experiment has ended already")),
        Some(_) => Ok(None),
        None => Ok(Some(body.into())),
    }
}
