//! Through a provider and back: whoever signs in, links an account, or proves that it is them. A form begins it, from our own page; the
//! browser is sent on by a page, since a form may not lead elsewhere; and what comes back is taken once, from the browser that went.

use super::{
    methods,
    page::{Page, Tab, token},
    passkey::Arrived,
    sign_in::patiently,
    text::{self, sign_in as words},
    visitor::{Cookie, Posted, Visitor, cookie, same_site, secret},
};
use crate::{
    extract::{Path, Query},
    patience::Peer,
    problem::Problem,
    provider::{Fault, Provider},
    state::Server,
};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use countersign_app::{
    identity::{Proven, Purpose, Returned},
    session::DeskSession,
};
use countersign_core::refusal::Code;
use maud::{Markup, html};
use serde::Deserialize;

/// Sends a browser on without a script (and without a redirect, which the policy of a page with a form forbids to other sites).
const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// Where signing in through a provider begins.
#[must_use]
pub fn url(name: &str) -> String {
    format!("/desk/sign-in/provider/{name}")
}

/// The forms by which somebody signs in through a provider.
#[must_use]
pub fn sign_in_forms(server: &Server) -> Markup {
    html! {
        @for Provider { settings, .. } in &server.providers {
            form.form method="post" action=(url(&settings.name)) {
                p.actions { button type="submit" { (words::by(&settings.label)) } }
            }
        }
    }
}

/// The provider of a name.
pub fn of<'s>(server: &'s Server, name: &str) -> Result<&'s Provider, Problem> {
    let known = server.providers.iter().find(|provider| provider.settings.name == name);
    known.ok_or_else(|| Problem::new(Code::NotFound, words::NO_PROVIDER))
}

fn problem(provider: &Provider, fault: Fault) -> Problem {
    let label = &provider.settings.label;
    match fault {
        Fault::Unreachable(cause) => {
            tracing::warn!(provider = %provider.settings.name, %cause, "nobody signs in through a provider");
            Problem::new(Code::Busy, words::unreachable(label))
        }
        Fault::Refused(cause) => {
            tracing::warn!(provider = %provider.settings.name, %cause, "what a provider said of somebody was refused");
            Problem::new(Code::Unauthenticated, words::does_not_hold(label))
        }
    }
}

/// Sends the browser on to a provider.
///
/// # Errors
/// Where the provider cannot be reached, or too many are on their way.
pub async fn leave(server: &Server, provider: &Provider, purpose: Purpose, session: Option<&DeskSession>) -> Result<Response, Problem> {
    let leaving = server.app.identity_leave(&provider.settings.name, purpose, session).await?;
    let gone = provider.leave(server.app.env(), &server.config.site, &leaving, purpose).await;
    let place = gone.map_err(|fault| problem(provider, fault))?;
    let main = html! {
        section.sheet.notice {
            h1 { (words::LEAVING) }
            p.lead { (words::LEAVING_LEAD) }
            p.actions { a.button.primary href=(place) { (words::go_on_to(&provider.settings.label)) } }
        }
    };
    let mut response = Page { title: words::LEAVING, tab: Tab::Nowhere, visitor: None, main }.into_response();
    let headers = response.headers_mut();
    if let Ok(refresh) = HeaderValue::try_from(format!("0; url={place}")) {
        headers.insert(REFRESH, refresh);
    }
    headers.append(header::SET_COOKIE, Cookie::Away.set(Some(&leaving.browser), &server.config));
    Ok(response)
}

/// Whoever wants to sign in goes to a provider.
pub async fn begin(State(server): State<Server>, headers: HeaderMap, Path(name): Path<String>) -> Result<Response, Problem> {
    same_site(&headers)?;
    leave(&server, of(&server, &name)?, Purpose::SignIn, None).await
}

/// Whoever is signed in goes to a provider, to link an account.
pub async fn link(Path(name): Path<String>, Arrived(posted): Arrived) -> Result<Response, Problem> {
    let Visitor { server, session, .. } = &posted.visitor;
    if !session.arrived(server.app.env().now()) {
        return Err(Problem::new(Code::Forbidden, words::STALE));
    }
    leave(server, of(server, &name)?, Purpose::Link, Some(session)).await
}

/// Whoever is signed in goes to a provider, to prove that it is them.
pub async fn confirm(Path(name): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let Visitor { server, session, .. } = &posted.visitor;
    leave(server, of(server, &name)?, Purpose::Confirm, Some(session)).await
}

