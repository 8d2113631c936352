//! The frame around every page: head, top bar, main part; and problems as pages. Knows nothing of what stands inside.

use super::{asset, text, visitor::FORM_TOKEN, visitor::Visitor};
use crate::{
    limits::FORM_BYTES_MAX,
    problem::{Kind, Problem},
    state::Server,
};
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use countersign_core::refusal::Code;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// What a page of the desk may load and do: its own style, script and images, and nothing from anywhere else.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
/// What a page needs of the machine: nothing.
const PERMISSIONS: HeaderValue = HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()");

/// The places in the top bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// What waits.
    Queue,
    /// What this person decided lately.
    Recent,
    /// People and AI, measured.
    Pair,
    /// What is decided here, and how.
    Playbooks,
    /// The log and its proofs.
    Ledger,
    /// None of these.
    Nowhere,
}

const TABS: &[(Tab, &str, &str)] = &[
    (Tab::Queue, text::TAB_QUEUE, "/desk"),
    (Tab::Recent, text::TAB_RECENT, "/desk/recent"),
    (Tab::Pair, text::TAB_PAIR, "/desk/pair"),
    (Tab::Playbooks, text::TAB_PLAYBOOKS, "/desk/playbooks"),
    (Tab::Ledger, text::TAB_LEDGER, "/desk/ledger"),
];

/// A page.
pub struct Page<'a> {
    /// What the window is called.
    pub title: &'a str,
    /// Where it belongs.
    pub tab: Tab,
    /// Who looks; nobody on pages before signing in.
    pub visitor: Option<&'a Visitor>,
    /// What stands on it, inside `main`.
    pub main: Markup,
}

impl Page<'_> {
    /// The whole document.
    #[must_use]
    pub fn markup(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · " (text::PRODUCT) }
                    link rel="icon" type="image/svg+xml" href=(asset::url("icon.svg"));
                    @for name in asset::STYLES {
                        link rel="stylesheet" href=(asset::url(name));
                    }
                    @for name in asset::SCRIPTS {
                        script type="module" src=(asset::url(name)) {}
                    }
                }
                body {
                    a.skip href="#main" { (text::SKIP_TO_MAIN) }
                    (self.bar())
                    main #main tabindex="-1" { (self.main) }
                    div #said.said role="status" aria-live="polite" {}
                    @if self.visitor.is_some() { (keys()) (super::palette::markup()) }
                    script #words type="application/json" { (PreEscaped(words())) }
                }
            }
        }
    }

    fn bar(&self) -> Markup {
        html! {
            header.bar {
                a.brand href="/desk" { (mark()) span { (text::PRODUCT) } }
                @if let Some(visitor) = self.visitor {
                    span.workspace { (visitor.session.workspace_name) }
                    nav.tabs aria-label=(text::TABS) {
                        @for (tab, word, href) in TABS {
                            @if *tab == self.tab {
                                a href=(href) aria-current="page" { (word) }
                            } @else {
                                a href=(href) { (word) }
                            }
                        }
                    }
                    div.me {
                        a.name href="/desk/work" title=(text::people::WORK) { (visitor.name()) }
                        form method="post" action="/desk/sign-out" {
                            (token(visitor))
                            button.quiet type="submit" { (text::SIGN_OUT) }
                        }
                    }
                }
            }
        }
    }

    /// As an answer.
    #[must_use]
    pub fn response(self, status: StatusCode) -> Response {
        let mut response = (status, self.markup().into_string()).into_response();
        page_headers(response.headers_mut());
        response
    }
}

impl IntoResponse for Page<'_> {
    fn into_response(self) -> Response {
        self.response(StatusCode::OK)
    }
}

fn page_headers(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    headers.insert(HeaderName::from_static("permissions-policy"), PERMISSIONS);
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    // Forms are checked by where they come from, and that the browser says in `Origin` only under a policy like this.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}

/// The keys, for whoever asks.
fn keys() -> Markup {
    html! {
        dialog #keys aria-label=(text::KEYS) {
            h1 { (text::KEYS) }
            div.keys {
                @for (place, keys) in text::KEYS_ALL {
                    section {
                        h2 { (place) }
                        dl { @for (key, what) in *keys { dt { kbd { (key) } } dd { (what) } } }
                    }
                }
            }
            form.actions method="dialog" {
                label { input #keys-on type="checkbox" checked; " " (text::KEYS_SINGLE) }
                button type="submit" autofocus { (text::CLOSE) }
            }
        }
    }
}

/// What the script says, from the one catalogue, and how much a form may carry. It is data, and no browser runs it.
fn words() -> String {
    let mut words: serde_json::Map<_, _> = text::SCRIPT.iter().map(|(name, word)| ((*name).to_owned(), (*word).into())).collect();
    words.insert("bytesMax".to_owned(), FORM_BYTES_MAX.into());
    serde_json::Value::from(words).to_string()
}

/// The hidden control that proves that a form comes from our own page.
#[must_use]
pub fn token(visitor: &Visitor) -> Markup {
    html! { input type="hidden" name=(FORM_TOKEN) value=(visitor.session.form_token); }
}

/// The product's mark: two strokes that sign the same line.
fn mark() -> Markup {
    PreEscaped(
        "<svg class=\"mark\" viewBox=\"0 0 16 16\" width=\"16\" height=\"16\" aria-hidden=\"true\"><path d=\"M2 9.5 5 12.5 10 5\"/><path d=\"M6.5 11.5 7.5 12.5 14 3.5\"/></svg>"
            .to_owned(),
    )
}

/// A problem as a page: what happened, and what to do about it. `path` is what was asked for: only some pages are about a case.
#[must_use]
pub fn problem_page(server: &Server, response: Response, problem: &Problem, (path, id): (&str, &str)) -> Response {
    let (mut parts, _) = response.into_parts();
    let about_case = ["/desk/next", "/desk/cases/", "/desk/decisions/"].iter().any(|of_case| path.starts_with(of_case));
    let (what, to_do) = text::problem(problem.kind, about_case);
    let signed_out = matches!(problem.kind, Kind::Refused(Code::Unauthenticated));
    let main = html! {
        section.sheet.notice {
            h1 { (what) }
            p.lead { (problem.detail) }
            p.to-do { (to_do) }
            @if signed_out {
                (super::sign_in::how_to(server))
            } @else {
                p.actions { a.button href="/desk" { (text::TO_QUEUE) } }
            }
            p.fine { (text::REQUEST) " " code { (id) } }
        }
    };
    let page = Page { title: what, tab: Tab::Nowhere, visitor: None, main };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.remove(header::WWW_AUTHENTICATE);
    page_headers(&mut parts.headers);
    Response::from_parts(parts, page.markup().into_string().into())
}
