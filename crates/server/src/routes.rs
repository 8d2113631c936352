//! All routes, one file a noun. Handlers read a request, ask one use case, and give its answer; they decide nothing.

mod api_key;
mod attachment;
mod bulk;
mod case;
mod claim;
mod control;
mod decision;
mod event;
mod experiment;
mod judgment;
mod log;
mod operations;
mod outcome;
mod person;
mod playbook;
mod practice;
mod proposal;
mod rehearsal;
mod routing;
mod rules;
mod subject;
mod track;
mod webhook;
mod workspace;

use crate::{openapi, state::Server};
use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use countersign_app::view::Receipt;
use utoipa_axum::router::OpenApiRouter;

/// Every route with its description.
pub fn all() -> OpenApiRouter<Server> {
    OpenApiRouter::with_openapi(openapi::document())
        .merge(api_key::routes())
        .merge(attachment::routes())
        .merge(bulk::routes())
        .merge(case::routes())
        .merge(claim::routes())
        .merge(control::routes())
        .merge(decision::routes())
        .merge(event::routes())
        .merge(experiment::routes())
        .merge(judgment::routes())
        .merge(log::routes())
        .merge(operations::routes())
        .merge(outcome::routes())
        .merge(person::routes())
        .merge(playbook::routes())
        .merge(practice::routes())
        .merge(proposal::routes())
        .merge(rehearsal::routes())
        .merge(routing::routes())
        .merge(rules::routes())
        .merge(subject::routes())
        .merge(track::routes())
        .merge(webhook::routes())
        .merge(workspace::routes())
}

/// A receipt as an answer, with the case's version as its `ETag`.
#[derive(Debug)]
pub struct Changed(pub Receipt);

impl IntoResponse for Changed {
    fn into_response(self) -> Response {
        ([(header::ETAG, etag(self.0.version))], Json(self.0)).into_response()
    }
}

/// A version as an `ETag`.
fn etag(version: u64) -> HeaderValue {
    // Digits between quotes are always a header's value.
    HeaderValue::try_from(format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}
