//! People: who takes part.

use crate::{
    access::{Access, scope},
    extract::{Command, Path},
    openapi::{CommandProblems, ReadProblems},
    problem::Problem,
    state::Server,
};
use axum::{Json, http::StatusCode};
use countersign_app::{
    input::{PersonChange, PersonInput},
    view::PersonView,
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(person_add, people_list)).routes(routes!(person_change)).routes(routes!(person_forget))
}

/// Adds a person.
///
/// The name lives in the erasable directory; the ledger knows a random id.
#[utoipa::path(post, path = "/v1/people", tag = "people", request_body = PersonInput,
    responses((status = 201, description = "The person.", body = PersonView), CommandProblems), security(("key" = ["people:write"])))]
async fn person_add(access: Access<scope::PeopleWrite>, command: Command<PersonInput>) -> Result<(StatusCode, Json<PersonView>), Problem> {
    Ok((StatusCode::CREATED, Json(access.workspace.person_add(&access.caller, command.input).await?)))
}

/// Lists people.
#[utoipa::path(get, path = "/v1/people", tag = "people",
    responses((status = 200, description = "The people.", body = Vec<PersonView>), ReadProblems), security(("key" = ["people:write", "cases:read", "judge"])))]
async fn people_list(access: Access<scope::PeopleRead>) -> Result<Json<Vec<PersonView>>, Problem> {
    Ok(Json(access.workspace.people_list().await?))
}

/// Changes a person's roles, or whether they take part.
#[utoipa::path(put, path = "/v1/people/{person}", tag = "people", params(("person" = Uuid, Path, description = "The person.")), request_body = PersonChange,
    responses((status = 200, description = "The person from now on.", body = PersonView), CommandProblems), security(("key" = ["people:write"])))]
async fn person_change(
    access: Access<scope::PeopleWrite>,
    Path(person): Path<Uuid>,
    command: Command<PersonChange>,
) -> Result<Json<PersonView>, Problem> {
    Ok(Json(access.workspace.person_change(&access.caller, person.into(), command.input).await?))
}

/// Erases a person's name and address; what they decided stays, under their random id.
#[utoipa::path(delete, path = "/v1/people/{person}/name", tag = "people", params(("person" = Uuid, Path, description = "The person.")),
    responses((status = 204, description = "They are erased."), ReadProblems), security(("key" = ["people:write"])))]
async fn person_forget(access: Access<scope::PeopleWrite>, Path(person): Path<Uuid>) -> Result<StatusCode, Problem> {
    access.workspace.person_forget(person.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
