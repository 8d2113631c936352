//! The keys of programs, for whoever may say who takes part: what each may do, for whom it speaks, until when, and when it was used last;
//! a form to make one, which shows its text that once; and revoking. A key that is made here ends some day.

use super::{
    form::Form,
    page::{Page, Tab, token},
    people::{self, Manager, ManagerConfirmed, Said},
    text::{self, team as words},
    visitor::Visitor,
};
use crate::{
    extract::{Path, Query},
    problem::Problem,
};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::{
    Error,
    api_key::SCOPES,
    input::{ApiKeyInput, Moment},
    view::ApiKeyView,
};
use countersign_core::{
    limits::NAME_CHARS_MAX,
    number::Micros,
    refusal::{Code, Refusal},
    time,
};
use maud::{Markup, html};
use std::collections::HashMap;
use uuid::Uuid;

/// Where the page is.
pub const URL: &str = "/desk/keys";

const DAY_MICROS: Micros = 24 * 3_600 * 1_000_000;

/// The keys.
pub async fn list(Manager(visitor): Manager, Query(said): Query<Said>) -> Result<Response, Problem> {
    all(&visitor, said.sentence(), None, &Form::default()).await
}

/// Whether a key opens nothing any more since its time is over.
fn ended(key: &ApiKeyView, now: Micros) -> bool {
    key.expires.as_deref().and_then(|at| time::parse_rfc3339(at).ok()).is_some_and(|at| at <= now)
}

async fn all(visitor: &Visitor, said: Option<&str>, refused: Option<&str>, typed: &Form) -> Result<Response, Problem> {
    let now = visitor.server.app.env().now();
    let mut keys = visitor.workspace.api_keys_list().await?;
    // What opens something stands first.
    keys.sort_by_key(|key| (key.revoked || ended(key, now), key.name.to_lowercase(), key.key.clone()));
    let names = visitor.workspace.people_names().await?;
    let main = html! {
        div.narrow.stack {
            header.case-head {
                p.crumbs { a href=(people::URL) { (words::PEOPLE) } }
                h1 { (words::KEYS) }
                p.quiet { (words::KEYS_LEAD) }
            }
            @if let Some(said) = said { p.note role="status" { (said) } }
            @if let Some(refused) = refused { p.note.warns role="alert" { (refused) } }
            section.sheet { @if keys.is_empty() { p.void { (words::KEYS_NONE) } } @else { (table(visitor, &keys, &names)) } }
            section.sheet.automation { h2 { (words::KEY_ADD) } (form(visitor, typed)) }
        }
    };
    Ok(Page { title: words::KEYS, tab: Tab::Playbooks, visitor: Some(visitor), main }.into_response())
}

fn table(visitor: &Visitor, keys: &[ApiKeyView], names: &HashMap<Uuid, String>) -> Markup {
    let now = visitor.server.app.env().now();
    html! {
        div.wide tabindex="0" role="region" aria-label=(words::KEYS) {
            table.data {
                thead { tr { th { (words::KEY) } th { (words::SPEAKS) } th { (words::ENDS) } th { (words::USED) } } }
                tbody { @for key in keys { tr data-key=(key.key) {
                    th scope="row" {
                        (key.name) span.of { (key.scopes.join(" · ")) }
                        @if !key.revoked && !ended(key, now) { div.acts {
                            form method="post" action={ (URL) "/" (key.key) "/revoke" } {
                                (token(visitor))
                                button.small.danger type="submit" aria-label={ (words::REVOKE) " " (key.name) } { (words::REVOKE) }
                            }
                        } }
                    }
                    td { @match key.person {
                        Some(person) => (names.get(&person).map_or(words::SOMEBODY, String::as_str)),
                        None => (words::NOBODY),
                    } }
                    td {
                        @if key.revoked { (words::REVOKED) } @else if ended(key, now) { (words::ENDED) } @else {
                            @match &key.expires { Some(at) => (text::moment_of(at)), None => (words::NEVER) }
                        }
                    }
                    td { @match &key.used { Some(at) => (text::moment_of(at)), None => (words::NEVER) } }
                } } }
            }
        }
    }
}

