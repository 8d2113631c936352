//! The pair's page: for each playbook how good people, the AI and both together were, as the latest rehearsal over the workspace's
//! own history found; and rehearsals themselves, which can be started here and read as a report. Computes nothing, and names nobody.

use super::{
    page::{Page, Tab, token},
    text::{self, pair as words},
    visitor::{Posted, Visitor},
};
use crate::{extract::Path, problem::Problem};
use axum::{
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use countersign_app::{
    rehearsal::{Findings, RehearsalInput, RehearsalView},
    view::PlaybookView,
};
use countersign_core::{playbook::AnswerSpec, time::parse_rfc3339};
use maud::{Markup, html};
use uuid::Uuid;

/// A report is one file with its style inside, and nothing else.
const REPORT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// What is known of one playbook.
struct Known {
    playbook: PlaybookView,
    /// The latest rehearsal, however it ended.
    latest: Option<RehearsalView>,
    /// What the latest one that came to an end found, and when it was held.
    found: Option<(RehearsalView, Findings)>,
    open: u64,
    decided: u64,
}

/// The page.
pub async fn page(visitor: Visitor) -> Result<Response, Problem> {
    let all = known(&visitor).await?;
    let now = visitor.server.app.env().now();
    let main = html! {
        div.narrow.stack {
            h1 { (text::TAB_PAIR) }
            p.quiet { (words::LEAD) }
            @if all.is_empty() { div.empty { h2 { (words::NOTHING) } p { (words::NOTHING_LEAD) } } }
            @for known in &all { (one(known, &visitor, now)) }
        }
    };
    Ok(Page { title: text::TAB_PAIR, tab: Tab::Pair, visitor: Some(&visitor), main }.into_response())
}

/// Starts a rehearsal over a playbook's history.
pub async fn start(Path(name): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let input = RehearsalInput { playbook: name, ..RehearsalInput::default() };
    posted.visitor.workspace.rehearsal_start(input).await?;
    Ok(Redirect::to("/desk/pair").into_response())
}

/// The report of a rehearsal.
pub async fn report(visitor: Visitor, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let html = visitor.workspace.rehearsal_report(id).await?;
    Ok(([(header::CONTENT_SECURITY_POLICY, REPORT_POLICY)], Html(html)).into_response())
}

async fn known(visitor: &Visitor) -> Result<Vec<Known>, Problem> {
    let workspace = &visitor.workspace;
    let rehearsals = workspace.rehearsals_list().await?;
    let counts = workspace.case_counts().await?;
    let mut all = Vec::new();
    for playbook in workspace.playbooks_list().await? {
        if !matches!(workspace.playbook_latest(&playbook.name).await?.answer, AnswerSpec::Choice { .. }) {
            continue;
        }
        let of =
            |state: Option<&str>| rehearsals.iter().find(|r| r.playbook == playbook.name && state.is_none_or(|state| r.state == state));
        let found = match of(Some("done")) {
            Some(done) => {
                let whole = workspace.rehearsal_get(done.rehearsal).await?;
                whole.findings.clone().and_then(|findings| serde_json::from_value(findings).ok()).map(|findings| (whole, findings))
            }
            None => None,
        };
        let count = |states: &[&str]| {
            counts.iter().filter(|c| c.playbook == playbook.name && states.contains(&c.state.as_str())).map(|c| c.count).sum()
        };
        all.push(Known {
            latest: of(None).cloned(),
            found,
            open: count(&["open", "held"]),
            decided: count(&["decided", "acted"]),
            playbook,
        });
    }
    Ok(all)
}

fn one(known: &Known, visitor: &Visitor, now: i64) -> Markup {
    let running = known.latest.as_ref().filter(|latest| latest.state == "running");
    let failed = known.latest.as_ref().filter(|latest| latest.state == "failed");
    html! {
        section.sheet.measured {
            header.measured-head {
                h2 { (known.playbook.name) }
                p.quiet { (words::counts(known.open, known.decided)) }
            }
            @if let Some((rehearsal, findings)) = &known.found {
                (figures(findings))
                p.quiet {
                    (words::held(parse_rfc3339(&rehearsal.started).map_or(0, |at| now.saturating_sub(at)), findings.n)) " "
                    a href={ "/desk/rehearsals/" (rehearsal.rehearsal) } { (words::REPORT) }
                }
            } @else if running.is_none() { p.void { (words::NOT_COUNTED) } }
            @if let Some(failed) = failed { p.void { (failed.note) } }
            @match running {
                Some(running) => p.quiet role="status" data-reload {
                    progress max="1" value=(format!("{:.3}", running.progress)) {} " " (running.note) " · " a href="/desk/pair" { (words::LOOK_AGAIN) }
                },
                None => form method="post" action={ "/desk/pair/" (known.playbook.name) } { (token(visitor)) button type="submit" { (words::COUNT) } }
            }
        }
    }
}

fn figures(findings: &Findings) -> Markup {
    let reliance = &findings.reliance;
    html! {
        (countersign_report::rehearsal::summary(findings))
        dl.facts {
            @for (name, rate) in [
                (words::OVERRIDE, reliance.override_rate),
                (words::OVER, reliance.over_reliance),
                (words::UNDER, reliance.under_reliance),
                (words::SWITCH, reliance.switch_fraction),
            ] {
                dt { (name) }
                dd { @match rate { Some(rate) => { (words::rate(rate.value, rate.low, rate.high, rate.n)) } None => span.void { (words::NOT_YET) } } }
            }
        }
    }
}
