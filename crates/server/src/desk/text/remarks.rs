//! The words of remarks, and of the lines that they are about.

use countersign_app::view::AnchorView;

pub const REMARKS: &str = "Remarks";
pub const ON_LINE: &str = "Remark on a line";
pub const FILE: &str = "File";
pub const LINE: &str = "Line";
pub const SIDE: &str = "of the text";
pub const AFTER: &str = "after";
pub const BEFORE: &str = "before";
pub const TEXT: &str = "Remark";
pub const SEND: &str = "Remark";
pub const CLOSE: &str = "Not now";
pub const ERASED: &str = "(erased)";
pub const OUTDATED: &str = "said of an earlier version";
pub const NO_LINE: &str = "say which line, by its number in the diff";
/// Said where a script makes it true.
pub const HOW: &str = "Click on a line's number, or press c and choose the line with the arrow keys.";

/// The place of a line.
#[must_use]
pub fn place(anchor: &AnchorView) -> String {
    let side = if anchor.side == "old" { ", before" } else { "" };
    match &anchor.file {
        Some(file) => format!("{file}:{}{side}", anchor.line),
        None => format!("{}, line {}{side}", anchor.field, anchor.line),
    }
}
