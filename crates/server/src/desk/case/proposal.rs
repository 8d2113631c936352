//! Proposals: what the AI says, how sure it is, why, and where it looked. Drawn only where advice may be seen.

use crate::desk::{answer, text};
use countersign_app::view::ProposalView;
use countersign_core::playbook::Playbook;
use maud::{Markup, html};

/// Options whose probabilities are drawn; the rest is next to nothing.
const BARS_MAX: usize = 5;

/// A list of proposals; where they can be accepted, inside the form of the answer.
#[must_use]
pub fn list(playbook: &Playbook, proposals: &[ProposalView], acceptable: bool) -> Markup {
    html! {
        @if !proposals.is_empty() {
            section.proposals aria-label=(text::PROPOSALS) {
                @for proposal in proposals { (one(playbook, proposal, acceptable, leading(proposals).is_some_and(|leading| leading.id == proposal.id))) }
            }
        }
    }
}

/// The proposal that a key accepts and that an editor begins with: the newest that followed an ask or another proposal, else the first.
#[must_use]
pub fn leading(proposals: &[ProposalView]) -> Option<&ProposalView> {
    proposals.iter().rev().find(|one| one.ask.is_some() || one.chained_from.is_some()).or_else(|| proposals.first())
}

fn one(playbook: &Playbook, proposal: &ProposalView, acceptable: bool, leads: bool) -> Markup {
    html! {
        div.proposal data-proposal=(proposal.id) {
            p.who {
                span.ai { (proposal.proposer) }
                " " span.quiet { (proposal.version) }
                @if proposal.ask.is_some() { " " span.quiet { (text::ANSWERS_ASK) } }
                @else if proposal.chained_from.is_some() { " " span.quiet { (text::CHAINED) } }
            }
            div.says {
                div.what { (answer::show(&playbook.answer, &proposal.answer)) }
                @if acceptable {
                    button.accept type="submit" name="accept" value=(proposal.id) formnovalidate data-accept[leads] { (text::ACCEPT) @if leads { " " kbd { "a" } } }
                }
            }
            @if let Some(all) = &proposal.probabilities { (bars(all.iter().map(|(option, p)| (option.as_str(), p.as_str())))) }
            @if let Some(like) = &proposal.like { p.like { (text::track::like(like)) } }
            @if let Some(explanation) = &proposal.explanation { p.why { (explanation) } }
            @if !proposal.evidence.is_empty() {
                ul.evidence aria-label=(text::EVIDENCE) {
                    @for item in &proposal.evidence {
                        li { a href={ "#field-" (item.field) } { (item.field) } @if let Some(quote) = &item.quote { " " q { (quote) } } }
                    }
                }
            }
        }
    }
}

/// Probabilities, the likeliest first, each as a bar and in percent.
fn bars<'p>(all: impl Iterator<Item = (&'p str, &'p str)>) -> Markup {
    let mut all: Vec<(&str, f64)> = all.filter_map(|(option, p)| Some((option, p.parse().ok()?))).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    html! {
        ul.bars {
            @for (option, p) in all.iter().take(BARS_MAX) {
                li {
                    span.name { (option) }
                    svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" {
                        rect.track width="100" height="6" {}
                        rect.fill width=(format!("{:.1}", p * 100.0)) height="6" {}
                    }
                    span.percent { (text::percent(*p)) }
                }
            }
        }
    }
}
