//! Views of the queue that somebody has named: tabs above the list, a form that narrows it, and one that keeps what it is narrowed to. Each is
//! an address, so that it can be given away; who opens it sees what they may see. Keeps nothing itself.

use super::{
    form::Form,
    page::token,
    text::{self, own as words},
    visitor::{Posted, Visitor},
};
use crate::{extract::Path, problem::Problem};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::{
    queue::{Age, View},
    saved_view::{Filter, ROUTES, SavedView},
};
use countersign_core::limits::NAME_CHARS_MAX;
use maud::{Markup, html};
use uuid::Uuid;

/// Where they are kept.
const URL: &str = "/desk/views";

/// A filter as the query of an address; empty where it leaves everything in.
#[must_use]
pub fn query(filter: &Filter) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(filter.pairs()).finish()
}

/// The address of the queue, narrowed.
#[must_use]
pub fn url(query: &str) -> String {
    if query.is_empty() { "/desk".to_owned() } else { format!("/desk?{query}") }
}

/// The tabs, with the one that is open.
#[must_use]
pub fn tabs(views: &[SavedView], open: &str) -> Markup {
    html! {
        @if !views.is_empty() {
            nav.views.saved aria-label=(words::VIEWS) {
                @for view in views { a href=(url(&view.query)) aria-current=[(view.query == open).then_some("true")] { (view.name) } }
            }
        }
    }
}

/// The form that narrows the list, and the ones that keep a view, rename it or delete it.
#[must_use]
pub fn narrow(visitor: &Visitor, filter: &Filter, views: &[SavedView]) -> Markup {
    let open = query(filter);
    let narrowed = &filter.narrowed;
    let kept = views.iter().find(|view| view.query == open);
    html! {
        div.around.narrowing {
            @if filter.view != View::Decided { details #narrow { summary { (words::NARROW) }
                form method="get" action="/desk" {
                    @if let Some(playbook) = &filter.playbook { input type="hidden" name="in" value=(playbook); }
                    @if filter.view != View::default() { input type="hidden" name="view" value=(filter.view.word()); }
                    label { span { (words::ROUTE) } select name="route" {
                        option value="" { (words::ANY) }
                        @for route in ROUTES { option value=(route.as_str()) selected[narrowed.route == Some(route)] { (words::route(route)) } }
                    } }
                    label { span { (words::OLDER) } select name="older" {
                        option value="" { (words::ANY) }
                        @for age in Age::ALL { option value=(age.word()) selected[narrowed.older == Some(age)] { (words::age(age)) } }
                    } }
                    label.option { input type="checkbox" name="late" value="yes" checked[narrowed.late]; " " (words::LATE) }
                    label.option { input type="checkbox" name="assigned" value="me" checked[narrowed.assigned]; " " (words::ASSIGNED) }
                    p.actions { button type="submit" { (words::NARROW_BUTTON) } @if !narrowed.is_none() { " " a.button.quiet href=(url(&query(&wide(filter)))) { (words::WIDEN) } } }
                }
            } }
            @if !open.is_empty() && kept.is_none() { details #keep { summary { (words::SAVE) }
                form method="post" action=(URL) { (token(visitor))
                    @for (name, value) in filter.pairs() { input type="hidden" name=(name) value=(value); }
                    label { span { (words::NAME) } input name="name" required maxlength=(NAME_CHARS_MAX) placeholder=(words::NAME_HINT) autocomplete="off"; }
                    p.quiet { (words::SAVE_LEAD) }
                    p.actions { button type="submit" { (words::SAVE) } }
                }
            } }
            @if !views.is_empty() { details #manage { summary { (words::MANAGE) }
                ul.plain { @for view in views { li {
                    form.inline method="post" action={ (URL) "/" (view.id) } { (token(visitor))
                        label { span { (words::NAME) } input name="name" required maxlength=(NAME_CHARS_MAX) value=(view.name) autocomplete="off"; }
                        button type="submit" { (words::RENAME) }
                        button.danger type="submit" formaction={ (URL) "/" (view.id) "/delete" } formnovalidate aria-label={ (words::DELETE) " " (view.name) } { (words::DELETE) }
                    }
                } } }
            } }
        }
    }
}

fn wide(filter: &Filter) -> Filter {
    Filter { narrowed: Default::default(), ..filter.clone() }
}

/// Where nothing of a list stays.
#[must_use]
pub fn none(more: bool) -> Markup {
    html! { div.empty { h2 { (words::NARROWED_NONE) } p { (if more { words::NARROWED_FURTHER } else { words::NARROWED_NONE_LEAD }) } } }
}

fn filter_of(form: &Form) -> Result<Filter, Problem> {
    let own = |name: &str| ["in", "view", "route", "older", "late", "assigned"].contains(&name);
    Ok(Filter::of(form.pairs().filter(|(name, _)| own(name)))?)
}

/// Keeps the view.
pub async fn save(posted: Posted) -> Result<Response, Problem> {
    let (visitor, form) = (&posted.visitor, &posted.form);
    let query = query(&filter_of(form)?);
    visitor.workspace.view_save(visitor.person, form.filled("name").unwrap_or_default(), query.clone()).await?;
    Ok(Redirect::to(&url(&query)).into_response())
}

/// Calls one something else, and shows it.
pub async fn rename(Path(view): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.view_rename(visitor.person, view, posted.form.filled("name").unwrap_or_default()).await?;
    let known = visitor.workspace.views_of(visitor.person).await?.into_iter().find(|known| known.id == view);
    Ok(Redirect::to(&url(known.as_ref().map_or("", |known| &known.query))).into_response())
}

/// Deletes one.
pub async fn delete(Path(view): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.view_delete(visitor.person, view).await?;
    Ok(Redirect::to("/desk").into_response())
}

/// What the address of the queue narrows it to.
///
/// # Errors
/// Where it names what the queue cannot be narrowed to.
pub fn filter(pairs: [(&str, Option<&str>); 6]) -> Result<Filter, Problem> {
    Ok(Filter::of(pairs.iter().filter_map(|(name, value)| Some((*name, (*value)?))))?)
}

/// What a filter narrows a list to, in words, for its head.
#[must_use]
pub fn told(filter: &Filter) -> Markup {
    let narrowed = &filter.narrowed;
    html! {
        @if !narrowed.is_none() {
            p.quiet.narrowed {
                @if let Some(route) = narrowed.route { span.tag { (words::route(route)) } " " }
                @if let Some(age) = narrowed.older { span.tag { (words::OLDER) " " (words::age(age)) } " " }
                @if narrowed.late { span.tag { (words::LATE) } " " }
                @if narrowed.assigned { span.tag { (words::ASSIGNED) } " " }
                a href=(url(&query(&wide(filter)))) { (words::WIDEN) }
            }
        }
    }
}

/// The name of the open view, for the page's title.
#[must_use]
pub fn title<'v>(views: &'v [SavedView], filter: &Filter) -> &'v str {
    let open = query(filter);
    views.iter().find(|view| view.query == open && !open.is_empty()).map_or(text::TAB_QUEUE, |view| view.name.as_str())
}
