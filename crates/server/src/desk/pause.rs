//! How long somebody has worked, and their pause: on their own page and at the queue, and nowhere else. Whose it is comes from the session and
//! never from an address or a form, so that nobody can ask it of somebody else. Computes nothing.

use super::{
    page::token,
    text::own as words,
    visitor::{Posted, Visitor},
};
use crate::problem::Problem;
use axum::response::{IntoResponse, Redirect, Response};
use countersign_core::refusal::{Code, Refusal};
use maud::{Markup, html};

/// Where it is paused.
pub const URL: &str = "/desk/pause";

/// The section of one's own page.
pub async fn section(visitor: &Visitor) -> Result<Markup, Problem> {
    let view = visitor.workspace.pause_of(visitor.person).await?;
    Ok(html! {
        section.sheet.pause #time {
            h2 { (words::WORKED) }
            p.quiet { (if view.worked.is_some() { words::WORKED_LEAD } else { words::WORKED_OFF }) }
            @if let Some(worked) = view.worked {
                @if view.due { p.note role="status" { strong { (words::DUE) " " (words::worked(worked.stretch)) } " " (words::DUE_LEAD) } }
                dl.facts {
                    dt { (words::STRETCH) } dd data-stretch { @if worked.stretch == 0 { (words::NOT_AT_WORK) } @else { (words::worked(worked.stretch)) } }
                    dt { (words::TODAY) } dd { (words::worked(worked.today)) }
                    dt { (words::ANSWERED) } dd { (super::text::thousands(worked.answered)) }
                }
            }
            div.both {
                form.actions method="post" action=(URL) { (token(visitor)) button type="submit" { (words::PAUSE) } " " span.quiet { (words::PAUSE_LEAD) } }
                @if view.worked.is_some() {
                    form.inline method="post" action={ (URL) "/after" } {
                        (token(visitor))
                        label { span { (words::AFTER) } select name="minutes" {
                            @for minutes in words::AFTERS { option value=(minutes) selected[minutes == view.after_minutes] { (words::after(minutes)) } }
                            @if !words::AFTERS.contains(&view.after_minutes) { option value=(view.after_minutes) selected { (words::after(view.after_minutes)) } }
                        } }
                        button type="submit" { (words::KEEP) }
                    }
                }
            }
        }
    })
}

/// The line at the queue, where a pause is suggested.
pub async fn line(visitor: &Visitor) -> Result<Markup, Problem> {
    let view = visitor.workspace.pause_of(visitor.person).await?;
    let Some(worked) = view.worked.filter(|_| view.due) else { return Ok(html! {}) };
    Ok(html! {
        div.note {
            span role="status" { (words::DUE) " " (words::worked(worked.stretch)) ". " (words::DUE_LEAD) } " "
            form method="post" action=(URL) { (token(visitor)) button.small type="submit" { (words::PAUSE) } }
        }
    })
}

/// Pauses.
pub async fn begin(posted: Posted) -> Result<Response, Problem> {
    posted.visitor.workspace.pause_begin(posted.visitor.person).await?;
    Ok(Redirect::to("/desk/work?said=paused#time").into_response())
}

/// After how long one is suggested.
pub async fn after(posted: Posted) -> Result<Response, Problem> {
    let minutes = posted.form.filled("minutes").and_then(|text| text.parse().ok());
    let minutes = minutes.ok_or_else(|| Refusal::field(Code::Invalid, "/minutes", "choose one of these"))?;
    posted.visitor.workspace.pause_after(posted.visitor.person, minutes).await?;
    Ok(Redirect::to("/desk/work#time").into_response())
}
