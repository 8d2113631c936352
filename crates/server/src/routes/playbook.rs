//! Playbooks: publishing and reading.

use crate::{
    access::{Access, scope},
    extract::{Path, Query, Raw},
    openapi::{Again, CommandProblems, ReadProblems},
    problem::{Kind, Problem},
    state::Server,
};
use axum::{Json, http::StatusCode};
use countersign_app::view::PlaybookView;
use countersign_core::{limits::PLAYBOOK_BYTES_MAX, refusal::Code};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(playbook_publish, playbooks_list)).routes(routes!(playbook_get))
}

/// Publishes a playbook, or its next version.
///
/// All problems of the source come at once, each with its place. An unchanged source makes no new version.
#[utoipa::path(post, path = "/v1/playbooks", tag = "playbooks", params(Again),
    request_body(content((String = "application/toml"), (String = "text/plain")), description = "The TOML source."),
    responses((status = 201, description = "It was published.", body = PlaybookView), CommandProblems), security(("key" = ["playbooks:write"])))]
async fn playbook_publish(
    access: Access<scope::PlaybooksWrite>,
    raw: Raw<PLAYBOOK_BYTES_MAX>,
) -> Result<(StatusCode, Json<PlaybookView>), Problem> {
    if !["application/toml", "text/plain", "text/x-toml"].contains(&raw.media_type.as_str()) {
        return Err(Problem::new(Kind::UnsupportedMediaType, "send the TOML source, with `Content-Type: application/toml`"));
    }
    let source = std::str::from_utf8(&raw.body)
        .map_err(|error| Problem::new(Code::Malformed, format!("the source is no UTF-8 from byte {} on", error.valid_up_to())))?;
    Ok((StatusCode::CREATED, Json(access.workspace.playbook_publish(&access.caller, source, raw.options).await?)))
}

/// Lists playbooks, each with its latest version.
#[utoipa::path(get, path = "/v1/playbooks", tag = "playbooks",
    responses((status = 200, description = "The playbooks.", body = Vec<PlaybookView>), ReadProblems), security(("key" = [])))]
async fn playbooks_list(access: Access<scope::Any>) -> Result<Json<Vec<PlaybookView>>, Problem> {
    Ok(Json(access.workspace.playbooks_list().await?))
}

/// Which version.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct VersionQuery {
    /// The version; absent: the latest.
    #[serde(default)]
    version: Option<u64>,
}

/// Gives a playbook with its source.
#[utoipa::path(get, path = "/v1/playbooks/{name}", tag = "playbooks", params(("name" = String, Path, description = "The playbook's name."), VersionQuery),
    responses((status = 200, description = "The playbook.", body = PlaybookView), ReadProblems), security(("key" = [])))]
async fn playbook_get(
    access: Access<scope::Any>,
    Path(name): Path<String>,
    Query(query): Query<VersionQuery>,
) -> Result<Json<PlaybookView>, Problem> {
    Ok(Json(access.workspace.playbook_get(&name, query.version).await?))
}
