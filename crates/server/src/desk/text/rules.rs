//! The words of the pages about who may do what.

use countersign_app::rules::{EffectView, ReplayedView, RulesDraftView, RulesView};

pub const TITLE: &str = "Who may do what, and why";
pub const LINK: &str = "Rules: who may do what, and why";
pub const LEAD: &str = "What people, programs and models may do is said by rules: those of the workspace, what its playbooks say of roles, defaults, and a few that stand whatever is written. Nothing is allowed that no rule allows, and a rule that forbids wins.";
pub const WHO: &str = "Who may do what";
pub const WHOM: &str = "Who";
pub const WORKSPACE: &str = "the whole workspace";
pub const YES: &str = "yes";
pub const NO: &str = "no";
pub const DEPENDS: &str = "depends on the case";
pub const WHY: &str = "Why";
pub const BY_WHICH: &str = "rules";
pub const WHERE: &str = "Case";
pub const NO_RULE: &str = "no rule";
pub const TABLE_LEAD: &str = "Beside the rules stand the laws of the platform, which no rule widens: only whoever holds a case is shown it, nobody signs what they made, and nothing is automated without a certificate.";
pub const MASKS: &str = "Who sees what whole";
pub const FIELD: &str = "Field";
pub const VISIBLE_TO: &str = "For the roles";
pub const WHOLE: &str = "Seen whole by";
pub const MASKED_FOR: &str = "Masked to";
pub const NOBODY: &str = "nobody";
pub const MASKS_LEAD: &str = "Of the people who may see the cases of this playbook. A masked field is on the page by its name; its value is nowhere in what their browser or their program receives. The playbook says so, in visible_to.";
pub const RULES: &str = "The rules";
pub const RULE: &str = "Rule";
pub const SAYS: &str = "What it says";
pub const KIND: &str = "Whose";
pub const AS_TEXT: &str = "The workspace's rules, as text";
pub const EXPECTED: &str = "What is expected of them";
pub const DRAFTS: &str = "Drafts";
pub const NONE: &str = "No draft was written yet.";
pub const WRITE: &str = "Write a draft";
pub const TEXT: &str = "Rules, in Cedar; people by their names";
pub const EXPECTATIONS: &str = "What is expected of them, as TOML";
pub const FOR_WHAT: &str = "What it is for";
pub const SAVE: &str = "Keep this draft";
pub const PROBLEMS: &str = "This cannot be kept as it is";
pub const NOT_A_LEAD: &str = "Rules are changed by those who lead, two of them together.";
pub const DRAFT: &str = "Draft of rules";
pub const BY: &str = "by";
pub const EFFECTS: &str = "What it changes";
pub const EFFECTS_LEAD: &str = "Who newly may or may not, as far as it does not depend on the case. What a rule says of some cases shows below, on what was done lately.";
pub const NO_EFFECT: &str = "It changes nothing for anybody.";
pub const CHANGES: &str = "The text";
pub const REPLAY: &str = "What it would have come to";
pub const REPLAY_LEAD: &str = "Everything that was shown, answered, corrected, opened again and changed, asked again under the drafted rules, with people's roles as they are today.";
pub const NOT_REPLAYED: &str = "It was not held against the last month yet. Nothing is approved whose effect nobody has looked at.";
pub const ASK: &str = "Hold it against the last month";
pub const AGAIN: &str = "Hold it against the last month again";
pub const APPROVE: &str = "Approve: it holds at once";
pub const STALE: &str = "The rules have a newer version: draft it anew";
pub const STALE_LEAD: &str = "What it changes is no longer today's text, so it can be neither replayed nor approved.";
pub const OWN: &str = "You wrote this draft: a second person who leads has to approve it.";
pub const WITHDRAW: &str = "Withdraw";
pub const REJECT: &str = "Turn down";
pub const WITHDRAW_HINT: &str = "Why it will not be used";
pub const BACK: &str = "Go back to the rules from before";
pub const BACK_HINT: &str = "Why it is undone";
pub const WHAT: &str = "What";
pub const WOULD: &str = "Would have been";
pub const ALLOWED: &str = "allowed";
pub const REFUSED: &str = "refused";
pub const PROGRAM: &str = "a program";
pub const CASE: &str = "case";

/// An action, as people say it.
#[must_use]
pub fn action(word: &str) -> &str {
    match word {
        "see" => "See cases",
        "claim" => "Take cases",
        "decide" => "Decide",
        "countersign" => "Countersign",
        "correct" => "Correct, take back",
        "reopen" => "Open again",
        "appeal" => "Object",
        "automate" => "Stand by itself",
        "change" => "Change the playbook",
        "resume" => "Resume automation",
        "export" => "Take data out",
        "erase" => "Erase a person's data",
        "people" => "Say who takes part",
        "rules" => "Change rules",
        other => other,
    }
}

/// Whose a rule is.
#[must_use]
pub fn kind(word: &str) -> &'static str {
    match word {
        "own" => "the workspace",
        "playbook" => "a playbook",
        "fixed" => "stands fixed",
        _ => "a default",
    }
}

/// What became of a rule.
#[must_use]
pub fn change(word: &str) -> &'static str {
    match word {
        "new" => "New:",
        "gone" => "Gone:",
        _ => "Changed:",
    }
}

/// Which version holds.
#[must_use]
pub fn version(view: &RulesView) -> String {
    match (view.version, &view.since) {
        (0, _) | (_, None) => "The workspace has no rules of its own yet, and goes by the defaults.".into(),
        (version, Some(since)) => format!("Version {version}, since {}.", super::moment_of(since)),
    }
}

/// Where a draft stands.
#[must_use]
pub fn state(view: &RulesDraftView) -> String {
    super::routing::ended(&view.state, view.approved_by.as_deref(), view.version, view.in_force).unwrap_or_else(|| {
        let open = if view.replayed.is_some() { "Waits for a second person who leads" } else { "Waits to be held against the last month" };
        if view.stale { STALE } else { open }.into()
    })
}

/// Who newly may or may not.
#[must_use]
pub fn effect(view: &EffectView) -> String {
    let may = if view.allowed { "newly may:" } else { "no longer may:" };
    let within = view.playbook.as_ref().map(|name| format!(" in {name}")).unwrap_or_default();
    format!("{} {may} {}{within}.", view.who.join(", "), action(&view.action).to_lowercase())
}

/// What a draft would have come to.
#[must_use]
pub fn replayed(view: &ReplayedView) -> String {
    let (acts, refused) = (super::thousands(view.acts), super::thousands(view.refused));
    let since = super::moment_of(&view.since);
    let first = match (view.acts, view.refused) {
        (0, _) => return format!("Since {since} nothing was done that rules speak of."),
        (_, 0) => format!("Of {acts} things done since {since}, none would have been refused."),
        (_, 1) => format!("Of {acts} things done since {since}, one would have been refused."),
        _ => format!("Of {acts} things done since {since}, {refused} would have been refused."),
    };
    match view.allowed {
        0 => first,
        allowed => format!("{first} {} would have been allowed that today's rules refuse.", super::thousands(allowed)),
    }
}
