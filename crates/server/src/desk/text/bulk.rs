//! The words for cases that are answered together.

pub const PICK: &str = "Pick";
pub const WITH_PICKED: &str = "Picked cases";
pub const LEAD: &str =
    "Pick cases (x) to answer them together. Each is looked at first: you see what would be recorded, and then confirm once.";
pub const ANSWER: &str = "Answer";
pub const AS_ADVISED: &str = "as advised, each";
pub const LOOK: &str = "Look at them together";
pub const NONE_PICKED: &str = "No case is picked";
pub const NONE_PICKED_LEAD: &str = "Pick at least one case of the queue, and look at them together again. Nothing was recorded.";
pub const TITLE: &str = "Answer together";
pub const TABLE: &str = "Cases that are answered together";
pub const TABLE_LEAD: &str = "What you see here is recorded as shown to you: of each case this line, and no more. Each gets a judgment of its own, which says that it was one of many; it decides, and it measures neither you nor the AI. Take the tick away from what you want to look at by itself.";
pub const ADVICE: &str = "The AI says";
pub const RECORDED: &str = "Your answer";
pub const OTHERWISE: &str = "otherwise than advised";
pub const CONFIRM: &str = "Decide the ticked cases";
pub const LET_GO: &str = "Let them all go";
pub const NOT_HERE: &str = "Not answered here";
pub const NOT_HERE_LEAD: &str = "Nothing is recorded of these.";
pub const DONE: &str = "Answered together";
pub const WAITS: &str = "recorded; others have to answer";
pub const REFUSED: &str = "Not recorded";
pub const SHOWN_IN_TABLE: &str = "in a table with others";
pub const AMONG_OTHERS: &str = "answered together with others";

/// What came of it.
#[must_use]
pub fn done(written: usize, refused: usize) -> String {
    let of = |n: usize| if n == 1 { "1 case".to_owned() } else { format!("{n} cases") };
    match refused {
        0 => format!("{} answered.", of(written)),
        _ => format!("{} answered; {} not, each for the reason beside it.", of(written), of(refused)),
    }
}
