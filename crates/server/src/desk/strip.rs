//! The last ten decisions of a person, and what can still be done about each. Shows nobody anything but their own answers.

use super::{case, page::token, text, visitor::Visitor};
use crate::problem::Problem;
use countersign_app::recent::{Afterwards, RecentItem};
use countersign_core::number::Micros;
use maud::{Markup, html};

/// How many are at hand.
const ITEMS: u32 = 10;

/// The last ones.
///
/// # Errors
/// Where the storage fails.
pub async fn items(visitor: &Visitor) -> Result<Vec<RecentItem>, Problem> {
    Ok(visitor.workspace.recent(visitor.person, ITEMS).await?)
}

/// The strip beside a page.
#[must_use]
pub fn markup(visitor: &Visitor, items: &[RecentItem], now: Micros) -> Markup {
    html! {
        aside.strip aria-label=(text::LATELY) {
            h2 { (text::LATELY) }
            @if items.is_empty() { p.quiet { (text::LATELY_NONE) } } @else { (list(visitor, items, now)) }
        }
    }
}

/// The list itself.
#[must_use]
pub fn list(visitor: &Visitor, items: &[RecentItem], now: Micros) -> Markup {
    html! {
        ol.lately data-now=(now / 1_000) {
            @for item in items {
                li {
                    a href=(case::url(item.case)) { (item.title.as_deref().unwrap_or(text::UNTITLED)) }
                    div.then {
                        span.people { (if item.answer == "document" { text::DOCUMENT } else { &item.answer }) }
                        (afterwards(visitor, item, now))
                    }
                    @if let Some(out) = &item.turned_out { p.out data-right=(out.right) { (text::track::turned_out(out)) } }
                }
            }
        }
    }
}

fn afterwards(visitor: &Visitor, item: &RecentItem, now: Micros) -> Markup {
    html! {
        @match &item.afterwards {
            Afterwards::Undo { decision, until } => {
                form method="post" action={ "/desk/decisions/" (decision) "/withdraw" } data-undo {
                    (token(visitor))
                    button.small type="submit" { (text::UNDO) }
                    span.quiet data-until=(until / 1_000) { (text::span(until - now)) }
                }
            }
            Afterwards::Stands { acted, corrected, .. } => {
                @if *corrected { span.quiet { (text::CORRECTED) } }
                @if *acted { span.quiet { (text::ACTED) } }
                a.quiet href={ (case::url(item.case)) "#correct" } { (text::CORRECT_OR_APPEAL) }
            }
            Afterwards::Waits => { span.quiet { (text::WAITS) } }
            Afterwards::Appealed => { span.danger { (text::APPEALED) } }
            Afterwards::Void => { span.quiet { (text::VOID) } }
        }
    }
}
