//! Cases: handing in, reading, amending, routing anew.

use super::{Changed, etag};
use crate::{
    access::{Access, scope},
    extract::{Command, Empty, NDJSON, Path, Query, has_version, media_type, page_items},
    intake::{self, LineReceipt},
    openapi::{Again, CaseProblems, CommandProblems, ReadProblems, Version},
    problem::Problem,
    state::Server,
};
use axum::{
    Json,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use countersign_app::{
    input::{AmendInput, CaseInput},
    search::SearchFilter,
    view::{CaseSummary, CaseView, EventView, Explanation, Page, QueueCount, Receipt},
};
use countersign_core::refusal::Code;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(case_open, cases_list))
        .routes(routes!(case_get))
        .routes(routes!(case_amend))
        .routes(routes!(case_reroute))
        .routes(routes!(case_history))
        .routes(routes!(case_explain))
        .routes(routes!(queue))
}

/// How a file of cases is taken.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct IntakeQuery {
    /// All lines or none, for up to 1000 lines of NDJSON.
    #[serde(default)]
    atomic: bool,
}

/// Hands in a case, or a stream of cases.
///
/// One case as `application/json`; or, as `application/x-ndjson`, any number of cases, one a line of up to 1 MiB. Lines are answered
/// one by one, in order, each after its commit; read the receipts while you send. A bad line is refused with its problem and never
/// stops the others. With `atomic=true` the first bad line refuses them all.
#[utoipa::path(post, path = "/v1/cases", tag = "cases", params(IntakeQuery, Again),
    request_body(content((CaseInput = "application/json"), (CaseInput = "application/x-ndjson")), description = "One case, or one a line."),
    responses(
        (status = 201, description = "The case was opened.", body = Receipt, headers(("ETag" = String, description = "Version of the case."), ("Location" = String, description = "Where the case is."))),
        (status = 200, description = "The same case was there already (`duplicate`); or, for NDJSON, a line for each line.", content((Receipt = "application/json"), (LineReceipt = "application/x-ndjson"))),
        CommandProblems,
    ),
    security(("key" = ["cases:write"])))]
async fn case_open(
    access: Access<scope::CasesWrite>,
    Query(query): Query<IntakeQuery>,
    State(server): State<Server>,
    request: Request,
) -> Result<Response, Problem> {
    if media_type(request.headers()).as_deref() == Some(NDJSON) {
        return match query.atomic {
            true => intake::atomic(server, access.workspace, access.caller, request).await,
            false if request.headers().contains_key(crate::extract::IDEMPOTENCY_KEY) => Err(Problem::field(
                Code::Invalid,
                "/Idempotency-Key",
                "a stream of cases takes no idempotency key: give every line an `external_id`, and sending it again makes a duplicate of it at most",
            )),
            false => Ok(intake::streamed(server, access.workspace, access.caller, request.into_body())),
        };
    }
    let Command { input, options } = Command::<CaseInput>::from_request(request, &server).await?;
    let receipt = access.workspace.case_open(&access.caller, input, options).await?;
    let new = receipt.status == "accepted";
    server.metrics.taken_in(new);
    let location = format!("/v1/cases/{}", receipt.case);
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, [(header::LOCATION, location)], access.changed(receipt)).into_response())
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CasesQuery {
    /// Of this playbook.
    #[serde(default)]
    playbook: Option<String>,
    /// In this state: `held`, `open`, `decided`, `acted`, `appealed`.
    #[serde(default)]
    state: Option<String>,
    /// The one case with this external id; needs `playbook`.
    #[serde(default)]
    external_id: Option<String>,
    /// With all of these words in their fields, the latest first; goes with `playbook` and `state`.
    #[serde(default)]
    q: Option<String>,
    /// Where the page begins: `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// Items on the page, 1 to 1000; 100 where it is absent.
    #[serde(default)]
    limit: Option<u32>,
}

/// Lists cases, the first opened first, or finds those with some words.
///
/// With `q` the latest come first, and a page may be shorter than `limit` and still have a next one; what came in within the last second
/// may not be found yet.
///
/// Not for keys that speak for a person: where a case went tells what was advised.
#[utoipa::path(get, path = "/v1/cases", tag = "cases", params(CasesQuery),
    responses((status = 200, description = "A page of cases.", body = Page<CaseSummary>), ReadProblems), security(("key" = ["cases:read"])))]
