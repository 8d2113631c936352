//! What people do with a case: see it, answer it, put it off, talk about it.

use super::Changed;
use crate::{
    access::{Access, scope},
    extract::{Command, Path},
    openapi::{Again, AnswerProblems, CaseProblems, JudgeProblems, Version},
    problem::Problem,
    state::Server,
};
use axum::Json;
use countersign_app::{
    input::{AssignInput, CommentInput, EscalateInput, JudgmentInput, ObservedInput, ReasonInput, SnoozeInput},
    view::{Receipt, Shown, Signing},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(case_show))
        .routes(routes!(judgment_signing))
        .routes(routes!(judgment_add))
        .routes(routes!(judgment_observe))
        .routes(routes!(case_skip))
        .routes(routes!(case_snooze))
        .routes(routes!(comment_add))
        .routes(routes!(case_escalate))
        .routes(routes!(case_assign))
        .routes(routes!(case_reopen))
}

/// Whose screen it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShowInput {
    /// Who is shown the case.
    person: Uuid,
}

/// Shows a claimed case to a person, and records what was shown.
///
/// The answer has the `token` without which no judgment is taken.
#[utoipa::path(post, path = "/v1/cases/{case}/show", tag = "judgments", params(("case" = Uuid, Path, description = "The case."), Again, Version), request_body = ShowInput,
    responses((status = 200, description = "What is to be put on the screen, in this order.", body = Shown), JudgeProblems), security(("key" = ["judge"])))]
async fn case_show(access: Access<scope::Judge>, Path(case): Path<Uuid>, command: Command<ShowInput>) -> Result<Json<Shown>, Problem> {
    let person = access.speaks_for(command.input.person)?;
    Ok(Json(access.workspace.case_show(&access.caller, case.into(), person, command.options).await?))
}

/// Answers what was shown.
///
/// Send back the `token` that came with it. It is void where what was shown has changed since. Where the playbook wants judgments signed,
/// send `signature` as well: what the person's authenticator gave for the challenge of `POST /v1/cases/{case}/signing`.
#[utoipa::path(post, path = "/v1/cases/{case}/judgments", tag = "judgments", params(("case" = Uuid, Path, description = "The case."), Again, Version), request_body = JudgmentInput,
    responses((status = 200, description = "It was recorded.", body = Receipt), AnswerProblems), security(("key" = ["judge"])))]
async fn judgment_add(access: Access<scope::Judge>, Path(case): Path<Uuid>, command: Command<JudgmentInput>) -> Result<Changed, Problem> {
    access.speaks_for(command.input.person)?;
    let receipt = access.workspace.case_judge(&access.caller, case.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}

/// Says what a person's passkey has to sign for an answer.
///
/// The body is the judgment, without `signature`. The challenge is the SHA-256 of the canonical JSON (RFC 8785) of `{"tag":
/// "countersign/judgment/v1", "content": .., "shown": .., "answer": ..}`: the digest of the case's content, the SHA-256 of the bytes of
/// the `case.shown` event, and the answer as the event will have it. It changes nothing.
#[utoipa::path(post, path = "/v1/cases/{case}/signing", tag = "judgments", params(("case" = Uuid, Path, description = "The case.")), request_body = JudgmentInput,
    responses((status = 200, description = "What is to be signed, and by which passkeys.", body = Signing), JudgeProblems), security(("key" = ["judge"])))]
async fn judgment_signing(
    access: Access<scope::Judge>,
    Path(case): Path<Uuid>,
    command: Command<JudgmentInput>,
) -> Result<Json<Signing>, Problem> {
    access.speaks_for(command.input.person)?;
    Ok(Json(access.workspace.case_signing(case.into(), &command.input).await?))
}

/// Takes in a judgment that was made in another tool.
///
/// It measures, and never signs.
#[utoipa::path(post, path = "/v1/cases/{case}/observations", tag = "judgments", params(("case" = Uuid, Path, description = "The case."), Again, Version), request_body = ObservedInput,
    responses((status = 200, description = "It was recorded.", body = Receipt), CaseProblems), security(("key" = ["cases:write"])))]
