//! Stopping automation and resuming it: the one control for the workspace, its playbooks and its proposers, what is stopped, and what
//! somebody asked to resume. Whoever stops needs nobody; whether two are two is the engine's to say. Decides nothing.

use super::{
    page::{Page, Tab, token},
    passkey::Confirmed,
    text::{self, moment_of, stops as words, track},
    visitor::{Posted, Visitor},
};
use crate::{extract::Query, problem::Problem};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::{input::StopInput, view::StopView};
use countersign_core::limits::NAME_CHARS_MAX;
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeSet;

/// Where the page is.
pub const URL: &str = "/desk/stops";

/// How somebody came.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Came {
    /// By the key for it: the next one stops.
    #[serde(default)]
    now: Option<String>,
}

/// The page.
pub async fn page(visitor: Visitor, Query(came): Query<Came>) -> Result<Response, Problem> {
    let workspace = &visitor.workspace;
    let stops = workspace.stops().await?;
    let playbooks = workspace.playbooks_list().await?;
    let mut proposers = BTreeSet::new();
    for playbook in &playbooks {
        proposers.extend(workspace.playbook_latest(&playbook.name).await?.proposers.iter().map(|proposer| proposer.name.clone()));
    }
    let everywhere = stops.iter().any(|stop| stop.scope == "workspace");
    let main = html! {
        div.narrow.stack {
            header.case-head { h1 { (words::TITLE) } p.quiet { (words::LEAD) } }
            @if stops.is_empty() { p.standing { (words::NOTHING) } }
            @for stop in &stops {
                section.sheet.automation data-stop=(stop.scope) {
                    h2 { (words::place(stop)) }
                    (resume_control(&visitor, stop, URL, &scope(stop)))
                }
            }
            @if !everywhere { section.sheet.automation {
                h2 { (words::STOP_HEAD) }
                p.quiet { (words::STOP_LEAD) }
                form.form method="post" action=(URL) {
                    (token(&visitor))
                    label.field { span { (words::WHERE) }
                        select name="playbook" {
                            option value="" { (words::EVERYWHERE) }
                            @for playbook in &playbooks { option value=(playbook.name) { (playbook.name) } }
                        }
                    }
                    label.field { span { (words::PROPOSER) " " small { (text::OPTIONAL) } }
                        input name="proposer" maxlength=(NAME_CHARS_MAX) list="proposers" autocomplete="off";
                    }
                    datalist #proposers { @for name in &proposers { option value=(name) {} } }
                    label.field { span { (text::REASON) " " small { (text::OPTIONAL) } } input name="reason" maxlength="2000" placeholder=(track::STOP_HINT); }
                    p.actions { button.primary type="submit" autofocus[came.now.is_some()] { (words::STOP_HEAD) } }
                }
            } }
        }
    };
    Ok(Page { title: words::TITLE, tab: Tab::Nowhere, visitor: Some(&visitor), main }.into_response())
}

/// The hidden controls that say where.
fn scope(stop: &StopView) -> Markup {
    html! { @if let Some(name) = &stop.name { input type="hidden" name=(stop.scope) value=(name); } }
}

/// What can be done about a stop by whoever looks: ask, confirm, or say no. `to` takes `/resume` behind it, and `keep` takes a stop.
#[must_use]
pub fn resume_control(visitor: &Visitor, stop: &StopView, to: &str, hidden: &Markup) -> Markup {
    let own = stop.resume.as_ref().is_some_and(|asked| asked.person == visitor.person.0);
    let (lead, button) = match (&stop.resume, stop.alone) {
        (_, true) => (words::ALONE, words::RESUME_ALONE),
        (None, false) => (words::ASKS, words::RESUME_ASK),
        (Some(_), false) if own => (words::OWN, ""),
        (Some(_), false) => (words::CONFIRMS, words::RESUME_CONFIRM),
    };
    html! {
        @if let Some(asked) = &stop.resume {
            p.standing data-standing="stopped" { (words::who(asked, own)) " " (words::TO_RESUME) ", " (moment_of(&asked.at)) ": " (asked.reason) }
        }
        p.quiet { (lead) }
        @if !button.is_empty() {
            form.inline method="post" action={ (to) "/resume" } {
                (token(visitor)) (hidden)
                label { span { (text::REASON) } input type="text" name="reason" required maxlength="2000" placeholder=(track::RESUME_HINT); }
                button type="submit" { (button) }
            }
        }
        @if stop.resume.is_some() {
            form.inline method="post" action=(if to == URL { URL.to_owned() } else { format!("{to}/stop") }) {
                (token(visitor)) (hidden)
                input type="hidden" name="reason" value=(words::KEPT);
                button type="submit" { (words::KEEP) }
            }
        }
    }
}

fn input(posted: &Posted, reason: &str) -> StopInput {
    let filled = |name: &str| posted.form.filled(name).map(str::to_owned);
    StopInput {
        playbook: filled("playbook"),
        proposer: filled("proposer"),
        person: Some(posted.visitor.person.0),
        reason: filled("reason").unwrap_or_else(|| reason.to_owned()),
    }
}

/// Stops. Anybody may.
pub async fn stop(posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.automation_stop(&visitor.caller(), input(&posted, track::STOP_REASON)).await?;
    Ok(Redirect::to(URL).into_response())
}

/// Asks to resume, or confirms what another person asked for, in the person's own name.
pub async fn resume(Confirmed(posted): Confirmed) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.automation_resume(&visitor.caller(), input(&posted, "")).await?;
    Ok(Redirect::to(URL).into_response())
}
