//! Signing in by a passkey, a one-time link or a password, and out again. Opening a link changes nothing: programs that look at links before people do must
//! not use them up.

use super::{
    form::Form,
    page::{Page, Tab},
    passkey, provider,
    text::{self, sign_in as words},
    visitor::{Posted, cookie, same_site, secret},
};
use crate::{patience::Peer, problem::Problem, state::Server};
use axum::{
    Extension,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use countersign_app::{identity::Purpose, session::Invited};
use countersign_core::refusal::Code;
use maud::{Markup, html};

/// The control of an invitation that says which provider's account is to be linked.
const WITH: &str = "with";

/// How one signs in, and comes by a link.
#[must_use]
pub fn how_to(server: &Server) -> Markup {
    html! {
        (passkey::sign_in_form())
        (provider::sign_in_forms(server))
        @if server.config.sign_in.passwords { (password_form()) }
        p { (text::SIGN_IN_HOW) }
        pre.command { code { (text::SIGN_IN_COMMAND) } }
    }
}

fn password_form() -> Markup {
    html! {
        form.form method="post" action="/desk/sign-in/password" {
            label.field { span { (words::NAME) } input name="name" required maxlength="320" autocomplete="username"; }
            label.field { span { (words::PASSWORD) } input type="password" name="password" required autocomplete="current-password"; }
            p.actions { button type="submit" { (text::SIGN_IN) } }
        }
    }
}

/// The page for whoever has no link.
pub async fn how(State(server): State<Server>) -> Response {
    let main = html! { section.sheet.notice { h1 { (text::SIGN_IN) } (how_to(&server)) } };
    Page { title: text::SIGN_IN, tab: Tab::Nowhere, visitor: None, main }.into_response()
}

/// The page that a link opens: who would sign in, and the button that does it.
pub async fn confirm(State(server): State<Server>, Path(link): Path<String>) -> Result<Response, Problem> {
    Ok(match server.app.desk_link_owner(&link).await? {
        Some(session) => {
            Page { title: text::SIGN_IN, tab: Tab::Nowhere, visitor: None, main: invitation(&server, &link, &session) }.into_response()
        }
        None => over(&server),
    })
}

fn invitation(server: &Server, link: &str, session: &Invited) -> Markup {
    html! {
        section.sheet.notice {
            h1 { (text::SIGN_IN_AS) " " (session.name.as_deref().unwrap_or(text::NAMELESS)) }
            p.lead { (text::SIGN_IN_TO) " " strong { (session.workspace_name) } }
            form method="post" action={ "/desk/sign-in/" (link) } {
                p.actions { button.primary type="submit" autofocus { (text::SIGN_IN) } }
                @for provider in &server.providers {
                    p.actions { button type="submit" name=(WITH) value=(provider.settings.name) { (words::accept_by(&provider.settings.label)) } }
                }
            }
            p.fine { (text::SIGN_IN_ONCE) }
        }
    }
}

fn over(server: &Server) -> Response {
    let main = html! {
        section.sheet.notice {
            h1 { (text::LINK_OVER) }
            p.lead { (text::LINK_OVER_LEAD) }
            (how_to(server))
            p.actions { a.button href="/desk" { (text::TO_QUEUE) } }
        }
    };
    Page { title: text::LINK_OVER, tab: Tab::Nowhere, visitor: None, main }.response(StatusCode::GONE)
}

/// Uses the link up. Where a provider is named its account is linked next.
pub async fn enter(
    State(server): State<Server>,
    peer: Option<Extension<Peer>>,
    Path(link): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    same_site(request.headers())?;
    let headers = request.headers().clone();
    // A link needs no form, and what makes one post may bring none.
    let form = if headers.contains_key(header::CONTENT_TYPE) { Form::read(request).await? } else { Form::default() };
    let with = form.filled(WITH).map(|name| provider::of(&server, name)).transpose()?;
    patiently(&server, peer.as_ref(), &link).await?;
    let before = secret(&headers, &server.config);
    // A second click on the button finds the link used and the browser signed in already.
    if server.app.desk_link_owner(&link).await?.is_none() {
        return Ok(match before {
            Some(before) if server.app.desk_session(before).await?.is_some() => Redirect::to("/desk").into_response(),
            _ => over(&server),
        });
    }
    let opened = server.app.desk_sign_in(&link, before).await?;
    server.patience.well(peer.map(|Extension(peer)| peer), &link);
    let mut response = match with {
        // Whoever cannot get there is signed in all the same, and links the account later.
        Some(with) => {
            provider::leave(&server, with, Purpose::Link, Some(&opened.session)).await.unwrap_or_else(IntoResponse::into_response)
        }
        None => Redirect::to("/desk").into_response(),
    };
    response.headers_mut().append(header::SET_COOKIE, cookie(Some(&opened.secret), &server.config));
    Ok(response)
}

/// Signs in whoever's passkey answered.
pub async fn enter_by_passkey(State(server): State<Server>, peer: Option<Extension<Peer>>, request: Request) -> Result<Response, Problem> {
    same_site(request.headers())?;
    let headers = request.headers().clone();
    let form = Form::read(request).await?;
    let answer = passkey::assertion(&form).ok_or_else(|| Problem::new(Code::Unauthenticated, text::passkeys::NO_SCRIPT))?;
    patiently(&server, peer.as_ref(), answer.credential).await?;
    let opened = server.app.passkey_sign_in(&server.config.site, &answer, secret(&headers, &server.config)).await?;
    server.patience.well(peer.map(|Extension(peer)| peer), answer.credential);
    Ok(([(header::SET_COOKIE, cookie(Some(&opened.secret), &server.config))], Redirect::to("/desk")).into_response())
}

/// Signs in whoever has this name and this password, where passwords are taken.
pub async fn enter_by_password(State(server): State<Server>, peer: Option<Extension<Peer>>, request: Request) -> Result<Response, Problem> {
    same_site(request.headers())?;
    if !server.config.sign_in.passwords {
        return Err(Problem::new(Code::NotFound, words::NO_PASSWORDS));
    }
    let headers = request.headers().clone();
    let form = Form::read(request).await?;
    let (name, typed) = (form.filled("name").unwrap_or_default(), form.get("password").unwrap_or_default());
    let tried = format!("password of {}", name.to_lowercase());
    patiently(&server, peer.as_ref(), &tried).await?;
    let opened = server.app.password_sign_in(name, typed, secret(&headers, &server.config)).await?;
    server.patience.well(peer.map(|Extension(peer)| peer), &tried);
    Ok(([(header::SET_COOKIE, cookie(Some(&opened.secret), &server.config))], Redirect::to("/desk")).into_response())
}

/// Waits as long as what failed before asks for.
///
/// # Errors
/// `busy` where too many wait.
pub async fn patiently(server: &Server, peer: Option<&Extension<Peer>>, name: &str) -> Result<(), Problem> {
    let wait = server.patience.wait(peer.map(|Extension(peer)| *peer), name, server.app.env().now());
    if wait.is_zero() {
        return Ok(());
    }
    let crowded = |_| Problem::new(Code::Busy, text::passkeys::CROWDED);
    let _place = server.patience.waiting.try_acquire().map_err(crowded)?;
    tokio::time::sleep(wait).await;
    Ok(())
}

/// Ends the session.
pub async fn leave(headers: HeaderMap, posted: Posted) -> Result<Response, Problem> {
    let server = &posted.visitor.server;
    if let Some(secret) = secret(&headers, &server.config) {
        server.app.desk_sign_out(secret).await?;
    }
    Ok(([(header::SET_COOKIE, cookie(None, &server.config))], Redirect::to("/desk/sign-in")).into_response())
}
