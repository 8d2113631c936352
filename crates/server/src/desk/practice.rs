//! Practice on past cases: an own answer, then the advice, another answer, then the truth. One step a page, each a form that works
//! without script. Nothing that is answered here decides anything.

use super::{
    answer,
    case::{answering::field_section, proposal},
    field,
    form::Form,
    page::{Page, Tab, token},
    text::{self, people as words},
    visitor::{Posted, Visitor},
    work,
};
use crate::{extract::Path, problem::Problem};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::{
    input::EvidenceInput,
    practice::{Kind, PracticeCase, PracticeDone, PracticeSummary, PracticeTruth, PracticeView, StepInput},
    title,
};
use countersign_core::{number::Micros, playbook::Playbook};
use maud::{Markup, html};
use uuid::Uuid;

/// Begins practice.
pub async fn start(Path(name): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let kind = if posted.form.get("kind") == Some(Kind::Induction.as_str()) { Kind::Induction } else { Kind::Drill };
    let begun = visitor.workspace.practice_start(&visitor.caller(), &name, visitor.person, kind).await?;
    Ok(Redirect::to(&url(begun.session)).into_response())
}

/// The page of a session.
pub async fn page(visitor: Visitor, Path(session): Path<Uuid>) -> Result<Response, Problem> {
    let view = visitor.workspace.practice_get(visitor.person, session).await?;
    let playbook = visitor.workspace.playbook_latest(&view.playbook).await?;
    let now = visitor.server.app.env().now();
    let main = html! {
        div.desk.practice {
            @match (&view.case, &view.done) {
                (Some(case), _) => (asked(&visitor, &view, case, &playbook, now)),
                (None, Some(done)) => (done_page(&visitor, &view, done)),
                (None, None) => (gone(&visitor, &view)),
            }
        }
    };
    Ok(Page { title: words::practice(view.kind), tab: Tab::Recent, visitor: Some(&visitor), main }.into_response())
}

/// Takes a step.
pub async fn step(Path(session): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let (visitor, form) = (&posted.visitor, &posted.form);
    let input = StepInput {
        person: None,
        step: form.get("step").and_then(|step| step.parse().ok()).unwrap_or(-1),
        answer: form.filled(answer::NAME).map(str::to_owned),
    };
    visitor.workspace.practice_step(&visitor.caller(), visitor.person, session, input).await?;
    Ok(Redirect::to(&url(session)).into_response())
}

/// Deletes a session.
pub async fn delete(Path(session): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    posted.visitor.workspace.practice_delete(posted.visitor.person, session).await?;
    Ok(Redirect::to("/desk/work").into_response())
}

/// The address of a session.
#[must_use]
pub fn url(session: Uuid) -> String {
    format!("/desk/practice/{session}")
}

/// The way into a drill.
#[must_use]
pub fn begin(visitor: &Visitor, playbook: &str) -> Markup {
    html! {
        form.begin method="post" action={ "/desk/playbooks/" (playbook) "/practice" } {
            (token(visitor))
            input type="hidden" name="kind" value="drill";
            p.quiet { (words::DRILL_LEAD) }
            p.actions { button type="submit" data-drill { (words::DRILL_BEGIN) } }
        }
    }
}

/// A person's sessions.
#[must_use]
pub fn sessions(sessions: &[PracticeSummary]) -> Markup {
    html! {
        @if !sessions.is_empty() {
            section.sheet {
                h2 { (words::SESSIONS) }
                div.wide tabindex="0" role="region" aria-label=(words::SESSIONS) {
                    table.data {
                        thead { tr { th { (words::SESSION) } th.number { (words::FIRST_RIGHT) } th.number { (words::LAST_RIGHT) } th.number { (words::CASES) } } }
                        tbody { @for session in sessions { tr {
                            th scope="row" { a href=(url(session.session)) { (words::practice(session.kind)) ", " (session.playbook) } " "
                                span.quiet { @if session.finished { (text::moment_of(&session.started)) } @else { (words::UNFINISHED) } } }
                            td.number { (session.first_right) } td.number { (session.last_right) } td.number { (session.cases) }
                        } } }
                    }
                }
            }
        }
    }
}

fn crumbs(view: &PracticeView) -> Markup {
    html! {
        p.crumbs {
            a href="/desk/work" { (words::WORK) }
            a href={ "/desk/playbooks/" (view.playbook) "/induction" } { (view.playbook) }
            span { (words::at(view.at, view.cases)) }
            @if !view.about.is_empty() { span { (words::about(&view.about)) } }
        }
    }
}

