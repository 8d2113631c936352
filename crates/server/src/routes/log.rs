//! The log as C2SP tlog-tiles lays it out, for anyone who wants to check it. Hashes need no key; entries do.

mod tile_path;

use crate::{
    access::{Access, scope},
    extract::{Path, Query},
    openapi::{OpenProblems, ReadProblems},
    problem::Problem,
    state::Server,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use countersign_core::{id::WorkspaceId, refusal::Code};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(log_checkpoint))
        .routes(routes!(log_tile))
        .routes(routes!(log_entries))
        .routes(routes!(log_proof))
        .routes(routes!(log_consistency))
}

/// A tile that is full never changes, nor does a part of one under its own name.
const FOREVER: (HeaderName, HeaderValue) = (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
const TEXT: (HeaderName, HeaderValue) = (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
const BYTES: (HeaderName, HeaderValue) = (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));

fn nothing() -> Problem {
    Problem::new(Code::NotFound, "the log has nothing under this path, or not yet")
}

/// Gives the latest signed checkpoint.
#[utoipa::path(get, path = "/v1/log/{workspace}/checkpoint", tag = "log", params(("workspace" = Uuid, Path, description = "The workspace.")),
    responses((status = 200, description = "A signed note (C2SP tlog-checkpoint).", body = String, content_type = "text/plain"), OpenProblems), security(()))]
async fn log_checkpoint(State(server): State<Server>, Path(workspace): Path<Uuid>) -> Result<Response, Problem> {
    let note = server.app.workspace(WorkspaceId(workspace)).checkpoint().await?.ok_or_else(nothing)?;
    Ok(([TEXT, (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))], note).into_response())
}

/// Gives a tile of hashes.
#[utoipa::path(get, path = "/v1/log/{workspace}/tile/{level}/{*rest}", tag = "log",
    params(("workspace" = Uuid, Path, description = "The workspace."), ("level" = String, Path, description = "Level of tiles, 0 to 63."), ("rest" = String, Path, description = "Index in groups of three digits, as in `x001/067`; a part of a tile ends in `.p/` and its width.")),
    responses((status = 200, description = "The hashes, one after the other.", body = Vec<u8>, content_type = "application/octet-stream"), OpenProblems), security(()))]
async fn log_tile(State(server): State<Server>, Path((workspace, level, rest)): Path<(Uuid, String, String)>) -> Result<Response, Problem> {
    let level = tile_path::level(&level).ok_or_else(nothing)?;
    let (index, width) = tile_path::index(&rest).ok_or_else(nothing)?;
    let tile = server.app.workspace(WorkspaceId(workspace)).tile(level, index, width).await?.ok_or_else(nothing)?;
    Ok(([BYTES, FOREVER], tile).into_response())
}

/// Gives a bundle of entries: the canonical bytes of events.
#[utoipa::path(get, path = "/v1/log/{workspace}/tile/entries/{*rest}", tag = "log",
    params(("workspace" = Uuid, Path, description = "The workspace."), ("rest" = String, Path, description = "Index in groups of three digits, as in `x001/067`; a part of a bundle ends in `.p/` and its width.")),
    responses((status = 200, description = "Entries, each after its length in two bytes.", body = Vec<u8>, content_type = "application/octet-stream"), ReadProblems), security(("key" = ["ledger:read"])))]
async fn log_entries(access: Access<scope::LedgerRead>, Path((workspace, rest)): Path<(Uuid, String)>) -> Result<Response, Problem> {
    if access.workspace.id().0 != workspace {
        return Err(nothing());
    }
    let (index, width) = tile_path::index(&rest).ok_or_else(nothing)?;
    let entries = access.workspace.entries(index, width).await?.ok_or_else(nothing)?;
    Ok(([BYTES, (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable"))], entries).into_response())
}

/// Proves that the log holds the event at a position.
#[utoipa::path(get, path = "/v1/log/{workspace}/proof/{position}", tag = "log",
    params(("workspace" = Uuid, Path, description = "The workspace."), ("position" = u64, Path, description = "Place in the log, from 0.")),
    responses((status = 200, description = "A proof with its checkpoint (C2SP tlog-proof).", body = String, content_type = "text/plain"), OpenProblems), security(()))]
async fn log_proof(State(server): State<Server>, Path((workspace, position)): Path<(Uuid, u64)>) -> Result<Response, Problem> {
    let proof = server.app.workspace(WorkspaceId(workspace)).inclusion(position).await?;
    Ok(([TEXT], proof).into_response())
}

/// Between which sizes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SizesQuery {
    /// Size of the smaller log.
    from: u64,
    /// Size of the larger log.
    to: u64,
}

/// A consistency proof (RFC 6962, section 2.1.2).
#[derive(Debug, Serialize, ToSchema)]
struct Consistency {
    /// Size of the smaller log.
    from: u64,
    /// Size of the larger log.
    to: u64,
    /// Hashes in hexadecimal digits.
    hashes: Vec<String>,
}

/// Proves that a larger log only adds to a smaller one.
#[utoipa::path(get, path = "/v1/log/{workspace}/consistency", tag = "log", params(("workspace" = Uuid, Path, description = "The workspace."), SizesQuery),
    responses((status = 200, description = "The proof.", body = Consistency), OpenProblems), security(()))]
async fn log_consistency(
    State(server): State<Server>,
    Path(workspace): Path<Uuid>,
    Query(query): Query<SizesQuery>,
) -> Result<Json<Consistency>, Problem> {
    let SizesQuery { from, to } = query;
    let hashes = server.app.workspace(WorkspaceId(workspace)).consistency(from, to).await?;
    Ok(Json(Consistency { from, to, hashes: hashes.iter().map(ToString::to_string).collect() }))
}
