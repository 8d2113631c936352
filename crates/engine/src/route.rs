//! The router: who decides on a case, and what they see first. Human-written rules come first and are never widened. It is pure
//! and versioned: [`route`] writes its whole input into the event, and [`explain`] derives a recorded route again without
//! reading a field. It never looks at what a proposal answers, and it automates only under a valid certificate, where no rule speaks.

use crate::context::Drawn;
use crate::sabotage::{Sabotage, on};
use countersign_core::{
    Content,
    content::Digest,
    event::{CaseRouted, Draw, Route, RouteArm, RouteAssigned, RouteInputs, RouteMeasured, RouteProposal, StopScope, WouldAutomate},
    id::EventId,
    number::{Decimal, MicroUnits, ONE_BILLIONTHS},
    playbook::{Condition, Playbook, RouteRule, Test, decimals},
};
use serde_json::Value;
use std::{borrow::Cow, cmp::Ordering, collections::BTreeMap};

/// Version of the routing function. A changed function gets a new one, and the old stays compiled. What a certificate covers is
/// automated as a whole or not at all: whoever picked what is cheap out of it would automate something else than what was tested.
pub const ROUTER_VERSION: u32 = 4;
/// The version that automated under a certificate even where nobody was there who could have looked.
const ROUTER_VERSION_UNATTENDED: u32 = 3;
/// The version that asked case by case, even under a certificate, whether automation is cheaper, and knew no experiments.
const ROUTER_VERSION_BY_CASE: u32 = 2;
/// The first version: what all later ones do without a track record.
const ROUTER_VERSION_UNMEASURED: u32 = 1;

/// The purpose of the draw that sends a share of `assist` cases blind.
pub const DRAW_BLIND: &str = "blind";
/// The purpose of the draw that gives a share of automated cases to people, blind.
pub const DRAW_AUDIT: &str = "audit";
/// The purpose of the draw that gives a share of cases to a route by lot.
pub const DRAW_EXPLORE: &str = "explore";
/// The purpose of the draw that leaves the place of a share of cases to the lot while a model is young.
pub const DRAW_LEARN: &str = "learn";
/// What the purposes of draws begin with that let a share of cases enter an experiment, and assign them to one of its ways.
pub const DRAW_EXPERIMENT: &str = "experiment";
/// Every purpose that a playbook draws for; experiments have [purposes of their own](experiment_purpose).
pub const DRAWS: [&str; 3] = [DRAW_BLIND, DRAW_AUDIT, DRAW_EXPLORE];

/// The purpose of an experiment's draws. Each has its own: under one purpose for all, a case that did not enter the first would have a
/// high draw in the next one as well, and the next one's ways would be filled by what the first had left.
#[must_use]
pub fn experiment_purpose(experiment: EventId) -> String {
    format!("{DRAW_EXPERIMENT}:{experiment}")
}

/// The purpose of a draw without what it is about: one of [`DRAWS`], or [`DRAW_EXPERIMENT`].
#[must_use]
pub fn purpose_kind(purpose: &str) -> &str {
    purpose.split_once(':').map_or(purpose, |(kind, _)| kind)
}

/// Cases that a way to decide needs behind it before it may take the place of the default.
pub const DEPART_ROWS_MIN: u64 = 30;

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
    /// Draws by purpose, if a key is committed.
    pub drawn: Vec<(Cow<'static, str>, Drawn)>,
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
    route_as(ROUTER_VERSION, playbook, inputs)
}

