//! Webhooks at the desk, for whoever leads: the addresses with a form to add one, and each with what became of its messages, a test, its
//! secret replaced, and its removal. Sends nothing, and shows a secret only in the answer to the form that made it.

use super::{
    form::Form,
    notices,
    page::{Page, Tab, token},
    passkey::LeadConfirmed,
    text::{self, webhooks as words},
    visitor::{Lead, LeadPosted, Visitor},
};
use crate::{
    extract::{Path, Query},
    problem::Problem,
};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::{
    Error,
    notice::TYPES,
    webhook::{DeliveryView, URL_BYTES_MAX, WebhookInput, WebhookView},
};
use countersign_core::refusal::{Code, Refusal};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

/// Where the page is.
pub const URL: &str = "/desk/webhooks";
/// The control that says when the secret was replaced last, as far as the page knew.
const SINCE: &str = "since";

/// What was done just now.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhooksQuery {
    /// In a word.
    #[serde(default)]
    said: Option<String>,
}

impl WebhooksQuery {
    fn said(&self) -> Option<&'static str> {
        self.said.as_deref().and_then(words::said)
    }
}

/// The addresses.
pub async fn list(Lead(visitor): Lead, Query(query): Query<WebhooksQuery>) -> Result<Response, Problem> {
    all(&visitor, query.said().map(str::to_owned), &Form::default()).await
}

async fn all(visitor: &Visitor, said: Option<String>, typed: &Form) -> Result<Response, Problem> {
    let mut hooks = Vec::new();
    for hook in visitor.workspace.webhooks_list().await? {
        let latest = visitor.workspace.webhook_deliveries(hook.webhook).await?.into_iter().next();
        hooks.push((hook, latest));
    }
    let main = html! {
        div.narrow.stack {
            header.case-head {
                p.crumbs { a href=(notices::URL) { (text::notices::TITLE) } }
                h1 { (words::TITLE) }
                p.quiet { (words::LEAD) }
            }
            @if let Some(said) = &said { p.note role="status" { (said) } }
            @if hooks.is_empty() { div.empty { h2 { (words::NONE) } p { (words::NONE_LEAD) } } }
            @for (hook, latest) in &hooks { (summary(hook, latest.as_ref())) }
            section.sheet.automation {
                h2 { (words::ADD) }
                (form(visitor, typed))
            }
        }
    };
    Ok(Page { title: words::TITLE, tab: Tab::Queue, visitor: Some(visitor), main }.into_response())
}

/// Adds one, and shows its secret.
pub async fn add(LeadConfirmed(posted): LeadConfirmed) -> Result<Response, Problem> {
    let (visitor, form) = (&posted.visitor, &posted.form);
    let Some(url) = form.filled("url") else { return all(visitor, Some(words::ADDRESS_WANTED.to_owned()), form).await };
    let types: Vec<String> = form.pairs().filter(|(name, _)| *name == "type").map(|(_, value)| value.to_owned()).collect();
    // A page with a secret that is loaded again posts again.
    if visitor.workspace.webhooks_list().await?.iter().any(|hook| (hook.url.as_str(), &hook.types) == (url, &types)) {
        return all(visitor, Some(words::THERE_ALREADY.to_owned()), form).await;
    }
    match visitor.workspace.webhook_add(WebhookInput { url: url.to_owned(), types }).await {
        Ok(hook) => secret(visitor, &hook),
        // A slip of whoever types: the page says what is wrong, and keeps what was typed.
        Err(Error::Refused(refusal)) if matches!(refusal.code, Code::Invalid | Code::TooLarge) => {
            all(visitor, Some(refusal.detail), form).await
        }
        Err(error) => Err(error.into()),
    }
}

/// One, with its messages.
pub async fn one(Lead(visitor): Lead, Path(id): Path<Uuid>, Query(query): Query<WebhooksQuery>) -> Result<Response, Problem> {
    let hook = visitor.workspace.webhook_get(id).await?;
    let messages = visitor.workspace.webhook_deliveries(id).await?;
    let main = html! {
        div.narrow.stack {
            (head(&hook))
            @if let Some(said) = query.said() { p.note role="status" { (said) } }
            section.sheet {
                (facts(&hook))
                div.actions { form method="post" action={ (url(id)) "/test" } { (token(&visitor)) button.primary type="submit" { (words::TEST_BUTTON) } } }
            }
            section.sheet {
                h2 { (words::MESSAGES) }
                @if messages.is_empty() { p.void { (words::NO_MESSAGES) } } @else { (deliveries(&visitor, id, &messages)) }
                @if messages.iter().any(|message| message.state == "due") { p.crumbs { a href=(url(id)) { (words::LOOK_AGAIN) } } }
            }
            (rarer(&visitor, &hook))
        }
    };
    Ok(Page { title: words::TITLE, tab: Tab::Queue, visitor: Some(&visitor), main }.into_response())
}

/// Lets a test be sent.
pub async fn test(Path(id): Path<Uuid>, LeadPosted(posted): LeadPosted) -> Result<Response, Problem> {
    posted.visitor.workspace.webhook_test(id).await?;
    Ok(Redirect::to(&format!("{}?said=tested", url(id))).into_response())
}

/// Lets a message be sent once more.
pub async fn resend(Path((id, event)): Path<(Uuid, Uuid)>, LeadPosted(posted): LeadPosted) -> Result<Response, Problem> {
    posted.visitor.workspace.webhook_resend(id, event).await?;
    Ok(Redirect::to(&format!("{}?said=again", url(id))).into_response())
}