async fn judgment_observe(
    access: Access<scope::CasesWrite>,
    Path(case): Path<Uuid>,
    command: Command<ObservedInput>,
) -> Result<Changed, Problem> {
    let receipt = access.workspace.case_observe(&access.caller, case.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}

/// Leaves a case to somebody else.
#[utoipa::path(post, path = "/v1/cases/{case}/skip", tag = "judgments", params(("case" = Uuid, Path, description = "The case."), Again, Version), request_body = ReasonInput,
    responses((status = 200, description = "It was released.", body = Receipt), JudgeProblems), security(("key" = ["judge"])))]
async fn case_skip(access: Access<scope::Judge>, Path(case): Path<Uuid>, command: Command<ReasonInput>) -> Result<Changed, Problem> {
    access.speaks_for(command.input.person)?;
    let receipt = access.workspace.case_skip(&access.caller, case.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}

/// Puts a case off.
#[utoipa::path(post, path = "/v1/cases/{case}/snooze", tag = "judgments", params(("case" = Uuid, Path, description = "The case."), Again, Version), request_body = SnoozeInput,
    responses((status = 200, description = "It was put off.", body = Receipt), JudgeProblems), security(("key" = ["judge"])))]
async fn case_snooze(access: Access<scope::Judge>, Path(case): Path<Uuid>, command: Command<SnoozeInput>) -> Result<Changed, Problem> {
    access.speaks_for(command.input.person)?;
    let receipt = access.workspace.case_snooze(&access.caller, case.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}

/// Adds a remark.
#[utoipa::path(post, path = "/v1/cases/{case}/comments", tag = "judgments", params(("case" = Uuid, Path, description = "The case."), Again, Version), request_body = CommentInput,
    responses((status = 200, description = "It was added.", body = Receipt), JudgeProblems), security(("key" = ["judge"])))]
async fn comment_add(access: Access<scope::Judge>, Path(case): Path<Uuid>, command: Command<CommentInput>) -> Result<Changed, Problem> {
    access.speaks_for(command.input.person)?;
    let receipt = access.workspace.case_comment(&access.caller, case.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}

/// Asks for the eyes of a role.
#[utoipa::path(post, path = "/v1/cases/{case}/escalate", tag = "judgments", params(("case" = Uuid, Path, description = "The case."), Again, Version), request_body = EscalateInput,
    responses((status = 200, description = "It was asked.", body = Receipt), JudgeProblems), security(("key" = ["judge"])))]
async fn case_escalate(access: Access<scope::Judge>, Path(case): Path<Uuid>, command: Command<EscalateInput>) -> Result<Changed, Problem> {
    access.speaks_for(command.input.person)?;
    let receipt = access.workspace.case_escalate(&access.caller, case.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}

/// Gives an open case to one person, or back to all who may answer on it.
///
/// It is served to nobody else until they answered on it, passed it on or gave it back. Who may take a case may give it; to somebody who
/// may answer on it, and only where one person decides: nobody chooses by name who signs beside somebody else.
#[utoipa::path(post, path = "/v1/cases/{case}/assign", tag = "judgments", params(("case" = Uuid, Path, description = "The case."), Again, Version), request_body = AssignInput,
    responses((status = 200, description = "It is theirs from now on.", body = Receipt), JudgeProblems), security(("key" = ["judge"])))]
async fn case_assign(access: Access<scope::Judge>, Path(case): Path<Uuid>, command: Command<AssignInput>) -> Result<Changed, Problem> {
    access.speaks_for(command.input.person)?;
    let receipt = access.workspace.case_assign(&access.caller, case.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}

/// Opens a decided case again.
#[utoipa::path(post, path = "/v1/cases/{case}/reopen", tag = "judgments", params(("case" = Uuid, Path, description = "The case."), Again, Version), request_body = ReasonInput,
    responses((status = 200, description = "It is open again.", body = Receipt), JudgeProblems), security(("key" = ["judge"])))]
async fn case_reopen(access: Access<scope::Judge>, Path(case): Path<Uuid>, command: Command<ReasonInput>) -> Result<Changed, Problem> {
    access.speaks_for(command.input.person)?;
    let receipt = access.workspace.case_reopen(&access.caller, case.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}
