//! The words of stopping and resuming automation.

use countersign_app::view::{ResumeView, StopView};

pub const TITLE: &str = "Stop and resume";
pub const LEAD: &str = "Anybody stops automation, at once and on every node. Two people resume it: one asks, and another one confirms.";
pub const NOTHING: &str = "Nothing is stopped.";
pub const STOP_HEAD: &str = "Stop automation";
pub const STOP_LEAD: &str = "From then on people decide every case that it reaches, those in flight included.";
pub const WHERE: &str = "Where";
pub const EVERYWHERE: &str = "Everywhere in this workspace";
pub const PROPOSER: &str = "Or one proposer, by name";
pub const TO_RESUME: &str = "to resume";
pub const LINK: &str = "Stop and resume";
pub const KEEP: &str = "Keep it stopped";
pub const KEPT: &str = "what was asked to resume was turned down at the desk";
pub const RESUME_ALONE: &str = "Resume automation";
pub const RESUME_ASK: &str = "Ask to resume";
pub const RESUME_CONFIRM: &str = "Confirm and resume";
pub const ALONE: &str = "Nobody else here counts as a second person, so that you resume it by yourself. The record says so.";
pub const ASKS: &str = "It stays stopped until somebody else confirms what you ask.";
pub const OWN: &str = "Somebody else has to confirm it; until then it stays stopped.";
pub const CONFIRMS: &str = "With your confirmation it runs again.";

/// Where it is stopped, as a head.
#[must_use]
pub fn place(stop: &StopView) -> String {
    match (stop.scope.as_str(), &stop.name) {
        ("playbook", Some(name)) => format!("Stopped for {name}"),
        ("proposer", Some(name)) => format!("Stopped for whatever rests on {name}"),
        _ => "Stopped everywhere in this workspace".into(),
    }
}

/// What is stopped, in a sentence of which the head is said already.
#[must_use]
pub fn told(stop: &StopView) -> String {
    let place = match (stop.scope.as_str(), &stop.name) {
        ("playbook", Some(name)) => format!("for {name}"),
        ("proposer", Some(name)) => format!("for whatever rests on {name}"),
        _ => "for the whole workspace".into(),
    };
    match &stop.resume {
        Some(asked) => format!("{place}. {} to resume it, and somebody else has to confirm that.", who(asked, false)),
        None => format!("{place}. People decide every case until it is resumed."),
    }
}

/// Who asked.
#[must_use]
pub fn who(asked: &ResumeView, own: bool) -> String {
    if own { "You asked".into() } else { format!("{} asks", asked.name.as_deref().unwrap_or("Somebody")) }
}
