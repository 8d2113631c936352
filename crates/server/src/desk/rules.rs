//! Who may do what at the desk: a table for a playbook or for the whole workspace, with the rule behind each answer; the rules as text, with
//! a form to draft others; and the page of a draft: what it changes, what it would have come to, and what a person may do with it. Decides
//! nothing.

use super::{
    draft,
    page::{Page, Tab, token},
    passkey::Confirmed,
    text::{self, rules as words},
    visitor::{Posted, Visitor},
};
use crate::{
    extract::{Path, Query},
    problem::Problem,
};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::{
    Error,
    rules::{EffectsView, MatrixView, MayView, ReplayedView, RulesAct, RulesDraftView, RulesInput, RulesView},
};
use countersign_core::{id::EventId, refusal::Code};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

/// Where the page is.
pub const URL: &str = "/desk/rules";

/// Of which playbook.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Of {
    #[serde(default)]
    playbook: Option<String>,
}

/// What somebody wrote that could not be kept, and why.
struct Unkept {
    input: RulesInput,
    problems: String,
}

/// Who may do what, the rules, and their drafts.
pub async fn page(visitor: Visitor, Query(of): Query<Of>) -> Result<Response, Problem> {
    Ok(Page { title: words::TITLE, tab: Tab::Playbooks, visitor: Some(&visitor), main: main(&visitor, of.playbook, None).await? }
        .into_response())
}

async fn main(visitor: &Visitor, playbook: Option<String>, unkept: Option<Unkept>) -> Result<Markup, Problem> {
    let workspace = &visitor.workspace;
    let playbooks = workspace.playbooks_list().await?;
    let chosen = playbook.as_deref().or_else(|| playbooks.first().map(|one| one.name.as_str())).filter(|name| !name.is_empty());
    let matrix = workspace.rules_matrix(chosen).await?;
    let rules = workspace.rules_get().await?;
    let drafts = workspace.rules_drafts_list().await?;
    let leads = workspace.leads(visitor.person).await?;
    Ok(html! {
        div.stack {
            header.case-head {
                p.crumbs { a href="/desk/playbooks" { (text::TAB_PLAYBOOKS) } }
                h1 { (words::TITLE) }
                p.quiet { (words::LEAD) }
            }
            @if let Some(unkept) = &unkept {
                section.sheet.automation role="alert" {
                    h2 { (words::PROBLEMS) }
                    ul { @for line in unkept.problems.lines() { li { (line) } } }
                }
            }
            section.sheet.measured {
                h2 { (words::WHO) }
                p.crumbs {
                    @for one in &playbooks {
                        a href={ (URL) "?playbook=" (one.name) } aria-current=[(chosen == Some(one.name.as_str())).then_some("page")] { (one.name) }
                    }
                    a href={ (URL) "?playbook=" } aria-current=[chosen.is_none().then_some("page")] { (words::WORKSPACE) }
                }
                (table(&matrix))
                (masks(&matrix))
            }
            section.sheet {
                h2 { (words::RULES) }
                p.quiet { (words::version(&rules)) }
                (list(&rules))
                @if !rules.rules.is_empty() { details { summary { (words::AS_TEXT) } pre.source tabindex="0" role="group" aria-label=(words::AS_TEXT) { code { (rules.rules) } } } }
                @if !rules.expectations.is_empty() { details { summary { (words::EXPECTED) } pre.source tabindex="0" role="group" aria-label=(words::EXPECTED) { code { (rules.expectations) } } } }
                @if leads && rules.draft.is_some() {
                    form.inline method="post" action={ (URL) "/roll-back" } {
                        (token(visitor))
                        label { span { (text::REASON) } input type="text" name="reason" required maxlength="2000" placeholder=(words::BACK_HINT); }
                        button type="submit" { (words::BACK) }
                    }
                }
            }
            section.sheet {
                h2 { (words::DRAFTS) }
                @if drafts.is_empty() { p.void { (words::NONE) } }
                @for draft in &drafts {
                    p { a href=(url(draft.draft)) { (draft.reason) } " · " (words::state(draft)) " · " (text::moment_of(&draft.drafted)) " " (words::BY) " " (draft.person.as_deref().unwrap_or(text::NAMELESS)) }
                }
            }
            @if leads { (write_form(visitor, &rules, unkept.as_ref())) } @else { p.quiet { (words::NOT_A_LEAD) } }
        }
    })
}

