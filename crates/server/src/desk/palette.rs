//! The palette (Ctrl K): every page by its name, what can be done on the page at hand, and cases by words or by an id. It offers what is
//! there already, and our script alone opens it; without it nothing is missing.

use super::text::palette as words;
use maud::{Markup, html};

/// The dialog. What can be done on the page at hand is added when it is opened.
#[must_use]
pub fn markup() -> Markup {
    html! {
        dialog #palette aria-label=(words::PALETTE) {
            form method="get" action="/desk" role="search" {
                input #palette-for type="search" name="find" maxlength="200" autocomplete="off" placeholder=(words::HINT) aria-label=(words::HINT)
                    role="combobox" aria-expanded="true" aria-controls="palette-list" aria-autocomplete="list";
                ul #palette-list role="listbox" aria-label=(words::PALETTE) {
                    @for (name, href) in words::PAGES { li role="option" aria-selected="false" data-href=(href) { (name) } }
                }
            }
        }
    }
}
