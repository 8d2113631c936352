//! Forms that an authenticator answers: what it is asked, the controls that its answer comes back in, and pages that ask somebody to
//! prove that it is them before what they sent is done. Checks nothing itself.

use super::{
    anew,
    form::Form,
    page::{Page, Tab, token},
    text::{self, passkeys as words, sign_in as anew_words},
    visitor::{FORM_TOKEN, LeadPosted, Posted, same_site},
};
use crate::{problem::Problem, state::Server};
use axum::{
    Json,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Uri, header},
    response::{IntoResponse, Response},
};
use countersign_app::{
    input::SignatureInput,
    passkey::{Asked, Assertion, CHALLENGE_MICROS, NewPasskey, Site},
};
use maud::{Markup, html};
use serde_json::{Value, json};

/// Where signing in by a passkey begins.
pub const SIGN_IN_ASK: &str = "/desk/sign-in/passkey/ask";
/// Where it ends.
pub const SIGN_IN: &str = "/desk/sign-in/passkey";
/// The address that a page with what was posted is kept under by our script.
const PAGE_URL: HeaderName = HeaderName::from_static("x-desk-url");
/// The controls of an answer.
const ANSWER: [&str; 4] = ["passkey", "passkey_data", "passkey_client", "passkey_signature"];
/// The control that says that the answer proves who is there.
const CONFIRMS: &str = "confirms";
/// The control that says that the answer signs what is posted.
const SIGNS: &str = "signs";

/// The controls that the answer of a passkey comes back in, with a place for what goes wrong and a word for browsers without script.
#[must_use]
pub fn controls() -> Markup {
    html! {
        @for name in ANSWER { input type="hidden" name=(name) value=""; }
        (said())
    }
}

/// The same for a new passkey.
#[must_use]
pub fn new_controls() -> Markup {
    html! {
        @for name in ["new_data", "new_client"] { input type="hidden" name=(name) value=""; }
        (said())
    }
}

fn said() -> Markup {
    html! {
        p.note.warns data-said role="alert" hidden {}
        noscript { p.note.warns { (words::NO_SCRIPT) } }
    }
}

/// The form by which somebody signs in with a passkey.
#[must_use]
pub fn sign_in_form() -> Markup {
    html! {
        form.form method="post" action=(SIGN_IN) data-passkey="get" data-ask=(SIGN_IN_ASK) {
            p.actions { button.primary type="submit" { (words::BY_PASSKEY) } }
            (controls())
        }
    }
}

/// What a passkey signed, as it was posted.
#[must_use]
pub fn assertion(form: &Form) -> Option<Assertion<'_>> {
    let [credential, authenticator_data, client_data, signature] = ANSWER.map(|name| form.filled(name));
    Some(Assertion { credential: credential?, authenticator_data: authenticator_data?, client_data: client_data?, signature: signature? })
}

/// A new passkey, as it was posted.
#[must_use]
pub fn new_passkey(form: &Form) -> NewPasskey<'_> {
    NewPasskey {
        authenticator_data: form.filled("new_data").unwrap_or_default(),
        client_data: form.filled("new_client").unwrap_or_default(),
    }
}

/// What the script hands to the browser.
fn question(site: &Site, asked: &Asked) -> Value {
    json!({
        "challenge": asked.challenge,
        "credentials": asked.credentials,
        "rpId": site.rp_id(),
        "origin": site.origin(),
        "timeout": CHALLENGE_MICROS / 1_000,
    })
}

/// Asks whoever is there.
pub async fn ask_sign_in(State(server): State<Server>, headers: HeaderMap) -> Result<Response, Problem> {
    same_site(&headers)?;
    let asked = server.app.passkey_sign_in_ask().await?;
    Ok(Json(question(&server.config.site, &asked)).into_response())
}

