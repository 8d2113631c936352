//! Rehearsals over the workspace's own history: starting one, watching it, and reading what it found.

use crate::{
    access::{Access, scope},
    extract::{Command, Path},
    openapi::{CommandProblems, ReadProblems},
    problem::Problem,
    state::Server,
};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{
        Html, IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use countersign_app::{
    Workspace,
    rehearsal::{RehearsalInput, RehearsalView},
};
use futures_util::{Stream, stream};
use std::time::Duration;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(rehearsal_start, rehearsals_list))
        .routes(routes!(rehearsal_get))
        .routes(routes!(rehearsal_events))
        .routes(routes!(rehearsal_report))
}

/// A report is a page of its own: its style stands inside it, and it loads and runs nothing.
const REPORT_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'");

/// How often a rehearsal is looked at while somebody watches it.
const LOOK: Duration = Duration::from_millis(250);

/// Starts a rehearsal of other policies on this workspace's decided cases.
///
/// It returns at once; watch `/v1/rehearsals/{id}/events`, or read the rehearsal until it is `done`.
#[utoipa::path(post, path = "/v1/rehearsals", tag = "rehearsals", request_body = RehearsalInput,
    responses((status = 202, description = "It has begun.", body = RehearsalView), CommandProblems), security(("key" = ["cases:read"])))]
async fn rehearsal_start(
    access: Access<scope::CasesRead>,
    command: Command<RehearsalInput>,
) -> Result<(StatusCode, Json<RehearsalView>), Problem> {
    Ok((StatusCode::ACCEPTED, Json(access.workspace.rehearsal_start(command.input).await?)))
}

/// Lists the latest rehearsals, newest first, without what they found.
#[utoipa::path(get, path = "/v1/rehearsals", tag = "rehearsals",
    responses((status = 200, description = "The rehearsals.", body = Vec<RehearsalView>), ReadProblems), security(("key" = ["cases:read"])))]
async fn rehearsals_list(access: Access<scope::CasesRead>) -> Result<Json<Vec<RehearsalView>>, Problem> {
    Ok(Json(access.workspace.rehearsals_list().await?))
}

/// Gives a rehearsal, with what it found once it is done.
#[utoipa::path(get, path = "/v1/rehearsals/{id}", tag = "rehearsals", params(("id" = Uuid, Path, description = "The rehearsal.")),
    responses((status = 200, description = "The rehearsal.", body = RehearsalView), ReadProblems), security(("key" = ["cases:read"])))]
async fn rehearsal_get(access: Access<scope::CasesRead>, Path(id): Path<Uuid>) -> Result<Json<RehearsalView>, Problem> {
    Ok(Json(access.workspace.rehearsal_get(id).await?))
}

/// Tells how far a rehearsal is, until it is over (server-sent events).
#[utoipa::path(get, path = "/v1/rehearsals/{id}/events", tag = "rehearsals", params(("id" = Uuid, Path, description = "The rehearsal.")),
    responses((status = 200, description = "A stream that ends with the rehearsal; each message's data is such an object, without findings.", body = RehearsalView, content_type = "text/event-stream"), ReadProblems), security(("key" = ["cases:read"])))]
async fn rehearsal_events(access: Access<scope::CasesRead>, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let first = access.workspace.rehearsal_progress(id).await?;
    let heartbeat = access.server.config.heartbeat;
    let stopping = access.server.stopping.clone();
    Ok(Sse::new(progress(access.workspace, first, stopping)).keep_alive(KeepAlive::new().interval(heartbeat)).into_response())
}

/// Messages whenever something moved, the last one when it is over.
fn progress(
    workspace: Workspace,
    first: RehearsalView,
    stopping: tokio::sync::watch::Receiver<bool>,
) -> impl Stream<Item = Result<Event, axum::Error>> + Send {
    let message = |view: &RehearsalView| Event::default().event(view.state.clone()).json_data(view);
    let begin = (workspace, None::<RehearsalView>, Some(first), stopping);
    stream::unfold(begin, move |(workspace, last, first, stopping)| async move {
        if last.as_ref().is_some_and(|view| view.state != "running") || *stopping.borrow() {
            return None;
        }
        if let Some(view) = first {
            return Some((message(&view), (workspace, Some(view), None, stopping)));
        }
        loop {
            tokio::time::sleep(LOOK).await;
            if *stopping.borrow() {
                return None;
            }
            let id = last.as_ref().map(|view| view.rehearsal)?;
            let view = workspace.rehearsal_progress(id).await.ok()?;
            if last.as_ref() != Some(&view) {
                return Some((message(&view), (workspace, Some(view), None, stopping)));
            }
        }
    })
}

/// Gives what a rehearsal found as one self-contained page.
#[utoipa::path(get, path = "/v1/rehearsals/{id}/report", tag = "rehearsals", params(("id" = Uuid, Path, description = "The rehearsal.")),
    responses((status = 200, description = "The report.", body = String, content_type = "text/html"), ReadProblems), security(("key" = ["cases:read"])))]
async fn rehearsal_report(access: Access<scope::CasesRead>, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let page = Html(access.workspace.rehearsal_report(id).await?);
    Ok(([(header::CONTENT_SECURITY_POLICY, REPORT_POLICY)], page).into_response())
}