/// Unlinks an account.
pub async fn unlink(Path(account): Path<String>, Arrived(posted): Arrived) -> Result<Response, Problem> {
    let Visitor { workspace, person, session, .. } = &posted.visitor;
    workspace.identity_remove(&posted.visitor.caller(), *person, &account, Some(session)).await?;
    Ok(Redirect::to(&format!("{}?said=unlinked", methods::URL)).into_response())
}

/// What a provider lets a browser bring back. There may be more, which says nothing.
#[derive(Deserialize)]
pub struct BackQuery {
    state: Option<String>,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// Whoever comes back. What they bring is worth something once, and only in the browser that went.
pub async fn back(
    State(server): State<Server>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Path(name): Path<String>,
    Query(query): Query<BackQuery>,
) -> Result<Response, Problem> {
    let provider = of(&server, &name)?;
    let no_answer = || Problem::new(Code::Unauthenticated, words::NO_ANSWER);
    let state = query.state.ok_or_else(no_answer)?;
    patiently(&server, peer.as_ref(), &state).await?;
    let returned = server.app.identity_return(&name, &state, Cookie::Away.sent(&headers, &server.config)).await?;
    if let Some(error) = query.error {
        // What stands in an address is anybody's text: it is logged, as one word, and not shown.
        tracing::info!(provider = %name, error = %error.escape_debug(), "somebody came back from a provider without a code");
        return Ok(turned_back(&server, provider));
    }
    let code = query.code.ok_or_else(no_answer)?;
    let told = provider.proven(server.app.env(), &server.config.site, &returned, (&code, query.iss.as_deref())).await;
    let proven = told.map_err(|fault| problem(provider, fault))?;
    let response = done(&server, &headers, &returned, &proven).await?;
    server.patience.well(peer.map(|Extension(peer)| peer), &state);
    Ok(response)
}

async fn done(server: &Server, headers: &HeaderMap, returned: &Returned, proven: &Proven) -> Result<Response, Problem> {
    let forget = || (header::SET_COOKIE, Cookie::Away.set(None, &server.config));
    if returned.purpose == Purpose::SignIn {
        let opened = server.app.identity_sign_in(proven, secret(headers, &server.config)).await?;
        let signed_in = (header::SET_COOKIE, cookie(Some(&opened.secret), &server.config));
        return Ok((AppendHeaders([signed_in, forget()]), Redirect::to("/desk")).into_response());
    }
    let signed_out = || Problem::new(Code::Unauthenticated, text::SIGNED_OUT_DETAIL);
    let visitor = Visitor::of(headers, server).await?.ok_or_else(signed_out)?;
    if returned.purpose == Purpose::Link {
        server.app.identity_link(&visitor.session, returned, proven).await?;
        let linked = format!("{}?said=linked", methods::URL);
        return Ok((AppendHeaders([forget()]), Redirect::to(&linked)).into_response());
    }
    server.app.identity_confirm(&visitor.session, returned, proven).await?;
    let main = html! {
        section.sheet.notice data-confirmed {
            h1 { (words::BACK_CONFIRMED) }
            p.lead { (words::BACK_CONFIRMED_LEAD) }
        }
    };
    let page = Page { title: words::BACK_CONFIRMED, tab: Tab::Nowhere, visitor: Some(&visitor), main };
    Ok((AppendHeaders([forget()]), page).into_response())
}

fn turned_back(server: &Server, provider: &Provider) -> Response {
    let main = html! {
        section.sheet.notice {
            h1 { (words::LEFT) }
            p.lead { (words::left(&provider.settings.label)) }
            (super::sign_in::how_to(server))
            p.actions { a.button href="/desk" { (text::TO_QUEUE) } }
        }
    };
    Page { title: words::LEFT, tab: Tab::Nowhere, visitor: None, main }.into_response()
}

/// The form that leads whoever is signed in to a provider: in the whole window, or in a tab of its own.
#[must_use]
pub fn leading(visitor: &Visitor, action: &str, word: &str, apart: bool) -> Markup {
    html! {
        form.form method="post" action=(action) target=[apart.then_some("_blank")] data-leaves {
            (token(visitor))
            p.actions { button.primary[apart] type="submit" { (word) } }
        }
    }
}
