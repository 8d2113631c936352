//! The words of the pair's page.

use super::parts::ago;

pub const LEAD: &str = "Out of every hundred cases whose outcome is known: how many were answered rightly by people before any advice, by the AI, and by people after its advice. Figures have their 95 % interval; where it is wide, wait.";
pub const NOTHING: &str = "Nothing to count yet";
pub const NOTHING_LEAD: &str = "Playbooks whose answer is a choice stand here as soon as they are published.";
pub const NOT_COUNTED: &str = "Not counted yet.";
pub const COUNT: &str = "Count now";
pub const LOOK_AGAIN: &str = "look again";
pub const REPORT: &str = "The whole report";
pub const OVERRIDE: &str = "Answers something else than the advice";
pub const OVER: &str = "Follows advice that is wrong";
pub const UNDER: &str = "Turns down advice that is right";
pub const SWITCH: &str = "Changes to the advice after disagreeing";
pub const NOT_YET: &str = "not enough yet";

/// What stands open and what is decided.
#[must_use]
pub fn counts(open: u64, decided: u64) -> String {
    format!("{} open · {} decided", super::thousands(open), super::thousands(decided))
}

/// When it was counted, and over how much.
#[must_use]
pub fn held(micros: i64, n: u64) -> String {
    format!("Counted {} over {} answers whose outcome is known.", ago(micros), super::thousands(n))
}

/// A share with its interval, in percent.
#[must_use]
pub fn rate(value: f64, low: f64, high: f64, n: u64) -> String {
    format!("{:.0} % [{:.0}, {:.0}], n = {}", 100.0 * value, 100.0 * low, 100.0 * high, super::thousands(n))
}
