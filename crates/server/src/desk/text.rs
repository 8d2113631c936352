//! Every English word of the desk, in one place, so that it can be read as a whole and said in another language one day. Holds no
//! markup and no logic beyond choosing a word.

pub mod parts;

use crate::problem::Kind;
use countersign_core::refusal::Code;

pub const PRODUCT: &str = "Countersign";
pub const SKIP_TO_MAIN: &str = "Skip to the main part";
pub const TABS: &str = "Places";
pub const TAB_QUEUE: &str = "Queue";
pub const TAB_RECENT: &str = "Recent";
pub const TAB_PAIR: &str = "Pair";
pub const TAB_PLAYBOOKS: &str = "Playbooks";
pub const TAB_LEDGER: &str = "Ledger";
pub const NAMELESS: &str = "(name erased)";
pub const REQUEST: &str = "Request";
pub const TO_QUEUE: &str = "To the queue";

// Signing in and out.
pub const SIGN_IN: &str = "Sign in";
pub const SIGN_OUT: &str = "Sign out";
pub const SIGNED_OUT: &str = "You are signed out";
pub const SIGNED_OUT_DETAIL: &str = "Nobody is signed in at this desk, or the session is over.";
pub const SIGNED_OUT_LEAD: &str = "What you had typed and not sent stays in this tab until you close it.";
pub const SIGN_IN_HOW: &str = "Whoever runs this workspace makes a link for you, which works once and for 15 minutes:";
pub const SIGN_IN_COMMAND: &str = "countersign desk link --person \"Your Name\"";
pub const SIGN_IN_AS: &str = "Sign in as";
pub const SIGN_IN_TO: &str = "Workspace";
pub const SIGN_IN_ONCE: &str = "This link works once. It ends with this step.";
pub const LINK_OVER: &str = "This link no longer works";
pub const LINK_OVER_LEAD: &str = "It was used already, or its 15 minutes are over.";
pub const FORM_FOREIGN: &str = "This was not sent from one of our own pages, or from one of an earlier session. Nothing was done. Go back, load the page again, and send it once more.";

/// What a kind of problem means at the desk, and what to do about it.
#[must_use]
pub fn problem(kind: Kind) -> (&'static str, &'static str) {
    let Kind::Refused(code) = kind else {
        return match kind {
            Kind::RequestTimeout => ("It did not come through in time", "Send it again. Nothing was written."),
            _ => ("The desk does not take this", "Go back to the page you came from."),
        };
    };
    match code {
        Code::Unauthenticated => (SIGNED_OUT, SIGNED_OUT_LEAD),
        Code::Forbidden => ("This is not yours to do", "Somebody with another role may do it."),
        Code::NotIndependent => ("Your answer would not be independent", "Somebody else answers on this case. Take the next one."),
        Code::NotFound => ("There is nothing here", "It may have been moved, or the address is not whole."),
        Code::TooLarge => ("That is too much at once", "Send less. What you typed is still in the page you came from."),
        Code::Claimed => ("Somebody else is on this case", "Take the next one."),
        Code::NotClaimed | Code::ShownTokenInvalid => ("The case moved on while it was open", "Look at it again before you answer."),
        Code::WrongState | Code::Conflict | Code::StaleVersion => ("The case is not where it was", "Look at it as it stands now."),
        Code::GraceOver | Code::AlreadyActed => ("It is too late to undo this", "Correct it or appeal: both are on the case's page."),
        Code::AlreadyRevealed => ("Your first answer stands", "It cannot be changed once the advice was shown."),
        Code::Busy => ("The server is busy", "Wait a moment, go back, and send it again. Nothing was written."),
        Code::Storage | Code::Internal => {
            ("Something went wrong on our side", "Go back and try again. If it stays like this, tell whoever runs this workspace.")
        }
        _ => ("This cannot be done as it was sent", "Go back, change it, and send it again. Nothing was written."),
    }
}
