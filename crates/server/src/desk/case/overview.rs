//! How a case stands, for whoever does not answer it right now: its content, and once it is settled what was decided, by whom, on
//! what, and what can still be done about it.

use super::{answering::field_section, proposal, url};
use crate::desk::{
    answer,
    field::{self, remarks::Remarks},
    for_you,
    page::token,
    text,
    text::parts,
    visitor::Visitor,
};
use countersign_app::{
    queue::Due,
    team::Around,
    title,
    view::{CaseView, DecisionView, Explanation, JudgmentView, KeptView, Shown},
};
use countersign_core::{number::Micros, playbook::Playbook, time};
use maud::{Markup, html};
use std::collections::HashMap;
use uuid::Uuid;

/// A case as it stands.
pub struct Overview<'a> {
    /// Who looks.
    pub visitor: &'a Visitor,
    /// The case as they may see it.
    pub view: &'a CaseView,
    /// Its playbook.
    pub playbook: &'a Playbook,
    /// What people are called.
    pub people: &'a HashMap<Uuid, String>,
    /// Why it went where it went, where that may be told.
    pub why: Option<&'a Explanation>,
    /// The rule by which this person may not take it, where there is one.
    pub refused: Option<&'a str>,
    /// Whose it is, and who else is on it.
    pub around: &'a Around,
    /// Now.
    pub now: Micros,
}

/// Why the case went where it went, in a sentence and in full.
fn why_here(why: &Explanation) -> Markup {
    let full = serde_json::to_string_pretty(&why.detail["body"]).unwrap_or_default();
    html! {
        section.sheet.why-here {
            h2 { (text::WHY_HERE) }
            p { (why.sentence) }
            p.quiet { @if why.matches { (text::WHY_DERIVED) } @else { (text::WHY_DIFFERS) } }
            details { summary { (text::WHY_FULL) } pre.source { code { (full) } } }
        }
    }
}

