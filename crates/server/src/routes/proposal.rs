//! Proposals, and asks for new ones.

use super::Changed;
use crate::{
    access::{Access, scope},
    extract::{Command, Path},
    openapi::{Again, CaseProblems, JudgeProblems, Version},
    problem::Problem,
    state::Server,
};
use countersign_app::{
    input::{AskInput, ProposalInput},
    view::Receipt,
};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(proposal_add)).routes(routes!(ask_add))
}

/// Adds a proposal.
#[utoipa::path(post, path = "/v1/cases/{case}/proposals", tag = "proposals", params(("case" = Uuid, Path, description = "The case."), Again, Version), request_body = ProposalInput,
    responses((status = 200, description = "It was added.", body = Receipt), CaseProblems), security(("key" = ["cases:write"])))]
async fn proposal_add(
    access: Access<scope::CasesWrite>,
    Path(case): Path<Uuid>,
    command: Command<ProposalInput>,
) -> Result<Changed, Problem> {
    let receipt = access.workspace.case_propose(&access.caller, case.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}

/// Directs the AI: asks for a new proposal.
#[utoipa::path(post, path = "/v1/cases/{case}/asks", tag = "proposals", params(("case" = Uuid, Path, description = "The case."), Again, Version), request_body = AskInput,
    responses((status = 200, description = "It was asked; the answer comes as a proposal that names this ask.", body = Receipt), JudgeProblems), security(("key" = ["judge"])))]
async fn ask_add(access: Access<scope::Judge>, Path(case): Path<Uuid>, command: Command<AskInput>) -> Result<Changed, Problem> {
    access.speaks_for(command.input.person)?;
    let receipt = access.workspace.case_ask(&access.caller, case.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}
