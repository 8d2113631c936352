//! The words of the palette, and the pages that it leads to.

pub const PALETTE: &str = "Go anywhere";
pub const HINT: &str = "A page, something to do here, words of a case, or an id";
/// Pages by name, with their addresses: those that are open to everybody who is signed in.
pub const PAGES: &[(&str, &str)] = &[
    ("Queue", "/desk"),
    ("Queue: yours", "/desk?view=mine"),
    ("Queue: snoozed", "/desk?view=snoozed"),
    ("Queue: held", "/desk?view=held"),
    ("Queue: decided", "/desk?view=decided"),
    ("For you: what is yours alone", "/desk/for-you"),
    ("Recent: what you decided", "/desk/recent"),
    ("Your work", "/desk/work"),
    ("Pair: people and the AI together", "/desk/pair"),
    ("Playbooks", "/desk/playbooks"),
    ("Rules: who may do what", "/desk/rules"),
    ("Notices", "/desk/notices"),
    ("Stop automation, and resume it", "/desk/stops"),
    ("Ledger", "/desk/ledger"),
    ("How you sign in", "/desk/sign-in-methods"),
];
