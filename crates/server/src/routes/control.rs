//! Stopping automation at once, and resuming it.

use crate::{
    access::{Access, scope},
    extract::Command,
    openapi::{ControlProblems, ReadProblems},
    problem::Problem,
    state::Server,
};
use axum::Json;
use countersign_app::{input::StopInput, view::StopView};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(automation_stop)).routes(routes!(automation_resume)).routes(routes!(stops))
}

/// Stops automation: of the workspace, of a playbook, or of a proposer. Nothing is automated there once this is answered.
#[utoipa::path(post, path = "/v1/stop", tag = "control", request_body = StopInput,
    responses((status = 200, description = "All that is stopped now.", body = Vec<StopView>), ControlProblems), security(("key" = ["control"])))]
async fn automation_stop(access: Access<scope::Control>, command: Command<StopInput>) -> Result<Json<Vec<StopView>>, Problem> {
    let mut input = command.input;
    input.person = access.speaks_for_any(input.person)?;
    Ok(Json(access.workspace.automation_stop(&access.caller, input).await?))
}

/// Resumes automation. Only a person does, with a key that speaks for them.
#[utoipa::path(post, path = "/v1/resume", tag = "control", request_body = StopInput,
    responses((status = 200, description = "All that is still stopped.", body = Vec<StopView>), ControlProblems), security(("key" = ["control"])))]
async fn automation_resume(access: Access<scope::Control>, command: Command<StopInput>) -> Result<Json<Vec<StopView>>, Problem> {
    let mut input = command.input;
    input.person = access.speaks_for_any(input.person)?;
    Ok(Json(access.workspace.automation_resume(&access.caller, input).await?))
}

/// Lists what is stopped.
#[utoipa::path(get, path = "/v1/stops", tag = "control",
    responses((status = 200, description = "All that is stopped.", body = Vec<StopView>), ReadProblems), security(("key" = [])))]
async fn stops(access: Access<scope::Any>) -> Result<Json<Vec<StopView>>, Problem> {
    Ok(Json(access.workspace.stops().await?))
}
