//! Decisions: reading, withdrawing, correcting, acting, appealing, proving.

use super::Changed;
use crate::{
    access::{Access, scope},
    extract::{Command, Path, Query, page_items, wants_ndjson},
    ndjson,
    openapi::{Again, DecisionProblems, ReadProblems, WithheldProblems},
    problem::Problem,
    state::Server,
};
use axum::{
    Json,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use countersign_app::{
    input::{ActInput, AppealInput, CorrectionInput, ReasonInput},
    view::{DecisionView, Page, Receipt},
};
use countersign_core::{limits::PAGE_ITEMS_MAX, refusal::Code};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(decisions_list))
        .routes(routes!(decision_get))
        .routes(routes!(decision_withdraw))
        .routes(routes!(decision_correct))
        .routes(routes!(decision_act))
        .routes(routes!(decision_appeal))
        .routes(routes!(decision_bundle))
}

/// Which decisions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DecisionsQuery {
    /// Of this playbook.
    #[serde(default)]
    playbook: Option<String>,
    /// With this status: `standing`, `withdrawn`, `corrected`, `acted`, `overturned`, `reopened`.
    #[serde(default)]
    status: Option<String>,
    /// Where the page begins: `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// Items on the page, 1 to 1000; 100 where it is absent. An export has no pages.
    #[serde(default)]
    limit: Option<u32>,
}

/// Lists decisions in the order in which they were committed.
///
/// With `Accept: application/x-ndjson` all of them from the cursor on, one a line. Not for keys that speak for a person: where a case went tells what was advised.
#[utoipa::path(get, path = "/v1/decisions", tag = "decisions", params(DecisionsQuery),
    responses((status = 200, description = "A page of decisions, or all of them.", content((Page<DecisionView> = "application/json"), (DecisionView = "application/x-ndjson"))), ReadProblems),
    security(("key" = ["cases:read"])))]
async fn decisions_list(
    access: Access<scope::CasesRead>,
    Query(query): Query<DecisionsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let DecisionsQuery { playbook, status, cursor, limit } = query;
    if !wants_ndjson(&headers) {
        let limit = page_items(limit)?;
        return Ok(
            Json(access.workspace.decisions_list(playbook.as_deref(), status.as_deref(), cursor.as_deref(), limit).await?).into_response()
        );
    }
    // The first page is read before the response begins, so that a bad filter or cursor is a problem and not a broken stream.
    let first = access.workspace.decisions_list(playbook.as_deref(), status.as_deref(), cursor.as_deref(), 1).await?;
    drop(first);
    let workspace = access.workspace;
    Ok(ndjson::response(ndjson::pages(cursor, move |cursor: Option<String>| {
        let (workspace, playbook, status) = (workspace.clone(), playbook.clone(), status.clone());
        async move {
            let page = workspace.decisions_list(playbook.as_deref(), status.as_deref(), cursor.as_deref(), PAGE_ITEMS_MAX).await?;
            Ok((page.items, page.next.map(Some)))
        }
    })))
}

/// Refuses to show a decision to a person whose own first answer on the case is still to come: it would tell what was advised.
async fn not_withheld<S>(access: &Access<S>, decision: &DecisionView) -> Result<(), Problem> {
    let Some(person) = access.person else {
        return Ok(());
    };
    match access.workspace.case_get(decision.case.into(), Some(person)).await?.withheld {
        true => Err(Problem::new(
            Code::NotIndependent,
            "this person has yet to answer the case independently; until then its decision is withheld from them",
        )),
        false => Ok(()),
    }
}

/// Gives a decision as it stands.
#[utoipa::path(get, path = "/v1/decisions/{decision}", tag = "decisions", params(("decision" = Uuid, Path, description = "The decision.")),
    responses((status = 200, description = "The decision.", body = DecisionView), WithheldProblems), security(("key" = ["cases:read", "judge"])))]
async fn decision_get(access: Access<scope::CaseRead>, Path(decision): Path<Uuid>) -> Result<Json<DecisionView>, Problem> {
    let view = access.workspace.decision_get(decision.into()).await?;
    not_withheld(&access, &view).await?;
    Ok(Json(view))
}

