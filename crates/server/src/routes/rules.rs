//! Rules about who may do what: those that hold, drafts beside them, what a draft comes to, approval by a second lead, and one step back.

use crate::{
    access::{Access, scope},
    extract::{Command, Path, Query},
    openapi::{ControlProblems, ReadProblems},
    problem::Problem,
    state::Server,
};
use axum::{Json, http::StatusCode};
use countersign_app::rules::{CheckedView, MatrixView, RulesAct, RulesDraftView, RulesInput, RulesText, RulesView};
use countersign_core::id::EventId;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(rules_get))
        .routes(routes!(rules_matrix))
        .routes(routes!(rules_check))
        .routes(routes!(rules_drafts_list, rules_draft_write))
        .routes(routes!(rules_draft_get))
        .routes(routes!(rules_draft_replay))
        .routes(routes!(rules_draft_approve))
        .routes(routes!(rules_draft_withdraw))
        .routes(routes!(rules_roll_back))
}

/// Gives the rules that hold: the workspace's own, what its playbooks say, defaults, and what stands fixed.
#[utoipa::path(get, path = "/v1/rules", tag = "rules",
    responses((status = 200, description = "The rules.", body = RulesView), ReadProblems), security(("key" = ["people:write", "cases:read", "judge"])))]
async fn rules_get(access: Access<scope::PeopleRead>) -> Result<Json<RulesView>, Problem> {
    Ok(Json(access.workspace.rules_get().await?))
}

/// Of which playbook.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MatrixQuery {
    /// The playbook; absent: what is done in the whole workspace.
    #[serde(default)]
    playbook: Option<String>,
}

/// Says who may do what, and by which rule.
#[utoipa::path(get, path = "/v1/rules/matrix", tag = "rules", params(MatrixQuery),
    responses((status = 200, description = "A row for each person, for programs, and for the server's command line.", body = MatrixView), ReadProblems), security(("key" = ["people:write", "cases:read", "judge"])))]
async fn rules_matrix(access: Access<scope::PeopleRead>, Query(query): Query<MatrixQuery>) -> Result<Json<MatrixView>, Problem> {
    Ok(Json(access.workspace.rules_matrix(query.playbook.as_deref()).await?))
}

/// Reads rules that nobody has saved: what is wrong with them, which expectations they do not meet, and what they change.
#[utoipa::path(post, path = "/v1/rules/check", tag = "rules", request_body = RulesText,
    responses((status = 200, description = "What they come to; problems are told and are no error.", body = CheckedView), ControlProblems), security(("key" = ["control"])))]
async fn rules_check(access: Access<scope::Control>, command: Command<RulesText>) -> Result<Json<CheckedView>, Problem> {
    Ok(Json(access.workspace.rules_check(&command.input).await?))
}

/// Lists the drafts of rules, the latest first.
#[utoipa::path(get, path = "/v1/rules-drafts", tag = "rules",
    responses((status = 200, description = "The drafts.", body = Vec<RulesDraftView>), ReadProblems), security(("key" = ["control"])))]
async fn rules_drafts_list(access: Access<scope::Control>) -> Result<Json<Vec<RulesDraftView>>, Problem> {
    Ok(Json(access.workspace.rules_drafts_list().await?))
}

/// Drafts other rules. They change nothing until a second lead has approved them.
#[utoipa::path(post, path = "/v1/rules-drafts", tag = "rules", request_body = RulesInput,
    responses((status = 201, description = "The draft.", body = RulesDraftView), ControlProblems), security(("key" = ["control"])))]
async fn rules_draft_write(
    access: Access<scope::Control>,
    command: Command<RulesInput>,
) -> Result<(StatusCode, Json<RulesDraftView>), Problem> {
    let mut input = command.input;
    input.person = access.speaks_for_any(input.person)?;
    Ok((StatusCode::CREATED, Json(access.workspace.rules_draft(&access.caller, input).await?)))
}

/// Gives a draft with what it changes and what it comes to.
#[utoipa::path(get, path = "/v1/rules-drafts/{id}", tag = "rules", params(("id" = Uuid, Path, description = "The draft.")),
    responses((status = 200, description = "The draft.", body = RulesDraftView), ReadProblems), security(("key" = ["control"])))]
async fn rules_draft_get(access: Access<scope::Control>, Path(id): Path<Uuid>) -> Result<Json<RulesDraftView>, Problem> {
    Ok(Json(access.workspace.rules_draft_get(EventId(id)).await?))
}

/// Holds a draft against what was done in the last month: how much of it would have been refused.
#[utoipa::path(post, path = "/v1/rules-drafts/{id}/replay", tag = "rules", params(("id" = Uuid, Path, description = "The draft.")),
    responses((status = 200, description = "The draft, with what it comes to.", body = RulesDraftView), ControlProblems), security(("key" = ["control"])))]
async fn rules_draft_replay(access: Access<scope::Control>, Path(id): Path<Uuid>) -> Result<Json<RulesDraftView>, Problem> {
    Ok(Json(access.workspace.rules_replay(&access.caller, EventId(id)).await?))
}

/// Approves a draft: its rules hold at once. A second lead does, never its author, and nothing whose effect nobody has asked for.
#[utoipa::path(post, path = "/v1/rules-drafts/{id}/approve", tag = "rules", params(("id" = Uuid, Path, description = "The draft.")), request_body = RulesAct,
    responses((status = 200, description = "It holds.", body = RulesDraftView), ControlProblems), security(("key" = ["control"])))]
async fn rules_draft_approve(
    access: Access<scope::Control>,
    Path(id): Path<Uuid>,
    command: Command<RulesAct>,
) -> Result<Json<RulesDraftView>, Problem> {
    let mut act = command.input;
    act.person = access.speaks_for_any(act.person)?;
    Ok(Json(access.workspace.rules_approve(&access.caller, EventId(id), act).await?))
}

/// Takes a draft back, or turns it down.
#[utoipa::path(post, path = "/v1/rules-drafts/{id}/withdraw", tag = "rules", params(("id" = Uuid, Path, description = "The draft.")), request_body = RulesAct,
    responses((status = 200, description = "It will not be used.", body = RulesDraftView), ControlProblems), security(("key" = ["control"])))]
async fn rules_draft_withdraw(
    access: Access<scope::Control>,
    Path(id): Path<Uuid>,
    command: Command<RulesAct>,
) -> Result<Json<RulesDraftView>, Problem> {
    let mut act = command.input;
    act.person = access.speaks_for_any(act.person)?;
    Ok(Json(access.workspace.rules_withdraw(&access.caller, EventId(id), act).await?))
}

/// Goes back to the rules from before the last approved draft, at once. One lead does.
#[utoipa::path(post, path = "/v1/rules/roll-back", tag = "rules", request_body = RulesAct,
    responses((status = 200, description = "The draft that is undone.", body = RulesDraftView), ControlProblems), security(("key" = ["control"])))]
async fn rules_roll_back(access: Access<scope::Control>, command: Command<RulesAct>) -> Result<Json<RulesDraftView>, Problem> {
    let mut act = command.input;
    act.person = access.speaks_for_any(act.person)?;
    Ok(Json(access.workspace.rules_roll_back(&access.caller, act).await?))
}
