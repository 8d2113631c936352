//! Who sits at the desk: the session's cookie, and the proof that a form comes from our own page. Holds no sessions; the
//! application does.
//!
//! The cookie is `HttpOnly` and `SameSite=Lax`. Behind TLS it is called `__Host-countersign` and `Secure`; on a plain address, which
//! only a loopback should be, it is called `countersign`, for browsers refuse the other there.

use super::form::Form;
use crate::{
    problem::Problem,
    state::{Server, ServerConfig},
};
use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
};
use countersign_app::{
    Caller, Workspace,
    identity::AWAY_MICROS,
    session::{DeskSession, SESSION_MICROS},
};
use countersign_core::{
    event::{Actor, Source},
    id::PersonId,
    refusal::Code,
};

/// The name of the hidden control that carries the session's form token.
pub const FORM_TOKEN: &str = "form";

/// A person at the desk.
pub struct Visitor {
    /// What every handler shares.
    pub server: Server,
    /// The workspace, read by this person.
    pub workspace: Workspace,
    /// The person.
    pub person: PersonId,
    /// The session.
    pub session: DeskSession,
}

impl Visitor {
    /// As whom they act.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller { actor: Actor::Person(self.person), source: Source::Desk }
    }

    /// What they are called.
    #[must_use]
    pub fn name(&self) -> &str {
        self.session.name.as_deref().unwrap_or(super::text::NAMELESS)
    }

    /// Whoever's session the browser has, if it has one.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn of(headers: &HeaderMap, server: &Server) -> Result<Option<Self>, Problem> {
        let Some(secret) = secret(headers, &server.config) else { return Ok(None) };
        let Some(session) = server.app.desk_session(secret).await? else { return Ok(None) };
        let workspace = server.app.workspace(session.workspace).read_by(Some(session.person));
        Ok(Some(Self { server: server.clone(), workspace, person: session.person, session }))
    }
}

fn signed_out() -> Problem {
    Problem::new(Code::Unauthenticated, super::text::SIGNED_OUT_DETAIL)
}

impl FromRequestParts<Server> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        let visitor = Self::of(&parts.headers, server).await?.ok_or_else(signed_out)?;
        // A page that looks for news by itself is nobody who works.
        if !parts.uri.path().ends_with("/pulse") {
            server.app.desk_session_seen(&visitor.session).await?;
        }
        Ok(visitor)
    }
}

/// A form that a person posted from one of our own pages.
pub struct Posted {
    /// Who.
    pub visitor: Visitor,
    /// What.
    pub form: Form,
}

impl FromRequest<Server> for Posted {
    type Rejection = Problem;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Problem> {
        same_site(request.headers())?;
        let visitor = Visitor::of(request.headers(), server).await?.ok_or_else(signed_out)?;
        let form = Form::read(request).await?;
        // The cookie alone would do for whoever can make a browser post; this text is only on our pages.
        if form.get(FORM_TOKEN) != Some(visitor.session.form_token.as_str()) {
            return Err(Problem::new(Code::Forbidden, super::text::FORM_FOREIGN));
        }
        server.app.desk_session_seen(&visitor.session).await?;
        Ok(Self { visitor, form })
    }
}

/// A person at the desk who leads here; nobody else comes in.
pub struct Lead(pub Visitor);

/// A form that a person who leads here posted from one of our own pages.
pub struct LeadPosted(pub Posted);

async fn leads(visitor: &Visitor) -> Result<(), Problem> {
    let leads = visitor.workspace.leads(visitor.person).await?;
    leads.then_some(()).ok_or_else(|| Problem::new(Code::Forbidden, super::text::webhooks::NOT_A_LEAD))
}

impl FromRequestParts<Server> for Lead {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        let visitor = Visitor::from_request_parts(parts, server).await?;
        leads(&visitor).await?;
        Ok(Self(visitor))
    }
}

impl FromRequest<Server> for LeadPosted {
    type Rejection = Problem;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Problem> {
        let posted = Posted::from_request(request, server).await?;
        leads(&posted.visitor).await?;
        Ok(Self(posted))
    }
}

