//! Answering cases together: a table of what would be recorded of each, one button, and what came of each. Decides nothing; what may be
//! answered so is the application's word, case by case.

use super::{
    answer,
    case::{self, Note, notes},
    field,
    page::{Page, Tab, token},
    text::{self, bulk as words},
    visitor::Posted,
};
use crate::problem::Problem;
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::{
    bulk::{BulkAnswer, BulkAnswers, BulkDone, BulkInput, BulkLine, BulkShown, BulkView},
    view::FieldView,
};
use countersign_core::{id::CaseId, number::Micros, playbook::Playbook, refusal::Refusal, time};
use maud::{Markup, html};
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

fn cases(posted: &Posted) -> Vec<Uuid> {
    posted.form.pairs().filter(|(name, _)| *name == "case").filter_map(|(_, id)| id.parse().ok()).collect()
}

fn back(posted: &Posted) -> String {
    case::with_scope("/desk", posted.form.filled("in"))
}

/// Shows the picked cases in a table.
pub async fn show(posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let picked = cases(&posted);
    if picked.is_empty() {
        let main = html! {
            (notes(&[Note::warning(words::NONE_PICKED, words::NONE_PICKED_LEAD)]))
            p { a href=(back(&posted)) { (text::TO_QUEUE) } }
        };
        return Ok(pointed(Page { title: words::TITLE, tab: Tab::Queue, visitor: Some(visitor), main }.into_response(), &back(&posted)));
    }
    let answer = posted.form.filled("answer").map(|option| serde_json::Value::String(option.to_owned()));
    let input = BulkInput { person: visitor.person.0, cases: picked, answer };
    let view = visitor.workspace.bulk_show(&visitor.caller(), input).await?;
    let playbook = match view.lines.iter().find(|line| line.shown.is_some()) {
        Some(line) => Some(visitor.workspace.case_playbook(CaseId(line.case)).await?),
        None => None,
    };
    let now = visitor.server.app.env().now();
    let table = Table { posted: &posted, view: &view, playbook, now };
    let page = Page { title: words::TITLE, tab: Tab::Queue, visitor: Some(visitor), main: table.markup() };
    Ok(pointed(page.into_response(), &back(&posted)))
}

/// The page is the answer to a form; loaded again, it is the queue.
fn pointed(mut response: Response, url: &str) -> Response {
    case::point(&mut response, url);
    response
}

struct Table<'a> {
    posted: &'a Posted,
    view: &'a BulkView,
    playbook: Option<Arc<Playbook>>,
    now: Micros,
}

