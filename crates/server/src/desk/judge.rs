//! Taking cases and answering them: claim, show, judge, and then the next case at once. Every handler here is a form's; what a token
//! or a lease no longer covers is shown again, with what the person had entered.

use super::{
    answer,
    case::{self, Note, answer_page, overview_page},
    form::{FieldProblem, Form},
    passkey::{self, Back},
    text,
    visitor::{Posted, Visitor},
};
use crate::{
    extract::{Path, Query},
    problem::{Kind, Problem},
};
use axum::{
    Json,
    http::{HeaderMap, Uri},
    response::{IntoResponse, Redirect, Response},
};
use countersign_app::{Error, IdempotencyKey, Options, input::JudgmentInput, passkey::Asked, view::Sheet};
use countersign_core::{
    id::{CaseId, EventId},
    playbook::AnswerSpec,
    refusal::{Code, Refusal},
};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The header by which our script says that it puts pages in place by itself.
const BY_SCRIPT: &str = "x-desk";
/// Cases that are tried where the next ones turn out not to be this person's after all.
const TRIES_MAX: usize = 8;
/// The route under which an answer is known when it is sent twice.
const ROUTE: &str = "desk judge";

/// Gives the page of a sheet: itself to our script, its address to a browser without. `said` is the word for what was done just now.
pub async fn give(
    visitor: &Visitor,
    headers: &HeaderMap,
    sheet: &Sheet,
    scope: Option<&str>,
    said: Option<&str>,
) -> Result<Response, Problem> {
    if headers.contains_key(BY_SCRIPT) {
        let notes: Vec<Note> = Note::from_word(said).into_iter().collect();
        return answer_page(visitor, sheet, scope, &notes, None).await;
    }
    Ok(Redirect::to(&address(&case::url(sheet.shown.case), scope, said)).into_response())
}

/// An address with the queue that the person works through, and the word for what was done just now.
fn address(path: &str, scope: Option<&str>, said: Option<&str>) -> String {
    let path = case::with_scope(path, scope);
    match said {
        Some(word) => format!("{path}{}said={word}", if scope.is_some() { '&' } else { '?' }),
        None => path,
    }
}

/// The next case of a queue: one that this person holds already, or else the first that waits. `None`: nothing waits.
///
/// # Errors
/// Where this is no member, or the storage fails.
pub async fn next_sheet(visitor: &Visitor, scope: Option<&str>) -> Result<Option<Sheet>, Problem> {
    let workspace = &visitor.workspace;
    for claim in workspace.claims_of(visitor.person).await? {
        if scope.is_none_or(|scope| scope == claim.playbook)
            && let Some(sheet) = held_sheet(visitor, CaseId(claim.case)).await?
        {
            return Ok(Some(sheet));
        }
    }
    for _ in 0..TRIES_MAX {
        let Some(claim) = workspace.claim_next(visitor.person, scope).await? else { return Ok(None) };
        if let Some(sheet) = held_sheet(visitor, CaseId(claim.case)).await? {
            return Ok(Some(sheet));
        }
    }
    Ok(None)
}

