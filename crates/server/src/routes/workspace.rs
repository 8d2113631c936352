//! The workspace itself.

use crate::{
    access::{Access, scope},
    openapi::ReadProblems,
    problem::Problem,
    state::Server,
};
use axum::Json;
use countersign_app::view::WorkspaceView;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(workspace_get))
}

/// Gives the key's workspace: its log, its log's key, what is stopped, what is measured about people.
#[utoipa::path(get, path = "/v1/workspace", tag = "workspace",
    responses((status = 200, description = "The workspace.", body = WorkspaceView), ReadProblems), security(("key" = [])))]
async fn workspace_get(access: Access<scope::Any>) -> Result<Json<WorkspaceView>, Problem> {
    Ok(Json(access.workspace.info().await?))
}
