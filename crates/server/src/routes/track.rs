//! Track records: what was learned of a playbook, and which version of it routing reads.

use crate::{
    access::{Access, scope},
    extract::{Command, Path},
    openapi::{ControlProblems, ReadProblems},
    problem::Problem,
    state::Server,
};
use axum::{Json, http::StatusCode};
use countersign_app::track::{PinInput, TrackView};
use countersign_core::{Refusal, id::PersonId, refusal::Code};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(track_get)).routes(routes!(track_pin))
}

/// Gives what was learned of a playbook: accuracies with intervals, certificates, and the next test.
#[utoipa::path(get, path = "/v1/playbooks/{name}/track-record", tag = "playbooks",
    params(("name" = String, Path, description = "The playbook's name.")),
    responses((status = 200, description = "What was learned.", body = TrackView), ReadProblems), security(("key" = ["cases:read"])))]
async fn track_get(access: Access<scope::CasesRead>, Path(name): Path<String>) -> Result<Json<TrackView>, Problem> {
    let none = || Refusal::new(Code::NotFound, "nothing was learned of this playbook yet: it takes decided cases");
    Ok(Json(access.workspace.track(&name).await?.ok_or_else(none)?))
}

/// Lets routing read one version until it is released, or, without a number, whatever is learned next. Only a person does, with a
/// key that speaks for them. No certificate that is not in force comes back with an older version.
#[utoipa::path(put, path = "/v1/playbooks/{name}/track-record", tag = "control",
    params(("name" = String, Path, description = "The playbook's name.")), request_body = PinInput,
    responses((status = 204, description = "Routing reads it."), ControlProblems), security(("key" = ["control"])))]
async fn track_pin(access: Access<scope::Control>, Path(name): Path<String>, command: Command<PinInput>) -> Result<StatusCode, Problem> {
    let person = access.speaks_for_any(command.input.person)?;
    let person = person.map(PersonId).ok_or_else(|| Refusal::invalid("/person", "only a person chooses: say who answers for it"))?;
    match command.input.number {
        Some(number) => access.workspace.record_pin(&access.caller, &name, number, person).await?,
        None => access.workspace.record_release(&access.caller, &name, person).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}
