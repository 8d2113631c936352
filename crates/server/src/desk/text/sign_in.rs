//! The words about accounts at providers and about passwords.

use countersign_app::password::PASSWORD_CHARS_MIN;

pub const LEAVING: &str = "One moment";
pub const LEAVING_LEAD: &str = "You go on to sign in there, and come back here.";
pub const BACK_CONFIRMED: &str = "It is you";
pub const BACK_CONFIRMED_LEAD: &str = "Close this tab, and go on where you were.";
pub const LEFT: &str = "Nobody was signed in";
pub const NAME: &str = "Your name, or your e-mail address";
pub const WAY: &str = "a password";
pub const PASSWORD: &str = "Password";
pub const NO_PROVIDER: &str = "no provider of this name is set up here";
pub const NO_PASSWORDS: &str = "passwords are not taken here";
pub const NO_ANSWER: &str = "this is no answer of a provider: begin again with signing in";
pub const STALE: &str = "this is done right after signing in by a link, or after proving who you are: ask for a new link";

pub const ACCOUNTS: &str = "Accounts elsewhere";
pub const ACCOUNTS_LEAD: &str =
    "Sign in here with an account that you have elsewhere. Nothing of it is kept but which one it is, as a hash.";
pub const ACCOUNT: &str = "Account";
pub const LINKED: &str = "Linked";
pub const UNLINK: &str = "Unlink";
pub const NOT_SET_UP: &str = "(no longer set up here)";

pub const PASSWORD_HEAD: &str = "Password";
pub const PASSWORD_NONE: &str = "You have none. A passkey is safer: nobody can guess it, and no other site can ask you for it.";
pub const PASSWORD_HAS: &str = "You have one. Setting another signs you out everywhere else.";
pub const PASSWORD_NEW: &str = "New password";
pub const PASSWORD_SET: &str = "Set it";
pub const PASSWORD_REMOVE: &str = "Remove the password";

pub const CONFIRM_LEAD: &str = "This asks you to sign in anew, for five minutes from then on. Nothing was done yet.";
pub const CONFIRM_ARRIVAL: &str =
    "Changing how you sign in asks you to sign in anew. Who cannot asks for a new link, and signs in by that.";
pub const CONFIRM_THEN: &str = "It opens another tab. When you are done there, come back to this one.";
pub const CONFIRM_GO_ON: &str = "I have signed in anew: go on";
pub const CONFIRM_PASSWORD: &str = "Confirm";

/// The button that leads to a provider.
#[must_use]
pub fn by(label: &str) -> String {
    format!("Sign in with {label}")
}

/// The link that leads there, where the browser does not go by itself.
#[must_use]
pub fn go_on_to(label: &str) -> String {
    format!("Go on to {label}")
}

/// The button of an invitation that leads there.
#[must_use]
pub fn accept_by(label: &str) -> String {
    format!("Sign in, and link your account at {label}")
}

/// The button that links an account.
#[must_use]
pub fn link(label: &str) -> String {
    format!("Link an account at {label}")
}

/// The button that asks for a proof there.
#[must_use]
pub fn anew(label: &str) -> String {
    format!("Sign in anew with {label}")
}

/// What opened a session.
#[must_use]
pub fn session_by(label: &str) -> String {
    format!("by {label}")
}

/// What a password has to be like.
#[must_use]
pub fn password_hint() -> String {
    format!("At least {PASSWORD_CHARS_MIN} characters. A few words that nobody would put together are easy to keep in mind.")
}

/// Whoever turned back at the provider.
#[must_use]
pub fn left(label: &str) -> String {
    format!("{label} did not sign you in, or you turned back there.")
}

/// Where it cannot be reached.
#[must_use]
pub fn unreachable(label: &str) -> String {
    format!("{label} cannot be reached at present, or does not answer as it should: try again in a minute, or sign in otherwise")
}

/// Where what it says does not hold.
#[must_use]
pub fn does_not_hold(label: &str) -> String {
    format!("what {label} said does not hold, so nothing was done: begin again with signing in")
}