impl Table<'_> {
    fn lines(&self) -> impl Iterator<Item = (&BulkLine, &BulkShown)> {
        self.view.lines.iter().filter_map(|line| Some((line, line.shown.as_ref()?)))
    }

    fn markup(&self) -> Markup {
        let count = self.lines().count();
        html! {
            article.bulk.stack {
                header.case-head {
                    p.crumbs { a href=(back(self.posted)) { (text::TO_QUEUE) } @if let Some(name) = &self.view.playbook { span { (name) } } }
                    h1 { (self.view.question.as_deref().unwrap_or(words::TITLE)) }
                }
                @if let Some(playbook) = self.playbook.as_deref().filter(|_| count > 0) {
                    form.sheet #bulk-answers method="post" action="/desk/bulk/decide" {
                        (token(&self.posted.visitor))
                        @if let Some(scope) = self.posted.form.filled("in") { input type="hidden" name="in" value=(scope); }
                        p.quiet { (words::TABLE_LEAD) }
                        (self.table(playbook))
                        p.actions {
                            button.primary type="submit" data-take { (words::CONFIRM) " " kbd { "↵" } }
                            button type="submit" formaction="/desk/bulk/release" { (words::LET_GO) }
                        }
                    }
                }
                (self.not_here())
            }
        }
    }

    fn table(&self, playbook: &Playbook) -> Markup {
        let headline = playbook.headline().map(|spec| spec.name.as_str());
        let beside: Vec<&str> = playbook
            .fields
            .iter()
            .map(|spec| spec.name.as_str())
            .filter(|name| headline != Some(*name) && self.lines().any(|(_, shown)| shown.fields.iter().any(|field| field.name == *name)))
            .collect();
        html! {
            div.wide.tight tabindex="0" role="region" aria-label=(words::TABLE) {
                table.data.bulk-table {
                    thead { tr {
                        th scope="col" { span.unseen { (words::PICK) } }
                        th scope="col" { (text::CASE) }
                        // Before what the fields say: on a narrow screen these two are not to be scrolled to.
                        th scope="col" { (words::ADVICE) }
                        th scope="col" { (words::RECORDED) }
                        @for name in &beside { th scope="col" { (name) } }
                    } }
                    tbody { @for (line, shown) in self.lines() { (self.line(playbook, line, shown, &beside)) } }
                }
            }
        }
    }

    fn line(&self, playbook: &Playbook, line: &BulkLine, shown: &BulkShown, beside: &[&str]) -> Markup {
        let headline = playbook.headline().and_then(|spec| shown.fields.iter().find(|field| field.name == spec.name));
        let title = headline.and_then(|field| field.value.as_str()).or(line.title.as_deref()).unwrap_or(text::UNTITLED);
        let label = format!("{}: {title}", words::PICK);
        let said = shown.proposals.last();
        html! {
            tr data-row data-case=(line.case) {
                td {
                    input type="checkbox" name="case" value=(line.case) checked aria-label=(label) data-pick;
                    input type="hidden" name={ "token-" (line.case) } value=(shown.token);
                    @match shown.accept {
                        Some(accept) => input type="hidden" name={ "accept-" (line.case) } value=(accept);,
                        None => input type="hidden" name={ "answer-" (line.case) } value=(shown.answer.as_str().unwrap_or_default());,
                    }
                }
                th scope="row" { a href=(case::url(line.case)) { (title) } }
                td.ai {
                    @for proposal in &shown.proposals {
                        p { (answer::show(&playbook.answer, &proposal.answer)) " " (certainty(proposal)) }
                    }
                }
                td {
                    (answer::show(&playbook.answer, &shown.answer))
                    @if said.is_some_and(|said| said.answer != shown.answer) { " " span.tag { (words::OTHERWISE) } }
                }
                @for name in beside { td { (self.cell(playbook, shown.fields.iter().find(|field| field.name == *name))) } }
            }
        }
    }

    fn cell(&self, playbook: &Playbook, view: Option<&FieldView>) -> Markup {
        let spec = view.and_then(|view| playbook.fields.iter().find(|spec| spec.name == view.name));
        html! {
            @if let (Some(view), Some(spec)) = (view, spec) {
                @if view.masked { span.quiet data-masked title=(text::parts::field_masked(&spec.visible_to)) { (text::parts::MASKED) } }
                @else { (field::render(view, spec, &field::Context { evidence: &[], now: self.now, remarks: None })) }
            }
        }
    }

    fn not_here(&self) -> Markup {
        let others: Vec<_> = self.view.lines.iter().filter_map(|line| Some((line, line.refused.as_ref()?))).collect();
        html! {
            @if !others.is_empty() {
                section.sheet aria-label=(words::NOT_HERE) {
                    h2 { (words::NOT_HERE) }
                    p.quiet { (words::NOT_HERE_LEAD) }
                    ul.refusals { @for (line, why) in others { li data-refused=(line.case) {
                        a href=(case::url(line.case)) { (line.title.as_deref().unwrap_or(text::UNTITLED)) } ": " (why.detail)
                    } } }
                }
            }
        }
    }
}

/// How sure the proposer was of what it proposed.
fn certainty(proposal: &countersign_app::view::ProposalView) -> Markup {
    let share = proposal.probabilities.as_ref().zip(proposal.answer.as_str()).and_then(|(all, answer)| all.get(answer));
    let percent = share.and_then(|share| share.parse::<f64>().ok()).map(|share| format!("{:.0} %", share * 100.0));
    html! { span.quiet { (proposal.proposer) @if let Some(percent) = percent { " " (percent) } } }
}

