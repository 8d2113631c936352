//! The words of what a person keeps for themselves: views of the queue by name, how long they have worked, a pause.

use countersign_app::queue::Age;
use countersign_core::{event::Route, number::Micros};

pub const VIEWS: &str = "Your views";
pub const NARROW: &str = "Narrow";
pub const NARROW_BUTTON: &str = "Show";
pub const WIDEN: &str = "Show all";
pub const ROUTE: &str = "Way";
pub const ANY: &str = "any";
pub const OLDER: &str = "Waiting for at least";
pub const LATE: &str = "Overdue, or soon";
pub const ASSIGNED: &str = "Assigned to me";
pub const SAVE: &str = "Keep this view";
pub const NAME: &str = "Name";
pub const NAME_HINT: &str = "Blind, older than a day";
pub const SAVE_LEAD: &str = "It stands among your views, and nobody else sees it there. Its address can be given to anybody: they see what they may see themselves. Words that were searched for are never kept.";
pub const MANAGE: &str = "Rename or delete";
pub const RENAME: &str = "Rename";
pub const DELETE: &str = "Delete";
pub const NARROWED_NONE: &str = "Nothing here that fits";
pub const NARROWED_NONE_LEAD: &str = "Of what this list has, nothing fits what it is narrowed to.";
pub const NARROWED_FURTHER: &str = "Nothing among the first that were looked at; there are more.";

pub const WORKED: &str = "Your time";
pub const WORKED_LEAD: &str = "From when you answered; kept nowhere, and there is no way for anybody else to see it.";
pub const WORKED_OFF: &str = "Nothing of people is measured here, and so is this not.";
pub const STRETCH: &str = "At a stretch";
pub const TODAY: &str = "Today (UTC)";
pub const ANSWERED: &str = "Cases answered today";
pub const NOT_AT_WORK: &str = "not at work";
pub const DUE: &str = "You have worked for";
pub const DUE_LEAD: &str = "A few minutes away from the screen would do you good.";
pub const PAUSE: &str = "Pause now";
pub const PAUSE_LEAD: &str = "What you hold waits for others meanwhile.";
pub const PAUSED: &str = "You pause. Nothing is held for you.";
pub const AFTER: &str = "Suggest a pause after";
pub const NEVER: &str = "never";
pub const KEEP: &str = "Keep";
/// Minutes that are offered; 0: never.
pub const AFTERS: [i64; 7] = [0, 30, 45, 60, 90, 120, 180];

/// How a way is called.
#[must_use]
pub fn route(route: Route) -> &'static str {
    match route {
        Route::Assist => "with advice",
        Route::Blind => "own answer first",
        Route::Unaided => "without advice",
        Route::Panel => "panel",
        Route::Hold => "held",
        Route::Automate => "automated",
    }
}

/// How long something waits.
#[must_use]
pub fn age(age: Age) -> &'static str {
    match age {
        Age::Hour => "an hour",
        Age::FourHours => "4 hours",
        Age::Day => "a day",
        Age::ThreeDays => "3 days",
        Age::Week => "a week",
    }
}

/// Minutes, as a choice.
#[must_use]
pub fn after(minutes: i64) -> String {
    if minutes == 0 { NEVER.into() } else { format!("{minutes} min") }
}

/// A time that was worked.
#[must_use]
pub fn worked(time: Micros) -> String {
    let minutes = time / 60_000_000;
    if minutes < 60 { format!("{minutes} min") } else { format!("{} h {} min", minutes / 60, minutes % 60) }
}
