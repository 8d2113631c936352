//! A routing run over past cases: where each would go, and what that is expected to come to by what was measured of each way. The same
//! router as for live cases. It changes no case, and of ways that were never measured it says nothing. Where the record chooses the ways,
//! the same estimates choose and price them: what was chosen looks better than it is, the more so the fewer cases are behind it.

use crate::{
    context::Drawn,
    route::{self, Cause, Inputs},
    track::{Proposed, Published},
};
use countersign_core::{
    Content,
    content::Digest,
    event::{Interval, PolicyFigures, Route, RouteCount, RouteInputs},
    id::EventId,
    number::{MicroUnits, Micros, ONE_BILLIONTHS},
    playbook::Playbook,
};
use countersign_science::{arms::Arm, math, special::z_two_sided};
use std::{borrow::Cow, collections::BTreeMap};

/// Level of the intervals.
const LEVEL: f64 = 0.95;
/// Cases, and cases with a known outcome behind what is expected of them, before anything is said.
const CASES_MIN: u64 = 20;

/// A proposal of a past case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastProposal {
    /// Its id.
    pub id: EventId,
    /// Its proposer.
    pub proposer: String,
    /// Its exact version.
    pub version: String,
    /// Its probability for its own answer, in billionths.
    pub probability: Option<u32>,
    /// The label of its answer, by which signatures are counted.
    pub label: String,
}

