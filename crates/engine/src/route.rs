//! The router: who decides on a case, and what they see first. Human-written rules come first and are never widened. It is pure
//! and versioned: [`route`] writes its whole input into the event, and [`explain`] derives a recorded route again without
//! reading a field. It never looks at what a proposal answers, and never automates: in this version there is no certificate.

use crate::context::Drawn;
use crate::sabotage::{Sabotage, on};
use countersign_core::{
    Content,
    content::Digest,
    event::{CaseRouted, Draw, Route, RouteInputs, RouteProposal, StopScope, WouldAutomate},
    number::Decimal,
    playbook::{Condition, Playbook, RouteRule, Test, decimals},
};
use serde_json::Value;
use std::{cmp::Ordering, collections::BTreeMap};

/// Version of the routing function. A changed function gets a new one, and the old stays compiled.
pub const ROUTER_VERSION: u32 = 1;

/// The purpose of the draw that sends a share of `assist` cases blind.
pub const DRAW_BLIND: &str = "blind";

/// Why a case is routed at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// It came in, changed, or is looked at again.
    Content,
    /// A person asked for the eyes of a role.
    Escalated,
    /// A person opened it again.
    Reopened,
}

/// Everything the routing function reads besides the playbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// Version of the playbook.
    pub playbook_version: u64,
    /// The content.
    pub content_digest: Digest,
    /// Why it is routed now.
    pub cause: Cause,
    /// The role that has to look.
    pub role: Option<String>,
    /// The draw for the blind share, if a key is committed.
    pub drawn: Option<Drawn>,
    /// The rest, as it stands in the event.
    pub frozen: RouteInputs,
}

/// Why a recorded route is not what the routing function gives.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Another function made it.
    #[error("router version {0} is not compiled in: this program knows version {ROUTER_VERSION}")]
    Version(u32),
    /// It cannot be derived without its inputs.
    #[error("the route holds no inputs to derive it from")]
    NoInputs,
    /// The verdicts cannot be those of this playbook.
    #[error("the route holds {recorded} rule verdicts that do not fit the playbook's {rules} rules")]
    Verdicts {
        /// Verdicts in the event.
        recorded: usize,
        /// Rules of the playbook.
        rules: usize,
    },
    /// Something else comes out.
    #[error("the recorded {member} is not what the routing function derives")]
    Differs {
        /// The first member of the event that differs.
        member: &'static str,
    },
}

/// Who decides, and what they see first.
#[must_use]
pub fn route(playbook: &Playbook, inputs: Inputs) -> CaseRouted {
    let Inputs { playbook_version, content_digest, cause, role, drawn, frozen } = inputs;
    let rule = frozen.rules.iter().position(|holds| *holds).and_then(|at| playbook.routing.rules.get(at));
    let (chosen, reason) = rule.map_or((playbook.routing.default, "default"), |rule| (rule.route, "rule"));
    let chosen = match chosen {
        // A playbook cannot say `automate` there; if one ever does, a person decides.
        Route::Automate => Route::Assist,
        Route::Hold if cause == Cause::Escalated => Route::Assist,
        other => other,
    };
    let mut draws = Vec::new();
    let (chosen, reason) = match chosen {
        Route::Assist if frozen.proposals.is_empty() && !frozen.awaited => (Route::Unaided, "no_proposal"),
        Route::Assist => blind_share(playbook.routing.blind, drawn, reason, &mut draws),
        other => (other, reason),
    };
    let (chosen, reason) = match cause {
        _ if frozen.roster == 0 && chosen != Route::Hold && !on(Sabotage::RosterIgnored) => (Route::Hold, "no_roster"),
        Cause::Escalated => (chosen, "escalated"),
        Cause::Reopened => (chosen, "reopened"),
        Cause::Content => (chosen, reason),
    };
    let would_automate = would_automate(playbook, &frozen);
    let chosen = match would_automate {
        Some(_) if on(Sabotage::AutomateWithoutCertificate) => Route::Automate,
        _ => chosen,
    };
    CaseRouted {
        route: chosen,
        reason: reason.into(),
        rule: rule.map(|rule| rule.name.clone()),
        draws,
        would_automate,
        seats: match chosen {
            Route::Hold | Route::Automate => 0,
            Route::Panel => playbook.routing.panel.max(1),
            Route::Assist | Route::Blind | Route::Unaided => playbook.decide.signatures_default.max(1),
        },
        role,
        router_version: ROUTER_VERSION,
        playbook_version,
        content_digest,
        inputs: Some(frozen),
    }
}

