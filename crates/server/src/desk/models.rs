//! The models of a playbook: which one advises people, which runs in the shadow, what is known of each; training a first one, and
//! asking people to promote one. Computes nothing, and promotes nothing: that is a case in the queue, which a person signs.

use super::{
    case,
    page::{Page, Tab, token},
    text::{self, models as words},
    visitor::{Posted, Visitor},
};
use crate::{
    extract::{Path, Query},
    problem::Problem,
};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::{
    Error,
    model::{Estimate, Imported, ModelView, ModelsView, Report, TREES, Way},
};
use countersign_core::refusal::Code;
use maud::{Markup, html};
use serde::Deserialize;

/// Versions whose cards are shown whole.
const CARDS_MAX: usize = 3;

/// What was done just now.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelsQuery {
    /// In a word.
    #[serde(default)]
    said: Option<String>,
}

/// The page.
pub async fn page(visitor: Visitor, Path(name): Path<String>, Query(query): Query<ModelsQuery>) -> Result<Response, Problem> {
    shown(&visitor, &name, query.said.as_deref().and_then(words::said).map(str::to_owned)).await
}

async fn shown(visitor: &Visitor, name: &str, said: Option<String>) -> Result<Response, Problem> {
    let playbook = visitor.workspace.playbook_latest(name).await?;
    let models = visitor.workspace.models(name).await?;
    let main = html! {
        div.narrow.stack {
            header.case-head {
                p.crumbs { a href="/desk/playbooks" { (text::TAB_PLAYBOOKS) } a href={ "/desk/playbooks/" (name) } { (name) } }
                h1 { (words::TITLE) }
                p.quiet { (playbook.question) }
            }
            @if let Some(said) = &said { p.note role="status" { (said) } }
            section.sheet {
                h2 { (words::STANDING) }
                (standing(&models))
                @if models.models.is_empty() { p.quiet { (words::FIRST_LEAD) } }
                form.actions method="post" action={ (url(name)) "/train" } {
                    (token(visitor))
                    button.primary[models.models.is_empty()] type="submit" { (if models.models.is_empty() { words::TRAIN_FIRST } else { words::TRAIN }) }
                    button type="submit" name="kind" value="best" { (words::TRAIN_BEST) }
                }
            }
            @if !models.models.is_empty() { (versions(visitor, name, &models)) }
            @for model in models.models.iter().take(CARDS_MAX) {
                @if let Some(known) = &model.card { (card(model, known)) }
                @if let Some(known) = &model.imported { (card_imported(model, known)) }
            }
        }
    };
    Ok(Page { title: words::TITLE, tab: Tab::Playbooks, visitor: Some(visitor), main }.into_response())
}

/// Trains a model on this workspace's own cases.
pub async fn train(Path(name): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let way = if posted.form.filled("kind") == Some("best") { Way::Best } else { Way::Text };
    match posted.visitor.workspace.model_train(&name, way, &mut |_| {}).await {
        Ok(_) => Ok(Redirect::to(&format!("{}?said=trained", url(&name))).into_response()),
        // Too little to learn from is no mistake of whoever asked: the page says what is missing.
        Err(Error::Refused(refusal)) if refusal.code == Code::Invalid => shown(&posted.visitor, &name, Some(refusal.detail)).await,
        Err(error) => Err(error.into()),
    }
}

/// Lets a model run in the shadow, or ends that.
pub async fn shadow(Path(name): Path<String>, posted: Posted) -> Result<Response, Problem> {
    posted.visitor.workspace.model_shadow(&name, posted.form.filled("model")).await?;
    Ok(Redirect::to(&format!("{}?said=shadow", url(&name))).into_response())
}

/// Asks people to promote a model: the case is in the queue from now on.
pub async fn promote(Path(name): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let receipt = visitor.workspace.model_promote(&visitor.caller(), &name, posted.form.filled("model").unwrap_or_default()).await?;
    Ok(Redirect::to(&case::url(receipt.case)).into_response())
}

/// The address of the page.
#[must_use]
pub fn url(name: &str) -> String {
    format!("/desk/playbooks/{name}/models")
}

fn standing(models: &ModelsView) -> Markup {
    let of = |name: &str| models.stages.iter().find(|stage| stage.stage == name);
    html! {
        @for stage in &models.stages {
            @for lacks in &stage.lacks { p.note.warns data-lacks=(stage.stage) { code { (stage.version) } ": " (lacks) } }
        }
        dl.facts {
            dt { (words::CHAMPION) }
            dd data-champion {
                @match of("champion") {
                    Some(stage) => { span.ai { (stage.version) } " " span.quiet { (words::SINCE) " " (text::moment_of(&stage.since)) } },
                    None => span.void { (words::NO_CHAMPION) },
                }
            }
            dt { (words::SHADOW) }
            dd data-shadow {
                @match of("shadow") {
                    Some(stage) => { span.ai { (stage.version) } " " span.quiet { (words::SINCE) " " (text::moment_of(&stage.since)) } },
                    None => span.void { (words::NO_SHADOW) },
                }
            }
        }
    }
}

