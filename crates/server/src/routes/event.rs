//! Live updates, and the export of events. Live updates say that something moved and never what it holds.

use crate::{
    access::{Access, scope},
    extract::Query,
    limits::{NEWS_POLL_SECONDS, STREAM_STEP_ITEMS_MAX},
    ndjson,
    openapi::ReadProblems,
    problem::Problem,
    state::Server,
};
use axum::{
    http::{HeaderMap, HeaderName},
    response::{
        IntoResponse, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use countersign_app::{Workspace, event::Notice, view::EventView};
use countersign_core::refusal::Code;
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::{broadcast, watch};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(events_live)).routes(routes!(events_export))
}

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Word that something was written.
#[derive(Debug, Serialize, ToSchema)]
struct News {
    /// Place in the log; also the `id` of the message.
    position: u64,
    /// The event.
    event: Uuid,
    /// Its type; also the `event` of the message.
    #[serde(rename = "type")]
    type_name: &'static str,
    /// The case that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    case: Option<Uuid>,
}

impl From<Notice> for News {
    fn from(notice: Notice) -> Self {
        Self { position: notice.position, event: notice.id.0, type_name: notice.type_name, case: notice.case.map(|case| case.0) }
    }
}

/// Tells what moves, as it moves (server-sent events).
///
/// From `Last-Event-ID` on, or from now on where there is none. Every message has the log's position as its id, so that a
/// client that was cut off misses nothing. Not for keys that speak for a person: which case moved tells where it was routed.
#[utoipa::path(get, path = "/v1/events", tag = "events", params(("Last-Event-ID" = Option<u64>, Header, description = "Position of the last message that the client has.")),
    responses((status = 200, description = "An endless stream; each message's data is such an object.", body = News, content_type = "text/event-stream"), ReadProblems), security(("key" = ["cases:read", "ledger:read"])))]
async fn events_live(access: Access<scope::Live>, headers: HeaderMap) -> Result<Response, Problem> {
    let next = match headers.get(LAST_EVENT_ID) {
        Some(last) => {
            last.to_str().ok().and_then(|last| last.parse::<u64>().ok()).and_then(|last| last.checked_add(1)).ok_or_else(|| {
                Problem::field(Code::Malformed, "/Last-Event-ID", "`Last-Event-ID` is a position in the log: the id of the last message")
            })?
        }
        None => access.workspace.info().await?.size,
    };
    let live = Live { hints: access.server.app.subscribe(), stopping: access.server.stopping.clone(), workspace: access.workspace, next };
    let messages = live.news().flat_map(|news| stream::iter(news.into_iter().map(|news| message(&news))));
    Ok(Sse::new(messages).keep_alive(KeepAlive::new().interval(access.server.config.heartbeat)).into_response())
}

fn message(news: &News) -> Result<Event, axum::Error> {
    Event::default().id(news.position.to_string()).event(news.type_name).json_data(news)
}

/// A reader of what moves. Hints only wake it; what it says it reads from the storage, in order, so that nothing is lost or
/// told twice, whichever node wrote it.
struct Live {
    workspace: Workspace,
    hints: broadcast::Receiver<Notice>,
    stopping: watch::Receiver<bool>,
    next: u64,
}

impl Live {
    fn news(self) -> impl Stream<Item = Vec<News>> + Send {
        stream::unfold(self, |mut live| async move {
            loop {
                // The hints were subscribed to before this read, so what is written after it wakes the wait below.
                let notices = match live.workspace.notices_from(live.next, STREAM_STEP_ITEMS_MAX).await {
                    Ok(notices) => notices,
                    Err(error) => {
                        tracing::error!(cause = %error, "live updates broke off; the client comes again by itself");
                        return None;
                    }
                };
                if let Some(last) = notices.last() {
                    live.next = last.position.saturating_add(1);
                    return Some((notices.into_iter().map(News::from).collect(), live));
                }
                tokio::select! {
                    () = stopped(&mut live.stopping) => return None,
                    () = hint(&mut live.hints, &live.workspace, live.next) => {}
                    () = tokio::time::sleep(NEWS_POLL_SECONDS) => {}
                }
            }
        })
    }
}

/// Waits until the server shuts down.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    if stopping.wait_for(|stopping| *stopping).await.is_err() {
        std::future::pending().await
    }
}

/// Waits for a hint of something that was not read yet.
async fn hint(hints: &mut broadcast::Receiver<Notice>, workspace: &Workspace, next: u64) {
    loop {
        match hints.recv().await {
            Ok(notice) if notice.workspace != workspace.id() || notice.position < next => {}
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// From where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ExportQuery {
    /// The first position; 0 where it is absent.
    #[serde(default)]
    from: u64,
}

/// Exports events in full, one a line, up to those that were committed when the export began.
#[utoipa::path(get, path = "/v1/events/export", tag = "events", params(ExportQuery),
    responses((status = 200, description = "Events in the order of the log.", body = EventView, content_type = "application/x-ndjson"), ReadProblems), security(("key" = ["ledger:read"])))]
async fn events_export(access: Access<scope::LedgerRead>, Query(query): Query<ExportQuery>) -> Result<Response, Problem> {
    access.workspace.may_export().await?;
    let end = access.workspace.info().await?.size;
    let workspace = access.workspace;
    Ok(ndjson::response(ndjson::pages(query.from, move |from| {
        let workspace = workspace.clone();
        async move {
            let items = u64::from(STREAM_STEP_ITEMS_MAX).min(end.saturating_sub(from));
            let events: Vec<EventView> = match u32::try_from(items) {
                Ok(items @ 1..) => workspace.events_from(from, items).await?,
                _ => Vec::new(),
            };
            let after = events.last().map(|event| event.position.saturating_add(1));
            Ok((events, after))
        }
    })))
}
