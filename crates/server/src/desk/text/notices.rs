//! The words of the page that tells the leads what happened.

pub const TITLE: &str = "Notices";
pub const LEAD: &str = "What whoever leads here has to know: stops, experiments that ended, changes of routings, certificates that ran out, and what has drifted. Those with the role lead are asked to read them; where nobody has it, everybody is.";
pub const NONE: &str = "Nothing happened yet";
pub const NONE_LEAD: &str =
    "When automation stops, an experiment ends, a certificate runs out or something drifts, it is here, and goes to every webhook.";
pub const READ: &str = "I have read them";
pub const NEW: &str = "new";

/// What a notice is about.
#[must_use]
pub fn title(type_name: &str) -> &'static str {
    match type_name {
        "automation.stopped" => "Automation stopped",
        "automation.resume_asked" => "Somebody asks to resume",
        "automation.resumed" => "Automation resumed",
        "experiment.stopped" => "An experiment has ended",
        "routing.approved" => "Another routing is in force",
        "routing.rolled_back" => "A routing was rolled back",
        "rules.approved" => "Other rules hold",
        "rules.rolled_back" => "Rules were rolled back",
        "certificate.expired" => "A certificate has ended",
        "drift.detected" => "Something has drifted",
        _ => "Something has changed",
    }
}

/// How many are new.
#[must_use]
pub fn unread(count: u64) -> String {
    match count {
        1 => "A notice is new to you".into(),
        n => format!("{} notices are new to you", super::thousands(n)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_app::notice::TYPES;

    #[test]
    fn every_type_of_notice_has_a_title_and_stands_in_the_guide() {
        let mut titles: Vec<&str> = TYPES.into_iter().map(title).collect();
        assert!(!titles.contains(&title("unheard.of")), "{titles:?}");
        let guide = include_str!("../../../../../docs/operations.md");
        assert!(TYPES.iter().all(|name| guide.contains(&format!("| `{name}` |"))), "docs/operations.md lists them all");
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), TYPES.len());
    }
}
