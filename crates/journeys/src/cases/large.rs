//! What is as large as a case may be.

use super::{change, letter};
use serde_json::{Value, json};

/// Files of the long change, and lines added and removed in each.
const FILES: usize = 50;
const ADDED: usize = 300;
const REMOVED: usize = 100;

/// A change of 20,000 lines over fifty files.
#[must_use]
pub fn long_change() -> Value {
    let mut patch = String::new();
    for file in 0..FILES {
        let path = format!("src/module_{file:02}/handlers.rs");
        patch.push_str(&format!("diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1,{REMOVED} +1,{ADDED} @@\n"));
        for line in 0..REMOVED {
            patch.push_str(&format!("-    let item_{line} = queue.take({file})?;\n"));
        }
        for line in 0..ADDED {
            patch.push_str(&format!("+    let item_{line} = queue.claim({file}, lease)?;\n"));
        }
    }
    let mut case = change();
    case["external_id"] = json!("C-long");
    case["fields"]["title"] = json!("Rename take to claim, everywhere");
    case["fields"]["change"] = json!(patch);
    case["fields"]["lines"] = json!(FILES * (ADDED + REMOVED));
    case
}

/// Somebody who is answered, and wrote nearly as much as a case may hold (1 MiB).
#[must_use]
pub fn long_letter() -> Value {
    let mut case = letter();
    case["external_id"] = json!("L-long");
    let paragraph = "The lamp arrived on Tuesday. Its glass was cracked from the socket to the rim, and the box was not. ";
    case["fields"]["thread"] = json!([{ "role": "customer", "text": paragraph.repeat(1_000_000 / paragraph.len()) }]);
    case
}
