//! What helps people to get better: precedents, how somebody is doing, inductions, and practice on past cases. Each is somebody's own.

use crate::{
    access::{Access, PersonQuery, scope},
    extract::{Command, Path, Query},
    openapi::{CommandProblems, PracticeProblems, ReadProblems, WithheldProblems},
    problem::Problem,
    state::Server,
};
use axum::{Json, http::StatusCode};
use countersign_app::{
    practice::{InductionView, PracticeInput, PracticeSummary, PracticeView, StepInput},
    precedent::PrecedentView,
    track::OwnView,
};
use countersign_core::{id::PersonId, refusal::Code};
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new()
        .routes(routes!(case_precedents))
        .routes(routes!(person_work))
        .routes(routes!(induction_get))
        .routes(routes!(practice_start))
        .routes(routes!(practice_list))
        .routes(routes!(practice_get, practice_delete))
        .routes(routes!(practice_step))
}

/// Practice is its person's alone: a key that speaks for nobody may name anybody elsewhere, and nobody here.
fn own<S>(access: &Access<S>, named: Option<Uuid>) -> Result<PersonId, Problem> {
    let person = access.speaks_for_one(named)?;
    let detail = "practice is its person's alone: use a key that speaks for this person";
    (access.person == Some(person)).then_some(person).ok_or_else(|| Problem::field(Code::Forbidden, "/person", detail))
}

/// Gives the decided cases that are most like a case: what was decided, what turned out, and what both share.
///
/// Withheld from a person who still has to answer on the case independently.
#[utoipa::path(get, path = "/v1/cases/{case}/precedents", tag = "cases", params(("case" = Uuid, Path, description = "The case.")),
    responses((status = 200, description = "The most alike first; empty where nothing like it was decided.", body = Vec<PrecedentView>), WithheldProblems), security(("key" = ["cases:read", "judge"])))]
async fn case_precedents(access: Access<scope::CaseRead>, Path(case): Path<Uuid>) -> Result<Json<Vec<PrecedentView>>, Problem> {
    Ok(Json(access.workspace.precedents(case.into(), access.person).await?))
}

/// Gives how somebody is doing: right answers by kind of case, and how they take advice.
///
/// A key that speaks for the person reads it; others only where `people_metrics` is `named`.
#[utoipa::path(get, path = "/v1/people/{person}/work", tag = "people", params(("person" = Uuid, Path, description = "The person.")),
    responses((status = 200, description = "A playbook each; empty where nothing was measured.", body = Vec<OwnView>), ReadProblems), security(("key" = ["people:write", "cases:read", "judge"])))]
async fn person_work(access: Access<scope::PeopleRead>, Path(person): Path<Uuid>) -> Result<Json<Vec<OwnView>>, Problem> {
    Ok(Json(access.workspace.work_of(PersonId(person), access.person).await?))
}

/// Gives what the AI is good and bad at in a playbook, with real cases, and whether this person has gone through it.
#[utoipa::path(get, path = "/v1/playbooks/{name}/induction", tag = "practice", params(("name" = String, Path, description = "The playbook's name."), PersonQuery),
    responses((status = 200, description = "What one is told before the first decision.", body = InductionView), ReadProblems), security(("key" = ["judge"])))]
async fn induction_get(
    access: Access<scope::Judge>,
    Path(name): Path<String>,
    Query(query): Query<PersonQuery>,
) -> Result<Json<InductionView>, Problem> {
    Ok(Json(access.workspace.induction(&name, access.speaks_for_one(query.person)?).await?))
}

/// Begins practice on past cases: a drill or an induction. One that was begun and not finished is gone on with.
///
/// It is never counted as a decision, and nothing is learned from it.
#[utoipa::path(post, path = "/v1/playbooks/{name}/practice", tag = "practice", params(("name" = String, Path, description = "The playbook's name.")), request_body = PracticeInput,
    responses((status = 200, description = "The session at its first step.", body = PracticeView), PracticeProblems), security(("key" = ["judge"])))]
async fn practice_start(
    access: Access<scope::Judge>,
    Path(name): Path<String>,
    command: Command<PracticeInput>,
) -> Result<Json<PracticeView>, Problem> {
    let person = own(&access, command.input.person)?;
    Ok(Json(access.workspace.practice_start(&access.caller, &name, person, command.input.kind).await?))
}

/// Lists a person's sessions of practice, the latest first.
#[utoipa::path(get, path = "/v1/practice", tag = "practice", params(PersonQuery),
    responses((status = 200, description = "The sessions.", body = Vec<PracticeSummary>), ReadProblems), security(("key" = ["judge"])))]
async fn practice_list(access: Access<scope::Judge>, Query(query): Query<PersonQuery>) -> Result<Json<Vec<PracticeSummary>>, Problem> {
    Ok(Json(access.workspace.practice_list(own(&access, query.person)?).await?))
}

/// Gives a session at its present step.
#[utoipa::path(get, path = "/v1/practice/{session}", tag = "practice", params(("session" = Uuid, Path, description = "The session."), PersonQuery),
    responses((status = 200, description = "The session.", body = PracticeView), ReadProblems), security(("key" = ["judge"])))]
async fn practice_get(
    access: Access<scope::Judge>,
    Path(session): Path<Uuid>,
    Query(query): Query<PersonQuery>,
) -> Result<Json<PracticeView>, Problem> {
    Ok(Json(access.workspace.practice_get(own(&access, query.person)?, session).await?))
}

/// Takes a step: an answer, or the way on after the truth. The same step sent twice is taken once.
#[utoipa::path(post, path = "/v1/practice/{session}/steps", tag = "practice", params(("session" = Uuid, Path, description = "The session.")), request_body = StepInput,
    responses((status = 200, description = "The session at its next step.", body = PracticeView), CommandProblems), security(("key" = ["judge"])))]
async fn practice_step(
    access: Access<scope::Judge>,
    Path(session): Path<Uuid>,
    command: Command<StepInput>,
) -> Result<Json<PracticeView>, Problem> {
    let person = own(&access, command.input.person)?;
    Ok(Json(access.workspace.practice_step(&access.caller, person, session, command.input).await?))
}

/// Deletes a session: it is the person's own. That an induction was gone through stays.
#[utoipa::path(delete, path = "/v1/practice/{session}", tag = "practice", params(("session" = Uuid, Path, description = "The session."), PersonQuery),
    responses((status = 204, description = "It is gone."), ReadProblems), security(("key" = ["judge"])))]
async fn practice_delete(
    access: Access<scope::Judge>,
    Path(session): Path<Uuid>,
    Query(query): Query<PersonQuery>,
) -> Result<StatusCode, Problem> {
    access.workspace.practice_delete(own(&access, query.person)?, session).await?;
    Ok(StatusCode::NO_CONTENT)
}
