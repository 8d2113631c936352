//! What was learned of a playbook, and what may be automated: accuracies by kind of case, what advice does, certificates with their
//! audits, the next test, what a promise takes; and the control that stops automation and resumes it. Computes nothing.

use super::{
    page::{Page, Tab, token},
    passkey::Confirmed,
    stops,
    text::{self, track as words},
    visitor::{Posted, Visitor},
};
use crate::{extract::Path, problem::Problem};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::{
    input::StopInput,
    track::{CertificateView, Figure, PromiseView, RegionView, TestView, TrackView},
    view::StopView,
};
use maud::{Markup, html};

/// The page.
pub async fn page(visitor: Visitor, Path(name): Path<String>) -> Result<Response, Problem> {
    let playbook = visitor.workspace.playbook_latest(&name).await?;
    let track = visitor.workspace.track(&name).await?;
    let promise = match &track {
        Some(track) => track.promise.clone(),
        None => visitor.workspace.promise(&name).await?,
    };
    let stops = visitor.workspace.stops().await?;
    let stopped: Vec<&StopView> = stops
        .iter()
        .filter(|stop| stop.scope == "workspace" || (stop.scope == "playbook" && stop.name.as_deref() == Some(name.as_str())))
        .collect();
    let certified = track.as_ref().map(|track| track.certificates.as_slice()).unwrap_or_default();
    let main = html! {
        div.narrow.stack {
            header.case-head {
                p.crumbs { a href="/desk/playbooks" { (text::TAB_PLAYBOOKS) } a href={ "/desk/playbooks/" (name) } { (name) } }
                h1 { (words::TITLE) }
                p.quiet { (playbook.question) }
            }
            section.sheet.automation {
                h2 { (words::AUTOMATION) }
                (standing(certified, !stopped.is_empty(), playbook.routing.automate.is_some()))
                @if playbook.routing.automate.is_some() { (control(&visitor, &name, &stopped)) }
                @for certificate in certified { (certificate_sheet(certificate)) }
                @if let Some(track) = &track { (test(track.test.as_ref(), &track.labels, if certified.is_empty() { &track.note } else { words::NOTHING_FURTHER })) }
                @if let Some(promise) = &promise { (takes(promise)) }
            }
            @match &track {
                Some(track) => (learned(track)),
                None => div.empty { h2 { (words::NOTHING) } p { (words::NOTHING_LEAD) } },
            }
        }
    };
    Ok(Page { title: words::TITLE, tab: Tab::Playbooks, visitor: Some(&visitor), main }.into_response())
}

/// Stops automation of a playbook. Anybody may.
pub async fn stop(Path(name): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let reason = posted.form.filled("reason").unwrap_or(words::STOP_REASON).to_owned();
    let input = StopInput { playbook: Some(name.clone()), proposer: None, person: Some(visitor.person.0), reason };
    visitor.workspace.automation_stop(&visitor.caller(), input).await?;
    Ok(Redirect::to(&url(&name)).into_response())
}

/// Asks to resume automation of a playbook, or confirms what another person asked for, in the person's own name.
pub async fn resume(Path(name): Path<String>, Confirmed(posted): Confirmed) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let reason = posted.form.filled("reason").unwrap_or_default().to_owned();
    let input = StopInput { playbook: Some(name.clone()), proposer: None, person: Some(visitor.person.0), reason };
    visitor.workspace.automation_resume(&visitor.caller(), input).await?;
    Ok(Redirect::to(&url(&name)).into_response())
}

/// The address of the page.
#[must_use]
pub fn url(name: &str) -> String {
    format!("/desk/playbooks/{name}/track-record")
}

/// In one line: what is automated now.
fn standing(certificates: &[CertificateView], stopped: bool, allowed: bool) -> Markup {
    let in_force = certificates.iter().filter(|certificate| certificate.in_force).count();
    let (state, said) = match (allowed, stopped, in_force) {
        (false, ..) => ("none", words::NOT_ALLOWED.to_owned()),
        (true, true, _) => ("stopped", words::STOPPED.to_owned()),
        (true, false, 0) => ("none", words::NONE_CERTIFIED.to_owned()),
        (true, false, n) => ("runs", words::runs(n)),
    };
    html! { p.standing data-standing=(state) { (said) } }
}