/// Sends the drawn share of `assist` cases blind, and writes the draw down whichever way it fell.
fn blind_share<'r>(share: u32, drawn: Option<Drawn>, reason: &'r str, draws: &mut Vec<Draw>) -> (Route, &'r str) {
    let Some(Drawn { epoch, value }) = drawn.filter(|_| share > 0) else {
        return (Route::Assist, reason);
    };
    draws.push(Draw { purpose: DRAW_BLIND.into(), epoch, value, share });
    if value < share { (Route::Blind, "blind_share") } else { (Route::Assist, reason) }
}

/// What automation would have answered: the surest proposal, the first of equals.
fn would_automate(playbook: &Playbook, frozen: &RouteInputs) -> Option<WouldAutomate> {
    playbook.routing.automate?;
    let surest = frozen.proposals.iter().rev().max_by_key(|proposal| proposal.probability)?;
    let reaches = |stop: &StopScope| match stop {
        StopScope::Workspace | StopScope::Playbook(_) => true,
        StopScope::Proposer(proposer) => *proposer == surest.proposer,
    };
    let refused = if frozen.stops.iter().any(reaches) { "stopped" } else { "no_certificate" };
    Some(WouldAutomate { proposal: surest.id, probability: surest.probability, refused: refused.into() })
}

/// Derives a recorded route again from its own frozen inputs and the playbook's version, to the last bit.
///
/// # Errors
/// [`Error`] says what differs, or why it cannot be derived.
pub fn explain(routed: &CaseRouted, playbook: &Playbook) -> Result<(), Error> {
    if routed.router_version != ROUTER_VERSION {
        return Err(Error::Version(routed.router_version));
    }
    let frozen = routed.inputs.clone().ok_or(Error::NoInputs)?;
    let (recorded, rules) = (frozen.rules.len(), playbook.routing.rules.len());
    let complete = match frozen.rules.iter().position(|holds| *holds) {
        Some(at) => at + 1 == recorded && recorded <= rules,
        None => recorded == rules,
    };
    if !complete {
        return Err(Error::Verdicts { recorded, rules });
    }
    let again = route(
        playbook,
        Inputs {
            playbook_version: routed.playbook_version,
            content_digest: routed.content_digest,
            cause: match routed.reason.as_str() {
                "escalated" => Cause::Escalated,
                "reopened" => Cause::Reopened,
                _ => Cause::Content,
            },
            role: routed.role.clone(),
            drawn: routed.draws.first().map(|draw| Drawn { epoch: draw.epoch, value: draw.value }),
            frozen,
        },
    );
    let same = [
        ("route", again.route == routed.route),
        ("reason", again.reason == routed.reason),
        ("rule", again.rule == routed.rule),
        ("draws", again.draws == routed.draws),
        ("would_automate", again.would_automate == routed.would_automate),
        ("seats", again.seats == routed.seats),
    ];
    same.iter().find(|(_, same)| !same).map_or(Ok(()), |(member, _)| Err(Error::Differs { member }))
}

/// Verdicts of rules over fields, in the order of the rules, up to the first that holds.
#[must_use]
pub fn verdicts(rules: &[RouteRule], fields: &BTreeMap<String, Content>) -> Vec<bool> {
    let mut verdicts = Vec::with_capacity(rules.len());
    for rule in rules {
        let holds = rule.when.iter().all(|condition| condition_holds(condition, fields)) && !on(Sabotage::RulesSkipped);
        verdicts.push(holds);
        if holds {
            break;
        }
    }
    verdicts
}

/// Whether a field is as a condition wants it. A sealed value is there, but cannot be read, so that only `Missing` speaks of it.
fn condition_holds(condition: &Condition, fields: &BTreeMap<String, Content>) -> bool {
    let value = match fields.get(&condition.field) {
        None | Some(Content::Plain(Value::Null)) => return condition.test == Test::Missing,
        Some(Content::Sealed(_)) => return false,
        Some(Content::Plain(value)) => value,
    };
    let compared = |limit: &Decimal| number(value).map(|number| decimals::compare(&number, limit));
    match &condition.test {
        Test::Missing => false,
        Test::Is(words) => match value {
            Value::String(text) => words.contains(text),
            Value::Bool(yes) => words.iter().any(|word| word == if *yes { "true" } else { "false" }),
            Value::Number(number) => words.contains(&number.to_string()),
            _ => false,
        },
        Test::AtLeast(limit) => compared(limit).is_some_and(Ordering::is_ge),
        Test::AtMost(limit) => compared(limit).is_some_and(Ordering::is_le),
    }
}

fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::String(text) => Decimal::parse(text).ok(),
        Value::Number(number) => Decimal::parse(&number.to_string()).ok(),
        _ => None,
    }
}

/// The frozen form of a proposal.
pub(crate) fn frozen_proposal(id: countersign_core::EventId, proposer: &str, probability: Option<u32>) -> RouteProposal {
    RouteProposal { id, proposer: proposer.into(), probability }
}
