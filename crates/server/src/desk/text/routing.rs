//! The words of the pages about changing a routing.

use countersign_app::{
    routing::{DraftView, RehearsedView},
    track::Figure,
};

pub const TITLE: &str = "Routing, today and drafted";
pub const LEAD: &str = "A draft changes nothing by itself. It is rehearsed over past cases, a second person approves it, and then it is live for whatever comes in. What waits keeps the version that it came under.";
pub const TODAY: &str = "Today";
pub const NO_ROUTING: &str = "(the playbook says nothing of routing: people decide, with advice)";
pub const NONE: &str = "No draft was written yet";
pub const NONE_LEAD: &str = "Change the text below, say what it is for, and see what it would have done.";
pub const WRITE: &str = "Write a draft";
pub const TEXT: &str = "Routing, as TOML";
pub const FOR_WHAT: &str = "What it is for";
pub const SAVE: &str = "Keep this draft";
pub const DRAFT: &str = "Draft of a routing";
pub const BY: &str = "by";
pub const CHANGES: &str = "What it changes";
pub const REHEARSAL: &str = "What it would have done";
pub const NOT_REHEARSED: &str = "It was not rehearsed yet. Nothing is approved whose effect nobody has looked at.";
pub const REHEARSE: &str = "Rehearse it over past cases";
pub const AGAIN: &str = "Rehearse it again";
pub const APPROVE: &str = "Approve: live at once";
pub const STALE: &str = "The playbook has a newer version: draft it anew";
pub const STALE_LEAD: &str = "What it changes is no longer today's routing, so it can be neither rehearsed nor approved.";
pub const OWN: &str = "You wrote this draft: a second person has to approve it.";
pub const WITHDRAW: &str = "Withdraw";
pub const WITHDRAW_HINT: &str = "Why it will not be used";
pub const BACK: &str = "Go back to the routing from before";
pub const BACK_HINT: &str = "Why it is undone";
pub const BACK_LEAD: &str = "One step back needs no second person: it leads to what was in force before.";
pub const ROUTE: &str = "Way";
pub const FIRST_DAY: &str = "Draft, at first";
pub const CERTIFIED: &str = "Draft, certified again";
pub const ERRORS: &str = "Expected errors";
pub const COST: &str = "Expected cost of a case";
pub const UNMEASURED: &str = "Never measured";
pub const HOW: &str = "The same router as for live cases, with the same draws. Expected by what the track record measured of each way, 95 % intervals. Where the record chooses the ways, the same estimates choose and price them, so that they look better than they are. Under a new version every certificate has to be earned again, so that nothing is automated at first.";
pub const HOW_PLAIN: &str = "The same router as for live cases, with the same draws. Expected by what the track record measured of each way, 95 % intervals. Where the record chooses the ways, the same estimates choose and price them, so that they look better than they are.";
pub const SHARES: &str = "Where cases would go";

/// How a draft ended, of a routing or of rules; none while it is open.
#[must_use]
pub fn ended(state: &str, approved_by: Option<&str>, version: Option<u64>, in_force: bool) -> Option<String> {
    match state {
        "approved" => Some(format!(
            "Approved by {} as version {}{}",
            approved_by.unwrap_or(super::NAMELESS),
            version.unwrap_or(0),
            if in_force { ", in force" } else { "" }
        )),
        "rolled_back" => Some("Approved, and rolled back since".into()),
        "withdrawn" => Some("Withdrawn".into()),
        _ => None,
    }
}

/// Where a draft stands.
#[must_use]
pub fn state(view: &DraftView) -> String {
    ended(&view.state, view.approved_by.as_deref(), view.version, view.in_force).unwrap_or_else(|| {
        let open = if view.rehearsed.is_some() { "Waits for a second person" } else { "Waits for its rehearsal" };
        if view.stale { STALE } else { open }.into()
    })
}

/// What moves.
#[must_use]
pub fn moved(rehearsed: &RehearsedView, at: &str) -> String {
    format!(
        "Of the latest {} decided cases {} would go another way. Rehearsed {at}.",
        super::thousands(rehearsed.cases),
        super::thousands(rehearsed.moved)
    )
}

/// Cases and their share.
#[must_use]
pub fn share(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A cost with its interval.
#[must_use]
pub fn cost(figure: &Figure) -> String {
    format!("{:.3} [{:.3}, {:.3}]", figure.value, figure.low, figure.high)
}
