//! A drafted routing for people: both texts, what its rehearsal came to, and where it stands. Computes nothing.

use super::section;
use crate::control::Control;
use countersign_core::{
    event::{Interval, PolicyFigures, RoutingRehearsed},
    id::{EventId, PersonId},
    number::ONE_BILLIONTHS,
    time::format_rfc3339,
};
use countersign_engine::workspace::{DraftFacts, DraftStanding};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::track::Figure;

/// How many cases would go one way.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RouteShareView {
    /// The route.
    pub route: String,
    /// Cases.
    pub cases: u64,
    /// Their share.
    pub share: f64,
}

/// What a routing would have come to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PolicyView {
    /// Cases by route.
    pub routes: Vec<RouteShareView>,
    /// Expected share of errors; absent where too little was measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Figure>,
    /// Expected cost of a case, in the playbook's units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Figure>,
    /// Cases whose way was never measured, so that nothing is expected of them.
    pub unmeasured: u64,
}

/// What a rehearsal came to.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RehearsedView {
    /// When (RFC 3339).
    pub at: String,
    /// Past cases.
    pub cases: u64,
    /// How many of them would go another way.
    pub moved: u64,
    /// The version of the track record that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// Today's routing.
    pub today: PolicyView,
    /// The draft on its first day: certificates have to be earned again.
    pub draft: PolicyView,
    /// The draft once they have been earned again, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certified: Option<PolicyView>,
}

/// A drafted routing.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DraftView {
    /// Its id.
    pub draft: Uuid,
    /// The playbook.
    pub playbook: String,
    /// The version that it changes.
    pub base: u64,
    /// Who wrote it; absent where their name was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The same, as an id.
    pub person_id: Uuid,
    /// What it is for.
    pub reason: String,
    /// When it was written (RFC 3339).
    pub drafted: String,
    /// `open`, `approved`, `rolled_back` or `withdrawn`.
    pub state: String,
    /// The version of the playbook that it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// Who approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// Whether one step leads back from it now.
    pub in_force: bool,
    /// Whether it is open and the playbook has a newer version than it changes: it can only be withdrawn, and drafted anew.
    pub stale: bool,
    /// The routing that it changes, as TOML.
    pub today: String,
    /// The drafted routing, as TOML.
    pub routing: String,
    /// What its rehearsal came to; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rehearsed: Option<RehearsedView>,
}

/// A draft as people see it.
pub(super) fn of(control: &Control, (id, facts): (EventId, &DraftFacts), base: &str) -> DraftView {
    let drafted = &facts.drafted;
    let name = |person: PersonId| control.names.iter().find(|(_, known)| **known == person).map(|(name, _)| name.clone());
    let (state, version, approved_by) = match facts.standing {
        DraftStanding::Open => ("open", None, None),
        DraftStanding::Approved { version, person, .. } => ("approved", Some(version), name(person)),
        DraftStanding::RolledBack { version, .. } => ("rolled_back", Some(version), None),
        DraftStanding::Withdrawn => ("withdrawn", None, None),
    };
    DraftView {
        draft: id.0,
        playbook: control.playbook_name(drafted.playbook),
        base: drafted.base,
        person: name(drafted.person),
        person_id: drafted.person.0,
        reason: drafted.reason.clone(),
        drafted: format_rfc3339(facts.drafted_at),
        state: state.into(),
        version,
        approved_by,
        stale: facts.standing == DraftStanding::Open && control.playbook_version(drafted.playbook) != drafted.base,
        in_force: control.state.draft_in_force(drafted.playbook).is_some_and(|(draft, _)| draft == id),
        today: section::taken(base),
        routing: section::taken(drafted.source.as_plain_str().unwrap_or_default()),
        rehearsed: facts.rehearsed.as_ref().map(|(at, body)| rehearsed(*at, body)),
    }
}

fn rehearsed(at: i64, body: &RoutingRehearsed) -> RehearsedView {
    RehearsedView {
        at: format_rfc3339(at),
        cases: body.cases,
        moved: body.moved,
        record: body.record,
        today: policy(&body.today, body.cases),
        draft: policy(&body.draft, body.cases),
        certified: body.certified.as_ref().map(|figures| policy(figures, body.cases)),
    }
}

fn policy(figures: &PolicyFigures, cases: u64) -> PolicyView {
    let share = |of: u64| if cases > 0 { of as f64 / cases as f64 } else { 0.0 };
    let routes = figures.routes.iter();
    PolicyView {
        routes: routes.map(|of| RouteShareView { route: of.route.as_str().into(), cases: of.cases, share: share(of.cases) }).collect(),
        error: figures.error.as_ref().map(|interval| figure(interval, f64::from(ONE_BILLIONTHS))),
        cost: figures.cost.as_ref().map(|interval| figure(interval, 1e6)),
        unmeasured: figures.unmeasured,
    }
}

fn figure(interval: &Interval, unit: f64) -> Figure {
    let told = |value: i64| value as f64 / unit;
    Figure { value: told(interval.value), low: told(interval.low), high: told(interval.high), n: interval.n }
}
