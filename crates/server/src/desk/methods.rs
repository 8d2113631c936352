//! How somebody signs in: their passkeys, accounts elsewhere and password, to be added and removed, and their sessions, to be ended. Shown
//! to themselves only.

use super::{
    page::{Page, Tab, token},
    passkey::{self, Arrived},
    provider,
    text::{self, passkeys as words, sign_in as more},
    visitor::{Posted, Visitor},
};
use crate::{extract::Query, problem::Problem};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::{
    Error,
    identity::IdentityView,
    passkey::PasskeyView,
    password::{PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN},
    session::{SessionView, Way},
};
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
    let accounts = visitor.workspace.identities_of(visitor.person).await?;
    let password = visitor.workspace.has_password(visitor.person).await?;
    let links_only = accounts.is_empty() && !(password && visitor.server.config.sign_in.passwords);
    let sessions = visitor.workspace.desk_sessions(&visitor.session).await?;
    let main = html! {
        div.narrow.stack {
            header.case-head { h1 { (words::TITLE) } p.quiet { (words::LEAD) } }
            @if let Some(said) = said { p.note role="status" { (said) } }
            @if let Some(refused) = refused { p.note.warns role="alert" { (refused) } }
            section.sheet {
                h2 { (words::PASSKEYS) }
                p { (words::PASSKEYS_LEAD) }
                @if keys.is_empty() { p.void { (words::NONE) @if links_only { " " (words::NONE_LINKS) } } } @else { (passkeys(visitor, &keys)) }
            }
            @if visitor.server.config.site.has_passkeys() { (add_form(visitor)) } @else { p.note.warns { (words::NOT_HERE) } }
            @if !visitor.server.providers.is_empty() || !accounts.is_empty() { (accounts_sheet(visitor, &accounts)) }
            @if visitor.server.config.sign_in.passwords { (password_sheet(visitor, password)) }
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

/// What people call a provider, where it is still set up.
fn label<'v>(visitor: &'v Visitor, name: &str) -> Option<&'v str> {
    visitor.server.providers.iter().find(|provider| provider.settings.name == name).map(|provider| provider.settings.label.as_str())
}

fn accounts_sheet(visitor: &Visitor, accounts: &[IdentityView]) -> Markup {
    let settings = visitor.server.providers.iter().map(|provider| &provider.settings);
    let free: Vec<_> = settings.filter(|known| accounts.iter().all(|account| account.provider != known.name)).collect();
    html! {
        section.sheet {
            h2 { (more::ACCOUNTS) }
            p { (more::ACCOUNTS_LEAD) }
            @if !accounts.is_empty() {
                div.wide tabindex="0" role="region" aria-label=(more::ACCOUNTS) {
                    table.data {
                        thead { tr { th { (more::ACCOUNT) } th { (more::LINKED) } th { (words::USED) } } }
                        tbody { @for account in accounts { tr data-account=(account.id) {
                            th scope="row" {
                                @match label(visitor, &account.provider) {
                                    Some(label) => (label),
                                    None => { (account.provider) " " (more::NOT_SET_UP) }
                                }
                                div.acts {
                                    form method="post" action={ (URL) "/accounts/" (account.id) "/unlink" } {
                                        (token(visitor))
                                        button.small type="submit" aria-label={ (more::UNLINK) " " (account.provider) } { (more::UNLINK) }
                                    }
                                }
                            }
                            td { (text::moment(account.linked_at)) }
                            td { @match account.used_at { Some(at) => (text::moment(at)), None => (words::NEVER) } }
                        } } }
                    }
                }
            }
            @for known in free { (provider::leading(visitor, &format!("{URL}/provider/{}/link", known.name), &more::link(&known.label), false)) }
        }
    }
}

fn password_sheet(visitor: &Visitor, has: bool) -> Markup {
    html! {
        section.sheet {
            h2 { (more::PASSWORD_HEAD) }
            p { @if has { (more::PASSWORD_HAS) } @else { (more::PASSWORD_NONE) } }
            form.form method="post" action={ (URL) "/password" } {
                (token(visitor))
                // For what fills passwords in: whose it is.
                input type="hidden" name="username" autocomplete="username" value=(visitor.name());
                label.field { span { (more::PASSWORD_NEW) }
                    input type="password" name="password" required minlength=(PASSWORD_CHARS_MIN) maxlength=(PASSWORD_BYTES_MAX) autocomplete="new-password" aria-describedby="password-hint";
                }
                p.quiet #password-hint { (more::password_hint()) }
                p.actions { button type="submit" { (more::PASSWORD_SET) } }
            }
            @if has { form method="post" action={ (URL) "/password/remove" } { (token(visitor)) button type="submit" { (more::PASSWORD_REMOVE) } } }
        }
    }
}

fn session_way(visitor: &Visitor, way: &Way) -> String {
    match way {
        Way::Link => words::SESSION_LINK.to_owned(),
        Way::Passkey => words::SESSION_PASSKEY.to_owned(),
        Way::Password => words::SESSION_PASSWORD.to_owned(),
        Way::Provider(name) => more::session_by(label(visitor, name).unwrap_or(name)),
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
                        (session_way(visitor, &session.way))
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

/// Sets a password, where passwords are taken.
pub async fn password(Arrived(posted): Arrived) -> Result<Response, Problem> {
    let Posted { visitor, form } = &posted;
    if !visitor.server.config.sign_in.passwords {
        return Err(Problem::new(Code::NotFound, more::NO_PASSWORDS));
    }
    match visitor.workspace.password_set(&visitor.session, form.get("password").unwrap_or_default()).await {
        Ok(()) => Ok(Redirect::to(&format!("{URL}?said=password")).into_response()),
        Err(Error::Refused(refusal)) if refusal.code == Code::Invalid => all(visitor, None, Some(&refusal.detail)).await,
        Err(error) => Err(error.into()),
    }
}

/// Removes a password.
pub async fn password_remove(Arrived(posted): Arrived) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.password_remove(&visitor.caller(), visitor.person, Some(&visitor.session)).await?;
    Ok(Redirect::to(&format!("{URL}?said=password-removed")).into_response())
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
