//! Signing in by a passkey or by a one-time link, and out again. Opening a link changes nothing: programs that look at links before people do must
//! not use them up.

use super::{
    form::Form,
    page::{Page, Tab},
    passkey, text,
    visitor::{Posted, cookie, same_site, secret},
};
use crate::{patience::Peer, problem::Problem, state::Server};
use axum::{
    Extension,
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use countersign_app::session::Invited;
use countersign_core::refusal::Code;
use maud::{Markup, html};

/// How one comes by a link.
#[must_use]
pub fn how_to() -> Markup {
    html! {
        (passkey::sign_in_form())
        p { (text::SIGN_IN_HOW) }
        pre.command { code { (text::SIGN_IN_COMMAND) } }
    }
}

/// The page for whoever has no link.
pub async fn how() -> Response {
    let main = html! { section.sheet.notice { h1 { (text::SIGN_IN) } (how_to()) } };
    Page { title: text::SIGN_IN, tab: Tab::Nowhere, visitor: None, main }.into_response()
}

/// The page that a link opens: who would sign in, and the button that does it.
pub async fn confirm(State(server): State<Server>, Path(link): Path<String>) -> Result<Response, Problem> {
    Ok(match server.app.desk_link_owner(&link).await? {
        Some(session) => Page { title: text::SIGN_IN, tab: Tab::Nowhere, visitor: None, main: invitation(&link, &session) }.into_response(),
        None => over(),
    })
}

fn invitation(link: &str, session: &Invited) -> Markup {
    html! {
        section.sheet.notice {
            h1 { (text::SIGN_IN_AS) " " (session.name.as_deref().unwrap_or(text::NAMELESS)) }
            p.lead { (text::SIGN_IN_TO) " " strong { (session.workspace_name) } }
            form method="post" action={ "/desk/sign-in/" (link) } {
                p.actions { button.primary type="submit" autofocus { (text::SIGN_IN) } }
            }
            p.fine { (text::SIGN_IN_ONCE) }
        }
    }
}

fn over() -> Response {
    let main = html! {
        section.sheet.notice {
            h1 { (text::LINK_OVER) }
            p.lead { (text::LINK_OVER_LEAD) }
            (how_to())
            p.actions { a.button href="/desk" { (text::TO_QUEUE) } }
        }
    };
    Page { title: text::LINK_OVER, tab: Tab::Nowhere, visitor: None, main }.response(StatusCode::GONE)
}

/// Uses the link up.
pub async fn enter(
    State(server): State<Server>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Path(link): Path<String>,
) -> Result<Response, Problem> {
    same_site(&headers)?;
    patiently(&server, peer.as_ref(), &link).await?;
    let before = secret(&headers, &server.config);
    // A second click on the button finds the link used and the browser signed in already.
    if server.app.desk_link_owner(&link).await?.is_none() {
        return Ok(match before {
            Some(before) if server.app.desk_session(before).await?.is_some() => Redirect::to("/desk").into_response(),
            _ => over(),
        });
    }
    let opened = server.app.desk_sign_in(&link, before).await?;
    server.patience.well(peer.map(|Extension(peer)| peer), &link);
    Ok(([(header::SET_COOKIE, cookie(Some(&opened.secret), &server.config))], Redirect::to("/desk")).into_response())
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

/// Waits as long as what failed before asks for.
async fn patiently(server: &Server, peer: Option<&Extension<Peer>>, name: &str) -> Result<(), Problem> {
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
