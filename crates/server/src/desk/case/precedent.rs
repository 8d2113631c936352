//! Decided cases that are like the one at hand: what was decided, what turned out, when, and why they are alike. Drawn only where the
//! record says that they were shown.

use super::url;
use crate::desk::{answer, text, text::people as words};
use countersign_app::precedent::PrecedentView;
use countersign_core::{number::Micros, playbook::Playbook, time};
use maud::{Markup, html};

/// The list.
#[must_use]
pub fn list(playbook: &Playbook, precedents: &[PrecedentView], now: Micros) -> Markup {
    html! {
        @if !precedents.is_empty() {
            section.precedents aria-label=(words::PRECEDENTS) {
                h3 { (words::PRECEDENTS) }
                ul { @for precedent in precedents { li data-precedent=(precedent.case) { (one(playbook, precedent, now)) } } }
            }
        }
    }
}

fn one(playbook: &Playbook, precedent: &PrecedentView, now: Micros) -> Markup {
    let at = time::parse_rfc3339(&precedent.decided).unwrap_or(now);
    html! {
        a href=(url(precedent.case)) { (precedent.title.as_deref().unwrap_or(text::UNTITLED)) }
        dl.shown {
            dt { (words::DECIDED) } dd { (answer::show(&playbook.answer, &precedent.answer)) }
            dt { (words::TURNED_OUT) } dd {
                @match &precedent.outcome {
                    Some(outcome) => (answer::show(&playbook.answer, outcome)),
                    None => span.quiet { (words::NOT_KNOWN) },
                }
            }
        }
        p.quiet {
            time datetime=(precedent.decided) title=(text::moment(at)) { (text::distance(at, now)) }
            @if !precedent.shared.is_empty() { " · " (words::shared(&precedent.shared)) }
        }
    }
}