fn route_as(router_version: u32, playbook: &Playbook, inputs: Inputs) -> CaseRouted {
    let Inputs { playbook_version, content_digest, cause, role, drawn, frozen } = inputs;
    let rule = frozen.rules.iter().position(|holds| *holds).and_then(|at| playbook.routing.rules.get(at));
    let mut draws = Draws { drawn, used: Vec::new() };
    let automation = Automation::of(router_version, playbook, &frozen, rule.is_some());
    let Chosen { route: chosen, reason, refused, assigned } = choose(playbook, &frozen, (rule, cause), &automation, &mut draws);
    // A draw for the place in the queue is no reason for a way; it is kept, whichever way it fell.
    if frozen.learning.is_some() && !on(Sabotage::SoughtUnmarked) {
        draws.take(DRAW_LEARN, playbook.learning.map_or(0, |learning| learning.lot));
    }
    let alone = frozen.roster == 0 && !on(Sabotage::RosterIgnored);
    let unattended = chosen == Route::Automate && router_version <= ROUTER_VERSION_UNATTENDED;
    let refused = if alone && chosen == Route::Automate { "no_roster" } else { refused };
    let (chosen, reason) = match cause {
        // Silence is never consent: nobody could stop it, nor answer its audits.
        _ if alone && chosen != Route::Hold && !unattended => (Route::Hold, if frozen.away > 0 { "away" } else { "no_roster" }),
        // Seats are filled by people who are there. Where there are too few of them altogether, absence is not to blame. What is opened again or
        // escalated is looked at once more at once, as any other case.
        Cause::Content if chosen == Route::Panel && away_from_panel(playbook, &frozen) => (Route::Hold, "away"),
        Cause::Escalated => (chosen, "escalated"),
        Cause::Reopened => (chosen, "reopened"),
        Cause::Content => (chosen, reason),
    };
    let would_automate = automation.surest.map(|surest| WouldAutomate {
        proposal: surest.id,
        probability: surest.probability,
        refused: automation.refused.unwrap_or(refused).into(),
        certificate: automation.certificate.map(str::to_owned),
    });
    let sabotaged = would_automate.is_some() && on(Sabotage::AutomateWithoutCertificate);
    let chosen = if sabotaged { Route::Automate } else { chosen };
    CaseRouted {
        route: chosen,
        reason: reason.into(),
        rule: rule.map(|rule| rule.name.clone()),
        draws: draws.used,
        would_automate: would_automate.filter(|_| chosen != Route::Automate || sabotaged),
        assigned: assigned.filter(|_| reason == "experiment"),
        seats: match chosen {
            Route::Hold | Route::Automate => 0,
            Route::Panel => playbook.routing.panel.max(1),
            Route::Assist | Route::Blind | Route::Unaided => playbook.decide.signatures_default.max(1),
        },
        role,
        router_version,
        playbook_version,
        content_digest,
        inputs: Some(frozen),
    }
}

/// A route with its reason, and why it is not automated if nothing stood in the way before.
struct Chosen {
    route: Route,
    reason: &'static str,
    refused: &'static str,
    assigned: Option<RouteAssigned>,
}

impl Chosen {
    fn new(route: Route, reason: &'static str, refused: &'static str) -> Self {
        Self { route, reason, refused, assigned: None }
    }
}

/// Rules first; then, where none speaks, a certificate, an experiment, and the track record among the routes that the playbook allows;
/// then the default.
fn choose(
    playbook: &Playbook,
    frozen: &RouteInputs,
    (rule, cause): (Option<&RouteRule>, Cause),
    automation: &Automation<'_>,
    draws: &mut Draws,
) -> Chosen {
    let (chosen, reason) = rule.map_or((playbook.routing.default, "default"), |rule| (rule.route, "rule"));
    let chosen = match chosen {
        // A playbook cannot say `automate` there; if one ever does, a person decides.
        Route::Automate => Route::Assist,
        Route::Hold if cause == Cause::Escalated => Route::Assist,
        other => other,
    };
    let free = rule.is_none() && cause == Cause::Content && chosen != Route::Hold;
    let measured = frozen.measured.as_ref().filter(|_| free);
    let by_certificate = measured.and_then(|measured| certified(playbook, frozen, measured, chosen, automation, draws));
    // What is automated never enters an experiment: experiments are about what people decide.
    let by_lot = |draws: &mut Draws| if free { by_experiment(playbook, frozen, draws) } else { None };
    if let Some(decided) = by_certificate.or_else(|| by_lot(draws)) {
        return decided;
    }
    let (chosen, reason) = match measured {
        None => (chosen, reason),
        Some(measured) => match by_record(playbook, frozen, measured, chosen, draws) {
            Chosen { route, reason: "default", .. } => (route, "default"),
            decided => return decided,
        },
    };
    let (route, reason) = match chosen {
        Route::Assist if frozen.proposals.is_empty() && !frozen.awaited => (Route::Unaided, "no_proposal"),
        Route::Assist => match draws.falls(DRAW_BLIND, playbook.routing.blind) {
            true => (Route::Blind, "blind_share"),
            false => (Route::Assist, reason),
        },
        other => (other, reason),
    };
    Chosen::new(route, reason, "costlier")
}