/// Asks for a new passkey of whoever is signed in.
pub async fn ask_new(posted: Posted) -> Result<Response, Problem> {
    let Posted { visitor, .. } = &posted;
    let asked = visitor.server.app.passkey_add_ask(&visitor.session).await?;
    let mut question = question(&visitor.server.config.site, &asked);
    question["name"] = json!(format!("{} · {}", text::PRODUCT, visitor.session.workspace_name));
    question["person"] = json!(visitor.name());
    question["user"] = json!(visitor.server.app.passkey_handle(visitor.person));
    Ok(Json(question).into_response())
}

/// How somebody may prove that it is them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// By a passkey.
    Passkey,
    /// By a passkey, or by a link just now.
    Arrival,
}

/// A form whose sender proved, in the last minutes, that it is them; where they sign in by links only, any form of theirs.
pub struct Confirmed(pub Posted);

/// The same of a person who leads here.
pub struct LeadConfirmed(pub Posted);

/// The same, where a link that was used just now is a proof as well.
pub struct Arrived(pub Posted);

impl FromRequest<Server> for Confirmed {
    type Rejection = Response;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Response> {
        let back = Back::of(&request);
        let posted = Posted::from_request(request, server).await.map_err(IntoResponse::into_response)?;
        confirmed(posted, &back, Proof::Passkey).await.map(Self)
    }
}

impl FromRequest<Server> for LeadConfirmed {
    type Rejection = Response;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Response> {
        let back = Back::of(&request);
        let LeadPosted(posted) = LeadPosted::from_request(request, server).await.map_err(IntoResponse::into_response)?;
        confirmed(posted, &back, Proof::Passkey).await.map(Self)
    }
}

impl FromRequest<Server> for Arrived {
    type Rejection = Response;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Response> {
        let back = Back::of(&request);
        let posted = Posted::from_request(request, server).await.map_err(IntoResponse::into_response)?;
        confirmed(posted, &back, Proof::Arrival).await.map(Self)
    }
}

/// Where a form goes, and the page that it stood on.
pub struct Back {
    /// Where it goes.
    pub action: String,
    /// Where it stood.
    pub page: String,
}

impl Back {
    /// Out of a request.
    #[must_use]
    pub fn of(request: &Request) -> Self {
        Self::from_parts(request.uri(), request.headers())
    }

    /// Out of an address and headers.
    #[must_use]
    pub fn from_parts(uri: &Uri, headers: &HeaderMap) -> Self {
        let referer = headers.get(header::REFERER).and_then(|value| value.to_str().ok()).and_then(|text| text.parse::<Uri>().ok());
        let page = referer
            .and_then(|uri| uri.path_and_query().map(ToString::to_string))
            .filter(|path| super::owns(path.split('?').next().unwrap_or_default()));
        Self { action: uri.path().to_owned(), page: page.unwrap_or_else(|| "/desk".to_owned()) }
    }
}

/// A form whose sender proved that it is them; else the page that asks for it.
///
/// # Errors
/// With that page, or the problem as a response.
pub async fn confirmed(posted: Posted, back: &Back, proof: Proof) -> Result<Posted, Response> {
    match asks(&posted, back, proof).await {
        Ok(None) => Ok(posted),
        Ok(Some(page)) => Err(page),
        Err(problem) => Err(problem.into_response()),
    }
}

