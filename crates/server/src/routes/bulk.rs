//! Cases that are answered together: a table of what would be recorded, and then a judgment for each.

use crate::{
    access::{Access, scope},
    extract::Command,
    openapi::ClaimProblems,
    problem::Problem,
    state::Server,
};
use axum::Json;
use countersign_app::bulk::{BulkAnswers, BulkDone, BulkInput, BulkView};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(bulk_show)).routes(routes!(bulk_judge))
}

/// Shows cases of one playbook in a table, to be answered together.
///
/// Each case that may be answered so is claimed and shown: its line has a token. Each other one has the reason. Nothing is decided yet.
/// Only where the playbook says `[decide] bulk = true`, and up to 50 cases at once.
#[utoipa::path(post, path = "/v1/bulk", tag = "judgments", request_body = BulkInput,
    responses((status = 200, description = "The table.", body = BulkView), ClaimProblems), security(("key" = ["judge"])))]
async fn bulk_show(access: Access<scope::Judge>, command: Command<BulkInput>) -> Result<Json<BulkView>, Problem> {
    access.speaks_for(command.input.person)?;
    Ok(Json(access.workspace.bulk_show(&access.caller, command.input).await?))
}

/// Answers lines of such a table, each by a judgment of its own.
///
/// What is refused has its reason in its line, and the others are written. The same answer to the same token sent again gives the same
/// receipt, so no idempotency key is needed.
#[utoipa::path(post, path = "/v1/bulk/judgments", tag = "judgments", request_body = BulkAnswers,
    responses((status = 200, description = "What came of each.", body = BulkDone), ClaimProblems), security(("key" = ["judge"])))]
async fn bulk_judge(access: Access<scope::Judge>, command: Command<BulkAnswers>) -> Result<Json<BulkDone>, Problem> {
    access.speaks_for(command.input.person)?;
    let done = access.workspace.bulk_judge(&access.caller, command.input).await?;
    for receipt in done.lines.iter().filter_map(|line| line.receipt.as_ref()) {
        access.server.metrics.decided(receipt.decision.is_some());
    }
    Ok(Json(done))
}
