//! What one is told before the first decision in a playbook: what the AI is good and bad at, with real cases, and the way to practise.
//! Computes nothing.

use super::{
    case,
    case::Note,
    page::{Page, Tab, token},
    practice,
    text::{self, people as words, track as track_words},
    visitor::Visitor,
};
use crate::{
    extract::{Path, Query},
    problem::Problem,
};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::practice::{InductionRegion, InductionView};
use countersign_core::refusal::{Code, Refusal};
use maud::{Markup, html};
use serde::Deserialize;

/// Why somebody came here.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InductionQuery {
    /// Because they wanted to decide.
    #[serde(default)]
    wanted: Option<bool>,
}

/// The page.
pub async fn page(visitor: Visitor, Path(name): Path<String>, Query(query): Query<InductionQuery>) -> Result<Response, Problem> {
    let view = visitor.workspace.induction(&name, visitor.person).await?;
    let wanted = query.wanted == Some(true) && view.required && !view.done;
    let notes: Vec<Note> = wanted.then(|| Note::warning(words::FIRST_THIS, words::FIRST_THIS_LEAD)).into_iter().collect();
    let main = html! {
        div.narrow.stack {
            (case::notes(&notes))
            header.case-head {
                p.crumbs { a href="/desk/playbooks" { (text::TAB_PLAYBOOKS) } a href={ "/desk/playbooks/" (view.playbook) } { (view.playbook) } }
                h1 { (words::INDUCTION) }
                p.quiet { (words::induction_lead(&view.question)) }
            }
            @if view.regions.is_empty() { section.sheet { p { (words::NOTHING_LEARNED) } } }
            @for region in &view.regions { (one(region)) }
            (go(&visitor, &view))
        }
    };
    Ok(Page { title: words::INDUCTION, tab: Tab::Playbooks, visitor: Some(&visitor), main }.into_response())
}

fn one(region: &InductionRegion) -> Markup {
    html! {
        section.sheet data-stands=(region.stands) {
            h2.question { (region.region) }
            p { strong { (words::stands(&region.stands)) } }
            dl.facts {
                dt { (track_words::AI) } dd { (super::track::told(region.ai.as_ref())) }
                dt { (track_words::ALONE) } dd { (super::track::told(region.people.as_ref())) }
            }
            @if !region.examples.is_empty() {
                ul.examples { @for example in &region.examples {
                    li data-right=(example.right) {
                        a href=(case::url(example.case)) { (example.title.as_deref().unwrap_or(text::UNTITLED)) }
                        p.quiet { (words::example(&example.ai, &example.truth)) }
                    }
                } }
            }
        }
    }
}

fn go(visitor: &Visitor, view: &InductionView) -> Markup {
    html! {
        section.sheet {
            h2 { (words::PRACTISE) }
            @if view.done { p { (words::INDUCTED) } }
            p { (words::practise_lead(view.cases)) }
            @match view.session {
                Some(session) => p.actions { a.button.primary href=(practice::url(session)) data-go { (words::PRACTISE_ON) } },
                None => form method="post" action={ "/desk/playbooks/" (view.playbook) "/practice" } {
                    (token(visitor))
                    input type="hidden" name="kind" value="induction";
                    p.actions { button.primary type="submit" data-go { (words::practise_begin(view.cases)) } }
                },
            }
        }
    }
}

/// Where somebody has to go through an induction first: the way there; any other refusal is handed on.
///
/// # Errors
/// The refusal, where it is another one.
pub async fn instead(visitor: &Visitor, scope: Option<&str>, refusal: Refusal) -> Result<Response, Problem> {
    if refusal.code == Code::InductionRequired
        && let Some(name) = visitor.workspace.induction_due(visitor.person, scope).await?
    {
        return Ok(Redirect::to(&format!("/desk/playbooks/{name}/induction?wanted=true")).into_response());
    }
    Err(refusal.into())
}
