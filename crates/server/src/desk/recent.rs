//! What this person decided lately and what came of it. Shows nobody anything but their own.

use super::{
    page::{Page, Tab},
    strip,
    text::{self, people as words},
    visitor::Visitor,
};
use crate::problem::Problem;
use axum::response::{IntoResponse, Response};
use maud::html;

/// How many a page has.
const ITEMS: u32 = 50;

/// The page.
pub async fn page(visitor: Visitor) -> Result<Response, Problem> {
    let items = visitor.workspace.recent(visitor.person, ITEMS).await?;
    let now = visitor.server.app.env().now();
    let main = html! {
        div.narrow.stack {
            section.sheet.strip {
                h1 { (text::LATELY) }
                @if items.is_empty() { p.quiet { (text::LATELY_NONE) } } @else { (strip::list(&visitor, &items, now)) }
            }
            p { a href="/desk/work" { (words::WORK) } }
        }
    };
    Ok(Page { title: text::TAB_RECENT, tab: Tab::Recent, visitor: Some(&visitor), main }.into_response())
}
