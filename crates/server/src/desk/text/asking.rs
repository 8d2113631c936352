//! Words about advice that the server asks for: that it is on its way, or that there is none and why; and about drafts, of which a person
//! makes one text. Never repeats what a model said.

use super::percent;
use countersign_core::event::Missed;

/// Where it has not come yet.
pub const AWAITED: &str = "The AI has been asked about this case; its advice has not come yet. You need not wait for it.";
/// Before the reason.
pub const NO_ADVICE: &str = "No advice:";
/// Over what was asked for in vain.
pub const MISSED: &str = "Asked for advice in vain";

/// On the button that puts a draft into the text.
pub const USE: &str = "Use this";
/// On the button that adds a paragraph to the text.
pub const ADD: &str = "Add";

/// What a draft is called beside others.
#[must_use]
pub fn draft(at: usize) -> String {
    format!("Draft {at}")
}

/// For whoever hears the page.
#[must_use]
pub fn use_of(draft: usize) -> String {
    format!("{USE}: the text becomes draft {draft}")
}

/// For whoever hears the page.
#[must_use]
pub fn add_of(paragraph: usize, draft: usize) -> String {
    format!("{ADD} paragraph {paragraph} of draft {draft} to the text")
}

/// What of a text is whose, by what it was kept of and its share from 0 to 1, the largest first.
#[must_use]
pub fn kept(of: &[(String, f64)]) -> String {
    let own = (1.0 - of.iter().map(|(_, share)| share).sum::<f64>()).max(0.0);
    if of.is_empty() {
        return "All of it is this person's own words.".to_owned();
    }
    let parts: Vec<String> = of.iter().map(|(name, share)| format!("{} from {name}", percent(*share))).collect();
    format!("Of the text {}; {} own words.", parts.join(", "), percent(own))
}

/// Why there is no advice, by its word in the ledger.
#[must_use]
pub fn no_advice(reason: &str) -> String {
    let why = Missed::ALL.into_iter().find(|missed| missed.as_str() == reason).map_or("the reason is unknown.", Missed::sentence);
    format!("{NO_ADVICE} {why}")
}
