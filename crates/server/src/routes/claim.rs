//! Claims: who is on which case. Operational, never evidence.

use crate::{
    access::{Access, PersonQuery, scope},
    extract::{Command, Path, Query},
    openapi::{ClaimProblems, ReadProblems},
    problem::Problem,
    state::Server,
};
use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use countersign_app::{team::ForYouView, view::Claim};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(for_you)).routes(routes!(claim_next, claims_of)).routes(routes!(claim, release))
}

/// Who wants work.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NextInput {
    /// Who.
    person: Uuid,
    /// Of this playbook only.
    #[serde(default)]
    playbook: Option<String>,
}

/// Claims the next case that this person may answer.
#[utoipa::path(post, path = "/v1/claims", tag = "claims", request_body = NextInput,
    responses((status = 200, description = "The claim.", body = Claim), (status = 204, description = "There is nothing to do."), ClaimProblems), security(("key" = ["judge"])))]
async fn claim_next(access: Access<scope::Judge>, command: Command<NextInput>) -> Result<Response, Problem> {
    let person = access.speaks_for(command.input.person)?;
    let claim = access.workspace.claim_next(person, command.input.playbook.as_deref()).await?;
    Ok(claim.map_or_else(|| StatusCode::NO_CONTENT.into_response(), |claim| Json(claim).into_response()))
}

/// Who claims.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClaimInput {
    /// Who.
    person: Uuid,
}

/// Claims this case, or holds on to it for longer.
#[utoipa::path(put, path = "/v1/cases/{case}/claim", tag = "claims", params(("case" = Uuid, Path, description = "The case.")), request_body = ClaimInput,
    responses((status = 200, description = "The claim.", body = Claim), ClaimProblems), security(("key" = ["judge"])))]
async fn claim(access: Access<scope::Judge>, Path(case): Path<Uuid>, command: Command<ClaimInput>) -> Result<Json<Claim>, Problem> {
    let person = access.speaks_for(command.input.person)?;
    Ok(Json(access.workspace.claim(person, case.into()).await?))
}

/// Lets a case go.
#[utoipa::path(delete, path = "/v1/cases/{case}/claim", tag = "claims", params(("case" = Uuid, Path, description = "The case."), PersonQuery),
    responses((status = 204, description = "It was let go, or was not held."), ReadProblems), security(("key" = ["judge"])))]
async fn release(access: Access<scope::Judge>, Path(case): Path<Uuid>, Query(query): Query<PersonQuery>) -> Result<StatusCode, Problem> {
    let person = access.speaks_for_one(query.person)?;
    access.workspace.release(person, case.into()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists what is for one person: cases that are assigned to them, and remarks that mention them.
#[utoipa::path(get, path = "/v1/for-you", tag = "claims", params(PersonQuery),
    responses((status = 200, description = "What is for them.", body = ForYouView), ReadProblems), security(("key" = ["judge"])))]
async fn for_you(access: Access<scope::Judge>, Query(query): Query<PersonQuery>) -> Result<Json<ForYouView>, Problem> {
    let person = access.speaks_for_one(query.person)?;
    Ok(Json(access.workspace.for_you(person).await?.into()))
}

/// Lists the claims of a person.
#[utoipa::path(get, path = "/v1/claims", tag = "claims", params(PersonQuery),
    responses((status = 200, description = "What they hold.", body = Vec<Claim>), ReadProblems), security(("key" = ["judge"])))]
async fn claims_of(access: Access<scope::Judge>, Query(query): Query<PersonQuery>) -> Result<Json<Vec<Claim>>, Problem> {
    let person = access.speaks_for_one(query.person)?;
    Ok(Json(access.workspace.claims_of(person).await?))
}