/// Replaces the secret, and shows the new one.
pub async fn rotate(Path(id): Path<Uuid>, LeadConfirmed(posted): LeadConfirmed) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let known = visitor.workspace.webhook_get(id).await?.rotated;
    // A page with a secret that is loaded again posts again: what it shows would no longer be the secret.
    if posted.form.filled(SINCE) != known.as_deref() {
        return Err(Refusal::field(Code::Conflict, "/since", words::ROTATED_MEANWHILE).into());
    }
    secret(visitor, &visitor.workspace.webhook_rotate(id).await?)
}

/// Removes one.
pub async fn remove(Path(id): Path<Uuid>, LeadConfirmed(posted): LeadConfirmed) -> Result<Response, Problem> {
    posted.visitor.workspace.webhook_remove(id).await?;
    Ok(Redirect::to(&format!("{URL}?said=removed")).into_response())
}

fn url(id: Uuid) -> String {
    format!("{URL}/{id}")
}

fn head(hook: &WebhookView) -> Markup {
    html! {
        header.case-head {
            p.crumbs { a href=(notices::URL) { (text::notices::TITLE) } a href=(URL) { (words::TITLE) } }
            h1.wrap { (hook.url) }
        }
    }
}

fn summary(hook: &WebhookView, latest: Option<&DeliveryView>) -> Markup {
    html! {
        section.sheet data-webhook=(hook.webhook) {
            h2.question.wrap { a href=(url(hook.webhook)) { (hook.url) } }
            p.quiet { (words::TYPES) ": " (words::told_of(&hook.types)) }
            @match latest {
                Some(message) => p { (words::message(&message.type_name)) ": " (came(message)) },
                None => p.void { (words::NO_MESSAGES) },
            }
        }
    }
}

/// What came of a message, in a line.
fn came(message: &DeliveryView) -> Markup {
    html! {
        span data-state=(message.state) { (words::state(message)) }
        @if !message.outcome.is_empty() { " (" (message.outcome) ")" }
    }
}

fn form(visitor: &Visitor, typed: &Form) -> Markup {
    let chosen = |name: &str| typed.pairs().any(|pair| pair == ("type", name));
    html! {
        form.form method="post" action=(URL) {
            (token(visitor))
            label.field { span { (words::ADDRESS) }
                input type="url" name="url" required maxlength=(URL_BYTES_MAX) placeholder=(words::ADDRESS_HINT) value=[typed.get("url")] autocomplete="off";
            }
            fieldset.form {
                legend { (words::TYPES) }
                div.options {
                    @for name in TYPES {
                        label.option { input type="checkbox" name="type" value=(name) checked[chosen(name)]; span { (text::notices::title(name)) } }
                    }
                }
                p.quiet { (words::TYPES_LEAD) }
            }
            p.actions { button.primary type="submit" { (words::BUTTON) } }
        }
    }
}

/// The page that is the only one to show a secret.
fn secret(visitor: &Visitor, hook: &WebhookView) -> Result<Response, Problem> {
    let main = html! {
        div.narrow.stack {
            (head(hook))
            section.sheet {
                h2 { (words::SECRET) }
                pre.command { code data-secret { (hook.secret.as_deref().unwrap_or_default()) } }
                p { (words::SECRET_LEAD) }
                p.actions { a.button.primary href=(url(hook.webhook)) { (words::GO_ON) } }
            }
        }
    };
    Ok(Page { title: words::TITLE, tab: Tab::Queue, visitor: Some(visitor), main }.into_response())
}

fn facts(hook: &WebhookView) -> Markup {
    html! {
        dl.facts {
            dt { (words::TYPES) } dd { (words::told_of(&hook.types)) }
            dt { (words::ADDED) } dd { (text::moment_of(&hook.added)) }
            dt { (words::SECRET_SINCE) } dd { (words::secret_since(hook.rotated.as_deref(), hook.signed_twice_until.as_deref())) }
        }
    }
}

fn deliveries(visitor: &Visitor, id: Uuid, messages: &[DeliveryView]) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(words::MESSAGES) {
            table.data {
                thead { tr { th { (words::MESSAGE) } th { (words::OUTCOME) } th.number { (words::ATTEMPTS) } } }
                tbody { @for message in messages { tr data-event=(message.event) data-state=(message.state) {
                    th scope="row" { (words::message(&message.type_name)) @if let Some(last) = &message.last { span.of { (words::LAST) " " (text::moment_of(last)) } } }
                    td {
                        (words::state(message))
                        @if !message.outcome.is_empty() { span.of { (message.outcome) } }
                        @if !(message.state == "due" && message.attempts == 0) { div.acts {
                            form method="post" action={ (url(id)) "/messages/" (message.event) "/resend" } { (token(visitor)) button.small type="submit" { (words::RESEND) } }
                        } }
                    }
                    td.number { (message.attempts) }
                } } }
            }
        }
    }
}

/// What is done rarely, and stands apart so that nobody does it by mistake.
fn rarer(visitor: &Visitor, hook: &WebhookView) -> Markup {
    let id = hook.webhook;
    html! {
        section.sheet {
            details.more { summary { (words::ROTATE) }
                p { (words::ROTATE_LEAD) }
                form method="post" action={ (url(id)) "/rotate" } {
                    (token(visitor))
                    input type="hidden" name=(SINCE) value=(hook.rotated.as_deref().unwrap_or_default());
                    button type="submit" { (words::ROTATE_BUTTON) }
                }
            }
            details.more { summary { (words::REMOVE) }
                p { (words::REMOVE_LEAD) }
                form method="post" action={ (url(id)) "/remove" } { (token(visitor)) button.danger type="submit" { (words::REMOVE_BUTTON) } }
            }
        }
    }
}
