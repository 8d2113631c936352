//! What the leads are told: the page with the latest notices, and the line at the queue that says how many are new. Computes nothing.

use super::{
    page::{Page, Tab, token},
    text::{self, notices as words},
    visitor::{Posted, Visitor},
};
use crate::problem::Problem;
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::notice::NoticeView;
use countersign_core::time::parse_rfc3339;
use maud::{Markup, html};

/// Where the page is.
pub const URL: &str = "/desk/notices";

/// The page.
pub async fn page(visitor: Visitor) -> Result<Response, Problem> {
    let view = visitor.workspace.notices(Some(visitor.person)).await?;
    let main = html! {
        div.narrow.stack {
            h1 { (words::TITLE) }
            p.quiet { (words::LEAD) }
            @if view.unread > 0 {
                form method="post" action={ (URL) "/read" } { (token(&visitor)) button type="submit" { (words::READ) } }
            }
            @if view.notices.is_empty() { div.empty { h2 { (words::NONE) } p { (words::NONE_LEAD) } } }
            @for (at, notice) in view.notices.iter().enumerate() { (one(notice, (at as u64) < view.unread)) }
        }
    };
    Ok(Page { title: words::TITLE, tab: Tab::Queue, visitor: Some(&visitor), main }.into_response())
}

/// Notes that all notices were read.
pub async fn read(posted: Posted) -> Result<Response, Problem> {
    posted.visitor.workspace.notices_read(posted.visitor.person).await?;
    Ok(Redirect::to(URL).into_response())
}

fn one(notice: &NoticeView, new: bool) -> Markup {
    let at = parse_rfc3339(&notice.at).map_or_else(|_| notice.at.clone(), text::moment);
    html! {
        section.sheet.automation {
            h2 { (words::title(&notice.type_name)) @if new { " " span.tag { (words::NEW) } } }
            p.standing data-standing=(if notice.urgent { "stopped" } else { "none" }) { (notice.detail) }
            p.quiet {
                (at)
                @if let Some(playbook) = &notice.playbook { " · " a href=(super::track::url(playbook)) { (playbook) } }
            }
        }
    }
}

/// The line at the queue, for whoever has not read them.
pub async fn line(visitor: &Visitor) -> Result<Markup, Problem> {
    let unread = visitor.workspace.notices(Some(visitor.person)).await?.unread;
    Ok(html! { @if unread > 0 { p.note.warns role="status" { a href=(URL) { (words::unread(unread)) } } } })
}
