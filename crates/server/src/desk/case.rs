//! A case: what is shown to whoever answers it, or, to everybody else, how it stands. Reading it changes nothing and records nothing.

pub mod answering;
pub mod overview;
pub mod precedent;
pub mod proposal;

use super::{
    page::{Page, Tab},
    strip, text,
    visitor::Visitor,
};
use crate::{extract::Query, problem::Problem};
use answering::Answering;
use axum::response::{IntoResponse, Response};
use countersign_app::{queue::Due, view::Sheet};
use countersign_core::{id::CaseId, number::Micros};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

/// The header with the address of the page that an answer to a script holds.
pub const DESK_URL: &str = "x-desk-url";

/// Something to be said above a page.
#[derive(Debug, Clone)]
pub struct Note {
    /// Whether something went wrong.
    pub warns: bool,
    /// In a few words.
    pub head: String,
    /// More.
    pub body: Option<String>,
    /// Where something can be done about it.
    pub href: Option<&'static str>,
}

impl Note {
    /// Something that went as it should.
    #[must_use]
    pub fn said(head: impl Into<String>) -> Self {
        Self { warns: false, head: head.into(), body: None, href: None }
    }

    /// Something that did not.
    #[must_use]
    pub fn warning(head: impl Into<String>, body: impl Into<String>) -> Self {
        Self { warns: true, head: head.into(), body: Some(body.into()), href: None }
    }

    /// From the word in an address.
    #[must_use]
    pub fn from_word(word: Option<&str>) -> Option<Self> {
        word.and_then(text::said).map(Self::said)
    }
}

/// Notes as they stand above a page.
#[must_use]
pub fn notes(notes: &[Note]) -> Markup {
    html! {
        @for note in notes {
            div.note.warns[note.warns] role=(if note.warns { "alert" } else { "status" }) {
                strong { @if let Some(href) = note.href { a href=(href) { (note.head) } } @else { (note.head) } }
                @if let Some(body) = &note.body { " " span { (body) } }
            }
        }
    }
}

/// A deadline: how far it lies ahead, with a warning where little of the time is left, or how far it has passed.
#[must_use]
pub fn due(at: Micros, now: Micros, due: Due, with_word: bool) -> Markup {
    html! {
        @match due {
            Due::Over => span.danger title=(text::moment(at)) { (text::OVERDUE) " " (text::span(now - at)) },
            Due::Soon => span.soon title=(text::moment(at)) {
                @if with_word { (text::DUE) " " } (text::distance(at, now)) " " span.tag title=(text::DUE_SOON_WHY) { (text::DUE_SOON) }
            },
            Due::Later => span title=(text::moment(at)) { @if with_word { (text::DUE) " " } (text::distance(at, now)) },
        }
    }
}

/// The address of a case.
#[must_use]
pub fn url(case: Uuid) -> String {
    format!("/desk/cases/{case}")
}

/// What the page may be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseQuery {
    /// Which queue the person works through: a playbook's name.
    #[serde(default, rename = "in")]
    pub scope: Option<String>,
    /// What was done just now.
    #[serde(default)]
    pub said: Option<String>,
}

/// The page.
pub async fn page(
    visitor: Visitor,
    crate::extract::Path(case): crate::extract::Path<Uuid>,
    Query(query): Query<CaseQuery>,
) -> Result<Response, Problem> {
    let notes: Vec<Note> = Note::from_word(query.said.as_deref()).into_iter().collect();
    match visitor.workspace.case_sheet(CaseId(case), visitor.person).await? {
        Some(sheet) => answer_page(&visitor, &sheet, query.scope.as_deref(), &notes, None).await,
        None => overview_page(&visitor, CaseId(case), &notes, None).await,
    }
}

/// The page on which a case is answered.
pub async fn answer_page(
    visitor: &Visitor,
    sheet: &Sheet,
    scope: Option<&str>,
    notes: &[Note],
    draft: Option<&super::form::Form>,
) -> Result<Response, Problem> {
    let recent = strip::items(visitor).await?;
    let now = visitor.server.app.env().now();
    let people = visitor.workspace.people_names().await?;
    let answering = Answering { visitor, sheet, scope, draft, people: &people, now };
    let title = answering.title();
    let main = html! {
        (self::notes(notes))
        div.desk {
            (answering.markup())
            (strip::markup(visitor, &recent, now))
        }
    };
    let mut response = Page { title: &title, tab: Tab::Queue, visitor: Some(visitor), main }.into_response();
    point(&mut response, &with_scope(&url(sheet.shown.case), scope));
    Ok(response)
}

/// The page that tells how a case stands, for whoever does not answer it right now.
pub async fn overview_page(visitor: &Visitor, case: CaseId, notes: &[Note], kept: Option<Markup>) -> Result<Response, Problem> {
    let recent = strip::items(visitor).await?;
    let now = visitor.server.app.env().now();
    let playbook = visitor.workspace.case_open_to(case, visitor.person).await?;
    let view = visitor.workspace.case_get(case, Some(visitor.person)).await?;
    let people = visitor.workspace.people_names().await?;
    // Withheld while it would tell what the AI says, and absent where the case was decided elsewhere.
    let why = visitor.workspace.case_explain(case, Some(visitor.person)).await.ok();
    let refused = visitor.workspace.case_rule_against(case, visitor.person).await?;
    let around = visitor.workspace.case_around(case, visitor.person).await?;
    let overview = overview::Overview {
        visitor,
        view: &view,
        playbook: &playbook,
        people: &people,
        why: why.as_ref(),
        refused: refused.as_deref(),
        around: &around,
        now,
    };
    let title = overview.title();
    let main = html! {
        (self::notes(notes))
        @if let Some(kept) = kept { (kept) }
        div.desk {
            (overview.markup())
            (strip::markup(visitor, &recent, now))
        }
    };
    let mut response = Page { title: &title, tab: Tab::Queue, visitor: Some(visitor), main }.into_response();
    point(&mut response, &url(case.0));
    Ok(response)
}

/// The same address, with the queue that the person works through.
#[must_use]
pub fn with_scope(url: &str, scope: Option<&str>) -> String {
    match scope {
        // Names of playbooks are lower-case letters, digits and hyphens; anything else finds no playbook.
        Some(scope) => format!("{url}?in={}", form_urlencoded::byte_serialize(scope.as_bytes()).collect::<String>()),
        None => url.to_owned(),
    }
}

/// Tells a script at which address it would have found this page.
pub fn point(response: &mut Response, url: &str) {
    if let Ok(url) = url.parse() {
        response.headers_mut().insert(DESK_URL, url);
    }
}
