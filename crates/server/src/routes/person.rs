//! People: who takes part.

use crate::{
    access::{Access, scope},
    extract::{Command, Path},
    openapi::{CommandProblems, ReadProblems, VouchProblems},
    problem::Problem,
    state::Server,
};
use axum::{Json, http::StatusCode};
use countersign_app::{
    input::{AwayInput, PersonChange, PersonInput, VouchInput},
    view::PersonView,
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(person_add, people_list))
        .routes(routes!(person_change))
        .routes(routes!(person_vouch))
        .routes(routes!(person_away, person_back))
        .routes(routes!(person_forget))
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

/// Vouches that a person is a person of their own, so that their signature counts beside those of whoever added them or made them a link.
///
/// Whoever vouches is somebody in whom none of these has a hand, by a key that speaks for them. The person is signed out everywhere. It
/// ends as soon as something new lets somebody sign in as them.
#[utoipa::path(post, path = "/v1/people/{person}/vouch", tag = "people", params(("person" = Uuid, Path, description = "The person.")), request_body = VouchInput,
    responses((status = 200, description = "The person from now on.", body = PersonView), VouchProblems), security(("key" = ["people:write"])))]
async fn person_vouch(
    access: Access<scope::PeopleWrite>,
    Path(person): Path<Uuid>,
    command: Command<VouchInput>,
) -> Result<Json<PersonView>, Problem> {
    let by = access.speaks_for_one(command.input.by)?;
    Ok(Json(access.workspace.person_vouch(&access.caller, person.into(), Some(by)).await?))
}

/// Says from when to when a person is away, and who stands in for them; in the place of what was said before.
///
/// A key that speaks for a person says so of that person; of others, where its person may say who takes part. Nobody who is away is counted on: a
/// panel that those who are there do not fill is held.
#[utoipa::path(put, path = "/v1/people/{person}/away", tag = "people", params(("person" = Uuid, Path, description = "The person.")), request_body = AwayInput,
    responses((status = 200, description = "The person from now on.", body = PersonView), CommandProblems), security(("key" = ["people:write", "judge"])))]
async fn person_away(
    access: Access<scope::PeopleAway>,
    Path(person): Path<Uuid>,
    command: Command<AwayInput>,
) -> Result<Json<PersonView>, Problem> {
    Ok(Json(access.workspace.person_away(&access.caller, person.into(), command.input).await?))
}

/// Says that a person is there again, or will not be away after all.
#[utoipa::path(delete, path = "/v1/people/{person}/away", tag = "people", params(("person" = Uuid, Path, description = "The person.")),
    responses((status = 200, description = "The person from now on.", body = PersonView), ReadProblems), security(("key" = ["people:write", "judge"])))]
async fn person_back(access: Access<scope::PeopleAway>, Path(person): Path<Uuid>) -> Result<Json<PersonView>, Problem> {
    Ok(Json(access.workspace.person_back(&access.caller, person.into()).await?))
}

/// Erases a person's name and address; what they decided stays, under their random id.
#[utoipa::path(delete, path = "/v1/people/{person}/name", tag = "people", params(("person" = Uuid, Path, description = "The person.")),
    responses((status = 204, description = "They are erased."), ReadProblems), security(("key" = ["people:write"])))]
async fn person_forget(access: Access<scope::PeopleWrite>, Path(person): Path<Uuid>) -> Result<StatusCode, Problem> {
    access.workspace.person_forget(&access.caller, person.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}
