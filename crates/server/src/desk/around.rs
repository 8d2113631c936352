//! What people do around a case without answering it, and about a decision once it stands: small forms, each a use case. Decides
//! nothing.

use super::{
    answer, case,
    judge::{give, go_on},
    text,
    visitor::{Posted, Visitor},
};
use crate::{extract::Path, problem::Problem};
use axum::{
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use countersign_app::{
    Error, Options,
    input::{AnchorInput, AppealInput, AskInput, CommentInput, CorrectionInput, EscalateInput, Moment, ReasonInput, SnoozeInput},
};
use countersign_core::{
    id::{CaseId, EventId},
    number::Micros,
    refusal::Code,
};
use uuid::Uuid;

const HOUR: Micros = 3_600 * 1_000_000;

fn reason(posted: &Posted) -> String {
    posted.form.filled("reason").unwrap_or_default().to_owned()
}

/// Passes a case on, and goes on with the next.
pub async fn skip(headers: HeaderMap, Path(case): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let input = ReasonInput { person: visitor.person.0, reason: Some(reason(&posted)) };
    visitor.workspace.case_skip(&visitor.caller(), CaseId(case), input, Options::default()).await?;
    go_on(visitor, &headers, posted.form.filled("in"), Some("skipped")).await
}

/// Puts a case off, and goes on with the next.
pub async fn snooze(headers: HeaderMap, Path(case): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let wait = match posted.form.filled("until") {
        Some("1h") => HOUR,
        Some("4h") => 4 * HOUR,
        Some("1d") => 24 * HOUR,
        Some("3d") => 72 * HOUR,
        Some("7d") => 168 * HOUR,
        _ => return Err(Problem::field(Code::Invalid, "/until", "choose until when")),
    };
    let until = Moment::Micros(visitor.server.app.env().now() + wait);
    let input = SnoozeInput { person: visitor.person.0, until, reason: posted.form.filled("reason").map(str::to_owned) };
    visitor.workspace.case_snooze(&visitor.caller(), CaseId(case), input, Options::default()).await?;
    go_on(visitor, &headers, posted.form.filled("in"), Some("snoozed")).await
}

/// Hands a case to a role, and goes on with the next.
pub async fn escalate(headers: HeaderMap, Path(case): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let role = posted.form.filled("role").unwrap_or_default().to_owned();
    let input = EscalateInput { person: visitor.person.0, role, reason: reason(&posted) };
    visitor.workspace.case_escalate(&visitor.caller(), CaseId(case), input, Options::default()).await?;
    go_on(visitor, &headers, posted.form.filled("in"), Some("escalated")).await
}

/// Lets a case go.
pub async fn release(Path(case): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.release(visitor.person, CaseId(case)).await?;
    Ok(Redirect::to("/desk?said=released").into_response())
}

/// Directs the AI.
pub async fn ask(headers: HeaderMap, Path(case): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let about = posted.form.filled("about").and_then(|id| id.parse().ok());
    let instruction = posted.form.filled("instruction").unwrap_or_default().to_owned();
    let input = AskInput { person: visitor.person.0, instruction, about };
    visitor.workspace.case_ask(&visitor.caller(), CaseId(case), input, Options::default()).await?;
    back(visitor, &headers, CaseId(case), posted.form.filled("in"), "asked").await
}

/// Adds a remark.
pub async fn comment(headers: HeaderMap, Path(case): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let text = posted.form.filled("text").unwrap_or_default().to_owned();
    let mentions = visitor.workspace.mentioned_in(&text).await?.into_iter().map(|person| person.0).collect();
    // Whoever may not read the case has nothing to say of its lines.
    visitor.workspace.case_open_to(CaseId(case), visitor.person).await?;
    let input = CommentInput { person: visitor.person.0, text, mentions, anchor: anchor(&posted)? };
    visitor.workspace.case_comment(&visitor.caller(), CaseId(case), input, Options::default()).await?;
    back(visitor, &headers, CaseId(case), posted.form.filled("in"), "commented").await
}

/// The line that a remark is about, where it is about one.
fn anchor(posted: &Posted) -> Result<Option<AnchorInput>, Problem> {
    let Some(field) = posted.form.filled("field") else { return Ok(None) };
    let number = |name: &str| posted.form.filled(name).and_then(|text| text.parse().ok());
    let line =
        number("line").ok_or_else(|| Problem::field(Code::Invalid, "/anchor/line", format!("{field}: {}", text::remarks::NO_LINE)))?;
    let filled = |name: &str| posted.form.filled(name).map(str::to_owned);
    Ok(Some(AnchorInput {
        field: field.to_owned(),
        file: None,
        number: number("number"),
        side: filled("side"),
        line,
        content: filled("content"),
    }))
}

/// Back to the case, with a word on what was done.
async fn back(visitor: &Visitor, headers: &HeaderMap, case: CaseId, scope: Option<&str>, word: &str) -> Result<Response, Problem> {
    match visitor.workspace.case_sheet(case, visitor.person).await? {
        Some(sheet) => give(visitor, headers, &sheet, scope, Some(word)).await,
        None => Ok(Redirect::to(&format!("{}?said={word}", case::url(case.0))).into_response()),
    }
}

/// Takes a decision back, and shows the case to whoever took it back.
pub async fn withdraw(headers: HeaderMap, Path(decision): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let input = ReasonInput { person: visitor.person.0, reason: posted.form.filled("reason").map(str::to_owned) };
    let receipt = visitor.workspace.decision_withdraw(&visitor.caller(), EventId(decision), input, Options::default()).await?;
    let case = CaseId(receipt.case);
    let shown = match visitor.workspace.claim(visitor.person, case).await {
        Ok(_) => visitor.workspace.case_show_sheet(&visitor.caller(), case, visitor.person).await,
        Err(error) => Err(error),
    };
    match shown {
        Ok(sheet) => give(visitor, &headers, &sheet, posted.form.filled("in"), Some("withdrawn")).await,
        Err(Error::Refused(_)) => Ok(Redirect::to(&format!("{}?said=withdrawn", case::url(receipt.case))).into_response()),
        Err(error) => Err(error.into()),
    }
}

/// Puts another answer in the place of the one that stands.
pub async fn correct(Path(decision): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let decision = EventId(decision);
    let case = CaseId(visitor.workspace.decision_get(decision).await?.case);
    let playbook = visitor.workspace.case_playbook(case).await?;
    let answer = answer::parse(&playbook.answer, &posted.form)
        .map_err(|problem| Problem::field(Code::Invalid, format!("/{}", problem.name), problem.detail))?;
    let input = CorrectionInput { person: visitor.person.0, answer, reason: reason(&posted) };
    visitor.workspace.decision_correct(&visitor.caller(), decision, input, Options::default()).await?;
    Ok(Redirect::to(&format!("{}?said=corrected", case::url(case.0))).into_response())
}

/// Objects to a decision.
pub async fn appeal(Path(decision): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let input = AppealInput { person: Some(visitor.person.0), reason: reason(&posted) };
    let receipt = visitor.workspace.decision_appeal(&visitor.caller(), EventId(decision), input, Options::default()).await?;
    Ok(Redirect::to(&format!("{}?said=appealed", case::url(receipt.case))).into_response())
}

/// Opens a decided case again.
pub async fn reopen(Path(case): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let input = ReasonInput { person: visitor.person.0, reason: Some(reason(&posted)) };
    visitor.workspace.case_reopen(&visitor.caller(), CaseId(case), input, Options::default()).await?;
    Ok(Redirect::to(&format!("{}?said=reopened", case::url(case))).into_response())
}