fn versions(visitor: &Visitor, name: &str, models: &ModelsView) -> Markup {
    let champion = models.stages.iter().any(|stage| stage.stage == "champion");
    html! {
        section.sheet {
            h2 { (words::VERSIONS) }
            div.wide tabindex="0" role="region" aria-label=(words::VERSIONS) {
                table.data {
                    thead { tr { th { (words::MODEL) } th.number { (words::EXAMPLES) } th.number { (words::HELD_OUT) } th.number { (words::SINCE_KEPT) } th { (words::STAGE) } } }
                    tbody { @for model in &models.models {
                        tr data-model=(model.version) {
                            th scope="row" { code { (model.version) } span.of { (words::MADE) " " (text::moment_of(&model.made)) } }
                            td.number {
                                @match &model.card { Some(card) => (words::whole(card.examples)), None => span.void { (words::ELSEWHERE) } }
                            }
                            td.number { (figure(model.card.as_ref().map(|card| &card.accuracy))) }
                            td.number { (figure(model.since.as_ref())) }
                            td { (words::stage(model.stage.as_deref())) (acts(visitor, name, model)) }
                        }
                    } }
                }
            }
            p.quiet { (words::PROMOTE_LEAD) }
            @if champion { div.actions { (action(visitor, name, "promote", "none", words::RETIRE)) } }
        }
    }
}

/// A figure with its interval below it, or that there is not enough for one.
fn figure(of: Option<&Estimate>) -> Markup {
    html! {
        @match of {
            Some(estimate) => { (words::value(estimate)) span.of { (words::interval(estimate)) } },
            None => span.void { (text::pair::NOT_YET) },
        }
    }
}

/// What can be done with a version.
fn acts(visitor: &Visitor, name: &str, model: &ModelView) -> Markup {
    html! {
        div.acts {
            @if model.stage.as_deref() != Some("champion") { (action(visitor, name, "promote", &model.version, words::PROMOTE)) }
            @if model.stage.is_none() { (action(visitor, name, "shadow", &model.version, words::SHADOW_BEGIN)) }
            @if model.stage.as_deref() == Some("shadow") { (action(visitor, name, "shadow", "", words::SHADOW_END)) }
        }
    }
}

fn action(visitor: &Visitor, name: &str, verb: &str, model: &str, word: &str) -> Markup {
    html! {
        form method="post" action={ (url(name)) "/" (verb) } data-do={ (verb) "-" (model) } {
            (token(visitor))
            input type="hidden" name="model" value=(model);
            button.small type="submit" { (word) }
        }
    }
}

/// How it has done since it was kept.
fn since(model: &ModelView) -> Markup {
    html! {
        dt { (words::SINCE_KEPT) } dd {
            @match &model.since { Some(since) => (words::share(since)), None => span.void { (text::pair::NOT_YET) } }
            @if model.looked_at > 0 { " " span.quiet { (words::looked(model.looked_at, model.no_advice)) } }
        }
    }
}

/// The card of a model that was trained elsewhere: what it needs, and what is not known.
fn card_imported(model: &ModelView, known: &Imported) -> Markup {
    html! {
        section.sheet.card {
            h2 { (words::CARD) " " code { (model.version) } }
            p.note.warns { (words::IMPORTED_LEAD) }
            dl.facts {
                (since(model))
                @match known.sees {
                    Some((width, height)) => { dt { (words::SEES) } dd { (words::sees(width, height)) } }
                    None => { dt { (words::COLUMNS) } dd { (words::whole(known.columns)) } }
                }
                dt { (words::TRIED) } dd { (words::tried(known)) }
                dt { (words::FILE) } dd { code.wrap { (model.digest) } }
            }
        }
    }
}

/// The card: facts, each with its interval.
fn card(model: &ModelView, card: &Report) -> Markup {
    html! {
        section.sheet.card {
            h2 { (words::CARD) " " code { (model.version) } }
            @for warning in &card.warnings { p.note.warns { (warning) } }
            dl.facts {
                dt { (words::KIND) } dd { (if model.kind == TREES { words::KIND_TREES } else { words::KIND_TEXT }) }
                dt { (words::HELD_OUT) } dd { (words::share(&card.accuracy)) }
                @if let Some(beside) = &card.beside { dt { (words::beside(beside)) } dd { (words::share(&beside.accuracy)) " " span.quiet { (words::difference(beside)) } } }
                dt { (words::COMMONEST) } dd { (words::share(&card.commonest)) }
                dt { (words::CALIBRATION) } dd { (words::error(&card.calibration_error)) }
                (since(model))
                dt { (words::LEARNED_FROM) } dd { (words::learned(card)) }
                dt { (words::FILE) } dd { code.wrap { (model.digest) } }
                dt { (words::DATA) } dd { code.wrap { (card.data) } }
            }
            div.wide tabindex="0" role="region" aria-label=(words::by_answer(&model.version)) {
                table.data {
                    thead { tr { th { (text::ANSWERS) } th.number { (words::EXAMPLES) } th.number { (words::RECOGNISED) } } }
                    tbody { @for class in &card.classes {
                        tr {
                            th scope="row" { (class.answer) }
                            td.number { (words::whole(class.examples)) }
                            td.number { (figure(class.recalled.as_ref())) }
                        }
                    } }
                }
            }
            @if !card.groups.is_empty() {
                div.wide tabindex="0" role="region" aria-label=(words::by_group(&model.version)) {
                    table.data {
                        thead { tr { th { (words::GROUPS) } th { (words::GROUP) } th.number { (words::GROUP_CASES) } th.number { (words::GROUP_ERROR) } } }
                        tbody { @for group in &card.groups {
                            tr data-group=(group.group.as_deref().unwrap_or_default()) {
                                td { (group.field) }
                                th scope="row" { (words::group(group)) }
                                td.number { (words::whole(group.cases)) }
                                td.number { (figure(group.error.as_ref())) }
                            }
                        } }
                    }
                }
                p.quiet { (words::groups_lead()) }
            }
            @if !card.curve.is_empty() {
                h3 { (words::CURVE) }
                ul { @for point in &card.curve { li { (words::point(point)) } } }
            }
            @for (given, counted) in &card.shares_capped { p.quiet { (words::capped(*given, *counted)) } }
        }
    }
}
