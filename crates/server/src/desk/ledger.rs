//! The ledger's page: how far the log is, which key signs it, what is stopped, and where everything can be read by whoever wants to
//! check. Signs nothing and computes nothing. The root of the tree is behind a link only: no page of the desk may differ by what the AI
//! said on a case that its reader has yet to answer.

use super::{
    page::{Page, Tab},
    stops, text,
    visitor::Visitor,
};
use crate::problem::Problem;
use axum::response::{IntoResponse, Response};
use maud::html;

/// The page.
pub async fn page(visitor: Visitor) -> Result<Response, Problem> {
    let info = visitor.workspace.info().await?;
    let checkpoint = visitor.workspace.checkpoint().await?;
    let size = checkpoint.as_deref().and_then(|note| note.lines().nth(1)).and_then(|line| line.parse::<u64>().ok());
    let log = format!("/v1/log/{}", info.workspace);
    let main = html! {
        div.narrow.stack {
            h1 { (text::TAB_LEDGER) }
            section.sheet {
                dl.facts {
                    dt { (text::EVENTS) } dd { (text::thousands(info.size)) }
                    dt { (text::SIGNED_UP_TO) } dd { @match size { Some(size) => { (text::thousands(size)) } None => { (text::NO_CHECKPOINT) } } }
                    dt { (text::ORIGIN) } dd { code { (info.origin) } }
                    dt { (text::LOG_KEY) } dd { code.wrap { (info.log_key) } p.quiet { (text::LOG_KEY_LEAD) } }
                    dt { (text::DATABASE) } dd { (info.engine) }
                    dt { (text::MEASURED) } dd { (text::people_metrics(&info.people_metrics)) }
                }
            }
            section.sheet {
                h2 { (text::STOPS) }
                @if info.stops.is_empty() { p { (text::NO_STOPS) } }
                ul.plain {
                    @for stop in &info.stops {
                        li { span.tag.danger { (text::STOPPED) } " " (stop.scope) @if let Some(name) = &stop.name { " " strong { (name) } } }
                    }
                }
                p.quiet { (text::stops::LEAD) " " a href=(stops::URL) { (text::stops::LINK) } }
            }
            section.sheet {
                h2 { (text::CHECK_YOURSELF) }
                p { (text::CHECK_YOURSELF_LEAD) }
                ul.plain {
                    li { a href={ (log) "/checkpoint" } { code { (log) "/checkpoint" } } " " span.quiet { (text::CHECKPOINT_LEAD) } }
                    li { code { (log) "/tile/…" } }
                    li { code { "countersign verify" } " " span.quiet { (text::VERIFY_LEAD) } }
                }
            }
        }
    };
    Ok(Page { title: text::TAB_LEDGER, tab: Tab::Ledger, visitor: Some(&visitor), main }.into_response())
}