fn write_form(visitor: &Visitor, rules: &RulesView, unkept: Option<&Unkept>) -> Markup {
    let (text, expected, reason) = match unkept {
        Some(Unkept { input, .. }) => (&input.rules, &input.expectations, input.reason.as_str()),
        None => (&rules.rules, &rules.expectations, ""),
    };
    html! {
        section.sheet.automation #write {
            h2 { (words::WRITE) }
            form.form method="post" action=(URL) {
                (token(visitor))
                label.field { span { (words::TEXT) } textarea.code name="rules" rows="14" spellcheck="false" { (text) } }
                label.field { span { (words::EXPECTATIONS) } textarea.code name="expectations" rows="8" spellcheck="false" { (expected) } }
                label.field { span { (words::FOR_WHAT) } input type="text" name="reason" required maxlength="2000" value=(reason); }
                p.actions { button.primary type="submit" { (words::SAVE) } }
            }
        }
    }
}

/// Keeps a draft; what cannot be kept is given back with what is wrong with it.
pub async fn write(posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let filled = |name: &str| posted.form.get(name).unwrap_or_default().replace("\r\n", "\n");
    let input = RulesInput {
        rules: filled("rules"),
        expectations: filled("expectations"),
        reason: filled("reason"),
        person: Some(visitor.person.0),
    };
    match visitor.workspace.rules_draft(&visitor.caller(), input.clone()).await {
        Ok(draft) => Ok(Redirect::to(&url(draft.draft)).into_response()),
        Err(Error::Refused(refusal)) if refusal.code == Code::Invalid => {
            let problems = refusal.detail;
            let main = main(visitor, None, Some(Unkept { input, problems })).await?;
            Ok(Page { title: words::TITLE, tab: Tab::Playbooks, visitor: Some(visitor), main }.into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// Holds a draft against the last month.
pub async fn replay(Path(id): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.rules_replay(&visitor.caller(), EventId(id)).await?;
    Ok(Redirect::to(&url(id)).into_response())
}

/// Approves a draft.
pub async fn approve(Path(id): Path<Uuid>, Confirmed(posted): Confirmed) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.rules_approve(&visitor.caller(), EventId(id), act(&posted)).await?;
    Ok(Redirect::to(&url(id)).into_response())
}

/// Takes a draft back, or turns it down.
pub async fn withdraw(Path(id): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.rules_withdraw(&visitor.caller(), EventId(id), act(&posted)).await?;
    Ok(Redirect::to(&url(id)).into_response())
}

/// Goes one step back.
pub async fn roll_back(Confirmed(posted): Confirmed) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let undone = visitor.workspace.rules_roll_back(&visitor.caller(), act(&posted)).await?;
    Ok(Redirect::to(&url(undone.draft)).into_response())
}

fn act(posted: &Posted) -> RulesAct {
    RulesAct { person: Some(posted.visitor.person.0), reason: posted.form.filled("reason").unwrap_or_default().to_owned() }
}

/// The page of a draft.
pub async fn one(visitor: Visitor, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let view = visitor.workspace.rules_draft_get(EventId(id)).await?;
    let leads = visitor.workspace.leads(visitor.person).await?;
    let main = html! {
        div.narrow.stack {
            header.case-head {
                p.crumbs { a href="/desk/playbooks" { (text::TAB_PLAYBOOKS) } a href=(URL) { (words::TITLE) } }
                h1 { (view.reason) }
                p.quiet { (words::DRAFT) " " (text::moment_of(&view.drafted)) " " (words::BY) " " (view.person.as_deref().unwrap_or(text::NAMELESS)) }
            }
            section.sheet.automation {
                p.standing data-standing=(if view.in_force { "runs" } else { "none" }) { (words::state(&view)) }
                @if let Some(reason) = &view.ended { p { (reason) } }
                @if leads { (actions(&visitor, &view)) }
            }
            @if view.state == "open" { section.sheet {
                h2 { (words::EFFECTS) }
                (effects(&view.effects))
            } }
            section.sheet.measured {
                h2 { (words::REPLAY) }
                @match &view.replayed {
                    None => p.void { (words::NOT_REPLAYED) },
                    Some(replayed) => (replay_told(replayed)),
                }
            }
            section.sheet {
                h2 { (words::CHANGES) }
                (draft::changes(&view.today, &view.rules, words::CHANGES))
                @if !view.expectations.is_empty() { details { summary { (words::EXPECTED) } pre.source tabindex="0" role="group" aria-label=(words::EXPECTED) { code { (view.expectations) } } } }
            }
        }
    };
    Ok(Page { title: words::DRAFT, tab: Tab::Playbooks, visitor: Some(&visitor), main }.into_response())
}

fn url(id: Uuid) -> String {
    format!("/desk/rules-drafts/{id}")
}

fn actions(visitor: &Visitor, view: &RulesDraftView) -> Markup {
    let own = view.person_id == visitor.person.0;
    let draft = draft::Draft {
        url: &url(view.draft),
        open: view.state == "open",
        stale: view.stale,
        own,
        tried: view.replayed.is_some(),
        tries: "replay",
    };
    let said = draft::Words {
        stale: words::STALE_LEAD,
        tries: [words::ASK, words::AGAIN],
        approve: words::APPROVE,
        own: words::OWN,
        withdraw_hint: words::WITHDRAW_HINT,
        withdraw: if own { words::WITHDRAW } else { words::REJECT },
    };
    draft::actions(visitor, &draft, &said)
}

fn table(matrix: &MatrixView) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(words::WHO) {
            table.data {
                thead { tr { th { (words::WHOM) } @for action in &matrix.actions { th { (words::action(action)) } } th { (words::WHY) } } }
                tbody { @for row in &matrix.rows { tr {
                    th scope="row" { (row.who) @if !row.roles.is_empty() { br; span.of { (row.roles.join(", ")) } } }
                    @for may in &row.may { td data-may=(if may.allowed { "yes" } else { "no" }) { (word(may)) } }
                    td { details { summary { (words::BY_WHICH) } ul { @for may in &row.may { li { b { (words::action(&may.action)) } ": " (word(may)) ". " (may.because) } } } } }
                } } }
            }
        }
        p.quiet { (words::TABLE_LEAD) }
    }
}

