//! The queue: what waits, for whom, and for how long. Says nothing that would tell what the AI proposes.

use super::{
    page::{Page, Tab, token},
    text,
    visitor::Visitor,
};
use crate::problem::Problem;
use axum::response::{IntoResponse, Response};
use maud::html;

/// The page.
pub async fn page(visitor: Visitor) -> Result<Response, Problem> {
    let main = html! {
        h1 { (text::TAB_QUEUE) }
        form method="post" action="/desk/next" { (token(&visitor)) button.primary type="submit" { "Next case" } }
    };
    Ok(Page { title: text::TAB_QUEUE, tab: Tab::Queue, visitor: Some(&visitor), main }.into_response())
}