/// Answers the lines whose tick stands, and lets the others go.
pub async fn decide(posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let of = |what: &str, case: Uuid| posted.form.filled(&format!("{what}-{case}"));
    let mut judgments = Vec::new();
    for case in cases(&posted) {
        let token = of("token", case).ok_or_else(|| Refusal::invalid(format!("/token-{case}"), "this line has no token"))?;
        let accept = of("accept", case).map(|id| id.parse().map_err(|_| Refusal::invalid("/accept", "this is no proposal"))).transpose()?;
        let answer = of("answer", case).map(|option| serde_json::Value::String(option.to_owned()));
        judgments.push(BulkAnswer { case, token: token.to_owned(), answer, accept });
    }
    if judgments.is_empty() {
        return release(posted).await;
    }
    let taken: Vec<Uuid> = judgments.iter().map(|one| one.case).collect();
    let done = visitor.workspace.bulk_judge(&visitor.caller(), BulkAnswers { person: visitor.person.0, judgments }).await?;
    for case in lines(&posted).into_iter().filter(|case| !taken.contains(case)) {
        visitor.workspace.release(visitor.person, CaseId(case)).await?;
    }
    for receipt in done.lines.iter().filter_map(|line| line.receipt.as_ref()) {
        visitor.server.metrics.decided(receipt.decision.is_some());
    }
    let titles = visitor.workspace.titles_seen(visitor.person, &taken).await?;
    let main = outcome(&posted, &done, &titles).await?;
    Ok(pointed(Page { title: words::DONE, tab: Tab::Queue, visitor: Some(visitor), main }.into_response(), &back(&posted)))
}

/// Every line of the table, ticked or not.
fn lines(posted: &Posted) -> Vec<Uuid> {
    posted.form.pairs().filter_map(|(name, _)| name.strip_prefix("token-")?.parse().ok()).collect()
}

async fn outcome(posted: &Posted, done: &BulkDone, titles: &HashMap<Uuid, String>) -> Result<Markup, Problem> {
    let visitor = &posted.visitor;
    let now = visitor.server.app.env().now();
    let mut told = Vec::with_capacity(done.lines.len());
    for line in &done.lines {
        let decision = match line.receipt.as_ref().and_then(|receipt| receipt.decision) {
            Some(decision) => Some(visitor.workspace.decision_get(decision.into()).await?),
            None => None,
        };
        told.push((line, decision));
    }
    let written = done.lines.iter().filter(|line| line.receipt.is_some()).count();
    let title = |case: Uuid| titles.get(&case).map_or(text::UNTITLED, String::as_str);
    Ok(html! {
        article.bulk.stack data-now=(now / 1_000) {
            header.case-head { p.crumbs { a href=(back(posted)) { (text::TO_QUEUE) } } h1 { (words::DONE) } }
            section.sheet {
                p role="status" { (words::done(written, done.lines.len() - written)) }
                ul.lately { @for (line, decision) in &told { li data-case=(line.case) {
                    a href=(case::url(line.case)) { (title(line.case)) }
                    div.then {
                        @match (decision, &line.refused) {
                            (Some(decision), _) => {
                                span.people { (decision.answer) }
                                @let until = time::parse_rfc3339(&decision.act_after).unwrap_or(0);
                                @if decision.status == "standing" && now < until {
                                    form method="post" action={ "/desk/decisions/" (decision.decision) "/withdraw" } data-undo {
                                        (token(visitor))
                                        button.small type="submit" { (text::UNDO) }
                                        span.quiet data-until=(until / 1_000) { (text::span(until - now)) }
                                    }
                                } @else { span.quiet { (text::state(&decision.status)) } }
                            }
                            (None, Some(why)) => span.danger { (words::REFUSED) ": " (why.detail) },
                            (None, None) => span.quiet { (words::WAITS) },
                        }
                    }
                } } }
                p.actions { a.button href=(back(posted)) { (text::TO_QUEUE) } }
            }
        }
    })
}

/// Lets all lines go; nothing is recorded.
pub async fn release(posted: Posted) -> Result<Response, Problem> {
    for case in lines(&posted) {
        posted.visitor.workspace.release(posted.visitor.person, CaseId(case)).await?;
    }
    Ok(Redirect::to(&back(&posted)).into_response())
}
