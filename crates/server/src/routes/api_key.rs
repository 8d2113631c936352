//! API keys.

use crate::{
    access::{Access, scope},
    extract::{Command, Path},
    openapi::{CommandProblems, ReadProblems},
    problem::Problem,
    state::Server,
};
use axum::{Json, http::StatusCode};
use countersign_app::{input::ApiKeyInput, view::ApiKeyView};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(api_key_add, api_keys_list)).routes(routes!(api_key_revoke))
}

/// A key that was just made.
#[derive(Serialize, ToSchema)]
struct NewApiKey {
    #[serde(flatten)]
    view: ApiKeyView,
    /// The key itself. It is shown this once and stored nowhere.
    secret: String,
}

/// Makes a key.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", request_body = ApiKeyInput,
    responses((status = 201, description = "The key, with its secret for the only time.", body = NewApiKey), CommandProblems), security(("key" = ["admin"])))]
async fn api_key_add(access: Access<scope::Admin>, command: Command<ApiKeyInput>) -> Result<(StatusCode, Json<NewApiKey>), Problem> {
    let (view, secret) = access.workspace.api_key_add(&access.caller, command.input).await?;
    Ok((StatusCode::CREATED, Json(NewApiKey { view, secret })))
}

/// Lists keys, without their secrets.
#[utoipa::path(get, path = "/v1/keys", tag = "keys",
    responses((status = 200, description = "The keys.", body = Vec<ApiKeyView>), ReadProblems), security(("key" = ["admin"])))]
async fn api_keys_list(access: Access<scope::Admin>) -> Result<Json<Vec<ApiKeyView>>, Problem> {
    Ok(Json(access.workspace.api_keys_list().await?))
}

/// Revokes a key.
#[utoipa::path(delete, path = "/v1/keys/{key}", tag = "keys", params(("key" = String, Path, description = "The key's public id.")),
    responses((status = 204, description = "It is revoked."), ReadProblems), security(("key" = ["admin"])))]
async fn api_key_revoke(access: Access<scope::Admin>, Path(key): Path<String>) -> Result<StatusCode, Problem> {
    access.workspace.api_key_revoke(&access.caller, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