/// The routes that the playbook lets the track record choose and that can be taken.
fn allowed(playbook: &Playbook, frozen: &RouteInputs) -> Vec<Route> {
    playbook.routing.choose.iter().copied().filter(|route| possible(playbook, frozen, *route)).collect()
}

/// What a certificate makes of a case that no rule speaks of: the AI decides it, or people look at it blind.
fn certified(
    playbook: &Playbook,
    frozen: &RouteInputs,
    measured: &RouteMeasured,
    default: Route,
    automation: &Automation<'_>,
    draws: &mut Draws,
) -> Option<Chosen> {
    if automation.certificate.is_none() || automation.refused.is_some() {
        return None;
    }
    let people = cheapest(&measured.arms, &allowed(playbook, frozen), default);
    let audit = playbook.routing.automate.map_or(ONE_BILLIONTHS, |terms| terms.audit);
    automation.worth(measured, people).then(|| match draws.falls(DRAW_AUDIT, audit) {
        true => Chosen::new(Route::Blind, "audit", "audit"),
        false => Chosen::new(Route::Automate, "certificate", ""),
    })
}

/// What an experiment makes of a case, where its draw falls into the share: one of the ways by lot. A case for which one of the ways is
/// not allowed or not possible does not enter, whichever way it would have been assigned to.
fn by_experiment(playbook: &Playbook, frozen: &RouteInputs, draws: &mut Draws) -> Option<Chosen> {
    let experiment = frozen.experiment.as_ref()?;
    let fits = |route: Route| playbook.routing.allows(route) && possible(playbook, frozen, route);
    if !experiment.arms.iter().all(|arm| fits(arm.route)) {
        return None;
    }
    let at = draws.lot(&experiment_purpose(experiment.id), experiment.share, experiment.arms.len())?;
    let arm = experiment.arms.get(at)?;
    let assigned = RouteAssigned { experiment: experiment.id, arm: u32::try_from(at).ok()? };
    Some(Chosen { assigned: Some(assigned), ..Chosen::new(arm.route, "experiment", "experiment") })
}

/// What the track record makes of a case that people decide.
fn by_record(playbook: &Playbook, frozen: &RouteInputs, measured: &RouteMeasured, default: Route, draws: &mut Draws) -> Chosen {
    let allowed = allowed(playbook, frozen);
    let people = cheapest(&measured.arms, &allowed, default);
    // What is automated has its audits; what people decide is tried by lot, or other ways would never be known.
    if let Some(at) = draws.lot(DRAW_EXPLORE, playbook.routing.explore, allowed.len())
        && let Some(route) = allowed.get(at)
    {
        return Chosen::new(*route, "explore", "explore");
    }
    let reason = if people == default { "default" } else { "measured" };
    Chosen::new(people, reason, "costlier")
}

/// Whether a panel could be filled if everybody were there, and cannot be as it is.
fn away_from_panel(playbook: &Playbook, frozen: &RouteInputs) -> bool {
    let seats = u64::from(playbook.routing.panel.max(1));
    frozen.away > 0 && frozen.roster < seats && frozen.roster.saturating_add(frozen.away) >= seats
}

/// Whether a route can be taken at all: advice needs a proposal, a panel its people.
fn possible(playbook: &Playbook, frozen: &RouteInputs, route: Route) -> bool {
    match route {
        Route::Assist | Route::Blind => !frozen.proposals.is_empty() || frozen.awaited,
        Route::Panel => frozen.roster >= u64::from(playbook.routing.panel.max(1)),
        Route::Unaided => true,
        Route::Automate | Route::Hold => false,
    }
}

