//! Subjects: the people whom cases are about; giving them their data, and destroying it.

use crate::{
    access::{Access, scope},
    extract::{Path, Query},
    openapi::ReadProblems,
    problem::Problem,
    state::Server,
};
use axum::Json;
use countersign_core::refusal::Code;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(subject_find)).routes(routes!(subject_export, subject_erase))
}

/// Whom.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SubjectQuery {
    /// The playbook whose subject field has the value.
    playbook: String,
    /// The value, as in a customer's number.
    value: String,
}

/// A subject by its random id.
#[derive(Debug, Serialize, ToSchema)]
struct SubjectFound {
    /// The subject.
    subject: Uuid,
}

/// Finds a subject by the value of a playbook's subject field.
#[utoipa::path(get, path = "/v1/subjects", tag = "subjects", params(SubjectQuery),
    responses((status = 200, description = "The subject.", body = SubjectFound), ReadProblems), security(("key" = ["admin"])))]
async fn subject_find(access: Access<scope::SubjectRead>, Query(query): Query<SubjectQuery>) -> Result<Json<SubjectFound>, Problem> {
    let subject = access.workspace.subject_find(&query.playbook, &query.value).await?;
    let subject = subject.ok_or_else(|| Problem::new(Code::NotFound, "no case of this playbook is about such a subject"))?;
    Ok(Json(SubjectFound { subject: subject.0 }))
}

/// Gives all that is kept about a subject.
#[utoipa::path(get, path = "/v1/subjects/{subject}", tag = "subjects", params(("subject" = Uuid, Path, description = "The subject.")),
    responses((status = 200, description = "Their data.", body = Object), ReadProblems), security(("key" = ["admin"])))]
async fn subject_export(access: Access<scope::SubjectRead>, Path(subject): Path<Uuid>) -> Result<Json<Value>, Problem> {
    Ok(Json(access.workspace.subject_export(subject.into()).await?))
}

/// Why.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct GroundQuery {
    /// On what ground, as in `request of the data subject`. It is recorded; name nobody in it.
    ground: String,
}

/// What was destroyed.
#[derive(Debug, Serialize, ToSchema)]
struct Erasure {
    /// The subject.
    subject: Uuid,
    /// Values that can no longer be read by anybody.
    values_destroyed: u64,
}

/// Destroys a subject's personal values for good. Every proof still verifies.
#[utoipa::path(delete, path = "/v1/subjects/{subject}", tag = "subjects", params(("subject" = Uuid, Path, description = "The subject."), GroundQuery),
    responses((status = 200, description = "They are destroyed.", body = Erasure), ReadProblems), security(("key" = ["admin"])))]
async fn subject_erase(
    access: Access<scope::Admin>,
    Path(subject): Path<Uuid>,
    Query(query): Query<GroundQuery>,
) -> Result<Json<Erasure>, Problem> {
    let values_destroyed = access.workspace.subject_erase(&access.caller, subject.into(), &query.ground).await?;
    Ok(Json(Erasure { subject, values_destroyed }))
}
