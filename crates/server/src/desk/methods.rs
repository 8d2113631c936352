//! How somebody signs in: their passkeys, to be added and removed, and their sessions, to be ended. Shown to themselves only.

use super::{
    page::{Page, Tab, token},
    passkey::{self, Arrived},
    text::{self, passkeys as words},
    visitor::{Posted, Visitor},
};
use crate::{extract::Query, problem::Problem};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::{Error, passkey::PasskeyView, session::SessionView};
use countersign_core::{
    content::Digest,
    limits::NAME_CHARS_MAX,
    refusal::{Code, Refusal},
};
use maud::{Markup, html};
use serde::Deserialize;

/// Where the page is.
pub const URL: &str = "/desk/sign-in-methods";

/// What was done just now.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodsQuery {
    /// In a word.
    #[serde(default)]
    said: Option<String>,
}

/// The page.
pub async fn page(visitor: Visitor, Query(query): Query<MethodsQuery>) -> Result<Response, Problem> {
    all(&visitor, query.said.as_deref().and_then(words::said), None).await
}

async fn all(visitor: &Visitor, said: Option<&str>, refused: Option<&str>) -> Result<Response, Problem> {
    let keys = visitor.workspace.passkeys_of(visitor.person).await?;
    let sessions = visitor.workspace.desk_sessions(&visitor.session).await?;
    let main = html! {
        div.narrow.stack {
            header.case-head { h1 { (words::TITLE) } p.quiet { (words::LEAD) } }
            @if let Some(said) = said { p.note role="status" { (said) } }
            @if let Some(refused) = refused { p.note.warns role="alert" { (refused) } }
            section.sheet {
                h2 { (words::PASSKEYS) }
                p { (words::PASSKEYS_LEAD) }
                @if keys.is_empty() { p.void { (words::NONE) } } @else { (passkeys(visitor, &keys)) }
            }
            @if visitor.server.config.site.has_passkeys() { (add_form(visitor)) } @else { p.note.warns { (words::NOT_HERE) } }
            section.sheet {
                h2 { (words::SESSIONS) }
                (sessions_table(visitor, &sessions))
                @if sessions.len() > 1 {
                    form method="post" action={ (URL) "/sessions/end-others" } { (token(visitor)) button type="submit" { (words::END_OTHERS) } }
                }
            }
        }
    };
    Ok(Page { title: words::TITLE, tab: Tab::Nowhere, visitor: Some(visitor), main }.into_response())
}

fn passkeys(visitor: &Visitor, keys: &[PasskeyView]) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(words::PASSKEYS) {
            table.data {
                thead { tr { th { (words::NAME) } th { (words::MADE) } th { (words::USED) } } }
                tbody { @for key in keys { tr data-passkey=(key.credential) {
                    th scope="row" {
                        @if key.name.is_empty() { (words::NAMELESS) } @else { (key.name) }
                        div.acts {
                            form method="post" action={ (URL) "/passkeys/" (key.credential) "/remove" } {
                                (token(visitor))
                                button.small type="submit" aria-label={ (words::REMOVE) " " (key.name) } { (words::REMOVE) }
                            }
                        }
                    }
                    td { (text::moment(key.added_at)) }
                    td { @match key.used_at { Some(at) => (text::moment(at)), None => (words::NEVER) } }
                } } }
            }
        }
    }
}

fn add_form(visitor: &Visitor) -> Markup {
    html! {
        section.sheet.automation {
            h2 { (words::ADD) }
            form.form method="post" action={ (URL) "/passkeys" } data-passkey="create" data-ask={ (URL) "/passkeys/ask" } {
                (token(visitor))
                label.field { span { (words::ADD_NAME) }
                    input name="name" required maxlength=(NAME_CHARS_MAX) placeholder=(words::ADD_HINT) autocomplete="off";
                }
                p.actions { button.primary type="submit" { (words::ADD_BUTTON) } }
                (passkey::new_controls())
            }
        }
    }
}

fn sessions_table(visitor: &Visitor, sessions: &[SessionView]) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(words::SESSIONS) {
            table.data {
                thead { tr { th { (words::SESSION) } th { (words::SEEN) } } }
                tbody { @for session in sessions { tr data-session=(session.id) {
                    th scope="row" {
                        (text::moment(session.opened_at)) ", "
                        @if session.by_passkey { (words::SESSION_PASSKEY) } @else { (words::SESSION_LINK) }
                        @if session.present { span.of { (words::THIS_ONE) } } @else {
                            div.acts {
                                form method="post" action={ (URL) "/sessions/" (session.id) "/end" } {
                                    (token(visitor))
                                    button.small type="submit" aria-label={ (words::END) " " (text::moment(session.opened_at)) } { (words::END) }
                                }
                            }
                        }
                    }
                    td { (text::moment(session.seen_at)) }
                } } }
            }
        }
    }
}

/// Makes a passkey known.
pub async fn add(Arrived(posted): Arrived) -> Result<Response, Problem> {
    let Posted { visitor, form } = &posted;
    let (app, site) = (&visitor.server.app, &visitor.server.config.site);
    let name = form.get("name").unwrap_or_default();
    match app.passkey_add(&visitor.caller(), &visitor.session, site, name, &passkey::new_passkey(form)).await {
        Ok(_) => Ok(Redirect::to(&format!("{URL}?said=added")).into_response()),
        // A slip of whoever types, or an authenticator that was too slow: the page says what is wrong.
        Err(Error::Refused(refusal)) if matches!(refusal.code, Code::Invalid | Code::Conflict | Code::TooLarge) => {
            all(visitor, None, Some(&refusal.detail)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Removes a passkey.
pub async fn remove(axum::extract::Path(credential): axum::extract::Path<String>, Arrived(posted): Arrived) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let credential: Digest = credential.parse().map_err(|_| Refusal::new(Code::NotFound, "there is no such passkey"))?;
    visitor.workspace.passkey_remove(&visitor.caller(), visitor.person, credential).await?;
    Ok(Redirect::to(&format!("{URL}?said=removed")).into_response())
}

/// Ends a session.
pub async fn end(axum::extract::Path(session): axum::extract::Path<String>, posted: Posted) -> Result<Response, Problem> {
    posted.visitor.workspace.desk_session_end(posted.visitor.person, &session).await?;
    Ok(Redirect::to(&format!("{URL}?said=ended")).into_response())
}

/// Ends all others.
pub async fn end_others(posted: Posted) -> Result<Response, Problem> {
    posted.visitor.workspace.desk_sessions_end_others(&posted.visitor.session).await?;
    Ok(Redirect::to(&format!("{URL}?said=others")).into_response())
}
