//! What is shown to the person who answers: fields, the advice where it may be seen, and the form for the answer. Draws exactly
//! what the record says was shown.

use super::{
    super::{
        answer,
        field::{self, remarks::Remarks},
        for_you,
        form::Form,
        text,
        visitor::Visitor,
    },
    precedent, proposal,
};
use crate::desk::page::token;
use countersign_app::{
    input::EvidenceInput,
    queue::Due,
    title,
    view::{FieldView, Sheet},
};
use countersign_core::{number::Micros, playbook::FieldSpec};
use maud::{Markup, html};
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// How sure a person may say they are.
const CONFIDENCES: &[(&str, &str)] =
    &[("0.5", "50 %"), ("0.6", "60 %"), ("0.7", "70 %"), ("0.8", "80 %"), ("0.9", "90 %"), ("0.95", "95 %"), ("0.99", "99 %")];

/// A case in the hands of the person who answers it.
pub struct Answering<'a> {
    /// Who answers.
    pub visitor: &'a Visitor,
    /// What is shown.
    pub sheet: &'a Sheet,
    /// The queue that they work through: a playbook's name.
    pub scope: Option<&'a str>,
    /// What they entered before.
    pub draft: Option<&'a Form>,
    /// What people are called.
    pub people: &'a HashMap<Uuid, String>,
    /// Now.
    pub now: Micros,
}