/// Which fields not everybody sees whole.
fn masks(matrix: &MatrixView) -> Markup {
    html! {
        @if !matrix.masks.is_empty() {
            h3 { (words::MASKS) }
            div.wide tabindex="0" role="region" aria-label=(words::MASKS) {
                table.data {
                    thead { tr { th { (words::FIELD) } th { (words::VISIBLE_TO) } th { (words::WHOLE) } th { (words::MASKED_FOR) } } }
                    tbody { @for mask in &matrix.masks { tr data-mask=(mask.field) {
                        th scope="row" { (mask.field) }
                        td { (mask.visible_to.join(", ")) }
                        td { @if mask.whole.is_empty() { (words::NOBODY) } @else { (mask.whole.join(", ")) } }
                        td { @if mask.masked.is_empty() { (words::NOBODY) } @else { (mask.masked.join(", ")) } }
                    } } }
                }
            }
            p.quiet { (words::MASKS_LEAD) }
        }
    }
}

fn word(may: &MayView) -> &'static str {
    match (may.allowed, may.depends) {
        (false, _) => words::NO,
        (true, true) => words::DEPENDS,
        (true, false) => words::YES,
    }
}

fn list(rules: &RulesView) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(words::RULES) {
            table.data {
                thead { tr { th { (words::RULE) } th { (words::SAYS) } th { (words::KIND) } } }
                tbody { @for rule in &rules.all { tr { th scope="row" { code { (rule.id) } } td { (rule.says) } td { (words::kind(&rule.kind)) } } } }
            }
        }
    }
}

fn effects(view: &EffectsView) -> Markup {
    html! {
        @if view.rules.is_empty() && view.people.is_empty() { p.void { (words::NO_EFFECT) } }
        @if !view.rules.is_empty() {
            ul { @for rule in &view.rules { li { b { (words::change(&rule.change)) } " " code { (rule.id) } ": " (rule.says) } } }
        }
        @if !view.people.is_empty() {
            ul.effects { @for effect in &view.people { li data-may=(if effect.allowed { "yes" } else { "no" }) {
                (words::effect(effect)) " " span.quiet { (effect.because) }
            } } }
        }
        p.quiet { (words::EFFECTS_LEAD) }
    }
}

fn replay_told(replayed: &ReplayedView) -> Markup {
    html! {
        p { b { (words::replayed(replayed)) } }
        @if !replayed.examples.is_empty() {
            div.wide tabindex="0" role="region" aria-label=(words::REPLAY) {
                table.data {
                    thead { tr { th { (words::WHOM) } th { (words::WHAT) } th { (words::WOULD) } th { (words::RULE) } th { (words::WHERE) } } }
                    tbody { @for one in &replayed.examples { tr {
                        td { (one.person.as_deref().unwrap_or(words::PROGRAM)) }
                        td { (words::action(&one.action)) }
                        td { (if one.allowed { words::ALLOWED } else { words::REFUSED }) }
                        td { code { (one.rule.as_deref().unwrap_or(words::NO_RULE)) } }
                        td { @if let Some(case) = one.case { a href={ "/desk/cases/" (case) } { (words::CASE) } } }
                    } } }
                }
            }
        }
        p.quiet { (words::REPLAY_LEAD) }
    }
}