fn control(visitor: &Visitor, name: &str, stopped: &[&StopView]) -> Markup {
    html! {
        @if let Some(stop) = stopped.iter().find(|stop| stop.scope == "playbook") {
            (stops::resume_control(visitor, stop, &url(name), &html! {}))
        } @else if stopped.is_empty() {
            form.inline method="post" action={ (url(name)) "/stop" } {
                (token(visitor))
                label { span { (text::REASON) } input type="text" name="reason" maxlength="2000" placeholder=(words::STOP_HINT); }
                button type="submit" { (words::STOP) }
            }
        } @else { p { a href=(stops::URL) { (text::stops::LINK) } } }
    }
}

fn certificate_sheet(c: &CertificateView) -> Markup {
    html! {
        div.certificate {
            h3 { (words::certified(&c.region)) @if !c.in_force { " " span.quiet { (words::NOT_IN_FORCE) } } @else if c.rests { " " span.quiet { (words::RESTS) } } }
            dl.facts {
                dt { (words::PROMISE) } dd { (words::promise(c.max_error, c.certainty, &c.against)) }
                dt { (words::EVIDENCE) } dd { (words::evidence((c.errors, c.n), c.upper, &c.against)) }
                dt { (words::COVERS) } dd { span.ai { (c.proposer) } " " (c.version) " " (words::at_least(c.threshold))
                    @for (from, below) in &c.left { "; " (words::left(*from, *below)) }
                    @if c.beside > 0 { "; " (words::beside(c.beside)) }
                }
                dt { (words::AUDITS) } dd {
                    (words::audits(c.audits_drawn, c.audits_settled))
                    @if let Some(upper) = c.audited_upper { ", " (words::audited(upper)) }
                }
                @if let Some(delay) = c.detection_audits { dt { (words::DELAY) } dd { (words::delay(delay)) } }
                dt { (words::UNTIL) } dd { (text::moment_of(&c.expires)) }
            }
        }
    }
}

fn test(test: Option<&TestView>, labels: &str, note: &str) -> Markup {
    html! {
        @if let Some(test) = test {
            h3 { (words::test(test.attempt)) }
            p { (words::TEST_LEAD) }
            ul { @for (region, rows) in &test.regions { li { (words::waits(region, *rows, labels)) } } }
            @if let Some(delay) = test.detection_audits { p { (words::DELAY) " " (words::delay(delay)) "." } }
        } @else if !note.is_empty() { p.quiet { (note) } }
    }
}

/// What a promise takes, said before it is earned.
fn takes(promise: &PromiseView) -> Markup {
    html! {
        h3 { (words::TAKES) }
        p {
            (words::takes((promise.max_error, promise.certainty), promise.labels_least, &promise.against))
            @if let Some(labels) = promise.labels_half { " " (words::takes_half(labels, &promise.against)) }
            @if let (Some(per_day), Some(days)) = (promise.labels_per_day, promise.days) { " " (words::takes_days(per_day, days, &promise.against)) }
        }
    }
}

fn learned(track: &TrackView) -> Markup {
    let judged = words::judged(&track.labels);
    html! {
        section.sheet {
            h2 { (words::learned(&track.labels)) }
            p.quiet.basis { (words::basis(track)) }
            div.wide tabindex="0" role="region" aria-label=(words::learned(&track.labels)) {
                table.data {
                    thead {
                        tr {
                            th { (words::KIND) } th.number { (words::AI) }
                            // Where people's answers are what right means, nothing is known of who of them is.
                            @if !judged { th.number { (words::ALONE) } th.number { (words::ADVISED) } th { (words::ADVICE) } }
                        }
                    }
                    tbody { @for region in &track.regions { (row(region, judged)) } }
                }
            }
            @if !track.drift.is_empty() {
                h3 { (words::MOVED) }
                ul.moved { @for drift in &track.drift { li { (words::moved(drift)) } } }
                p.quiet { (words::MOVED_LEAD) }
            }
            dl.facts {
                dt { (text::VERSION) } dd { (track.number) @if track.pinned { " " span.quiet { (words::PINNED) } } }
                dt { (text::DIGEST) } dd { code.wrap { (track.digest) } }
            }
        }
    }
}

fn row(region: &RegionView, judged: bool) -> Markup {
    html! {
        tr {
            th scope="row" { (region.region) }
            td.number { (told(region.ai.as_ref())) }
            @if !judged {
                @for figure in [&region.people, &region.advised] { td.number { (told(figure.as_ref())) } }
                td data-advice=(region.advice) { (words::advice(&region.advice)) }
            }
        }
    }
}

/// A figure, or that there is not enough for one.
#[must_use]
pub fn told(figure: Option<&Figure>) -> Markup {
    html! {
        @match figure {
            Some(f) => { (words::rate(f)) span.of { (words::of(f.n)) } }
            None => span.void { (text::pair::NOT_YET) },
        }
    }
}
