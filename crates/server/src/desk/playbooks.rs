//! Playbooks as they are published: what is decided, by whom, how it is routed; and the source of each version. Publishes nothing.

use super::{
    page::{Page, Tab},
    text,
    visitor::Visitor,
};
use crate::{
    extract::{Path, Query},
    problem::Problem,
};
use axum::response::{IntoResponse, Response};
use countersign_core::playbook::{AnswerSpec, Playbook};
use maud::{Markup, html};
use serde::Deserialize;

/// The list.
pub async fn list(visitor: Visitor) -> Result<Response, Problem> {
    let playbooks = visitor.workspace.playbooks_list().await?;
    let mut told = Vec::with_capacity(playbooks.len());
    for view in &playbooks {
        told.push((view, visitor.workspace.playbook_latest(&view.name).await?));
    }
    // Whoever may not say who takes part is not shown the way there.
    let manages = visitor.workspace.may_manage_people(visitor.person).await.is_ok();
    let main = html! {
        div.narrow.stack {
            h1 { (text::TAB_PLAYBOOKS) }
            p.crumbs {
                a href=(super::rules::URL) { (text::rules::LINK) }
                @if manages {
                    a href=(super::people::URL) { (text::team::PEOPLE) }
                    a href=(super::keys::URL) { (text::team::KEYS) }
                }
            }
            @if told.is_empty() {
                div.empty { h2 { (text::NO_PLAYBOOK) } p { (text::NO_PLAYBOOK_LEAD) } pre.command { code { "countersign playbook publish FILE.toml" } } }
            }
            @for (view, playbook) in &told {
                section.sheet {
                    h2.question { a href={ "/desk/playbooks/" (view.name) } { (view.name) } " " span.quiet { (text::VERSION) " " (view.version) } }
                    p { (playbook.question) }
                    (facts(playbook))
                    (places(&view.name))
                }
            }
        }
    };
    Ok(Page { title: text::TAB_PLAYBOOKS, tab: Tab::Playbooks, visitor: Some(&visitor), main }.into_response())
}

/// Which version.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionQuery {
    /// Its number; absent: the latest.
    #[serde(default)]
    version: Option<u64>,
}

/// One playbook with its source.
pub async fn one(visitor: Visitor, Path(name): Path<String>, Query(query): Query<VersionQuery>) -> Result<Response, Problem> {
    let view = visitor.workspace.playbook_get(&name, query.version).await?;
    let latest = visitor.workspace.playbook_get(&name, None).await?.version;
    let main = html! {
        div.narrow.stack {
            header.case-head {
                p.crumbs { a href="/desk/playbooks" { (text::TAB_PLAYBOOKS) } }
                h1 { (view.name) }
                (places(&view.name))
            }
            section.sheet {
                dl.facts {
                    dt { (text::VERSION) }
                    dd.versions { @for version in (1..=latest).rev() {
                        a href={ "/desk/playbooks/" (view.name) "?version=" (version) } aria-current=[(version == view.version).then_some("true")] { (version) }
                    } }
                    dt { (text::DIGEST) } dd { code.wrap { (view.digest) } }
                }
                pre.source tabindex="0" aria-label=(text::SOURCE) role="group" { code { (view.source.as_deref().unwrap_or_default()) } }
            }
        }
    };
    Ok(Page { title: &view.name, tab: Tab::Playbooks, visitor: Some(&visitor), main }.into_response())
}

/// Where more about a playbook is told.
fn places(name: &str) -> Markup {
    html! {
        p.crumbs {
            a href=(super::track::url(name)) { (text::track::TITLE) }
            a href=(super::models::url(name)) { (text::models::TITLE) }
            a href={ "/desk/playbooks/" (name) "/induction" } { (text::people::INDUCTION) }
            a href=(super::experiment::list_url(name)) { (text::experiment::TITLE) }
            a href=(super::routing::list_url(name)) { (text::routing::TITLE) }
        }
    }
}

fn facts(playbook: &Playbook) -> Markup {
    let answer = match &playbook.answer {
        AnswerSpec::Choice { options } => options.join(" · "),
        AnswerSpec::Score { min, max, .. } => format!("{} – {}", min.as_str(), max.as_str()),
        AnswerSpec::Text { .. } => text::ANSWER_TEXT.to_owned(),
        AnswerSpec::Patch => text::ANSWER_PATCH.to_owned(),
        AnswerSpec::Action { names, .. } => names.join(" · "),
        AnswerSpec::Form { .. } => text::ANSWER_FORM.to_owned(),
    };
    let roles = if playbook.decide.roles.is_empty() { text::EVERYBODY.to_owned() } else { playbook.decide.roles.join(", ") };
    html! {
        dl.facts {
            dt { (text::ANSWERS) } dd { (answer) }
            dt { (text::DECIDED_BY) } dd { (roles) }
            dt { (text::ROUTE) } dd {
                (text::route(playbook.routing.default.as_str()))
                @if playbook.routing.blind > 0 { ", " (text::percent(f64::from(playbook.routing.blind) / 1e9)) " " (text::BLIND_SHARE) }
            }
            dt { (text::AUTOMATION) } dd {
                @match &playbook.routing.automate {
                    Some(promise) => { (text::AUTOMATION_AT) " " (text::percent(f64::from(promise.max_error) / 1e9)) " " (text::AUTOMATION_ERRORS) }
                    None => { (text::AUTOMATION_NEVER) }
                }
            }
        }
    }
}
