//! The words about who is away.

pub const AWAY: &str = "Away";
pub const LEAD: &str =
    "Whole days, in UTC. Nobody counts on somebody who is away: a panel that those who are there cannot fill waits, and says so.";
pub const FROM: &str = "First day";
pub const UNTIL: &str = "Last day";
pub const STAND_IN: &str = "Who stands in";
pub const STAND_IN_LEAD: &str = "Colleagues are told whom to turn to. Nothing is lent to whoever stands in: no role, and no signature.";
pub const NOBODY: &str = "nobody";
pub const SAY: &str = "Say so";
pub const BACK: &str = "There again";
pub const NO_DAY: &str = "name the day, as in 2026-12-24";
pub const NOBODY_LIKE_IT: &str = "nobody of this team is meant by that";

/// When somebody is away.
#[must_use]
pub fn told(from: &str, until: &str, stand_in: Option<&str>) -> String {
    match stand_in {
        Some(name) => format!("Away from {from} until {until}. {name} stands in."),
        None => format!("Away from {from} until {until}. Nobody stands in."),
    }
}

/// The same in a table.
#[must_use]
pub fn short(until: &str) -> String {
    format!("away until {until}")
}