/// The cheapest allowed way for people to decide. Another one than the default needs enough cases behind it, and so does the default:
/// what is not known is no reason to change.
fn cheapest(arms: &[RouteArm], allowed: &[Route], default: Route) -> Route {
    let known = |route: Route| arms.iter().find(|arm| arm.route == route && arm.n >= DEPART_ROWS_MIN);
    let Some(first) = known(default) else { return default };
    let others = allowed.iter().filter_map(|route| known(*route));
    others.fold(first, |best, arm| if arm.cost < best.cost { arm } else { best }).route
}

fn cost(arms: &[RouteArm], route: Route) -> Option<MicroUnits> {
    arms.iter().find(|arm| arm.route == route).map(|arm| arm.cost)
}

/// What people are expected to cost on the way that would be chosen for them, where it is known.
pub(crate) fn people_cost(playbook: &Playbook, arms: &[RouteArm]) -> Option<MicroUnits> {
    let people: Vec<Route> = playbook.routing.choose.iter().copied().filter(|r| !matches!(r, Route::Automate | Route::Hold)).collect();
    let default = match playbook.routing.default {
        Route::Automate | Route::Hold => Route::Assist,
        other => other,
    };
    cost(arms, cheapest(arms, &people, default))
}

/// Draws against shares; what was drawn is kept, whichever way it fell.
struct Draws {
    drawn: Vec<(Cow<'static, str>, Drawn)>,
    used: Vec<Draw>,
}

impl Draws {
    fn take(&mut self, purpose: &str, share: u32) -> Option<Drawn> {
        // The first experiments all drew for one purpose, and what they recorded is derived again.
        let is = |known: &str| known == purpose || (known == DRAW_EXPERIMENT && purpose_kind(purpose) == DRAW_EXPERIMENT);
        let (known, drawn) = self.drawn.iter().find(|(known, _)| is(known)).filter(|_| share > 0)?;
        self.used.push(Draw { purpose: known.to_string(), epoch: drawn.epoch, value: drawn.value, share });
        Some(*drawn)
    }

    /// Whether the draw falls into the share.
    fn falls(&mut self, purpose: &str, share: u32) -> bool {
        // Without a committed key an audit cannot be drawn: then everything is audited, and nothing is automated unseen.
        self.take(purpose, share).map_or(purpose == DRAW_AUDIT, |drawn| drawn.value < share)
    }

    /// One of `ways` by lot, where the draw falls into the share.
    fn lot(&mut self, purpose: &str, share: u32, ways: usize) -> Option<usize> {
        let drawn = self.take(purpose, if ways > 1 { share } else { 0 })?;
        let at = u64::from(drawn.value) * u64::try_from(ways).unwrap_or(u64::MAX) / u64::from(share);
        (drawn.value < share).then_some(usize::try_from(at).unwrap_or(usize::MAX))
    }
}

/// Whether the case may be automated, and if not, why.
struct Automation<'i> {
    /// What would be answered: the covered proposal, or the surest by its own word, the first of equals.
    surest: Option<&'i RouteProposal>,
    /// The certificate that covers it.
    certificate: Option<&'i str>,
    /// What stands in the way.
    refused: Option<&'static str>,
    /// Whether all that the certificate covers costs more than people's time; `None`: it is asked case by case.
    costlier: Option<bool>,
}

