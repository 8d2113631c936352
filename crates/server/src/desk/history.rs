//! The history of a case: what happened, who did it, and what exactly was shown to whom; and its proof, which the browser checks by
//! itself. What would tell somebody an answer that they still have to give independently is left out by the application.

use super::{
    answer, case,
    page::{Page, Tab},
    text,
    visitor::Visitor,
};
use crate::{extract::Path, problem::Problem};
use axum::{
    Json,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use countersign_app::{team::Around, view::EventView};
use countersign_core::{
    id::{CaseId, EventId},
    number::Micros,
    playbook::Playbook,
    refusal::Code,
};
use maud::{Markup, html};
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// Events that the page shows; a case that was talked about more is read with the command line.
const EVENTS_MAX: usize = 500;

/// The page.
pub async fn page(visitor: Visitor, Path(case): Path<Uuid>) -> Result<Response, Problem> {
    let id = CaseId(case);
    let playbook = visitor.workspace.case_open_to(id, visitor.person).await?;
    let view = visitor.workspace.case_get(id, Some(visitor.person)).await?;
    let events = visitor.workspace.case_history(id, Some(visitor.person)).await?;
    let people = visitor.workspace.people_names().await?;
    let now = visitor.server.app.env().now();
    // What stands here is told by whoever did it; whose the case is right now is told on its page.
    let around = Around::default();
    let overview = case::overview::Overview {
        visitor: &visitor,
        view: &view,
        playbook: &playbook,
        people: &people,
        why: None,
        refused: None,
        around: &around,
        now,
    };
    let title = overview.title();
    let settled = matches!(view.state.as_str(), "decided" | "acted") && !view.withheld;
    let telling = Telling { playbook: &playbook, people: &people, events: &events };
    let main = html! {
        article.history {
            header.case-head {
                p.crumbs {
                    a href={ "/desk?in=" (view.playbook) } { (view.playbook) }
                    span { (text::state(&view.state)) }
                    a href=(case::url(case)) { (text::TO_CASE) }
                }
                h1 { (title) }
            }
            div.columns {
                section.sheet aria-label=(text::HISTORY) {
                    h2 { (text::HISTORY) }
                    @if view.withheld { p.note { (text::WITHHELD) } }
                    @if events.len() > EVENTS_MAX { p.quiet { (text::HISTORY_CUT) } }
                    ol.timeline {
                        @for event in events.iter().skip(events.len().saturating_sub(EVENTS_MAX)) { (telling.event(event)) }
                    }
                }
                aside.sheet.proof aria-label=(text::PROOF) {
                    h2 { (text::PROOF) }
                    @match view.decision.as_ref().filter(|_| settled) {
                        Some(decision) => {
                            p { (text::PROOF_LEAD) }
                            div data-proof={ (case::url(case)) "/proof" } { p.quiet { (text::PROOF_NEEDS_SCRIPT) } }
                            h3 { (text::BUNDLE) }
                            p { (text::BUNDLE_LEAD) }
                            p.actions {
                                a.button href={ "/desk/decisions/" (decision.decision) "/bundle" }
                                    download={ "evidence-" (decision.decision) ".json" } { (text::BUNDLE_GET) }
                            }
                            pre.command { code { "countersign verify evidence-" (decision.decision) ".json" } }
                        }
                        None => { p.quiet { (text::PROOF_LATER) } }
                    }
                }
            }
        }
    };
    Ok(Page { title: &title, tab: Tab::Queue, visitor: Some(&visitor), main }.into_response())
}

/// The events with their proofs, for the module that checks them.
pub async fn proof(visitor: Visitor, Path(case): Path<Uuid>) -> Result<Response, Problem> {
    visitor.workspace.case_open_to(CaseId(case), visitor.person).await?;
    Ok(Json(visitor.workspace.case_proof(CaseId(case), Some(visitor.person)).await?).into_response())
}

/// The evidence of a decision as a file.
pub async fn bundle(visitor: Visitor, Path(decision): Path<Uuid>) -> Result<Response, Problem> {
    let view = visitor.workspace.decision_get(EventId(decision)).await?;
    visitor.workspace.case_open_to(CaseId(view.case), visitor.person).await?;
    let case = visitor.workspace.case_get(CaseId(view.case), Some(visitor.person)).await?;
    if case.withheld || !matches!(case.state.as_str(), "decided" | "acted") {
        return Err(Problem::new(Code::NotIndependent, text::PROOF_LATER));
    }
    let bundle = visitor.workspace.bundle(EventId(decision), false, Some(visitor.person)).await?;
    let name = HeaderValue::try_from(format!("attachment; filename=\"evidence-{decision}.json\""));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CONTENT_DISPOSITION, name.unwrap_or(HeaderValue::from_static("attachment"))),
    ];
    Ok((headers, bundle).into_response())
}

/// What is needed to tell events in words.
struct Telling<'a> {
    playbook: &'a Playbook,
    people: &'a HashMap<Uuid, String>,
    events: &'a [EventView],
}

