//! The words inside of fields and answers.

use crate::desk::field::patch::Kind;

pub const FIELD_ERASED: &str = "Erased. The ledger still proves that it was there.";
pub const MASKED: &str = "masked";
pub const FIELD_EMPTY: &str = "Not given";
pub const YES: &str = "yes";
pub const NO: &str = "no";
pub const TABLE: &str = "Table, scrolls sideways";
pub const TABLE_EMPTY: &str = "No rows";
pub const IMAGE_BROKEN: &str = "This is not an image that a browser can show. The attachment is there: open it by itself.";
pub const IMAGE_ALONE: &str = "Open the image by itself";
pub const ZOOM_IN: &str = "Larger";
pub const ZOOM_OUT: &str = "Smaller";
pub const ZOOM_FIT: &str = "Fit";
pub const BOXES: &str = "Boxes";
pub const LEVELS: &str = "Brightness and contrast";
pub const LEVEL: &str = "Level";
pub const WINDOW: &str = "Window";
pub const INVERT: &str = "Invert";
pub const RESET: &str = "As it is";
pub const LEVELS_PLAIN: &str = "Shown as it is.";
pub const LEVELS_CHANGED: &str = "Not shown as it is.";
pub const LEVELS_LEAD: &str = "Level and window change how it looks on this screen; what is stored stays as it is.";
pub const COMPARE: &str = "Compare two images";
pub const COMPARE_ONE: &str = "One";
pub const COMPARE_OTHER: &str = "The other";
pub const COMPARE_HOW: &str = "How";
pub const COMPARE_BESIDE: &str = "Side by side";
pub const COMPARE_SWIPE: &str = "One over the other";
pub const COMPARE_SEAM: &str = "Where the other one begins";

/// The switch of what speaks for an answer in a picture; for whoever does not see it, it says where that is strongest, by thirds.
pub fn heat(tenths: i8, down: u8, right: u8) -> String {
    let place = match (down, right) {
        (1, 1) => "in the middle".to_owned(),
        (down, right) => {
            let down = ["at the top", "halfway down", "at the bottom"].get(usize::from(down)).copied().unwrap_or_default();
            let right = ["on the left", "in the middle", "on the right"].get(usize::from(right)).copied().unwrap_or_default();
            format!("{down} {right}")
        }
    };
    format!("What speaks for the advice: most {place} (without it the logit falls by {:.1})", f64::from(tenths) / 10.0)
}

pub const VIEWED: &str = "Viewed";
pub const PATCH_NONE: &str = "This is no unified diff; it stands here as it came.";

pub const CHOOSE: &str = "Choose an answer";
pub const ANSWER: &str = "Answer";
pub const SCORE: &str = "Score";
pub const YOUR_TEXT: &str = "Your text";
pub const CHANGES: &str = "What was changed of the proposal";
pub const YOUR_CHANGES: &str = "What you changed";
pub const PATCH_HOW: &str = "The change as it stands in the proposal. Edit it here where it should be another one.";
pub const ACTION: &str = "What is called";
pub const ARGUMENTS: &str = "Arguments";
pub const ARGUMENTS_JSON: &str = "Arguments, as JSON";
pub const UNSET: &str = "not said";
pub const ADD_ROW: &str = "Add another";
pub const EMPTY_ROWS: &str = "Rows that stay empty are left out.";

/// How much of a text is behind the fold.
#[must_use]
pub fn more_chars(n: usize) -> String {
    format!("Show the other {} characters", n_of(n))
}

/// How much of a text is not on the page.
#[must_use]
pub fn cut_chars(n: usize) -> String {
    format!("{} more characters are not on this page; the whole value is in the API and in the evidence.", n_of(n))
}

/// Earlier turns behind the fold.
#[must_use]
pub fn more_turns(n: usize) -> String {
    format!("Show {} earlier {}", n_of(n), if n == 1 { "turn" } else { "turns" })
}

/// Earlier turns that are not on the page.
#[must_use]
pub fn earlier_turns(n: usize) -> String {
    format!("{} earlier turns are not on this page.", n_of(n))
}

/// Rows that are not on the page.
#[must_use]
pub fn more_rows(n: usize) -> String {
    format!("{} more rows are not on this page.", n_of(n))
}

/// Items that are not on the page.
#[must_use]
pub fn more_items(n: usize) -> String {
    format!("{} more", n_of(n))
}

/// Members of an object.
#[must_use]
pub fn members(n: usize) -> String {
    format!("{n} {}", if n == 1 { "member" } else { "members" })
}

/// Items of an array.
#[must_use]
pub fn items(n: usize) -> String {
    format!("{n} {}", if n == 1 { "item" } else { "items" })
}

/// Lines of a patch that stand as plain text.
#[must_use]
pub fn more_lines(n: usize) -> String {
    format!("{} more lines, as plain text", n_of(n))
}

/// How large a patch is.
#[must_use]
pub fn patch_size(files: usize, added: usize, removed: usize) -> String {
    format!("{files} {}, {} lines added, {} removed", if files == 1 { "file" } else { "files" }, n_of(added), n_of(removed))
}

/// A file's changes, for those who do not see the frame around them.
#[must_use]
pub fn changes_of(path: &str) -> String {
    format!("Changes of {path}")
}

/// What the sign before a line means, for those who do not see it.
#[must_use]
pub fn line_kind(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Added => Some("added"),
        Kind::Removed => Some("removed"),
        Kind::Context | Kind::Note => None,
    }
}

/// What an image shows.
#[must_use]
pub fn image_of(field: &str) -> String {
    format!("Image: {field}")
}

/// How long ago something was.
#[must_use]
pub fn ago(micros: i64) -> String {
    const SECOND: i64 = 1_000_000;
    let seconds = micros / SECOND;
    match seconds {
        i64::MIN..0 => "in the future".to_owned(),
        0..60 => "just now".to_owned(),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// What a scale takes.
#[must_use]
pub fn scale(min: &str, max: &str, step: Option<&str>) -> String {
    step.map_or_else(|| format!("from {min} to {max}"), |step| format!("from {min} to {max}, in steps of {step}"))
}

/// A control that wants something.
#[must_use]
pub fn fill_in(what: &str) -> String {
    format!("{what}: fill this in")
}

/// A number that is none.
#[must_use]
pub fn no_number(what: &str, whole: bool) -> String {
    format!("{what}: write a {}number, such as {}", if whole { "whole " } else { "" }, if whole { "12" } else { "12.5" })
}

/// JSON that is none.
#[must_use]
pub fn no_json(what: &str, error: &serde_json::Error) -> String {
    format!("{what}: this is not JSON ({error})")
}

/// An entry of a list.
#[must_use]
pub fn entry(title: &str, n: usize) -> String {
    format!("{title} {n}")
}

/// A count with its thousands apart.
fn n_of(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Stands where somebody does not see a field.
#[must_use]
pub fn field_masked(visible_to: &[String]) -> String {
    format!("Masked. Seen whole by: {}.", visible_to.join(", "))
}
