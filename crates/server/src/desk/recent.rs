//! What this person decided lately and what came of it, and what they are right in. Shows nobody anything but their own.

use super::{
    page::{Page, Tab},
    strip,
    text::{self, track as words},
    track::told,
    visitor::Visitor,
};
use crate::problem::Problem;
use axum::response::{IntoResponse, Response};
use countersign_app::track::OwnView;
use maud::{Markup, html};

/// How many a page has.
const ITEMS: u32 = 50;

/// The page.
pub async fn page(visitor: Visitor) -> Result<Response, Problem> {
    let items = visitor.workspace.recent(visitor.person, ITEMS).await?;
    let now = visitor.server.app.env().now();
    let own = visitor.workspace.own_skill(visitor.person).await?;
    let main = html! {
        div.narrow.stack {
            section.sheet.strip {
                h1 { (text::LATELY) }
                @if items.is_empty() { p.quiet { (text::LATELY_NONE) } } @else { (strip::list(&visitor, &items, now)) }
            }
            section.sheet {
                h2 { (words::OWN) }
                p.quiet.basis { (words::OWN_LEAD) }
                @if own.is_empty() { p.void { (words::OWN_NONE) } }
                @for of in &own { (skill(of)) }
            }
        }
    };
    Ok(Page { title: text::TAB_RECENT, tab: Tab::Recent, visitor: Some(&visitor), main }.into_response())
}

/// What a person is right in, in one playbook.
fn skill(own: &OwnView) -> Markup {
    html! {
        h3 { (own.playbook) }
        div.wide tabindex="0" role="region" aria-label=(own.playbook) {
            table.data {
                thead { tr { th { (words::KIND) } th.number { (words::YOU) } th.number { (words::ALONE) } th.number { (words::AI) } } }
                tbody { @for kind in &own.kinds { tr {
                    th scope="row" { (kind.region) }
                    @for figure in [&kind.own, &kind.all, &kind.ai] { td.number { (told(figure.as_ref())) } }
                } } }
            }
        }
        dl.facts {
            dt { (words::TURNED_RIGHT) } dd { (told(own.turned_right.as_ref())) }
            dt { (words::KEPT_RIGHT) } dd { (told(own.kept_right.as_ref())) }
        }
    }
}
