//! Outcomes: what the world says later.

use super::Changed;
use crate::{
    access::{Access, scope},
    extract::{Command, Path},
    openapi::{Again, CaseProblems, Version},
    problem::Problem,
    state::Server,
};
use countersign_app::{
    input::{OutcomeCorrection, OutcomeInput},
    view::Receipt,
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(outcome_add)).routes(routes!(outcome_correct))
}

/// Says what the world says.
#[utoipa::path(post, path = "/v1/cases/{case}/outcomes", tag = "outcomes", params(("case" = Uuid, Path, description = "The case."), Again, Version), request_body = OutcomeInput,
    responses((status = 200, description = "It was recorded.", body = Receipt), CaseProblems), security(("key" = ["outcomes:write"])))]
async fn outcome_add(
    access: Access<scope::OutcomesWrite>,
    Path(case): Path<Uuid>,
    command: Command<OutcomeInput>,
) -> Result<Changed, Problem> {
    let receipt = access.workspace.case_outcome(&access.caller, case.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}

/// Corrects an outcome.
#[utoipa::path(post, path = "/v1/cases/{case}/outcomes/{outcome}/correct", tag = "outcomes",
    params(("case" = Uuid, Path, description = "The case."), ("outcome" = Uuid, Path, description = "The outcome."), Again, Version), request_body = OutcomeCorrection,
    responses((status = 200, description = "It was corrected; the old one stays in the history.", body = Receipt), CaseProblems), security(("key" = ["outcomes:write"])))]
async fn outcome_correct(
    access: Access<scope::OutcomesWrite>,
    Path((case, outcome)): Path<(Uuid, Uuid)>,
    command: Command<OutcomeCorrection>,
) -> Result<Changed, Problem> {
    let receipt =
        access.workspace.case_outcome_correct(&access.caller, case.into(), outcome.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}