impl Answering<'_> {
    /// The headline.
    #[must_use]
    pub fn title(&self) -> String {
        let name = title::title_of(&self.sheet.playbook);
        let field = name.and_then(|name| self.sheet.shown.fields.iter().find(|field| field.name == name));
        field.and_then(|field| title::headline(&field.value)).unwrap_or_else(|| text::UNTITLED.to_owned())
    }

    fn spec(&self, name: &str) -> Option<&FieldSpec> {
        self.sheet.playbook.fields.iter().find(|spec| spec.name == name)
    }

    /// The whole of it.
    #[must_use]
    pub fn markup(&self) -> Markup {
        let shown = &self.sheet.shown;
        html! {
            article.case data-case=(shown.case) data-shown=(shown.shown) data-phase=(shown.phase)
                data-expires=(self.sheet.expires_at / 1_000) data-now=(self.now / 1_000) {
                (self.head())
                div.sheet.fields { (self.fields()) }
                div.side {
                    (self.question())
                    (self.around())
                    (self.remarks().thread())
                }
            }
        }
    }

    fn evidence(&self) -> Vec<EvidenceInput> {
        self.sheet.shown.proposals.iter().flat_map(|p| p.evidence.iter().cloned()).collect()
    }

    /// The headline; where it is a whole field, it is that field, with the words that proposers point to.
    fn heading(&self) -> Markup {
        let name = title::title_of(&self.sheet.playbook);
        let whole = self.sheet.shown.fields.iter().find(|field| Some(field.name.as_str()) == name && is_headline(field));
        let Some((field, words)) = whole.and_then(|field| Some((field, field.value.as_str()?))) else {
            return html! { h1 { (self.title()) } };
        };
        let evidence = self.evidence();
        let context = field::Context { evidence: &evidence, now: self.now, remarks: None };
        html! { h1 #{ "field-" (field.name) } tabindex="-1" { (field::text::in_line(words, &field.name, &context)) } }
    }

    fn head(&self) -> Markup {
        let sheet = self.sheet;
        html! {
            header.case-head {
                p.crumbs {
                    a href={ "/desk?in=" (sheet.playbook.name) } { (sheet.playbook.name) }
                    span title=(text::moment(sheet.opened_at)) { (text::OPENED) " " (text::distance(sheet.opened_at, self.now)) }
                    @if let Some(deadline) = sheet.deadline_at {
                        (super::due(deadline, self.now, Due::at(self.now, sheet.opened_at, Some(deadline)), true))
                    }
                    (for_you::whose(&self.sheet.around, self.people, self.visitor.person.0))
                    a href={ (super::url(sheet.shown.case)) "/history" } { (text::HISTORY) }
                }
                (self.heading())
            }
        }
    }

    fn remarks(&self) -> Remarks<'_> {
        let shown = &self.sheet.shown;
        Remarks { comments: &shown.comments, people: self.people, to: None, content: &shown.content, now: self.now }
    }

    fn fields(&self) -> Markup {
        let evidence = self.evidence();
        let (to, hidden) = (format!("{}/comment", super::url(self.sheet.shown.case)), self.hidden());
        let remarks = Remarks { to: Some((&to, &hidden)), ..self.remarks() };
        let context = field::Context { evidence: &evidence, now: self.now, remarks: Some(remarks) };
        let title = title::title_of(&self.sheet.playbook);
        html! {
            (field::image::compare(self.sheet.shown.fields.iter(), &context))
            @for view in &self.sheet.shown.fields {
                @if let Some(spec) = self.spec(&view.name) {
                    (field_section(view, spec, &context, title == Some(view.name.as_str())))
                }
            }
        }
    }

    /// The question, the advice and the controls: one form.
    fn question(&self) -> Markup {
        let (sheet, shown) = (self.sheet, &self.sheet.shown);
        // Whoever sees the advice after their own answer keeps it or changes it: it is chosen already.
        let first = sheet.first.as_ref().and_then(Value::as_str).filter(|_| shown.phase == "final");
        let first = first.map(|first| Form::of([(answer::NAME, first)]));
        html! {
            form.sheet.answer #answer method="post" action={ (super::url(shown.case)) "/judge" } data-draft={ (shown.case) "/" (shown.phase) } {
                (token(self.visitor))
                input type="hidden" name="token" value=(shown.token);
                input type="hidden" name="shown" value=(shown.shown);
                input type="hidden" name="phase" value=(shown.phase);
                input type="hidden" name="seconds" value="";
                @if let Some(scope) = self.scope { input type="hidden" name="in" value=(scope); }
                // Enter in a text presses the first button of its form, and that must never be the one that accepts.
                button.unseen type="submit" tabindex="-1" aria-hidden="true" { (text::DECIDE) }
                h2.question { (shown.question) }
                (self.stage())
                @if shown.advice_visible {
                    (proposal::list(&sheet.playbook, &shown.proposals, Some(shown.case)))
                    @if let Some(kind) = &shown.kind { p.quiet.kind { (text::track::tends(kind)) } }
                    @if let Some(differs) = &shown.disagreement { p.disagreement { (text::people::disagreement(differs)) } }
                    (precedent::list(&sheet.playbook, &shown.precedents, self.now))
                }
                @if !shown.judgments.is_empty() {
                    section.others aria-label=(text::ANSWERS_OF_OTHERS) {
                        h3 { (text::ANSWERS_OF_OTHERS) }
                        ul { @for judgment in &shown.judgments { li {
                            span.people { (text::SOMEBODY) } " " (answer::show(&sheet.playbook.answer, &judgment.answer))
                            @if let Some(reason) = &judgment.reason { p.why { (reason) } }
                        } } }
                    }
                }
                (answer::control(&sheet.playbook.answer, shown, self.draft.or(first.as_ref())))
                div.beside {
                    label {
                        span { (text::REASON) " " em { (text::OPTIONAL) } }
                        input type="text" name="reason" maxlength="2000" value=[self.draft.and_then(|d| d.get("reason"))];
                    }
                    label { span { (text::CONFIDENCE) } select name="confidence" {
                        option value="" { (text::CONFIDENCE_UNSAID) }
                        @for (value, word) in CONFIDENCES {
                            option value=(value) selected[self.draft.and_then(|d| d.get("confidence")) == Some(*value)] { (word) }
                        }
                    } }
                }
                p.actions {
                    button.primary type="submit" data-decide { (if shown.phase == "first" { text::ANSWER_FIRST } else { text::DECIDE }) " " kbd { "↵" } }
                    span.lease data-lease { (text::HELD_UNTIL) " " time datetime=(shown.expires) { (text::clock(sheet.expires_at)) } }
                }
            }
        }
    }

    /// What is special about this answer.
    fn stage(&self) -> Markup {
        let shown = &self.sheet.shown;
        html! {
            @match shown.phase.as_str() {
                "first" => { p.stage.people { strong { (text::PEOPLE_FIRST) } " " (text::PEOPLE_FIRST_LEAD) } }
                "final" => {
                    div.stage.ai {
                        strong { (text::REVEAL) } " "
                        @if let Some(first) = &self.sheet.first { (text::REVEAL_LEAD) " " (answer::show(&self.sheet.playbook.answer, first)) ". " }
                        (text::REVEAL_DECIDE)
                        @if shown.proposals.is_empty() { (self.silence()) }
                    }
                }
                "adjudication" => { p.stage.pair { strong { (text::ADJUDICATION) } " " (text::ADJUDICATION_LEAD) } }
                "appeal" => { p.stage.danger { strong { (text::APPEAL) } " " (text::APPEAL_LEAD) } }
                _ if !shown.advice_visible && !self.sheet.may_ask => {
                    div.stage.people { p { (text::UNAIDED_LEAD) } @if !self.sheet.missed.is_empty() { (self.silence()) } }
                }
                _ if !shown.advice_visible => { div.stage.quiet { (self.silence()) } }
                _ => {}
            }
        }
    }

    /// Why there is no advice: it is on its way, it did not come, or nobody was asked for any.
    fn silence(&self) -> Markup {
        let (missed, several) = (&self.sheet.missed, self.sheet.playbook.proposers.len() > 1);
        html! {
            @for miss in missed {
                p { (text::asking::NO_ADVICE) " " (miss.why) @if several { " " span.ai { (miss.proposer) } } }
            }
            @if self.sheet.awaited { p { (text::asking::AWAITED) } }
            @else if missed.is_empty() { p { (text::NO_ADVICE) } }
        }
    }

    /// What can be done beside answering, each a small form of its own.
    fn around(&self) -> Markup {
        let url = super::url(self.sheet.shown.case);
        let roles = &self.sheet.playbook.decide.roles;
        html! {
            @if self.sheet.newer {
                form.note.ai method="post" action={ (url) "/show" } { (self.hidden()) (text::NEWER) " " button type="submit" { (text::SHOW_NEWER) } }
            }
            @if !self.sheet.asks.is_empty() { (self.asks()) }
            div.around {
                @if self.sheet.may_ask {
                    details #ask { summary { (text::ASK) kbd { "i" } }
                        form method="post" action={ (url) "/ask" } { (self.hidden())
                            @if let Some(about) = self.sheet.shown.proposals.first() { input type="hidden" name="about" value=(about.id); }
                            label { span { (text::ASK_LABEL) } textarea name="instruction" rows="2" required placeholder=(text::ASK_HINT) {} }
                            button type="submit" { (text::ASK_SEND) }
                        }
                    }
                }
                details #skip { summary { (text::SKIP) kbd { "s" } }
                    form method="post" action={ (url) "/skip" } { (self.hidden())
                        label { span { (text::SKIP_LABEL) } input type="text" name="reason" required placeholder=(text::SKIP_HINT); }
                        button type="submit" { (text::SKIP) }
                    }
                }
                details #snooze { summary { (text::SNOOZE) kbd { "z" } }
                    form method="post" action={ (url) "/snooze" } { (self.hidden())
                        label { span { (text::SNOOZE_LABEL) } select name="until" { @for (value, word) in text::SNOOZE_CHOICES { option value=(value) { (word) } } } }
                        button type="submit" { (text::SNOOZE) }
                    }
                }
                @if !roles.is_empty() && self.sheet.shown.phase != "appeal" {
                    details #escalate { summary { (text::ESCALATE) }
                        form method="post" action={ (url) "/escalate" } { (self.hidden())
                            label { span { (text::ESCALATE_LABEL) } select name="role" { @for role in roles { option value=(role) { (role) } } } }
                            label { span { (text::REASON) } input type="text" name="reason" required; }
                            button type="submit" { (text::ESCALATE) }
                        }
                    }
                }
                (for_you::hand_over(self.sheet.shown.case, &self.sheet.around, self.people, self.visitor.person.0, &html! {
                    (self.hidden()) input type="hidden" name="answering" value="yes";
                }))
                details #comment { summary { (text::COMMENT) }
                    form method="post" action={ (url) "/comment" } { (self.hidden())
                        label { span { (text::COMMENT_LABEL) } textarea name="text" rows="2" required {} }
                        small.quiet { (text::for_you::MENTION_HINT) }
                        button type="submit" { (text::COMMENT) }
                    }
                }
                form.plain method="post" action={ (url) "/release" } { (self.hidden()) button.quiet type="submit" { (text::RELEASE) } }
            }
        }
    }

    fn asks(&self) -> Markup {
        html! {
            ul.asks {
                @for ask in &self.sheet.asks {
                    li data-open[!ask.answered && ask.missed.is_none()] {
                        span.people { (text::ASKED) } " "
                        q { (ask.instruction.as_deref().unwrap_or_default()) } " "
                        @match ask.missed {
                            _ if ask.answered => span.quiet { (text::ASK_ANSWERED) },
                            Some(why) => span.quiet { (text::asking::NO_ADVICE) " " (why) },
                            None => span.quiet { (text::ASK_OPEN) },
                        }
                    }
                }
            }
        }
    }

    fn hidden(&self) -> Markup {
        html! {
            (token(self.visitor))
            @if let Some(scope) = self.scope { input type="hidden" name="in" value=(scope); }
        }
    }
}

/// Whether the value of the field with the headline is all in that headline.
fn is_headline(view: &FieldView) -> bool {
    view.value.as_str().is_some_and(|text| title::headline(&view.value).as_deref() == Some(text.trim()))
}

/// One field with its name; a headline is drawn as one and not twice.
#[must_use]
pub fn field_section(view: &FieldView, spec: &FieldSpec, context: &field::Context<'_>, is_title: bool) -> Markup {
    html! {
        @if !(is_title && is_headline(view)) {
            section.field.short[field::is_short(view, spec)] #{ "field-" (view.name) } tabindex="-1" data-kind=(view.kind) {
                h2 { (view.name) }
                (field::render(view, spec, context))
            }
        }
    }
}