/// A past case as it came in.
#[derive(Debug, Clone, PartialEq)]
pub struct PastCase {
    /// Its fields.
    pub fields: BTreeMap<String, Content>,
    /// Their digest.
    pub content_digest: Digest,
    /// What was proposed when it was routed first.
    pub proposals: Vec<PastProposal>,
    /// Its draws, by purpose.
    pub drawn: Vec<(Cow<'static, str>, Drawn)>,
}

/// What a routing would have done.
#[derive(Debug, Clone, PartialEq)]
pub struct Rehearsed {
    /// The route of each case.
    pub routes: Vec<Route>,
    /// What they come to.
    pub figures: PolicyFigures,
}

/// What is expected of a case, and how well that is known.
#[derive(Clone, Copy)]
struct Expected {
    route: Route,
    error: f64,
    cost: f64,
    /// What an error costs here.
    price: f64,
    /// Cases behind it.
    n: u64,
}

/// Runs the routing of a version of a playbook over past cases. Certificates of the record hold where they are of this version.
#[must_use]
pub fn rehearse(
    (playbook, version): (&Playbook, u64),
    record: Option<&Published>,
    cases: &[PastCase],
    (roster, now): (u64, Micros),
) -> Rehearsed {
    let mut routes = Vec::with_capacity(cases.len());
    let mut expected = Vec::with_capacity(cases.len());
    for case in cases {
        let proposed = |p: &PastProposal| (p.clone(), playbook.signatures_for(&p.label));
        let known: Vec<(PastProposal, u32)> = case.proposals.iter().map(proposed).collect();
        let proposals: Vec<Proposed<'_>> = known
            .iter()
            .map(|(p, signatures)| Proposed {
                id: p.id,
                proposer: &p.proposer,
                version: &p.version,
                probability: p.probability,
                signatures: *signatures,
            })
            .collect();
        let measured = record.map(|known| known.record.assess(known.digest, (playbook, version), &case.fields, &proposals, now));
        let frozen = RouteInputs {
            away: 0,
            rules: route::verdicts(&playbook.routing.rules, &case.fields),
            proposals: proposals.iter().map(|p| route::frozen_proposal(p.id, p.proposer, p.probability)).collect(),
            awaited: false,
            awaited_until: None,
            roster,
            stops: Vec::new(),
            forbidden: None,
            measured: measured.clone(),
            experiment: None,
            learning: None,
        };
        let inputs = Inputs {
            playbook_version: version,
            content_digest: case.content_digest,
            cause: Cause::Content,
            role: None,
            drawn: case.drawn.clone(),
            frozen,
        };
        let routed = route::route(playbook, inputs);
        routes.push(routed.route);
        let arm = measured.as_ref().and_then(|m| m.arms.iter().find(|arm| arm.route == routed.route).cloned());
        let price = record.zip(measured.as_ref()).map_or(playbook.costs.error_default, |(known, m)| {
            error_price(known, playbook, m.region, m.top.or(m.chance).unwrap_or(0), routed.route)
        });
        expected.extend(arm.filter(|arm| arm.n > 0).map(|arm| Expected {
            route: routed.route,
            error: 1.0 - f64::from(arm.chance) / f64::from(ONE_BILLIONTHS),
            cost: arm.cost as f64,
            price: price as f64,
            n: arm.n,
        }));
    }
    let figures = figures(&routes, &expected);
    Rehearsed { routes, figures }
}

/// What an error of a way is expected to cost where a case lies.
fn error_price(known: &Published, playbook: &Playbook, region: u32, top: u32, route: Route) -> MicroUnits {
    let record = &known.record;
    let bin = record.arms.as_ref().map(|arms| arms.bin(top));
    let bins = record.prices.error.get(usize::try_from(region).unwrap_or(usize::MAX));
    let arm = Arm::ALL.into_iter().position(|arm| crate::track::route_of(arm) == route);
    let price = bins.and_then(|bins| bins.get(bin?)).and_then(|prices| prices.get(arm?)).copied();
    price.unwrap_or(playbook.costs.error_default)
}

fn figures(routes: &[Route], expected: &[Expected]) -> PolicyFigures {
    let all = [Route::Automate, Route::Assist, Route::Blind, Route::Unaided, Route::Panel, Route::Hold];
    let counts = all.map(|route| RouteCount { route, cases: routes.iter().filter(|taken| **taken == route).count() as u64 });
    let error = expected.iter().map(|case| (case, case.error, 1.0));
    let cost = expected.iter().map(|case| (case, case.cost, case.price));
    PolicyFigures {
        routes: counts.into_iter().filter(|count| count.cases > 0).collect(),
        error: mean(&error.collect::<Vec<_>>()).map(|found| whole(found, f64::from(ONE_BILLIONTHS), (0.0, 1.0))),
        cost: mean(&cost.collect::<Vec<_>>()).map(|found| whole(found, 1.0, (0.0, f64::MAX))),
        unmeasured: (routes.len() - expected.len()) as u64,
    }
}

/// A mean over cases: its value, the half of its interval, and how many cases it rests on: the rehearsed ones, or those behind what is
/// expected of them (their harmonic mean, as the variance has it), whichever are fewer. Two things are not known: which cases come, and
/// how good each way is; for the latter all cases of a way are taken to rest on the same rows, so that their errors do not cancel.
fn mean(cases: &[(&Expected, f64, f64)]) -> Option<(f64, f64, u64)> {
    let n = cases.len() as f64;
    let behind = n / math::sum(cases.iter().map(|(case, ..)| 1.0 / case.n as f64));
    // Saturates, and is 0 where there is no case.
    let rests_on = (cases.len() as u64).min(behind as u64);
    if rests_on < CASES_MIN {
        return None;
    }
    let value = math::sum(cases.iter().map(|(_, value, _)| *value)) / n;
    let spread = math::sum(cases.iter().map(|(_, each, _)| (each - value) * (each - value))) / (n - 1.0) / n;
    let mut by_way: BTreeMap<&'static str, f64> = BTreeMap::new();
    for (case, _, price) in cases {
        // Half an error more, so that a way without any is not taken to be sure.
        let rows = case.n as f64;
        let error = (case.error * rows + 0.5) / (rows + 1.0);
        *by_way.entry(case.route.as_str()).or_default() += price * math::sqrt(error * (1.0 - error).max(0.0) / rows) / n;
    }
    let ways = math::sum(by_way.values().map(|deviation| deviation * deviation));
    Some((value, z_two_sided(LEVEL) * math::sqrt(spread + ways), rests_on))
}

fn whole((value, half, n): (f64, f64, u64), unit: f64, (least, most): (f64, f64)) -> Interval {
    // Saturates: what is out of range for whole numbers is out of range for any use.
    let whole = |value: f64| (value.clamp(least, most) * unit).round() as i64;
    Interval { value: whole(value), low: whole(value - half), high: whole(value + half), n }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(n: u64, error: f64) -> Expected {
        Expected { route: Route::Assist, error, cost: error, price: 1.0, n }
    }

    fn told(cases: &[Expected]) -> Option<(f64, f64, u64)> {
        mean(&cases.iter().map(|case| (case, case.error, 1.0)).collect::<Vec<_>>())
    }

    #[test]
    fn a_rehearsal_rests_on_no_more_than_was_measured() {
        // By hand: cases alike do not spread; of 400 rows one tenth is wrong, (40 + 1/2) / 401.
        let (value, half, n) = told(&vec![case(400, 0.1); 300]).unwrap();
        let rate: f64 = 40.5 / 401.0;
        assert!(
            (value - 0.1).abs() < 1e-12 && (half - 1.959_963_984_540_054 * (rate * (1.0 - rate) / 400.0).sqrt()).abs() < 1e-9,
            "{half}"
        );
        assert_eq!(n, 300);
        // However many cases are rehearsed, 30 rows are behind each of them.
        assert_eq!(told(&vec![case(30, 0.1); 3_000]).unwrap().2, 30);
        let mixed: Vec<Expected> = [vec![case(30, 0.1); 150], vec![case(60, 0.1); 150]].concat();
        assert_eq!(told(&mixed).unwrap().2, 40);
    }

    #[test]
    fn too_little_is_no_figure() {
        assert!(told(&[]).is_none() && told(&vec![case(400, 0.1); 19]).is_none() && told(&vec![case(19, 0.1); 300]).is_none());
        assert!(told(&vec![case(20, 0.1); 20]).is_some());
    }
}
