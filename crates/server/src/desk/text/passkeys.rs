//! The words about signing in: passkeys, sessions, and proving that it is you. Those about providers and passwords stand in `sign_in`.

pub const TITLE: &str = "How you sign in";
pub const LEAD: &str = "Only you see this page.";
pub const BY_PASSKEY: &str = "Sign in with a passkey";
pub const WAY: &str = "a passkey";
pub const PASSKEYS: &str = "Passkeys";
pub const PASSKEYS_LEAD: &str = "A passkey lies on your device, or on a security key, and opens with your finger, your face or a PIN. The workspace keeps its public half only, and the ledger tells that you took it.";
pub const NONE: &str = "You have none yet.";
pub const NONE_LINKS: &str = "Until then you sign in by links.";
pub const NAME: &str = "Name";
pub const MADE: &str = "Added";
pub const USED: &str = "Last used";
pub const NEVER: &str = "never";
pub const ADD: &str = "Add a passkey";
pub const ADD_NAME: &str = "What you call it";
pub const ADD_HINT: &str = "laptop · phone · the key on my key ring";
pub const ADD_BUTTON: &str = "Add a passkey";
pub const REMOVE: &str = "Remove";
pub const NAMELESS: &str = "(no name)";
pub const NO_SCRIPT: &str =
    "Passkeys need script, which this browser does not run. Sign in by a link instead: whoever runs this workspace makes one for you.";
pub const NOT_HERE: &str = "Passkeys do not work at this desk's address: browsers want a name and TLS for them. Whoever runs this workspace says its address by --url, as in https://countersign.example.org. Until then everybody signs in by links.";
pub const SESSIONS: &str = "Where you are signed in";
pub const SESSION: &str = "Session";
pub const SESSION_LINK: &str = "by a link";
pub const SESSION_PASSKEY: &str = "by a passkey";
pub const SESSION_PASSWORD: &str = "by a password";
pub const THIS_ONE: &str = "this one";
pub const SEEN: &str = "Last seen";
pub const END: &str = "Sign out";
pub const END_OTHERS: &str = "Sign out everywhere else";

pub const CROWDED: &str = "too many attempts to sign in wait at once; try again in a minute";

pub const CONFIRM: &str = "Is it you?";
pub const CONFIRM_LEAD: &str = "This asks for your passkey, for five minutes from then on. Nothing was done yet.";
pub const CONFIRM_ARRIVAL: &str = "Changing how you sign in asks for your passkey. Who lost it asks for a new link, and signs in by that.";
pub const CONFIRM_BUTTON: &str = "Confirm with a passkey";
pub const NOT_NOW: &str = "Leave it";

pub const SIGN: &str = "Sign your answer";
pub const SIGN_LEAD: &str =
    "Decisions here are signed by your own passkey. Nothing was written yet. You sign this answer, to exactly what was on your screen:";
pub const SIGN_BUTTON: &str = "Sign and decide";
pub const SIGN_FINE: &str =
    "The signature goes into the ledger, where anybody can check it against your public key, without trusting this server.";
pub const SIGN_NONE: &str = "Decisions here are signed by a passkey, and you have none yet. Add one, then answer the case.";

/// What was done just now.
#[must_use]
pub fn said(word: &str) -> Option<&'static str> {
    Some(match word {
        "added" => "The passkey was added. Sign in by it from now on.",
        "removed" => "The passkey was removed. It opens nothing more; what you signed with it stays provable.",
        "ended" => "That session is over.",
        "linked" => "The account is linked. Sign in by it from now on.",
        "unlinked" => "The account is unlinked. It opens nothing more.",
        "password" => "The password is set, and you are signed out everywhere else.",
        "password-removed" => "The password is removed. It opens nothing more.",
        "others" => "You are signed out everywhere else.",
        _ => return None,
    })
}