async fn cases_list(access: Access<scope::CasesRead>, Query(query): Query<CasesQuery>) -> Result<Json<Page<CaseSummary>>, Problem> {
    let limit = page_items(query.limit)?;
    if let Some(q) = &query.q {
        if query.external_id.is_some() {
            return Err(Problem::field(Code::Invalid, "/q", "an external id is looked up by itself: leave one of the two away"));
        }
        let filter = SearchFilter { playbook: query.playbook.as_deref(), state: query.state.as_deref() };
        return Ok(Json(access.workspace.search_cases(q, filter, (query.cursor.as_deref(), limit)).await?));
    }
    if let Some(external_id) = query.external_id {
        let playbook = query
            .playbook
            .ok_or_else(|| Problem::field(Code::Invalid, "/playbook", "an external id is looked up within a playbook: name it"))?;
        let items = match access.workspace.case_find(&playbook, &external_id).await? {
            Some(case) => vec![summary(access.workspace.case_get(case, None).await?)],
            None => Vec::new(),
        };
        let items = items.into_iter().filter(|case| query.state.as_ref().is_none_or(|state| *state == case.state)).collect();
        return Ok(Json(Page { items, next: None }));
    }
    Ok(Json(access.workspace.cases_list(query.playbook.as_deref(), query.state.as_deref(), query.cursor.as_deref(), limit).await?))
}

fn summary(case: CaseView) -> CaseSummary {
    CaseSummary {
        case: case.case,
        version: case.version,
        playbook: case.playbook,
        state: case.state,
        opened: case.opened,
        answer: case.decision.map(|decision| decision.answer),
    }
}

/// Gives a case as it stands.
///
/// A key that speaks for a person gets what that person may see: until their own first answer, neither advice nor the answers of others.
#[utoipa::path(get, path = "/v1/cases/{case}", tag = "cases",
    params(("case" = Uuid, Path, description = "The case."), ("If-None-Match" = Option<String>, Header, description = "The `ETag` of what the client has.")),
    responses(
        (status = 200, description = "The case.", body = CaseView, headers(("ETag" = String, description = "Version of the case."))),
        (status = 304, description = "It has not changed."),
        ReadProblems,
    ),
    security(("key" = ["cases:read", "judge"])))]
async fn case_get(access: Access<scope::CaseRead>, Path(case): Path<Uuid>, headers: HeaderMap) -> Result<Response, Problem> {
    let view = access.workspace.case_get(case.into(), access.person).await?;
    let tag = [(header::ETAG, etag(view.version))];
    if has_version(&headers, view.version) {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, Json(view)).into_response())
}

/// Gives a case new content.
///
/// Answers that were given to the old content no longer count.
#[utoipa::path(put, path = "/v1/cases/{case}/fields", tag = "cases", params(("case" = Uuid, Path, description = "The case."), Again, Version), request_body = AmendInput,
    responses((status = 200, description = "It was amended.", body = Receipt), CaseProblems), security(("key" = ["cases:write"])))]
async fn case_amend(access: Access<scope::CasesWrite>, Path(case): Path<Uuid>, command: Command<AmendInput>) -> Result<Changed, Problem> {
    let receipt = access.workspace.case_amend(&access.caller, case.into(), command.input, command.options).await?;
    Ok(access.changed(receipt))
}

/// Routes a case anew, by the rules and the track record of now.
#[utoipa::path(post, path = "/v1/cases/{case}/reroute", tag = "cases", params(("case" = Uuid, Path, description = "The case."), Again, Version), request_body = Empty,
    responses((status = 200, description = "It was routed.", body = Receipt), CaseProblems), security(("key" = ["cases:write"])))]
async fn case_reroute(access: Access<scope::CasesWrite>, Path(case): Path<Uuid>, command: Command<Empty>) -> Result<Changed, Problem> {
    let receipt = access.workspace.case_reroute(&access.caller, case.into(), command.options).await?;
    Ok(access.changed(receipt))
}

/// Gives all events of a case, in order.
#[utoipa::path(get, path = "/v1/cases/{case}/history", tag = "cases", params(("case" = Uuid, Path, description = "The case.")),
    responses((status = 200, description = "Its events, as far as this reader may see them.", body = Vec<EventView>), ReadProblems), security(("key" = ["cases:read", "judge"])))]
async fn case_history(access: Access<scope::CaseRead>, Path(case): Path<Uuid>) -> Result<Json<Vec<EventView>>, Problem> {
    Ok(Json(access.workspace.case_history(case.into(), access.person).await?))
}

/// Explains why a case was routed as it was, and derives it again to see that it holds.
#[utoipa::path(get, path = "/v1/cases/{case}/explain", tag = "cases", params(("case" = Uuid, Path, description = "The case.")),
    responses((status = 200, description = "The route, in a sentence and in full.", body = Explanation), ReadProblems), security(("key" = ["cases:read", "judge"])))]
async fn case_explain(access: Access<scope::CaseRead>, Path(case): Path<Uuid>) -> Result<Json<Explanation>, Problem> {
    Ok(Json(access.workspace.case_explain(case.into(), access.person).await?))
}

/// Counts cases by playbook and state.
#[utoipa::path(get, path = "/v1/queue", tag = "cases",
    responses((status = 200, description = "How many cases stand where.", body = Vec<QueueCount>), ReadProblems), security(("key" = ["cases:read", "judge"])))]
async fn queue(access: Access<scope::CaseRead>) -> Result<Json<Vec<QueueCount>>, Problem> {
    Ok(Json(access.workspace.case_counts().await?))
}