/// Takes a decision back, while it can be undone and nothing has acted on it.
#[utoipa::path(post, path = "/v1/decisions/{decision}/withdraw", tag = "decisions", params(("decision" = Uuid, Path, description = "The decision."), Again), request_body = ReasonInput,
    responses((status = 200, description = "It was withdrawn; the case is open again.", body = Receipt), DecisionProblems), security(("key" = ["judge"])))]
async fn decision_withdraw(
    access: Access<scope::Judge>,
    Path(decision): Path<Uuid>,
    command: Command<ReasonInput>,
) -> Result<Changed, Problem> {
    access.speaks_for(command.input.person)?;
    let receipt = access.workspace.decision_withdraw(&access.caller, decision.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}

/// Puts another answer in the place of a decision's.
#[utoipa::path(post, path = "/v1/decisions/{decision}/correct", tag = "decisions", params(("decision" = Uuid, Path, description = "The decision."), Again), request_body = CorrectionInput,
    responses((status = 200, description = "It was corrected; the old answer stays in the history.", body = Receipt), DecisionProblems), security(("key" = ["judge"])))]
async fn decision_correct(
    access: Access<scope::Judge>,
    Path(decision): Path<Uuid>,
    command: Command<CorrectionInput>,
) -> Result<Changed, Problem> {
    access.speaks_for(command.input.person)?;
    let receipt = access.workspace.decision_correct(&access.caller, decision.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}

/// Says that something acted on a decision; from then on it can no longer be withdrawn.
#[utoipa::path(post, path = "/v1/decisions/{decision}/acted", tag = "decisions", params(("decision" = Uuid, Path, description = "The decision."), Again), request_body = ActInput,
    responses((status = 200, description = "It was recorded.", body = Receipt), DecisionProblems), security(("key" = ["cases:write"])))]
async fn decision_act(
    access: Access<scope::CasesWrite>,
    Path(decision): Path<Uuid>,
    command: Command<ActInput>,
) -> Result<Changed, Problem> {
    let receipt = access.workspace.decision_act(&access.caller, decision.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}

/// Objects to a decision; somebody else looks at the case again.
#[utoipa::path(post, path = "/v1/decisions/{decision}/appeals", tag = "decisions", params(("decision" = Uuid, Path, description = "The decision."), Again), request_body = AppealInput,
    responses((status = 200, description = "The objection was recorded.", body = Receipt), DecisionProblems), security(("key" = ["judge", "cases:write"])))]
async fn decision_appeal(
    access: Access<scope::Appeal>,
    Path(decision): Path<Uuid>,
    command: Command<AppealInput>,
) -> Result<Changed, Problem> {
    let Command { mut input, options } = command;
    input.person = access.speaks_for_any(input.person)?;
    let receipt = access.workspace.decision_appeal(&access.caller, decision.into(), input, options).await?;
    Ok(access.changed(receipt))
}

/// What goes into a bundle.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BundleQuery {
    /// With the values of the case, personal ones included, as far as they still exist; else commitments to them only.
    #[serde(default)]
    open_values: bool,
}

/// Gives the evidence of a decision in one file that anyone can check without us: `countersign verify-bundle`.
#[utoipa::path(get, path = "/v1/decisions/{decision}/bundle", tag = "decisions", params(("decision" = Uuid, Path, description = "The decision."), BundleQuery),
    responses((status = 200, description = "The bundle.", body = Object), WithheldProblems), security(("key" = ["ledger:read"])))]
async fn decision_bundle(
    access: Access<scope::BundleRead>,
    Path(decision): Path<Uuid>,
    Query(query): Query<BundleQuery>,
) -> Result<Response, Problem> {
    let view = access.workspace.decision_get(decision.into()).await?;
    not_withheld(&access, &view).await?;
    let bundle = access.workspace.bundle(decision.into(), query.open_values, access.person).await?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bundle).into_response())
}