fn form(visitor: &Visitor, typed: &Form) -> Markup {
    let chosen = |name: &str| typed.pairs().any(|pair| pair == ("scope", name));
    let days = typed.get("days").unwrap_or("90");
    html! {
        form.form method="post" action=(URL) {
            (token(visitor))
            label.field { span { (words::KEY_NAME) }
                input name="name" required maxlength=(NAME_CHARS_MAX) placeholder=(words::KEY_HINT) value=[typed.get("name")] autocomplete="off";
            }
            fieldset.form {
                legend { (words::SCOPES) }
                div.options { @for name in SCOPES {
                    label.option { input type="checkbox" name="scope" value=(name) checked[chosen(name)]; span { (name) ": " (words::scope(name)) } }
                } }
            }
            label.option { input type="checkbox" name="mine" value="1" checked[typed.get("mine").is_some()] aria-describedby="speaks-lead"; span { (words::SPEAKS_ME) } }
            p.quiet #speaks-lead { (words::SPEAKS_LEAD) }
            label.field { span { (words::KEY_DAYS) }
                select name="days" { @for (number, word) in words::DAYS { option value=(number) selected[days == number.to_string()] { (word) } } }
            }
            p.actions { button.primary type="submit" { (words::KEY_BUTTON) } }
        }
    }
}

fn input(visitor: &Visitor, form: &Form) -> Result<ApiKeyInput, Refusal> {
    let days = form.get("days").and_then(|days| words::DAYS.into_iter().find(|(number, _)| number.to_string() == days));
    let (days, _) = days.ok_or_else(|| Refusal::invalid("/days", words::KEY_ENDS))?;
    Ok(ApiKeyInput {
        name: form.get("name").unwrap_or_default().trim().to_owned(),
        scopes: form.pairs().filter(|(name, _)| *name == "scope").map(|(_, value)| value.to_owned()).collect(),
        person: form.get("mine").map(|_| visitor.person.0),
        expires: Some(Moment::Micros(visitor.server.app.env().now() + Micros::from(days) * DAY_MICROS)),
    })
}

/// Makes one, and shows it.
pub async fn add(ManagerConfirmed(posted): ManagerConfirmed) -> Result<Response, Problem> {
    let (visitor, form) = (&posted.visitor, &posted.form);
    let now = visitor.server.app.env().now();
    // A page with a key on it that is loaded again posts again.
    let name = form.filled("name").unwrap_or_default();
    if visitor.workspace.api_keys_list().await?.iter().any(|key| key.name == name && !key.revoked && !ended(key, now)) {
        return all(visitor, None, Some(words::KEY_THERE), form).await;
    }
    let made = match input(visitor, form) {
        Ok(input) => visitor.workspace.api_key_add(&visitor.caller(), input).await,
        Err(refusal) => Err(refusal.into()),
    };
    match made {
        Ok((key, secret)) => Ok(shown(visitor, &key, &secret)),
        // A slip of whoever types, or more than a person may give away: the page says what is wrong, and keeps what was typed.
        Err(Error::Refused(refusal)) if matches!(refusal.code, Code::Invalid | Code::Forbidden) => {
            all(visitor, None, Some(&refusal.detail), form).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The page that is the only one to show a key.
fn shown(visitor: &Visitor, key: &ApiKeyView, secret: &str) -> Response {
    let main = html! {
        div.narrow.stack {
            header.case-head {
                p.crumbs { a href=(people::URL) { (words::PEOPLE) } a href=(URL) { (words::KEYS) } }
                h1 { (key.name) }
            }
            section.sheet {
                h2 { (words::KEY_TEXT) }
                pre.command { code data-secret { (secret) } }
                p { (words::KEY_TEXT_LEAD) }
                p.actions { a.button.primary href=(URL) { (words::KEY_GO_ON) } }
            }
        }
    };
    Page { title: words::KEYS, tab: Tab::Playbooks, visitor: Some(visitor), main }.into_response()
}

/// Revokes one.
pub async fn revoke(Path(key): Path<String>, ManagerConfirmed(posted): ManagerConfirmed) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.api_key_revoke(&visitor.caller(), &key).await?;
    Ok(Redirect::to(&format!("{URL}?said=revoked")).into_response())
}
