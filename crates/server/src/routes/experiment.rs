//! Experiments: ways to decide that are compared by lot. Started and stopped by people only.

use crate::{
    access::{Access, scope},
    extract::{Command, Path},
    openapi::{ControlProblems, ReadProblems},
    problem::Problem,
    state::Server,
};
use axum::{Json, http::StatusCode};
use countersign_app::experiment::{ExperimentInput, ExperimentStopInput, ExperimentView};
use countersign_core::id::EventId;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(experiments_list, experiment_start))
        .routes(routes!(experiment_get))
        .routes(routes!(experiment_stop))
}

/// Lists the experiments of a playbook, the latest first, each with what it has come to.
#[utoipa::path(get, path = "/v1/playbooks/{name}/experiments", tag = "experiments",
    params(("name" = String, Path, description = "The playbook's name.")),
    responses((status = 200, description = "The experiments.", body = Vec<ExperimentView>), ReadProblems), security(("key" = ["cases:read"])))]
async fn experiments_list(access: Access<scope::CasesRead>, Path(name): Path<String>) -> Result<Json<Vec<ExperimentView>>, Problem> {
    Ok(Json(access.workspace.experiments_list(Some(&name)).await?))
}

/// Starts an experiment: a share of the cases that people decide goes by lot, by committed draws, to its ways. Only a person does, with
/// a key that speaks for them. One experiment runs in a playbook at a time.
#[utoipa::path(post, path = "/v1/playbooks/{name}/experiments", tag = "experiments",
    params(("name" = String, Path, description = "The playbook's name.")), request_body = ExperimentInput,
    responses((status = 201, description = "It runs.", body = ExperimentView), ControlProblems), security(("key" = ["control"])))]
async fn experiment_start(
    access: Access<scope::Control>,
    Path(name): Path<String>,
    command: Command<ExperimentInput>,
) -> Result<(StatusCode, Json<ExperimentView>), Problem> {
    let mut input = command.input;
    input.person = access.speaks_for_any(input.person)?;
    Ok((StatusCode::CREATED, Json(access.workspace.experiment_start(&access.caller, &name, input).await?)))
}

/// Gives an experiment with what it has come to by the latest track record. Every interval holds at all looks at once.
#[utoipa::path(get, path = "/v1/experiments/{id}", tag = "experiments",
    params(("id" = Uuid, Path, description = "The experiment.")),
    responses((status = 200, description = "The experiment.", body = ExperimentView), ReadProblems), security(("key" = ["cases:read"])))]
async fn experiment_get(access: Access<scope::CasesRead>, Path(id): Path<Uuid>) -> Result<Json<ExperimentView>, Problem> {
    Ok(Json(access.workspace.experiment(EventId(id)).await?))
}

/// Stops an experiment: no further case enters, and what has entered counts as it was assigned. Only a person does.
#[utoipa::path(post, path = "/v1/experiments/{id}/stop", tag = "experiments",
    params(("id" = Uuid, Path, description = "The experiment.")), request_body = ExperimentStopInput,
    responses((status = 200, description = "It has ended.", body = ExperimentView), ControlProblems), security(("key" = ["control"])))]
async fn experiment_stop(
    access: Access<scope::Control>,
    Path(id): Path<Uuid>,
    command: Command<ExperimentStopInput>,
) -> Result<Json<ExperimentView>, Problem> {
    let mut input = command.input;
    input.person = access.speaks_for_any(input.person)?;
    Ok(Json(access.workspace.experiment_stop(&access.caller, EventId(id), input).await?))
}
