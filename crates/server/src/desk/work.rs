//! How somebody is doing: right and wrong beside the AI, by kind of case, and how they take advice. Shown to themselves; to others only
//! where the workspace measures people by name. Computes nothing.

use super::{
    away,
    page::{Page, Tab},
    pause, practice,
    text::{passkeys as passkey_words, people as words, track as track_words},
    visitor::Visitor,
};
use crate::{extract::Query, problem::Problem};
use axum::response::{IntoResponse, Response};
use countersign_app::track::{Counted, OwnView, RelianceView};
use countersign_core::id::PersonId;
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

/// Whose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkQuery {
    /// Somebody else.
    #[serde(default)]
    person: Option<Uuid>,
    /// What was done just now.
    #[serde(default)]
    said: Option<String>,
}

/// The page.
pub async fn page(visitor: Visitor, Query(query): Query<WorkQuery>) -> Result<Response, Problem> {
    let whose = query.person.map_or(visitor.person, PersonId);
    let own = whose == visitor.person;
    let all = visitor.workspace.work_of(whose, Some(visitor.person)).await?;
    let names = visitor.workspace.people_names().await?;
    let named = visitor.workspace.info().await?.people_metrics == "named";
    let lead = match (own, named) {
        (true, false) => words::WORK_LEAD,
        (true, true) => words::WORK_LEAD_NAMED,
        (false, _) => words::WORK_LEAD_OTHER,
    };
    let colleagues = if own && named { visitor.workspace.people_list().await? } else { Vec::new() };
    let others = colleagues.into_iter().filter(|person| person.active && !person.external && person.person != whose.0);
    let others: Vec<(Uuid, String)> = others.filter_map(|person| Some((person.person, person.name?))).collect();
    let sessions = if own { visitor.workspace.practice_list(whose).await? } else { Vec::new() };
    let title =
        if own { words::WORK.to_owned() } else { words::work_of(names.get(&whose.0).map_or(super::text::NAMELESS, String::as_str)) };
    let main = html! {
        div.narrow.stack {
            @if own && query.said.as_deref() == Some("paused") { p.note role="status" { (super::text::own::PAUSED) } }
            header.case-head {
                @if own { p.crumbs { a href=(super::methods::URL) { (passkey_words::TITLE) } } }
                h1 { (title) }
                p.quiet { (lead) }
            }
            @if all.is_empty() { div.empty { h2 { (words::WORK_NONE) } p { (words::WORK_NONE_LEAD) } } }
            @for view in &all { (one(&visitor, view, own)) }
            @if own { (pause::section(&visitor).await?) }
            @if own { (away::section(&visitor, whose.0, away::URL).await?) }
            @if own { (practice::sessions(&sessions)) }
            @if !others.is_empty() {
                p.crumbs { span { (words::COLLEAGUES) } @for (person, name) in &others { a href={ "/desk/work?person=" (person) } { (name) } } }
            }
        }
    };
    Ok(Page { title: &title, tab: Tab::Recent, visitor: Some(&visitor), main }.into_response())
}

fn one(visitor: &Visitor, view: &OwnView, own: bool) -> Markup {
    let whose = if own { &words::YOURS } else { &words::THEIRS };
    html! {
        section.sheet.own data-playbook=(view.playbook) {
            h2 { a href={ "/desk/playbooks/" (view.playbook) "/track-record" } { (view.playbook) } }
            h3 { (words::RIGHT) }
            div.wide tabindex="0" role="region" aria-label=(words::RIGHT) {
                table.data {
                    thead { tr { th { (track_words::KIND) } th.number { (whose.answered) } th.number { (words::AI_THEN) } th.number { (whose.alone) } th.number { (words::ALL_ALONE) } } }
                    tbody { @for kind in &view.kinds { tr {
                        th scope="row" { (kind.region) }
                        @for counted in [&kind.answered, &kind.ai_on_the_same] { td.number { (told(counted)) } }
                        @for figure in [&kind.own, &kind.all] { td.number { (super::track::told(figure.as_ref())) } }
                    } } }
                }
            }
            h3 { (whose.reliance) }
            p.quiet.basis { (whose.reliance_lead) }
            (reliance(&view.reliance, whose))
            @if view.kinds.len() > 1 {
                details { summary { (words::BY_KIND) }
                    div.wide tabindex="0" role="region" aria-label=(words::BY_KIND) {
                        table.data {
                            thead { tr { th { (track_words::KIND) } th.number { (words::OVER_SHORT) } th.number { (words::UNDER_SHORT) } } }
                            tbody { @for kind in &view.kinds { tr {
                                th scope="row" { (kind.region) }
                                td.number { (told(&kind.reliance.over)) } td.number { (told(&kind.reliance.under)) }
                            } } }
                        }
                    }
                }
            }
            @if own { (practice::begin(visitor, &view.playbook)) }
        }
    }
}

/// How somebody takes advice.
fn reliance(view: &RelianceView, whose: &words::Whose) -> Markup {
    html! {
        dl.facts.reliance {
            @for (name, counted) in [
                (whose.over, &view.over),
                (whose.over_on_disagreement, &view.over_on_disagreement),
                (whose.under, &view.under),
                (words::TURNED_RIGHT, &view.turned_right),
                (words::KEPT_RIGHT, &view.kept_right),
            ] { dt { (name) } dd { (told(counted)) } }
        }
    }
}

/// A figure with its n, or that there is not enough for one.
#[must_use]
pub fn told(counted: &Counted) -> Markup {
    html! {
        @match &counted.figure {
            Some(figure) => { (track_words::rate(figure)) span.of { (track_words::of(counted.n)) } }
            None => { span.void { (super::text::pair::NOT_YET) } span.of { (track_words::of(counted.n)) } }
        }
    }
}
