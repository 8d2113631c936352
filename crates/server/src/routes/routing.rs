//! Changing a playbook's routing: drafts beside today's, their rehearsals, approval by a second person, and one step back.

use crate::{
    access::{Access, scope},
    extract::{Command, Path},
    openapi::{ControlProblems, ReadProblems},
    problem::Problem,
    state::Server,
};
use axum::{Json, http::StatusCode};
use countersign_app::routing::{DraftAct, DraftInput, DraftView, RehearseInput};
use countersign_core::id::EventId;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(drafts_list, draft_write))
        .routes(routes!(draft_get))
        .routes(routes!(draft_rehearse))
        .routes(routes!(draft_approve))
        .routes(routes!(draft_withdraw))
        .routes(routes!(routing_roll_back))
}

/// Lists the drafts of a playbook's routing, the latest first.
#[utoipa::path(get, path = "/v1/playbooks/{name}/routing-drafts", tag = "routing",
    params(("name" = String, Path, description = "The playbook's name.")),
    responses((status = 200, description = "The drafts.", body = Vec<DraftView>), ReadProblems), security(("key" = ["cases:read"])))]
async fn drafts_list(access: Access<scope::CasesRead>, Path(name): Path<String>) -> Result<Json<Vec<DraftView>>, Problem> {
    Ok(Json(access.workspace.routings_list(&name).await?))
}

/// Drafts another routing beside today's. It changes nothing until a second person has approved it.
#[utoipa::path(post, path = "/v1/playbooks/{name}/routing-drafts", tag = "routing",
    params(("name" = String, Path, description = "The playbook's name.")), request_body = DraftInput,
    responses((status = 201, description = "The draft.", body = DraftView), ControlProblems), security(("key" = ["control"])))]
async fn draft_write(
    access: Access<scope::Control>,
    Path(name): Path<String>,
    command: Command<DraftInput>,
) -> Result<(StatusCode, Json<DraftView>), Problem> {
    let mut input = command.input;
    input.person = access.speaks_for_any(input.person)?;
    Ok((StatusCode::CREATED, Json(access.workspace.routing_draft(&access.caller, &name, input).await?)))
}

/// Gives a draft with what its rehearsal came to.
#[utoipa::path(get, path = "/v1/routing-drafts/{id}", tag = "routing",
    params(("id" = Uuid, Path, description = "The draft.")),
    responses((status = 200, description = "The draft.", body = DraftView), ReadProblems), security(("key" = ["cases:read"])))]
async fn draft_get(access: Access<scope::CasesRead>, Path(id): Path<Uuid>) -> Result<Json<DraftView>, Problem> {
    Ok(Json(access.workspace.routing_get(EventId(id)).await?))
}

/// Runs a draft and today's routing over past cases: shares of routes, expected errors and costs with their intervals.
#[utoipa::path(post, path = "/v1/routing-drafts/{id}/rehearse", tag = "routing",
    params(("id" = Uuid, Path, description = "The draft.")), request_body = RehearseInput,
    responses((status = 200, description = "The draft, rehearsed.", body = DraftView), ControlProblems), security(("key" = ["control"])))]
async fn draft_rehearse(
    access: Access<scope::Control>,
    Path(id): Path<Uuid>,
    command: Command<RehearseInput>,
) -> Result<Json<DraftView>, Problem> {
    Ok(Json(access.workspace.routing_rehearse(&access.caller, EventId(id), command.input).await?))
}

/// Approves a draft: it is live at once for whatever comes in. A second person does, never its author, and nothing that was not rehearsed.
#[utoipa::path(post, path = "/v1/routing-drafts/{id}/approve", tag = "routing",
    params(("id" = Uuid, Path, description = "The draft.")), request_body = DraftAct,
    responses((status = 200, description = "It is live.", body = DraftView), ControlProblems), security(("key" = ["control"])))]
async fn draft_approve(
    access: Access<scope::Control>,
    Path(id): Path<Uuid>,
    command: Command<DraftAct>,
) -> Result<Json<DraftView>, Problem> {
    let mut act = command.input;
    act.person = access.speaks_for_any(act.person)?;
    Ok(Json(access.workspace.routing_approve(&access.caller, EventId(id), act).await?))
}

/// Takes a draft back.
#[utoipa::path(post, path = "/v1/routing-drafts/{id}/withdraw", tag = "routing",
    params(("id" = Uuid, Path, description = "The draft.")), request_body = DraftAct,
    responses((status = 200, description = "It will not be used.", body = DraftView), ControlProblems), security(("key" = ["control"])))]
async fn draft_withdraw(
    access: Access<scope::Control>,
    Path(id): Path<Uuid>,
    command: Command<DraftAct>,
) -> Result<Json<DraftView>, Problem> {
    let mut act = command.input;
    act.person = access.speaks_for_any(act.person)?;
    Ok(Json(access.workspace.routing_withdraw(&access.caller, EventId(id), act).await?))
}

/// Goes back to the routing from before the last approved draft, at once. One person does.
#[utoipa::path(post, path = "/v1/playbooks/{name}/routing/roll-back", tag = "routing",
    params(("name" = String, Path, description = "The playbook's name.")), request_body = DraftAct,
    responses((status = 200, description = "The draft that is undone.", body = DraftView), ControlProblems), security(("key" = ["control"])))]
async fn routing_roll_back(
    access: Access<scope::Control>,
    Path(name): Path<String>,
    command: Command<DraftAct>,
) -> Result<Json<DraftView>, Problem> {
    let mut act = command.input;
    act.person = access.speaks_for_any(act.person)?;
    Ok(Json(access.workspace.routing_roll_back(&access.caller, &name, act).await?))
}