/// A case at its step.
fn asked(visitor: &Visitor, view: &PracticeView, case: &PracticeCase, playbook: &Playbook, now: Micros) -> Markup {
    let evidence: Vec<EvidenceInput> = case.advice.iter().flat_map(|advice| advice.evidence.iter().cloned()).collect();
    let context = field::Context { evidence: &evidence, now, remarks: None };
    let title = title::title_of(playbook);
    let first = case.first.as_deref().map(|first| Form::of([(answer::NAME, first)]));
    html! {
        article.case data-practice=(view.session) data-stage=(view.stage) {
            header.case-head { (crumbs(view)) h1 { (case.title.as_deref().unwrap_or(text::UNTITLED)) } }
            div.sheet.fields {
                @for field in &case.fields {
                    @if let Some(spec) = playbook.fields.iter().find(|spec| spec.name == field.name) {
                        (field_section(field, spec, &context, title == Some(field.name.as_str())))
                    }
                }
            }
            div.side {
                form.sheet.answer method="post" action=(url(view.session)) {
                    (token(visitor))
                    input type="hidden" name="step" value=(view.step);
                    h2.question { (view.question) }
                    @if view.stage == "answer" { p.stage.people { strong { (text::PEOPLE_FIRST) } " " (words::PRACTICE_FIRST) } }
                    @if let Some(first) = &case.first { @if view.stage == "advice" { div.stage.ai { strong { (text::REVEAL) } " " (text::REVEAL_LEAD) " " span.people { (first) } ". " (words::KEEP_OR_CHANGE) } } }
                    @if let Some(advice) = &case.advice { (proposal::list(playbook, std::slice::from_ref(advice), None)) }
                    @match &case.truth {
                        Some(truth) => (told(case, truth)),
                        None => (answer::control(&playbook.answer, &nothing_shown(view), first.as_ref())),
                    }
                    p.actions { button.primary type="submit" data-on { (words::go_on(&view.stage, view.at == view.cases)) " " kbd { "↵" } } }
                }
                p.fine { (words::NEVER_COUNTED) }
            }
        }
    }
}

/// The truth, and why.
fn told(case: &PracticeCase, truth: &PracticeTruth) -> Markup {
    html! {
        div.stage.pair role="status" {
            strong { (words::it_was(&truth.truth)) } " "
            span data-right=(truth.last_right) { (words::who(truth)) }
        }
        dl.shown {
            dt { (words::YOU_FIRST) } dd { (case.first.as_deref().unwrap_or_default()) }
            dt { (words::YOU_LAST) } dd { (case.last.as_deref().unwrap_or_default()) }
            dt { (words::PEOPLE_THEN) } dd { (truth.decided) }
        }
        p { (words::lesson(truth)) }
        @if !truth.reasons.is_empty() { ul.plain { @for reason in &truth.reasons { li.why { q { (reason) } } } } }
        @if let Some(id) = case.case { p { a href=(super::case::url(id)) { (words::WHOLE_CASE) } } }
    }
}

/// Controls begin empty here.
fn nothing_shown(view: &PracticeView) -> countersign_app::view::Shown {
    countersign_app::view::Shown {
        shown: Uuid::nil(),
        token: String::new(),
        case: Uuid::nil(),
        version: 0,
        phase: "only".into(),
        question: view.question.clone(),
        answer: serde_json::Value::Null,
        fields: Vec::new(),
        proposals: Vec::new(),
        kind: None,
        disagreement: None,
        precedents: Vec::new(),
        judgments: Vec::new(),
        comments: Vec::new(),
        content: String::new(),
        advice_visible: false,
        expires: String::new(),
    }
}

fn done_page(visitor: &Visitor, view: &PracticeView, done: &PracticeDone) -> Markup {
    html! {
        div.narrow.stack data-practice=(view.session) data-stage="finished" {
            header.case-head { (crumbs(view)) h1 { (words::finished(view.kind)) } }
            section.sheet {
                p.lead { (words::came_to(done)) }
                @if view.kind == Kind::Drill { p.quiet { (words::CHOSEN) } }
                @if view.kind == Kind::Induction { p.actions { a.button.primary href={ "/desk?in=" (view.playbook) } { (text::TO_QUEUE) } } }
            }
            @if done.cases > 0 {
                section.sheet {
                    h2 { (words::BEFORE_AND_AFTER) }
                    p.quiet.basis { (words::BEFORE_AND_AFTER_LEAD) }
                    div.wide tabindex="0" role="region" aria-label=(words::BEFORE_AND_AFTER) {
                        table.data {
                            thead { tr { th { (words::YOURS.reliance) } th.number { (words::UNTIL_THEN) } th.number { (words::DURING) } th.number { (words::SINCE) } } }
                            tbody {
                                @for (name, before, during, since) in [
                                    (words::OVER_SHORT, &done.before.over, &done.during.over, &done.since.over),
                                    (words::UNDER_SHORT, &done.before.under, &done.during.under, &done.since.under),
                                    (words::TURNED_RIGHT, &done.before.turned_right, &done.during.turned_right, &done.since.turned_right),
                                    (words::KEPT_RIGHT, &done.before.kept_right, &done.during.kept_right, &done.since.kept_right),
                                ] { tr { th scope="row" { (name) } @for counted in [before, during, since] { td.number { (work::told(counted)) } } } }
                            }
                        }
                    }
                }
            }
            div.around {
                form.plain method="post" action={ (url(view.session)) "/delete" } { (token(visitor)) button.quiet type="submit" { (words::DELETE) } }
                @if view.kind == Kind::Drill { a.quiet href="/desk/work" { (words::WORK) } }
            }
        }
    }
}

/// The case went away while its page was open: the next step passes it by.
fn gone(visitor: &Visitor, view: &PracticeView) -> Markup {
    html! {
        section.sheet.notice {
            h1 { (words::CASE_GONE) }
            p { (words::CASE_GONE_LEAD) }
            form method="post" action=(url(view.session)) {
                (token(visitor))
                input type="hidden" name="step" value=(view.step);
                input type="hidden" name="answer" value=(view.options.first().map(String::as_str).unwrap_or_default());
                p.actions { button.primary type="submit" { (words::NEXT) } }
            }
        }
    }
}