/// Refuses what another site made a browser send. Browsers say where a request comes from (Fetch Metadata; `Origin`, RFC 6454);
/// what says nothing is no browser of our time and still needs the token.
///
/// # Errors
/// `forbidden`.
pub fn same_site(headers: &HeaderMap) -> Result<(), Problem> {
    const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    let foreign = || Problem::new(Code::Forbidden, super::text::FORM_FOREIGN);
    if let Some(site) = headers.get(FETCH_SITE)
        && site != "same-origin"
        && site != "none"
    {
        return Err(foreign());
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let host = headers.get(header::HOST).map(HeaderValue::as_bytes).unwrap_or_default();
    let told = origin.as_bytes();
    let told = told.strip_prefix(b"http://").or_else(|| told.strip_prefix(b"https://"));
    if told == Some(host) { Ok(()) } else { Err(foreign()) }
}

/// What a browser keeps for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// The session's secret.
    Session,
    /// What binds whoever went to a provider to this browser.
    Away,
}

impl Cookie {
    fn name(self, config: &ServerConfig) -> &'static str {
        match (self, config.tls) {
            (Self::Session, true) => "__Host-countersign",
            (Self::Session, false) => "countersign",
            (Self::Away, true) => "__Host-countersign-away",
            (Self::Away, false) => "countersign-away",
        }
    }

    fn seconds(self) -> i64 {
        let micros = match self {
            Self::Session => SESSION_MICROS,
            Self::Away => AWAY_MICROS,
        };
        micros / 1_000_000
    }

    /// What the browser sends, if it sends something.
    #[must_use]
    pub fn sent<'h>(self, headers: &'h HeaderMap, config: &ServerConfig) -> Option<&'h str> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
        cookies.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == self.name(config)).map(|(_, value)| value)
    }

    /// The header that gives the browser something to keep, or takes it away.
    #[must_use]
    pub fn set(self, value: Option<&str>, config: &ServerConfig) -> HeaderValue {
        let secure = if config.tls { "; Secure" } else { "" };
        let age = value.map_or(0, |_| self.seconds());
        let text = format!("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}", self.name(config), value.unwrap_or_default());
        // What is kept is base64url, which is always a header's value.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }
}

/// The session's secret that the browser sends, if it sends one.
#[must_use]
pub fn secret<'h>(headers: &'h HeaderMap, config: &ServerConfig) -> Option<&'h str> {
    Cookie::Session.sent(headers, config)
}

/// The header that gives the browser its session's secret, or takes it away.
#[must_use]
pub fn cookie(secret: Option<&str>, config: &ServerConfig) -> HeaderValue {
    Cookie::Session.set(secret, config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_our_own_pages_post() {
        for (sent, taken) in [
            (&[("host", "desk.example")][..], true),
            (&[("host", "desk.example"), ("origin", "https://desk.example"), ("sec-fetch-site", "same-origin")], true),
            (&[("host", "127.0.0.1:7171"), ("origin", "http://127.0.0.1:7171")], true),
            (&[("host", "127.0.0.1:7171"), ("origin", "http://127.0.0.1:8080")], false),
            (&[("host", "desk.example"), ("origin", "null")], false),
            (&[("host", "desk.example"), ("origin", "https://desk.example.evil")], false),
            (&[("host", "desk.example"), ("sec-fetch-site", "cross-site")], false),
            (&[("host", "desk.example"), ("sec-fetch-site", "same-site"), ("origin", "https://desk.example")], false),
        ] {
            assert_eq!(same_site(&headers(sent)).is_ok(), taken, "{sent:?}");
        }
    }

    #[test]
    fn the_cookie_goes_by_its_own_name_behind_tls() {
        let plain = ServerConfig::default();
        let tls = ServerConfig { tls: true, ..ServerConfig::default() };
        assert_eq!(cookie(Some("s"), &plain), "countersign=s; Path=/; HttpOnly; SameSite=Lax; Max-Age=43200");
        assert_eq!(cookie(Some("s"), &tls), "__Host-countersign=s; Path=/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure");
        assert_eq!(cookie(None, &plain), "countersign=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
        let sent = headers(&[("cookie", "a=b; countersign=one; __Host-countersign=two")]);
        assert_eq!((secret(&sent, &plain), secret(&sent, &tls)), (Some("one"), Some("two")));
        assert_eq!(secret(&headers(&[("cookie", "xcountersign=one")]), &plain), None);
    }
}
