//! The words of the pages about who takes part, and about the keys of programs.

use countersign_app::view::HandView;

pub const PEOPLE: &str = "People";
pub const PEOPLE_LEAD: &str =
    "Who takes part, and in which roles. Names and addresses can be taken out again; the ledger knows people by random numbers.";
pub const NOBODY_LEADS: &str = "Nobody has the role lead: every member leads, and may change all of this.";
pub const NAME: &str = "Name";
pub const ROLES: &str = "Roles";
pub const ROLES_HINT: &str = "support, senior";
pub const ROLES_LEAD: &str = "With commas between them. What a role may do is said by playbooks and rules.";
pub const NO_ROLES: &str = "none";
pub const MAIL: &str = "E-mail address";
pub const SIGNS_IN: &str = "Signs in by";
pub const BY_LINKS: &str = "links only";
pub const STATE: &str = "Takes part";
pub const ACTIVE: &str = "yes";
pub const INACTIVE: &str = "no longer";
pub const YOU: &str = "you";
pub const ADD: &str = "Add somebody";
pub const ADD_BUTTON: &str = "Add";
pub const CHANGE: &str = "Roles and address";
pub const CHANGE_BUTTON: &str = "Save";
pub const CHANGED_MEANWHILE: &str = "this person was changed since the page was opened: look at it again";
pub const INVITE: &str = "Invite";
pub const INVITE_LEAD: &str = "A link signs them in once, within 15 minutes, and there they take a passkey or link an account. Whoever has the link is them: give it to nobody else.";
pub const INVITE_NOT: &str =
    "They sign in by their own means. Who lost those asks whoever runs the server for a new link: no colleague makes one in their name.";
pub const INVITE_BUTTON: &str = "Make a link";
pub const LINK: &str = "Their link, shown this once";
pub const LINK_FINE: &str = "It works once, and for 15 minutes. What opens it only shows a button; the button uses it up.";
pub const OWN: &str = "A person of their own";
pub const OWN_HANDS: &str = "Where two people are needed, they count as one with:";
pub const OWN_HANDS_LEAD: &str =
    "Whoever could sign in as somebody could sign twice. That ends as soon as another person vouches for them.";
pub const OWN_MEANS: &str = "What opens their desk now";
pub const OWN_ASK: &str = "Ask them, face to face or on the telephone, whether all of this is theirs and nothing else is missing. Then vouch. They are signed out everywhere, and sign in again by it.";
pub const VOUCH_BUTTON: &str = "Vouch for them";
pub const VOUCH_SERVER: &str = "whoever runs the server";
pub const VOUCH_ENDS: &str = "It ends as soon as something new lets somebody sign in as them: a link, a passkey, an account, an address.";
pub const MEANS_PASSWORD: &str = "a password";

/// Whom somebody counts as one with.
#[must_use]
pub fn one_with(hands: &[HandView]) -> String {
    let names: Vec<&str> = hands.iter().map(|hand| hand.name.as_deref().unwrap_or(SOMEBODY)).collect();
    format!("counts as one with {}", names.join(", "))
}

/// What somebody did by which they have a hand in a person.
#[must_use]
pub fn hand(how: &str) -> &'static str {
    match how {
        "added" => "added them",
        "link" => "made them a sign-in link",
        "account" => "changed their accounts",
        "password" => "changed their password",
        "address" => "wrote their address, by which an account is found",
        "passkey" => "changed their passkeys",
        _ => "made a key that speaks for them",
    }
}

/// What a refusal says, as a sentence of a page: commands stand in it without the marks that other places set them off by.
#[must_use]
pub fn sentence(told: &str) -> String {
    let mut letters = told.chars().filter(|letter| *letter != '`');
    letters.next().map(|first| first.to_uppercase().chain(letters).chain(['.']).collect()).unwrap_or_default()
}

/// Who vouched.
#[must_use]
pub fn vouched(who: &str, at: &str) -> String {
    format!("Vouched for by {who}, {at}.")
}

/// A passkey, an account or a key, by when it came.
#[must_use]
pub fn means(what: &str, since: &str) -> String {
    format!("{what}, since {since}")
}

/// A key that speaks for somebody.
#[must_use]
pub fn key_of(name: &str) -> String {
    format!("the key of a program that speaks for them: {name}")
}

pub const LEAVES: &str = "No longer takes part";
pub const LEAVES_LEAD: &str =
    "They are signed out everywhere at once, their keys open nothing, and what they hold goes back to the queue. What they decided stays.";
pub const LEAVES_BUTTON: &str = "Take them out";
pub const RETURNS: &str = "Takes part again";
pub const RETURNS_BUTTON: &str = "Let them take part again";
pub const ROLES_MANY: &str = "a person has at most 50 roles, of at most 120 characters each";
pub const NO_PERSON: &str = "there is no such member";

pub const KEYS: &str = "Keys of programs";
pub const KEYS_LEAD: &str =
    "By a key a program may do what its scopes say, and no more. Its text is shown once; only a hash of it is kept.";
pub const KEYS_NONE: &str = "There is no key yet.";
pub const KEY: &str = "Key";
pub const SCOPES: &str = "What it may do";
pub const SPEAKS: &str = "Speaks for";
pub const SPEAKS_ME: &str = "Speaks for me: what it does is done in my name";
pub const SPEAKS_LEAD: &str = "What answers cases (judge) or may do everything (admin) speaks for you.";
pub const NOBODY: &str = "nobody";
pub const SOMEBODY: &str = "(name erased)";
pub const ENDS: &str = "Ends";
pub const NEVER: &str = "never";
pub const USED: &str = "Last used";
pub const REVOKED: &str = "revoked";
pub const ENDED: &str = "ended";
pub const REVOKE: &str = "Revoke";
pub const KEY_ADD: &str = "Make a key";
pub const KEY_NAME: &str = "What it is for";
pub const KEY_HINT: &str = "intake from the shop";
pub const KEY_DAYS: &str = "It ends after";
pub const KEY_BUTTON: &str = "Make it and show it";
pub const KEY_TEXT: &str = "The key, shown this once";
pub const KEY_TEXT_LEAD: &str =
    "Give it to the program, and to nobody else. It is stored nowhere; who loses it makes another and revokes this one.";
pub const KEY_GO_ON: &str = "I have kept it";
pub const KEY_THERE: &str = "A key of this name is there and still opens what it may: take another name, or revoke that one.";
pub const KEY_ENDS: &str = "say after how many days the key ends";

/// How long a key may last, in days; the second is offered first.
pub const DAYS: [(u32, &str); 3] = [(30, "30 days"), (90, "90 days"), (365, "a year")];

/// What a scope is for.
#[must_use]
pub fn scope(name: &str) -> &'static str {
    match name {
        "cases:write" => "hand in cases and proposals",
        "cases:read" => "read cases and lists",
        "judge" => "answer cases",
        "outcomes:write" => "say what turned out",
        "playbooks:write" => "publish playbooks, and change routing",
        "people:write" => "say who takes part",
        "control" => "stop and resume automation",
        "ledger:read" => "read the ledger, with what is in it",
        "admin" => "everything, keys and erasures included",
        _ => "",
    }
}

/// What was done just now.
#[must_use]
pub fn said(word: &str) -> Option<&'static str> {
    Some(match word {
        "added" => "Added. Invite them by a link, so that they can sign in.",
        "changed" => "Saved.",
        "left" => "They no longer take part, and are signed out everywhere.",
        "returned" => "They take part again.",
        "vouched" => "Vouched for. They are signed out, and sign in by what is listed here.",
        "revoked" => "The key is revoked: it opens nothing more.",
        _ => return None,
    })
}