impl<'i> Automation<'i> {
    fn of(router_version: u32, playbook: &Playbook, frozen: &'i RouteInputs, ruled: bool) -> Self {
        let none = Self { surest: None, certificate: None, refused: None, costlier: None };
        if playbook.routing.automate.is_none() {
            return none;
        }
        let measured = frozen.measured.as_ref();
        let covered = measured.and_then(|m| Some((m.certificate.as_ref()?, frozen.proposals.iter().find(|p| Some(p.id) == m.proposal)?)));
        let surest = covered.map(|(_, p)| p).or_else(|| frozen.proposals.iter().rev().max_by_key(|proposal| proposal.probability));
        let Some(surest) = surest else { return none };
        let reaches = |stop: &StopScope| match stop {
            StopScope::Workspace | StopScope::Playbook(_) => true,
            StopScope::Proposer(proposer) => *proposer == surest.proposer,
        };
        let certificate = covered.map(|(certificate, _)| certificate);
        let refused = match certificate {
            _ if frozen.stops.iter().any(reaches) && !on(Sabotage::StopIgnored) => Some("stopped"),
            None => Some("no_certificate"),
            Some(_) if frozen.forbidden.is_some() && !on(Sabotage::WorkspaceRulesIgnored) => Some("forbidden"),
            Some(_) if ruled => Some("rule"),
            Some(certificate) if certificate.now >= certificate.expires_at && !on(Sabotage::ExpiredCertificate) => Some("expired"),
            Some(_) => None,
        };
        let costlier = certificate.filter(|_| router_version > ROUTER_VERSION_BY_CASE).map(|certificate| certificate.costlier);
        Self { surest: Some(surest), certificate: certificate.map(|c| c.id.as_str()), refused, costlier }
    }

    /// Whether automation costs no more than what people would do.
    fn worth(&self, measured: &RouteMeasured, people: Route) -> bool {
        let (ai, people) = (cost(&measured.arms, Route::Automate), cost(&measured.arms, people));
        match (self.costlier, ai, people) {
            (Some(costlier), ..) => !costlier,
            (None, Some(ai), Some(people)) => ai <= people,
            // A certificate without a price beside it: the promise alone decides.
            (None, ..) => true,
        }
    }
}

/// Derives a recorded route again from its own frozen inputs and the playbook's version, to the last bit.
///
/// # Errors
/// [`Error`] says what differs, or why it cannot be derived.
pub fn explain(routed: &CaseRouted, playbook: &Playbook) -> Result<(), Error> {
    let frozen = routed.inputs.clone().ok_or(Error::NoInputs)?;
    match routed.router_version {
        ROUTER_VERSION | ROUTER_VERSION_UNATTENDED => {}
        ROUTER_VERSION_BY_CASE if frozen.experiment.is_none() => {}
        ROUTER_VERSION_UNMEASURED if frozen.measured.is_none() && frozen.experiment.is_none() => {}
        other => return Err(Error::Version(other)),
    }
    let (recorded, rules) = (frozen.rules.len(), playbook.routing.rules.len());
    let complete = match frozen.rules.iter().position(|holds| *holds) {
        Some(at) => at + 1 == recorded && recorded <= rules,
        None => recorded == rules,
    };
    if !complete {
        return Err(Error::Verdicts { recorded, rules });
    }
    let again = route_as(
        routed.router_version,
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
            drawn: routed.draws.iter().map(drawn).collect(),
            frozen,
        },
    );
    let same = [
        ("route", again.route == routed.route),
        ("reason", again.reason == routed.reason),
        ("rule", again.rule == routed.rule),
        ("draws", again.draws == routed.draws),
        ("would_automate", again.would_automate == routed.would_automate),
        ("assigned", again.assigned == routed.assigned),
        ("seats", again.seats == routed.seats),
    ];
    same.iter().find(|(_, same)| !same).map_or(Ok(()), |(member, _)| Err(Error::Differs { member }))
}

/// A recorded draw, as it was handed in.
pub(crate) fn drawn(draw: &Draw) -> (Cow<'static, str>, Drawn) {
    (Cow::Owned(draw.purpose.clone()), Drawn { epoch: draw.epoch, value: draw.value })
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
pub(crate) fn condition_holds(condition: &Condition, fields: &BTreeMap<String, Content>) -> bool {
    test_holds(&condition.test, fields.get(&condition.field))
}

/// Whether a value is as a test wants it.
pub(crate) fn test_holds(test: &Test, value: Option<&Content>) -> bool {
    let value = match value {
        None | Some(Content::Plain(Value::Null)) => return *test == Test::Missing,
        Some(Content::Sealed(_)) => return false,
        Some(Content::Plain(value)) => value,
    };
    let compared = |limit: &Decimal| number(value).map(|number| decimals::compare(&number, limit));
    match test {
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
