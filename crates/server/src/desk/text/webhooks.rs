//! The words of the pages about addresses that are told what the leads are told.

use countersign_app::webhook::{DeliveryView, TEST};

pub const TITLE: &str = "Webhooks";
pub const LEAD: &str = "Addresses of other programs, such as a chat, that are told what the leads are told: each notice once, signed, and tried again where nobody answers. Whoever leads sees this page.";
pub const LINK: &str = "Webhooks: tell other programs too";
pub const NOT_A_LEAD: &str = "webhooks are kept by those who lead here: ask somebody with the role lead";
pub const NONE: &str = "No address is told yet";
pub const NONE_LEAD: &str = "Add one below. It is told of what happens from then on.";
pub const ADD: &str = "Add an address";
pub const ADDRESS: &str = "Address";
pub const ADDRESS_HINT: &str = "https://chat.example.org/hooks/7";
pub const ADDRESS_WANTED: &str = "write the address, as in https://chat.example.org/hooks/7";
pub const THERE_ALREADY: &str = "This address is told the same already.";
pub const TYPES: &str = "What it is told of";
pub const TYPES_LEAD: &str = "Everything, where nothing is chosen.";
pub const ALL: &str = "everything";
pub const BUTTON: &str = "Add it and show its secret";
pub const ADDED: &str = "Added";
pub const SECRET: &str = "Its secret, shown this once";
pub const SECRET_LEAD: &str = "Give it to whoever receives the messages: each bears a signature by it, as Standard Webhooks says. It is stored nowhere; who loses it has it replaced.";
pub const GO_ON: &str = "I have kept it";
pub const SECRET_SINCE: &str = "Secret";
pub const SECRET_FIRST: &str = "the first one";
pub const TEST_BUTTON: &str = "Send a test";
pub const ROTATE: &str = "Replace its secret";
pub const ROTATE_LEAD: &str =
    "A new one is shown once. For a day messages bear the signatures of both, so that its receiver can change over and loses none.";
pub const ROTATE_BUTTON: &str = "Replace it and show the new one";
pub const ROTATED_MEANWHILE: &str = "its secret was replaced since this page was opened: look at it again";
pub const REMOVE: &str = "Remove this address";
pub const REMOVE_LEAD: &str =
    "It is told of nothing more, and what became of its messages is forgotten. It can be added again, with another secret.";
pub const REMOVE_BUTTON: &str = "Remove it";
pub const MESSAGES: &str = "Messages, the latest first";
pub const NO_MESSAGES: &str = "Nothing was sent yet.";
pub const LOOK_AGAIN: &str = "Look again";
pub const MESSAGE: &str = "Message";
pub const OUTCOME: &str = "What came of it";
pub const LAST: &str = "tried last";
pub const ATTEMPTS: &str = "Attempts";
pub const RESEND: &str = "Send again";
pub const A_TEST: &str = "A test";

/// What was done just now.
#[must_use]
pub fn said(word: &str) -> Option<&'static str> {
    match word {
        "tested" => Some("A test is on its way. What becomes of it stands below."),
        "again" => Some("The message is on its way once more. What becomes of it stands below."),
        "removed" => Some("The address is removed."),
        _ => None,
    }
}

/// What a message is about.
#[must_use]
pub fn message(type_name: &str) -> &'static str {
    if type_name == TEST { A_TEST } else { super::notices::title(type_name) }
}

/// What an address is told of.
#[must_use]
pub fn told_of(types: &[String]) -> String {
    match types {
        [] => ALL.into(),
        _ => types.iter().map(|name| super::notices::title(name)).collect::<Vec<_>>().join("; "),
    }
}

/// What became of a message.
#[must_use]
pub fn state(delivery: &DeliveryView) -> String {
    match (delivery.state.as_str(), delivery.attempts, &delivery.next) {
        ("delivered", ..) => "Delivered".into(),
        ("due", 0, _) => "On its way".into(),
        ("due", _, Some(next)) => format!("Tried again {}", super::moment_of(next)),
        _ => "Given up".into(),
    }
}

/// Which secret its messages are signed with.
#[must_use]
pub fn secret_since(rotated: Option<&str>, both_until: Option<&str>) -> String {
    match (rotated, both_until) {
        (Some(rotated), Some(until)) => {
            format!(
                "since {}; until {} messages bear the signature of the one before, too",
                super::moment_of(rotated),
                super::moment_of(until)
            )
        }
        (Some(rotated), None) => format!("since {}", super::moment_of(rotated)),
        (None, _) => SECRET_FIRST.into(),
    }
}
