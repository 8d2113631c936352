//! What a case holds, drawn: one renderer for each kind of field. Pure functions of the value; asks nothing and decides nothing.

use countersign_app::{input::EvidenceInput, view::FieldView};
use countersign_core::playbook::FieldSpec;
use maud::{Markup, html};
use uuid::Uuid;

/// What a renderer may know beside the value.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The case.
    pub case: Uuid,
    /// Where proposers looked, in any field; empty where advice is not visible.
    pub evidence: &'a [EvidenceInput],
    /// Now, in microseconds since 1970 UTC, for "3 h ago".
    pub now: i64,
}

impl Context<'_> {
    /// Where the bytes of an attachment are.
    #[must_use]
    pub fn attachment(&self, digest: &str) -> String {
        format!("/desk/files/{digest}")
    }
}

/// A field's value.
#[must_use]
pub fn render(field: &FieldView, _spec: &FieldSpec, _context: &Context<'_>) -> Markup {
    html! {
        @match field.value.as_str() {
            Some(text) => { div.text { (text) } }
            None => { pre { code { (field.value.to_string()) } } }
        }
    }
}