impl Telling<'_> {
    fn event(&self, view: &EventView) -> Markup {
        let event = &view.event;
        let kind = event["type"].as_str().unwrap_or_default();
        let at: Micros = event["occurred_at"].as_i64().unwrap_or_default();
        let id = event["id"].as_str().unwrap_or_default();
        html! {
            li #{ "event-" (id) } data-event=(id) data-kind=(kind) {
                p.when {
                    time title=(text::moment(at)) datetime=(countersign_core::time::format_rfc3339(at)) { (text::moment(at)) }
                    span.check data-check=(id) {}
                    span { (text::source(event["source"].as_str().unwrap_or_default())) }
                    span.position { (text::POSITION) " " (view.position) }
                }
                div.what { (self.told(kind, &event["body"])) }
            }
        }
    }

    fn told(&self, kind: &str, body: &Value) -> Markup {
        let person = || self.person(&body["person"]);
        let word = |name: &str| body[name].as_str().unwrap_or_default();
        let number = |name: &str| body[name].as_i64().unwrap_or_default();
        html! {
            @match kind {
                "case.opened" => { strong { (text::EVENT_OPENED) } }
                "case.amended" => {
                    strong { (text::EVENT_AMENDED) } " " span.quiet { (text::REVISION) " " (number("revision")) }
                }
                "proposal.made" => {
                    span.ai { (word("proposer")) } " " span.quiet { (word("proposer_version")) }
                    " " (text::EVENT_PROPOSED) " " (self.answer(&body["answer"]))
                    (remark(&body["explanation"]))
                }
                "ask.made" => { (person()) " " (text::EVENT_ASKED) (remark(&body["instruction"])) }
                "advice.missed" => {
                    span.ai { (word("proposer")) } " " span.quiet { (word("proposer_version")) } " " (text::asking::no_advice(word("reason")))
                }
                "case.routed" => {
                    strong { (text::route(word("route"))) } " "
                    span.quiet { (text::route_reason(word("reason"))) @if let Some(rule) = body["rule"].as_str() { " “" (rule) "”" } }
                }
                "case.shown" => { (self.shown(body)) }
                "judgment.given" => {
                    (person()) " " (text::EVENT_ANSWERED) " " (self.answer(&body["answer"]))
                    " " span.quiet {
                        (text::phase_of(body)) (text::advice(body["advice_visible"].as_bool()))
                        @if !body["accepts"].is_null() { ", " (text::EVENT_ACCEPTED) }
                        @if body["bulk"] == true { ", " (text::bulk::AMONG_OTHERS) }
                    }
                    (remark(&body["reason"]))
                }
                "judgment.observed" => {
                    (person()) " " (text::EVENT_ANSWERED) " " (self.answer(&body["answer"]))
                    " " span.quiet { (text::EVENT_ELSEWHERE) " " (word("tool")) }
                }
                "decision.made" => {
                    strong.pair { (text::EVENT_DECIDED) } " " (self.answer(&body["answer"])) " "
                    span.quiet { (text::EVENT_BY) " " (self.people_of(&body["persons"])) }
                }
                "decision.withdrawn" => { (person()) " " (text::EVENT_WITHDREW) (remark(&body["reason"])) }
                "decision.acted" => { strong { (text::EVENT_ACTED) } (remark(&body["reference"])) }
                "decision.corrected" => { (person()) " " (text::EVENT_CORRECTED) " " (self.answer(&body["answer"])) (remark(&body["reason"])) }
                "case.skipped" => { (person()) " " (text::EVENT_SKIPPED) (remark(&body["reason"])) }
                "case.snoozed" => { (person()) " " (text::EVENT_SNOOZED) " " (text::moment(number("until"))) (remark(&body["reason"])) }
                "comment.added" => {
                    (person()) " " (text::EVENT_COMMENTED)
                    @if let Some(people) = body["mentions"].as_array().filter(|people| !people.is_empty()) {
                        " " span.quiet { (text::for_you::EVENT_MENTIONS) " " (self.people_of(&Value::from(people.clone()))) }
                    }
                    (remark(&body["text"]))
                }
                "case.assigned" => {
                    @if body["person"].is_null() && !body["to"].is_null() { (text::for_you::EVENT_STANDS_IN) " " (self.person(&body["to"])) }
                    @else if body["person"].is_null() { (text::for_you::EVENT_GIVEN_BACK) }
                    @else if body["to"].is_null() { (person()) " " (text::for_you::EVENT_GAVE_BACK) }
                    @else { (person()) " " (text::for_you::EVENT_ASSIGNED) " " (self.person(&body["to"])) }
                    (remark(&body["reason"]))
                }
                "case.escalated" => { (person()) " " (text::EVENT_ESCALATED) " " (word("role")) (remark(&body["reason"])) }
                "case.reopened" => { (person()) " " (text::EVENT_REOPENED) (remark(&body["reason"])) }
                "outcome.observed" => { strong { (text::OUTCOME) } " " (self.outcome(&body["value"])) " " span.quiet { (word("source")) } }
                "outcome.corrected" => {
                    strong { (text::EVENT_OUTCOME_CORRECTED) } " " (self.outcome(&body["value"])) (remark(&body["reason"]))
                }
                "appeal.opened" => {
                    @if body["person"].is_null() { (text::SOMEBODY) } @else { (person()) }
                    " " (text::EVENT_APPEALED) (remark(&body["reason"]))
                }
                "appeal.decided" => {
                    strong { (text::EVENT_APPEAL_DECIDED) } " "
                    (if body["upheld"] == true { text::EVENT_UPHELD } else { text::EVENT_OVERTURNED })
                }
                other => { (other) }
            }
        }
    }

    /// What exactly was on somebody's screen.
    fn shown(&self, body: &Value) -> Markup {
        let fields: Vec<String> = body["fields"].as_array().into_iter().flatten().filter_map(field_shown).collect();
        let proposals: Vec<&str> = body["proposals"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let precedents: Vec<&str> = body["precedents"].as_array().into_iter().flatten().filter_map(|one| one["case"].as_str()).collect();
        html! {
            (text::EVENT_SHOWN) " " (self.person(&body["person"])) " "
            span.quiet {
                (text::phase_of(body)) (text::advice(body["advice_visible"].as_bool()))
                @if body["bulk"] == true { ", " (text::bulk::SHOWN_IN_TABLE) }
            }
            details.more { summary { (text::EVENT_SHOWN_WHAT) }
                dl.shown {
                    dt { (text::FIELDS) } dd { (fields.join(", ")) }
                    dt { (text::PROPOSALS) } dd {
                        @if proposals.is_empty() { (text::NONE) }
                        @for (n, id) in proposals.iter().enumerate() { @if n > 0 { ", " } a href={ "#event-" (id) } { (self.proposer(id)) } }
                    }
                    @if !precedents.is_empty() {
                        dt { (text::people::PRECEDENTS) } dd { @for (n, id) in precedents.iter().enumerate() {
                            @if n > 0 { ", " } a href={ "/desk/cases/" (id) } { (id.get(..8).unwrap_or_default()) }
                        } }
                    }
                    @if let Some(comments) = body["comments"].as_array() {
                        dt { (text::remarks::REMARKS) } dd { @for (n, id) in comments.iter().filter_map(Value::as_str).enumerate() {
                            @if n > 0 { ", " } a href={ "#event-" (id) } { (n + 1) }
                        } }
                    }
                    dt { (text::CONTENT) } dd { code { (body["content_digest"].as_str().unwrap_or_default().get(..16).unwrap_or_default()) "…" } }
                    dt { (text::PLAYBOOK) } dd { (text::VERSION) " " (body["playbook_version"].as_u64().unwrap_or_default()) }
                }
            }
        }
    }

    fn proposer(&self, id: &str) -> String {
        let made = self.events.iter().find(|view| view.event["id"] == id);
        made.and_then(|view| view.event["body"]["proposer"].as_str()).unwrap_or(text::PROPOSALS).to_owned()
    }

    fn person(&self, id: &Value) -> Markup {
        let name = id.as_str().and_then(|id| id.parse::<Uuid>().ok()).and_then(|id| self.people.get(&id));
        html! { span.people { (name.map_or(text::NAMELESS, String::as_str)) } }
    }

    fn people_of(&self, ids: &Value) -> Markup {
        html! {
            @for (n, one) in ids.as_array().into_iter().flatten().enumerate() { @if n > 0 { ", " } (self.person(one)) }
        }
    }

    fn answer(&self, answer: &Value) -> Markup {
        let value = answer.get("choice").or_else(|| answer.get("score")).cloned().or_else(|| answer.get("document").and_then(content));
        html! {
            @match value {
                Some(value) => { (answer::show(&self.playbook.answer, &value)) }
                None => { span.quiet { (text::ERASED) } }
            }
        }
    }

    fn outcome(&self, value: &Value) -> Markup {
        match value.get("answer") {
            Some(answer) => self.answer(answer),
            None => html! { (value["payoff"].as_str().unwrap_or_default()) },
        }
    }
}

/// A field of a showing, with a word where it was masked.
fn field_shown(field: &Value) -> Option<String> {
    let name = field["name"].as_str()?;
    Some(if field["masked"] == true { format!("{name} ({})", text::parts::MASKED) } else { name.to_owned() })
}

/// A content as it stands in an event: itself, or what its commitment was opened to.
fn content(content: &Value) -> Option<Value> {
    content.get("plain").or_else(|| content.get("opened")).cloned()
}

/// Something that somebody wrote.
fn remark(value: &Value) -> Markup {
    html! {
        @if value.is_object() {
            p.why {
                @match content(value) {
                    Some(Value::String(words)) => { (words) }
                    Some(other) => { (other.to_string()) }
                    None if value["masked"] == true => { span.quiet data-masked { (text::parts::MASKED) } }
                    None => { span.quiet { (text::ERASED) } }
                }
            }
        }
    }
}
