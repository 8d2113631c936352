//! The HTTP API under `/v1`, and the desk under `/desk`. Does no statistics, writes no SQL, and decides nothing: it reads requests, asks the use cases of
//! `countersign-app`, and gives their answers.
//!
//! Start at [`router`]; the routes of the API stand in `routes`, one file a noun, each with its description and its scope; the
//! pages of the desk stand in `desk`.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

mod access;
mod desk;
mod extract;
mod intake;
mod limits;
pub mod mail;
mod metrics;
mod ndjson;
mod observe;
mod openapi;
mod patience;
mod problem;
mod provider;
mod routes;
mod serve;
mod state;
mod tls;
pub mod webhook;

pub use desk::sign_in_url;
pub use problem::{Kind, PAGES, ProblemBody};
pub use provider::{ClientSecret, ProviderSettings, SignIn};
pub use serve::serve;
pub use state::ServerConfig;

use axum::{
    Router,
    http::{HeaderValue, header},
    middleware,
    response::IntoResponse,
    routing::get,
};
use bytes::Bytes;
use countersign_app::App;
use state::Server;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;

/// The whole API as a service, for tests and for servers of one's own; [`serve`] also listens.
pub fn router(app: App, config: ServerConfig) -> Router {
    let (_never, stopping) = watch::channel(false);
    build(app, config, stopping)
}

/// The description of the API, as `/v1/openapi.json` gives it.
#[must_use]
pub fn openapi() -> OpenApi {
    openapi::finished(routes::all().split_for_parts().1)
}

pub(crate) fn build(app: App, config: ServerConfig, stopping: watch::Receiver<bool>) -> Router {
    let server = Server::new(app, config, stopping);
    let (router, document) = routes::all().split_for_parts();
    // A document of ours is always JSON; an empty one would be seen by its snapshot.
    let document = Bytes::from(serde_json::to_vec(&openapi::finished(document)).unwrap_or_default());
    router
        .route(
            "/v1/openapi.json",
            get(move || {
                std::future::ready(
                    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], document.clone()).into_response(),
                )
            }),
        )
        .merge(desk::routes())
        .method_not_allowed_fallback(observe::method_not_allowed)
        .fallback(observe::not_found)
        .layer(CatchPanicLayer::custom(observe::panicked))
        .layer(middleware::from_fn_with_state(server.clone(), observe::observe))
        .with_state(server)
}