/// A case that this person holds, as it was shown or shown now; one that is not theirs to answer is let go.
async fn held_sheet(visitor: &Visitor, case: CaseId) -> Result<Option<Sheet>, Problem> {
    if let Some(sheet) = visitor.workspace.case_sheet(case, visitor.person).await? {
        return Ok(Some(sheet));
    }
    match visitor.workspace.case_show_sheet(&visitor.caller(), case, visitor.person).await {
        Ok(sheet) => Ok(Some(sheet)),
        Err(Error::Refused(_)) => {
            visitor.workspace.release(visitor.person, case).await?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Takes the next case.
pub async fn next(headers: HeaderMap, posted: Posted) -> Result<Response, Problem> {
    let scope = posted.form.filled("in");
    go_on(&posted.visitor, &headers, scope, None).await
}

/// The next case, or the queue where nothing waits.
pub async fn go_on(visitor: &Visitor, headers: &HeaderMap, scope: Option<&str>, said: Option<&str>) -> Result<Response, Problem> {
    let found = match next_sheet(visitor, scope).await {
        Err(problem) if problem.kind == Kind::Refused(Code::InductionRequired) => {
            return super::induction::instead(visitor, scope, Refusal::new(Code::InductionRequired, problem.detail)).await;
        }
        found => found?,
    };
    match found {
        Some(sheet) => give(visitor, headers, &sheet, scope, said).await,
        None => Ok(Redirect::to(&address("/desk", scope, said.or(Some("nothing")))).into_response()),
    }
}

/// Takes one case by name.
pub async fn take(headers: HeaderMap, Path(case): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let (visitor, case) = (&posted.visitor, CaseId(case));
    match visitor.workspace.claim(visitor.person, case).await {
        Ok(_) => {}
        Err(Error::Refused(refusal)) if refusal.code == Code::InductionRequired => {
            let playbook = visitor.workspace.case_playbook(case).await?;
            return super::induction::instead(visitor, Some(&playbook.name), refusal).await;
        }
        Err(error) => return Err(error.into()),
    }
    let sheet = match visitor.workspace.case_sheet(case, visitor.person).await? {
        Some(sheet) => sheet,
        None => visitor.workspace.case_show_sheet(&visitor.caller(), case, visitor.person).await?,
    };
    give(visitor, &headers, &sheet, posted.form.filled("in"), None).await
}

/// Shows a case once more, as where there is new advice or its time was over. What was entered stays, or where the case is no longer
/// this person's to answer, stands above it.
pub async fn show(Path(case): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let (visitor, case) = (&posted.visitor, CaseId(case));
    match visitor.workspace.claim(visitor.person, case).await {
        Ok(_) => {}
        Err(Error::Refused(_)) => return gone(visitor, case, &posted.form).await,
        Err(error) => return Err(error.into()),
    }
    let sheet = visitor.workspace.case_show_sheet(&visitor.caller(), case, visitor.person).await?;
    let note = changed_note(visitor, case, &posted.form).await?;
    answer_page(visitor, &sheet, posted.form.filled("in"), note.as_slice(), Some(&posted.form)).await
}

/// What renewing tells the page.
#[derive(Debug, Serialize)]
struct Renewed {
    /// The token to answer with from now on.
    token: String,
    /// The record that it belongs to.
    shown: Uuid,
    /// Until when, in milliseconds since 1970 UTC.
    expires: i64,
    /// Now, likewise.
    now: i64,
    /// Whether what is on the screen is no longer what stands: show it again.
    changed: bool,
    /// Whether there is advice that is not on the screen. Never before a first answer.
    newer: bool,
}

/// What an open page asks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PulseQuery {
    /// The record of what is on the screen.
    shown: Uuid,
}

/// What an open page is told.
#[derive(Debug, Serialize)]
struct Pulse {
    /// Whether what is on the screen can no longer be answered.
    changed: bool,
    /// Whether there is advice that is not on the screen. Never before a first answer.
    newer: bool,
}

/// Tells an open page whether what it shows can still be answered. Changes nothing.
pub async fn pulse(visitor: Visitor, Path(case): Path<Uuid>, Query(query): Query<PulseQuery>) -> Result<Response, Problem> {
    let shown = visitor.workspace.case_pulse(CaseId(case), visitor.person).await?;
    let same = shown.filter(|(shown, _)| shown.0 == query.shown);
    Ok(Json(Pulse { changed: same.is_none(), newer: same.is_some_and(|(_, newer)| newer) }).into_response())
}

/// Keeps a case while its page is open: the lease lasts on, and what is on the screen is recorded anew as long as it is the same.
pub async fn renew(Path(case): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let (visitor, case) = (&posted.visitor, CaseId(case));
    visitor.workspace.claim(visitor.person, case).await?;
    let before = visitor.workspace.case_sheet(case, visitor.person).await?;
    let on_screen = posted.form.get("shown").and_then(|id| id.parse::<Uuid>().ok());
    let before = before.filter(|sheet| Some(sheet.shown.shown) == on_screen);
    let sheet = match &before {
        Some(_) => visitor.workspace.case_show_sheet(&visitor.caller(), case, visitor.person).await?,
        None => return Ok(Json(serde_json::json!({ "changed": true })).into_response()),
    };
    let same = before.is_some_and(|before| {
        let ids = |sheet: &Sheet| sheet.shown.proposals.iter().map(|p| p.id).collect::<Vec<_>>();
        let beside = |sheet: &Sheet| sheet.shown.precedents.iter().map(|p| p.case).collect::<Vec<_>>();
        before.shown.phase == sheet.shown.phase
            && before.shown.fields == sheet.shown.fields
            && ids(&before) == ids(&sheet)
            && beside(&before) == beside(&sheet)
    });
    Ok(Json(Renewed {
        token: sheet.shown.token,
        shown: sheet.shown.shown,
        expires: sheet.expires_at / 1_000,
        now: visitor.server.app.env().now() / 1_000,
        changed: !same,
        newer: sheet.newer,
    })
    .into_response())
}

/// Takes an answer.
pub async fn judge(uri: Uri, headers: HeaderMap, Path(case): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let Posted { visitor, form } = &posted;
    let case = CaseId(case);
    let scope = form.filled("in");
    let playbook = visitor.workspace.case_playbook(case).await?;
    let input = match judgment(&playbook.answer, form, visitor.person.0) {
        Ok(input) => input,
        Err(problem) => return again(visitor, case, form, Note::warning(text::CHECK_FORM, problem.detail)).await,
    };
    let mut input = input;
    // A first answer counts for nothing by itself; the engine goes by the token and not by what the form says it is.
    if playbook.decide.signed && form.get("phase") != Some("first") {
        match passkey::signature(form) {
            Some(signature) => input.signature = Some(signature),
            None => return sign(&posted, (case, &playbook.question), &input, &Back::from_parts(&uri, &headers)).await,
        }
    }
    // What takes more than one signature is what a stolen session would be good for. Every signer is asked, not the second alone: to
    // be asked must not tell that somebody else has answered.
    if !playbook.decide.signed
        && visitor.workspace.case_signatures(case, &input).await? > 1
        && let Some(page) = passkey::confirm_first(&posted, &Back::from_parts(&uri, &headers)).await?
    {
        return Ok(page);
    }
    let options = Options { idempotency: once(form, &input), if_match: None };
    match visitor.workspace.case_judge(&visitor.caller(), case, input, options).await {
        Ok(receipt) => {
            visitor.server.metrics.decided(receipt.decision.is_some());
            if form.get("phase") == Some("first")
                && let Some(sheet) = held_sheet(visitor, case).await?
            {
                return give(visitor, &headers, &sheet, scope, None).await;
            }
            go_on(visitor, &headers, scope, None).await
        }
        Err(Error::Refused(refusal)) => refused(visitor, case, form, refusal).await,
        Err(error) => Err(error.into()),
    }
}

/// The page on which an answer is signed: nothing was written yet.
async fn sign(posted: &Posted, (case, question): (CaseId, &str), input: &JudgmentInput, back: &Back) -> Result<Response, Problem> {
    let Posted { visitor, form } = posted;
    let signing = match visitor.workspace.case_signing(case, input).await {
        Ok(signing) => signing,
        Err(Error::Refused(refusal)) => return refused(visitor, case, form, refusal).await,
        Err(error) => return Err(error.into()),
    };
    let asked = Asked { challenge: signing.challenge, credentials: signing.credentials };
    let draft = format!("{case}/{}", form.get("phase").unwrap_or_default());
    Ok(passkey::sign_first(posted, back, &asked, (question, &signing.answer), &draft))
}

/// Puts a draft, or a paragraph of one, into the text that is being written, for a browser without our script. Nothing is recorded: the
/// page is the same showing with other words in its editor.
pub async fn draft(Path(case): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let Posted { visitor, form } = posted;
    let case = CaseId(case);
    let Some(sheet) = held_sheet(&visitor, case).await? else { return gone(&visitor, case, &form).await };
    let typed = form.get(answer::NAME).unwrap_or_default().replace("\r\n", "\n");
    let text = |id: &str| {
        let id: Uuid = id.parse().ok()?;
        sheet.shown.proposals.iter().find(|proposal| proposal.id == id)?.answer.as_str()
    };
    let written = match (form.filled("use"), form.filled("add").and_then(|what| what.split_once('.'))) {
        (Some(id), _) => text(id).map(str::to_owned),
        (None, Some((id, at))) => {
            let paragraph = text(id).zip(at.parse().ok()).and_then(|(text, at)| answer::paragraphs(text).nth(at));
            paragraph.map(|paragraph| answer::added(&typed, paragraph))
        }
        (None, None) => None,
    };
    let written = written.unwrap_or(typed);
    let form = form.with(answer::NAME, written);
    answer_page(&visitor, &sheet, form.filled("in"), &[], Some(&form)).await
}

/// The answer as it was posted.
fn judgment(spec: &AnswerSpec, form: &Form, person: Uuid) -> Result<JudgmentInput, FieldProblem> {
    let accept = form.filled("accept");
    let accept = accept.map(|id| id.parse().map_err(|_| FieldProblem::new("accept", "this is no proposal"))).transpose()?;
    let number = |name| form.filled(name).and_then(|text| text.parse::<f64>().ok()).filter(|number| number.is_finite());
    Ok(JudgmentInput {
        person,
        token: form.get("token").unwrap_or_default().to_owned(),
        answer: if accept.is_some() { None } else { Some(answer::parse(spec, form)?) },
        accept,
        confidence: number("confidence"),
        seconds: number("seconds").filter(|seconds| *seconds >= 0.0),
        reason: form.filled("reason").map(str::to_owned),
        signature: None,
    })
}

/// What is shown is answered once: the same answer sent again is the same answer, another one is refused.
fn once(form: &Form, input: &JudgmentInput) -> Option<IdempotencyKey> {
    let shown: Uuid = form.get("shown")?.parse().ok()?;
    let answer = input.answer.as_ref().map(ToString::to_string).unwrap_or_default();
    let accept = input.accept.map(|id| id.to_string()).unwrap_or_default();
    let request = Sha256::new().chain_update(answer.as_bytes()).chain_update([0]).chain_update(accept.as_bytes());
    Some(IdempotencyKey { route: ROUTE.to_owned(), key: shown.to_string(), request: request.finalize().into() })
}

/// The same page once more, with what was entered and a word on what is wrong with it.
async fn again(visitor: &Visitor, case: CaseId, form: &Form, note: Note) -> Result<Response, Problem> {
    match held_sheet(visitor, case).await? {
        Some(sheet) => answer_page(visitor, &sheet, form.filled("in"), &[note], Some(form)).await,
        None => overview_page(visitor, case, &[note], Some(kept(form))).await,
    }
}

/// An answer that was refused: where the case can be answered still, it is shown as it stands now with what was entered.
async fn refused(visitor: &Visitor, case: CaseId, form: &Form, refusal: Refusal) -> Result<Response, Problem> {
    match refusal.code {
        Code::Invalid | Code::TooLarge | Code::SignatureInvalid => {
            again(visitor, case, form, Note::warning(text::CHECK_FORM, refusal.detail)).await
        }
        Code::IdempotencyMismatch | Code::AlreadyRevealed => {
            let note = Note::warning(text::ALREADY, text::ALREADY_LEAD);
            match held_sheet(visitor, case).await? {
                Some(sheet) => answer_page(visitor, &sheet, form.filled("in"), &[note], None).await,
                None => overview_page(visitor, case, &[note], None).await,
            }
        }
        Code::ShownTokenInvalid | Code::NotClaimed | Code::WrongState | Code::NotIndependent | Code::Claimed | Code::StaleVersion => {
            moved(visitor, case, form).await
        }
        _ => Err(refusal.into()),
    }
}

/// What changed under the person's hands, and the case as it stands now.
async fn moved(visitor: &Visitor, case: CaseId, form: &Form) -> Result<Response, Problem> {
    let mine = match visitor.workspace.claim(visitor.person, case).await {
        Ok(_) => held_sheet(visitor, case).await?,
        Err(Error::Refused(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let Some(sheet) = mine else { return gone(visitor, case, form).await };
    // The other tab has given the first answer: what is asked for now is another one.
    if form.get("phase").is_some_and(|phase| phase != sheet.shown.phase) {
        return answer_page(visitor, &sheet, form.filled("in"), &[Note::warning(text::ALREADY, text::ALREADY_LEAD)], None).await;
    }
    let note = changed_note(visitor, case, form).await?;
    let note = note.unwrap_or_else(|| Note::warning(text::MOVED, format!("{} {}", text::TIME_OVER, text::MOVED_KEPT)));
    answer_page(visitor, &sheet, form.filled("in"), &[note], Some(form)).await
}

/// What of the content changed since it stood on the screen.
async fn changed_note(visitor: &Visitor, case: CaseId, form: &Form) -> Result<Option<Note>, Problem> {
    let Some(shown) = form.get("shown").and_then(|id| id.parse().ok()) else { return Ok(None) };
    let changed = visitor.workspace.case_changed_since(case, EventId(shown)).await?;
    let body = || format!("{} {}. {}", text::CHANGED_FIELDS, changed.join(", "), text::MOVED_KEPT);
    Ok((!changed.is_empty()).then(|| Note::warning(text::MOVED, body())))
}

/// The case as it stands, for whoever can no longer answer it, with why and with what they had entered.
async fn gone(visitor: &Visitor, case: CaseId, form: &Form) -> Result<Response, Problem> {
    let view = visitor.workspace.case_get(case, Some(visitor.person)).await?;
    let phase = form.get("phase").unwrap_or_default();
    let answered = view.judgments.iter().any(|judgment| judgment.person == visitor.person.0 && judgment.phase == phase);
    let note = if answered {
        Note::warning(text::ALREADY, text::ALREADY_LEAD)
    } else if matches!(view.state.as_str(), "decided" | "acted") {
        Note::warning(text::SETTLED, text::SETTLED_LEAD)
    } else {
        Note::warning(text::TAKEN, text::TAKEN_LEAD)
    };
    overview_page(visitor, case, &[note], Some(kept(form))).await
}

/// What was entered and cannot be used any more, so that it can be copied.
fn kept(form: &Form) -> Markup {
    const NOT_ENTERED: &[&str] = &["form", "token", "shown", "phase", "seconds", "in", "accept"];
    let entered: Vec<_> = form.pairs().filter(|(name, value)| !NOT_ENTERED.contains(name) && !value.trim().is_empty()).collect();
    html! {
        @if !entered.is_empty() {
            section.sheet.kept {
                p { (text::STAYS_KEPT) }
                @for (_, value) in entered { pre { (value) } }
            }
        }
    }
}
