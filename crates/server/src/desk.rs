//! The desk: pages rendered on the server, where people decide. Every action is a form that works without script; nothing here
//! decides, and no page says more than the use cases of `countersign-app` let its reader see.
//!
//! Start at [`routes`]. [`page`] is the frame around every page, [`visitor`] says who sits there, [`text`] holds every word, [`field`]
//! draws what a case holds, [`answer`] asks for an answer and reads it.

#[expect(dead_code, reason = "the pages that use all of it come next")]
mod answer;
mod asset;
#[expect(dead_code, reason = "the pages that use all of it come next")]
mod field;
#[expect(dead_code, reason = "the pages that use all of it come next")]
mod form;
mod page;
mod queue;
mod sign_in;
mod text;
#[expect(dead_code, reason = "the pages that use all of it come next")]
mod visitor;

pub use page::problem_page;

use crate::state::Server;
use axum::{
    Router,
    response::Redirect,
    routing::{get, post},
};

/// Where every page of the desk lies.
const ROOT: &str = "/desk";

/// Whether a path is of the desk, so that problems there are pages.
#[must_use]
pub fn owns(path: &str) -> bool {
    path == "/" || path == ROOT || path.strip_prefix(ROOT).is_some_and(|rest| rest.starts_with('/'))
}

/// Every route of the desk.
pub fn routes() -> Router<Server> {
    Router::new()
        .route("/", get(|| std::future::ready(Redirect::to(ROOT))))
        .route("/desk", get(queue::page))
        .route("/desk/sign-in", get(sign_in::how))
        .route("/desk/sign-in/{link}", get(sign_in::confirm).post(sign_in::enter))
        .route("/desk/sign-out", post(sign_in::leave))
        .route("/desk/assets/{version}/{name}", get(asset::give))
}
