//! What this person decided lately, as a page. Shows nobody anything but their own answers.

use super::{
    page::{Page, Tab},
    strip, text,
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
        section.sheet.narrow.strip {
            h1 { (text::LATELY) }
            @if items.is_empty() { p.quiet { (text::LATELY_NONE) } } @else { (strip::list(&visitor, &items, now)) }
        }
    };
    Ok(Page { title: text::TAB_RECENT, tab: Tab::Recent, visitor: Some(&visitor), main }.into_response())
}