impl Overview<'_> {
    /// The headline.
    #[must_use]
    pub fn title(&self) -> String {
        let name = title::title_of(self.playbook);
        let field = name.and_then(|name| self.view.fields.iter().find(|field| field.name == name));
        field.and_then(|field| title::headline(&field.value)).unwrap_or_else(|| text::UNTITLED.to_owned())
    }

    /// The whole of it.
    #[must_use]
    pub fn markup(&self) -> Markup {
        let view = self.view;
        let (to, hidden) = (format!("{}/comment", url(view.case)), token(self.visitor));
        let remarks =
            Remarks { comments: &view.comments, people: self.people, to: Some((&to, &hidden)), content: &view.content, now: self.now };
        let context = field::Context { evidence: &[], now: self.now, remarks: Some(remarks) };
        let title = title::title_of(self.playbook);
        let settled = matches!(view.state.as_str(), "decided" | "acted");
        html! {
            article.case data-overview=(view.case) {
                header.case-head {
                    p.crumbs {
                        a href={ "/desk?in=" (view.playbook) } { (view.playbook) }
                        span.state data-state=(view.state) { (text::state(&view.state)) }
                        span { (text::OPENED) " " (self.when(&view.opened)) }
                        @if let Some(deadline) = view.deadline.as_deref().filter(|_| !settled) { (self.due(deadline)) }
                        @if !settled { (for_you::whose(self.around, self.people, self.visitor.person.0)) }
                        a href={ (url(view.case)) "/history" } { (text::HISTORY) }
                    }
                    h1 { (self.title()) }
                }
                div.sheet.fields {
                    (field::image::compare(view.fields.iter(), &context))
                    @for view in &view.fields {
                        @if let Some(spec) = self.playbook.fields.iter().find(|spec| spec.name == view.name) {
                            (field_section(view, spec, &context, title == Some(view.name.as_str())))
                        }
                    }
                }
                div.side {
                    @if matches!(view.state.as_str(), "open" | "appealed") {
                        section.sheet {
                            h2.question { (self.playbook.question) }
                            @if view.withheld { p.quiet { (text::WITHHELD) } }
                            @match self.refused {
                                Some(rule) => p.note { (rule) },
                                None if self.around.answered => p.note { (text::ANSWERED_ALREADY) },
                                None if self.somebody_elses() => p.note { (text::for_you::NOT_YOURS) },
                                None => form method="post" action={ (url(view.case)) "/take" } {
                                    (token(self.visitor))
                                    p.actions { button.primary type="submit" data-take { (text::TAKE) " " kbd { "↵" } } }
                                },
                            }
                            div.around { (for_you::hand_over(view.case, self.around, self.people, self.visitor.person.0, &token(self.visitor))) }
                        }
                    }
                    @if let Some(decision) = &view.decision { (self.decision(decision)) }
                    @if settled {
                        @if let Some(outcome) = &view.outcome {
                            section.sheet { h2 { (text::OUTCOME) } div.what { (answer::show(&self.playbook.answer, outcome)) } }
                        }
                        (self.judgments())
                        @if !view.proposals.is_empty() { section.sheet { h2 { (text::PROPOSALS) } (proposal::list(self.playbook, &view.proposals, None)) } }
                    }
                    @if settled && !view.missed.is_empty() { (self.missed()) }
                    (remarks.thread())
                    @if let Some(why) = self.why { (why_here(why)) }
                }
            }
        }
    }

    fn somebody_elses(&self) -> bool {
        self.around.assignee.is_some_and(|own| own != self.visitor.person.0)
    }

    fn missed(&self) -> Markup {
        html! {
            section.sheet {
                h2 { (text::asking::MISSED) }
                ul { @for miss in &self.view.missed { li { span.ai { (miss.proposer) } " " (text::asking::NO_ADVICE) " " (miss.why) " " span.quiet { (self.when(&miss.at)) } } } }
            }
        }
    }

    fn due(&self, deadline: &str) -> Markup {
        let at = |moment: &str| time::parse_rfc3339(moment).unwrap_or(self.now);
        let deadline = at(deadline);
        super::due(deadline, self.now, Due::at(self.now, at(&self.view.opened), Some(deadline)), true)
    }

    fn when(&self, moment: &str) -> Markup {
        let at = time::parse_rfc3339(moment).unwrap_or(self.now);
        html! { time datetime=(moment) title=(text::moment(at)) { (text::distance(at, self.now)) } }
    }

    fn decision(&self, decision: &DecisionView) -> Markup {
        let until = time::parse_rfc3339(&decision.act_after).unwrap_or(0);
        let undoable = matches!(decision.status.as_str(), "standing" | "corrected")
            && self.now < until
            && decision.basis != "imported"
            && decision.basis != "appeal";
        let action = format!("/desk/decisions/{}", decision.decision);
        html! {
            section.sheet.decision {
                h2 { (text::DECISION) }
                (self.decided(decision))
                p.quiet { (text::state(&decision.status)) " · " (decision.basis.replace('_', " ")) " · " (self.when(&decision.at)) }
                @if self.view.state != "appealed" {
                    @if undoable {
                        form method="post" action={ (action) "/withdraw" } data-undo {
                            (token(self.visitor))
                            button type="submit" { (text::UNDO) " " kbd { "u" } }
                            span.quiet data-until=(until / 1_000) { (text::span(until - self.now)) }
                        }
                    }
                    div.around {
                        details #correct { summary { (text::CORRECT) }
                            form method="post" action={ (action) "/correct" } {
                                (token(self.visitor))
                                p.quiet { (text::CORRECT_LEAD) }
                                (answer::control(&self.playbook.answer, &self.nothing_shown(), None))
                                label { span { (text::REASON) } input type="text" name="reason" required; }
                                button type="submit" { (text::CORRECT) }
                            }
                        }
                        details #appeal { summary { (text::APPEAL_VERB) }
                            form method="post" action={ (action) "/appeal" } {
                                (token(self.visitor))
                                p.quiet { (text::APPEAL_VERB_LEAD) }
                                label { span { (text::REASON) } input type="text" name="reason" required; }
                                button type="submit" { (text::APPEAL_VERB) }
                            }
                        }
                        details #reopen { summary { (text::REOPEN) }
                            form method="post" action={ (url(self.view.case)) "/reopen" } {
                                (token(self.visitor))
                                p.quiet { (text::REOPEN_LEAD) }
                                label { span { (text::REASON) } input type="text" name="reason" required; }
                                button type="submit" { (text::REOPEN) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// What was decided; of a document, the one that was signed last.
    fn decided(&self, decision: &DecisionView) -> Markup {
        let signed = self.view.judgments.iter().rev().find(|judgment| judgment.phase != "first");
        match signed.filter(|_| decision.answer == "document") {
            Some(judgment) => html! { (answer::show(&self.playbook.answer, &judgment.answer)) },
            None => html! { div.what { strong { (decision.answer) } } },
        }
    }

    fn judgments(&self) -> Markup {
        html! {
            @if !self.view.judgments.is_empty() {
                section.sheet {
                    h2 { (text::JUDGMENTS) }
                    ul.judgments { @for judgment in &self.view.judgments { li { (self.judgment(judgment)) } } }
                }
            }
        }
    }

    fn judgment(&self, judgment: &JudgmentView) -> Markup {
        html! {
            span.people { (self.people.get(&judgment.person).map_or(text::NAMELESS, String::as_str)) }
            " " @if judgment.phase != "only" { span.quiet { (text::phase(&judgment.phase)) } " " }
            @match self.changes(judgment) {
                Some(changes) => section.changes { h3 { (parts::CHANGES) } (changes) },
                None => (answer::show(&self.playbook.answer, &judgment.answer)),
            }
            @if let Some(kept) = &judgment.kept { p.kept { (self.kept(kept)) } }
            @if let Some(reason) = &judgment.reason { p.why { (reason) } }
        }
    }

    /// What of a written answer is whose, in a sentence.
    fn kept(&self, kept: &[KeptView]) -> String {
        let named = |kept: &KeptView| {
            let from = self.view.proposals.iter().find(|proposal| proposal.id == kept.proposal);
            let name = proposal::draft_name(self.playbook, &self.view.proposals, kept.proposal);
            let name = name.or_else(|| from.map(|proposal| proposal.proposer.clone())).unwrap_or_default();
            (name, kept.share.parse().unwrap_or(0.0))
        };
        text::asking::kept(&kept.iter().map(named).collect::<Vec<_>>())
    }

    /// What an answer changed of the text that was proposed to whoever gave it.
    fn changes(&self, judgment: &JudgmentView) -> Option<Markup> {
        // Of several drafts the one of which most was kept.
        let proposed = match judgment.kept.as_deref() {
            Some(kept) => self.view.proposals.iter().find(|proposal| kept.first().is_some_and(|kept| kept.proposal == proposal.id)),
            None => proposal::leading(&self.view.proposals),
        };
        let proposed = proposed.filter(|_| judgment.advice == "yes")?;
        answer::changes(&self.playbook.answer, &proposed.answer, &judgment.answer)
    }

    /// A correction is made without anything beside it.
    fn nothing_shown(&self) -> Shown {
        Shown {
            kind: None,
            shown: Uuid::nil(),
            token: String::new(),
            case: self.view.case,
            version: self.view.version,
            phase: "only".into(),
            question: self.playbook.question.clone(),
            answer: serde_json::Value::Null,
            fields: self.view.fields.clone(),
            proposals: Vec::new(),
            judgments: Vec::new(),
            comments: Vec::new(),
            content: String::new(),
            precedents: Vec::new(),
            disagreement: None,
            advice_visible: false,
            expires: String::new(),
        }
    }
}
