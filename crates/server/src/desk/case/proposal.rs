//! Proposals: what the AI says, how sure it is, why, and where it looked. Drawn only where advice may be seen.

use crate::desk::{answer, text};
use countersign_app::view::ProposalView;
use countersign_core::playbook::{AnswerSpec, Playbook};
use maud::{Markup, html};
use uuid::Uuid;

/// Options whose probabilities are drawn; the rest is next to nothing.
const BARS_MAX: usize = 5;

/// A list of proposals; where they can be accepted, inside the form of the answer, with the case that they are on.
#[must_use]
pub fn list(playbook: &Playbook, proposals: &[ProposalView], case: Option<Uuid>) -> Markup {
    html! {
        @if !proposals.is_empty() {
            section.proposals aria-label=(text::PROPOSALS) {
                @for (at, proposal) in proposals.iter().enumerate() {
                    (one(playbook, proposal, At {
                        case,
                        leads: leading(proposals).is_some_and(|leading| leading.id == proposal.id),
                        draft: drafts(playbook, proposals).then_some(at + 1),
                    }))
                }
            }
        }
    }
}

/// Whether these are drafts of a text, of which a person makes one.
fn drafts(playbook: &Playbook, proposals: &[ProposalView]) -> bool {
    proposals.len() > 1 && matches!(playbook.answer, AnswerSpec::Text { .. } | AnswerSpec::Patch)
}

/// What a draft is called among others on a page; `None` where there is one proposal only.
#[must_use]
pub fn draft_name(playbook: &Playbook, proposals: &[ProposalView], id: Uuid) -> Option<String> {
    let at = proposals.iter().position(|proposal| proposal.id == id)?;
    drafts(playbook, proposals).then(|| text::asking::draft(at + 1))
}

/// How a proposal stands on a page.
struct At {
    /// The case, where it can be accepted.
    case: Option<Uuid>,
    leads: bool,
    /// Which of several drafts it is.
    draft: Option<usize>,
}

/// The proposal that a key accepts and that an editor begins with: the newest that followed an ask or another proposal, else the first.
#[must_use]
pub fn leading(proposals: &[ProposalView]) -> Option<&ProposalView> {
    proposals.iter().rev().find(|one| one.ask.is_some() || one.chained_from.is_some()).or_else(|| proposals.first())
}

fn one(playbook: &Playbook, proposal: &ProposalView, at: At) -> Markup {
    let At { case, leads, draft } = at;
    let acceptable = case.is_some();
    let editable = draft.zip(case).zip(proposal.answer.as_str());
    html! {
        div.proposal data-proposal=(proposal.id) {
            p.who {
                @if let Some(draft) = draft { strong { (text::asking::draft(draft)) } " " }
                span.ai { (proposal.proposer) }
                " " span.quiet { (proposal.version) }
                @if proposal.ask.is_some() { " " span.quiet { (text::ANSWERS_ASK) } }
                @else if proposal.chained_from.is_some() { " " span.quiet { (text::CHAINED) } }
            }
            div.says {
                div.what {
                    @match editable.filter(|_| matches!(playbook.answer, AnswerSpec::Text { .. })) {
                        Some(((draft, case), text)) => (pieces(case, (proposal.id, draft), text)),
                        None => (answer::show(&playbook.answer, &proposal.answer)),
                    }
                }
                @if acceptable && editable.is_none() { (accept(proposal.id, leads)) }
            }
            @if let Some(((draft, case), text)) = editable {
                p.take {
                    button type="submit" name="use" value=(proposal.id) formaction={ (super::url(case)) "/draft" } formnovalidate data-use=(text)
                        aria-label=(text::asking::use_of(draft)) { (text::asking::USE) }
                    (accept(proposal.id, leads))
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

fn accept(id: Uuid, leads: bool) -> Markup {
    html! {
        button.accept type="submit" name="accept" value=(id) formnovalidate data-accept[leads] { (text::ACCEPT) @if leads { " " kbd { "a" } } }
    }
}

/// A draft by its paragraphs, each with a button that adds it to the text.
fn pieces(case: Uuid, (id, draft): (Uuid, usize), text: &str) -> Markup {
    html! {
        div.pieces dir="auto" {
            @for (at, paragraph) in answer::paragraphs(text).enumerate() {
                div.piece {
                    p { (paragraph) }
                    button.small type="submit" name="add" value={ (id) "." (at) } formaction={ (super::url(case)) "/draft" } formnovalidate data-add=(paragraph)
                        aria-label=(text::asking::add_of(at + 1, draft)) { (text::asking::ADD) }
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
