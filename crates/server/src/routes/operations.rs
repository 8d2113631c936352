//! For operators and readers: is it alive, is it ready, how does it do, what does it offer.

use crate::{
    extract::Path,
    openapi::OpenProblems,
    problem::{Problem, page},
    state::Server,
};
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use countersign_core::refusal::Code;
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz)).routes(routes!(metrics)).routes(routes!(problem_page))
}

/// Says that the process lives.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, description = "It lives.", body = String, content_type = "text/plain")), security(()))]
async fn healthz() -> &'static str {
    "ok\n"
}

/// Says that the database answers.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses((status = 200, description = "It answers.", body = String, content_type = "text/plain"), OpenProblems), security(()))]
async fn readyz(State(server): State<Server>) -> Result<&'static str, Problem> {
    server.app.workspaces().await?;
    Ok("ready\n")
}

/// Counts requests, durations, cases and decisions of this node.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, description = "Prometheus text.", body = String, content_type = "text/plain")), security(()))]
async fn metrics(State(server): State<Server>) -> Response {
    let media_type = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    ([(header::CONTENT_TYPE, media_type)], server.metrics.text(server.app.writer_depth())).into_response()
}

/// Explains a problem.
#[utoipa::path(get, path = "/problems/{slug}", tag = "operations", params(("slug" = String, Path, description = "The last part of a problem's type.")),
    responses((status = 200, description = "What it means and what to do.", body = String, content_type = "text/markdown"), OpenProblems), security(()))]
async fn problem_page(Path(slug): Path<String>) -> Result<Response, Problem> {
    let text = page(&slug).ok_or_else(|| Problem::new(Code::NotFound, "there is no such problem"))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("text/markdown; charset=utf-8"))], text).into_response())
}