/// The page that asks for a passkey first, or who has none to sign in anew, unless there is nothing to ask: whoever has only links goes
/// on as before.
async fn asks(posted: &Posted, back: &Back, proof: Proof) -> Result<Option<Response>, Problem> {
    let Posted { visitor, form } = posted;
    let now = visitor.server.app.env().now();
    let proven = match proof {
        Proof::Passkey => visitor.session.verified(now),
        Proof::Arrival => visitor.session.arrived(now),
    };
    if proven {
        return Ok(None);
    }
    if !visitor.workspace.has_passkey(visitor.person).await? {
        let lead = if proof == Proof::Arrival { anew_words::CONFIRM_ARRIVAL } else { anew_words::CONFIRM_LEAD };
        return anew::asks(posted, back, lead).await;
    }
    if form.filled(CONFIRMS).is_some()
        && let Some(assertion) = assertion(form)
    {
        visitor.server.app.passkey_confirm(&visitor.session, &visitor.server.config.site, &assertion).await?;
        return Ok(None);
    }
    let asked = visitor.server.app.passkey_confirm_ask(&visitor.session).await?;
    let lead = if proof == Proof::Arrival { words::CONFIRM_ARRIVAL } else { words::CONFIRM_LEAD };
    let main = html! {
        section.sheet.notice {
            h1 { (words::CONFIRM) }
            p.lead { (lead) }
            form.form method="post" action=(back.action) data-passkey="get" data-asked=(question(&visitor.server.config.site, &asked)) data-at-once {
                (token(visitor))
                (again(form))
                input type="hidden" name=(CONFIRMS) value="1";
                p.actions {
                    button.primary type="submit" { (words::CONFIRM_BUTTON) }
                    a.button href=(back.page) { (words::NOT_NOW) }
                }
                (controls())
            }
        }
    };
    Ok(Some(in_place(Page { title: words::CONFIRM, tab: Tab::Nowhere, visitor: Some(visitor), main }, back)))
}

/// A step-up inside of a handler that knows better when it is due.
///
/// # Errors
/// Where the answer does not hold, or the storage fails.
pub async fn confirm_first(posted: &Posted, back: &Back) -> Result<Option<Response>, Problem> {
    asks(posted, back, Proof::Passkey).await
}

/// The page that asks somebody to sign an answer, or, where they have no passkey, to take one first.
#[must_use]
pub fn sign_first(posted: &Posted, back: &Back, asked: &Asked, (asks, answer): (&str, &str), draft: &str) -> Response {
    let Posted { visitor, form } = posted;
    let main = html! {
        section.sheet.notice {
            h1 { (words::SIGN) }
            @if asked.credentials.is_empty() {
                p.lead { (words::SIGN_NONE) }
                p.actions { a.button.primary href=(super::methods::URL) { (words::ADD) } a.button href=(back.page) { (words::NOT_NOW) } }
            } @else {
                p.lead { (words::SIGN_LEAD) }
                p { (asks) " " strong { (answer) } }
                form.form method="post" action=(back.action) data-passkey="get" data-asked=(question(&visitor.server.config.site, asked)) data-at-once data-draft=(draft) {
                    (token(visitor))
                    (again(form))
                    input type="hidden" name=(SIGNS) value="1";
                    p.actions {
                        button.primary type="submit" { (words::SIGN_BUTTON) }
                        a.button href=(back.page) { (words::NOT_NOW) }
                    }
                    (controls())
                }
                p.fine { (words::SIGN_FINE) }
            }
        }
    };
    in_place(Page { title: words::SIGN, tab: Tab::Queue, visitor: Some(visitor), main }, back)
}

/// What a passkey signed of an answer, as it was posted.
#[must_use]
pub fn signature(form: &Form) -> Option<SignatureInput> {
    form.filled(SIGNS)?;
    let Assertion { credential, authenticator_data, client_data, signature } = assertion(form)?;
    let owned = str::to_owned;
    Some(SignatureInput {
        credential: owned(credential),
        authenticator_data: owned(authenticator_data),
        client_data: owned(client_data),
        signature: owned(signature),
    })
}

/// A page in answer to a form, which the browser keeps under the address of the page before.
pub fn in_place(page: Page<'_>, back: &Back) -> Response {
    let mut response = page.into_response();
    if let Ok(url) = HeaderValue::try_from(back.page.as_str()) {
        response.headers_mut().insert(PAGE_URL, url);
    }
    response
}

/// All that was posted, to be posted again; what the page and the authenticator add themselves is left out.
pub fn again(form: &Form) -> Markup {
    let own = |name: &str| name == FORM_TOKEN || name == CONFIRMS || name == SIGNS || name == anew::PASSWORD || ANSWER.contains(&name);
    html! { @for (name, value) in form.pairs().filter(|(name, _)| !own(name)) { input type="hidden" name=(name) value=(value); } }
}
