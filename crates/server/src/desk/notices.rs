//! What the leads are told: the page with the latest notices, and the line at the queue that says how many are new. Computes nothing.

use super::{
    experiment,
    page::{Page, Tab, token},
    routing, rules, stops,
    text::{self, notices as words},
    track,
    visitor::{Posted, Visitor},
    webhooks,
};
use crate::problem::Problem;
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::notice::NoticeView;
use maud::{Markup, html};

/// Where the page is.
pub const URL: &str = "/desk/notices";
/// How far the page went on which somebody said that they have read it.
const THROUGH: &str = "through";

/// The page.
pub async fn page(visitor: Visitor) -> Result<Response, Problem> {
    let view = visitor.workspace.notices(Some(visitor.person)).await?;
    let leads = visitor.workspace.leads(visitor.person).await?;
    let main = html! {
        div.narrow.stack {
            h1 { (words::TITLE) }
            p.quiet { (words::LEAD) }
            @if leads { p.crumbs { a href=(webhooks::URL) { (text::webhooks::LINK) } } }
            @if view.unread > 0 {
                form method="post" action={ (URL) "/read" } {
                    (token(&visitor))
                    input type="hidden" name=(THROUGH) value=(view.through);
                    button type="submit" { (words::READ) }
                }
            }
            @if view.notices.is_empty() { div.empty { h2 { (words::NONE) } p { (words::NONE_LEAD) } } }
            @for (at, notice) in view.notices.iter().enumerate() { (one(notice, (at as u64) < view.unread)) }
        }
    };
    Ok(Page { title: words::TITLE, tab: Tab::Queue, visitor: Some(&visitor), main }.into_response())
}

/// Notes that the notices of the page were read; what came since was not shown on it.
pub async fn read(posted: Posted) -> Result<Response, Problem> {
    let through = posted.form.get(THROUGH).and_then(|text| text.parse().ok()).unwrap_or(0);
    posted.visitor.workspace.notices_read(posted.visitor.person, through).await?;
    Ok(Redirect::to(URL).into_response())
}

fn one(notice: &NoticeView, new: bool) -> Markup {
    html! {
        section.sheet.automation {
            h2 { (words::title(&notice.type_name)) @if new { " " span.tag { (words::NEW) } } }
            p.standing data-standing=(if notice.urgent { "stopped" } else { "none" }) { (notice.detail) }
            p.quiet {
                (text::moment_of(&notice.at))
                @if let Some(playbook) = &notice.playbook { " · " a href=(place(notice, playbook)) { (playbook) } }
                @if notice.type_name.starts_with("automation.") { " · " a href=(stops::URL) { (text::stops::LINK) } }
                @if notice.type_name.starts_with("rules.") { " · " a href=(rules::URL) { (text::rules::TITLE) } }
            }
        }
    }
}

/// Where more about it stands.
fn place(notice: &NoticeView, playbook: &str) -> String {
    let kind = notice.type_name.split('.').next().unwrap_or_default();
    match (kind, notice.subject) {
        ("experiment", Some(id)) => experiment::url(id),
        ("experiment", None) => experiment::list_url(playbook),
        ("routing", Some(id)) => routing::url(id),
        ("routing", None) => routing::list_url(playbook),
        _ => track::url(playbook),
    }
}

/// The line at the queue, for whoever has not read them.
pub async fn line(visitor: &Visitor) -> Result<Markup, Problem> {
    let unread = visitor.workspace.notices(Some(visitor.person)).await?.unread;
    Ok(html! { @if unread > 0 { p.note.warns role="status" { a href=(URL) { (words::unread(unread)) } } } })
}
