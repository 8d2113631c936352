//! Changing a routing at the desk: today's text with a form to draft another one, and the page of a draft: both side by side, what it would
//! have done on past cases, and what a person may do with it. Computes nothing.

use super::{
    draft,
    page::{Page, Tab, token},
    passkey::Confirmed,
    text::{self, routing as words},
    visitor::{Posted, Visitor},
};
use crate::{extract::Path, problem::Problem};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::routing::{DraftAct, DraftInput, DraftView, PolicyView, RehearseInput, RehearsedView};
use countersign_core::id::EventId;
use countersign_report::{
    chart::{Axis, Forest, Group, Interval, Row, Tone, responsive},
    format::Unit,
};
use maud::{Markup, html};
use uuid::Uuid;

/// Today's routing and its drafts.
pub async fn list(visitor: Visitor, Path(name): Path<String>) -> Result<Response, Problem> {
    let today = visitor.workspace.routing_today(&name).await?;
    let drafts = visitor.workspace.routings_list(&name).await?;
    let main = html! {
        div.narrow.stack {
            header.case-head {
                p.crumbs { a href="/desk/playbooks" { (text::TAB_PLAYBOOKS) } a href={ "/desk/playbooks/" (name) } { (name) } }
                h1 { (words::TITLE) }
                p.quiet { (words::LEAD) }
            }
            section.sheet {
                h2 { (words::TODAY) }
                pre.source tabindex="0" aria-label=(words::TODAY) role="group" { code { (if today.is_empty() { words::NO_ROUTING } else { &today }) } }
            }
            @if drafts.is_empty() { div.empty { h2 { (words::NONE) } p { (words::NONE_LEAD) } } }
            @for draft in &drafts {
                section.sheet {
                    h2.question { a href=(url(draft.draft)) { (draft.reason) } }
                    p.quiet { (words::state(draft)) " · " (text::moment_of(&draft.drafted)) " " (words::BY) " " (draft.person.as_deref().unwrap_or(text::NAMELESS)) }
                }
            }
            section.sheet.automation {
                h2 { (words::WRITE) }
                form.form method="post" action=(list_url(&name)) {
                    (token(&visitor))
                    label.field { span { (words::TEXT) } textarea.code name="routing" rows="12" required spellcheck="false" { (today) } }
                    label.field { span { (words::FOR_WHAT) } input type="text" name="reason" required maxlength="2000"; }
                    p.actions { button.primary type="submit" { (words::SAVE) } }
                }
            }
        }
    };
    Ok(Page { title: words::TITLE, tab: Tab::Playbooks, visitor: Some(&visitor), main }.into_response())
}

/// Keeps a draft.
pub async fn write(Path(name): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let filled = |name: &str| posted.form.filled(name).unwrap_or_default().to_owned();
    let input = DraftInput { routing: filled("routing"), reason: filled("reason"), person: Some(visitor.person.0) };
    let draft = visitor.workspace.routing_draft(&visitor.caller(), &name, input).await?;
    Ok(Redirect::to(&url(draft.draft)).into_response())
}

/// Rehearses a draft.
pub async fn rehearse(Path(id): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.routing_rehearse(&visitor.caller(), EventId(id), RehearseInput::default()).await?;
    Ok(Redirect::to(&url(id)).into_response())
}

/// Approves a draft.
pub async fn approve(Path(id): Path<Uuid>, Confirmed(posted): Confirmed) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.routing_approve(&visitor.caller(), EventId(id), act(&posted)).await?;
    Ok(Redirect::to(&url(id)).into_response())
}

/// Takes a draft back.
pub async fn withdraw(Path(id): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.routing_withdraw(&visitor.caller(), EventId(id), act(&posted)).await?;
    Ok(Redirect::to(&url(id)).into_response())
}

/// Goes one step back.
pub async fn roll_back(Path(name): Path<String>, Confirmed(posted): Confirmed) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let undone = visitor.workspace.routing_roll_back(&visitor.caller(), &name, act(&posted)).await?;
    Ok(Redirect::to(&url(undone.draft)).into_response())
}

fn act(posted: &Posted) -> DraftAct {
    DraftAct { person: Some(posted.visitor.person.0), reason: posted.form.filled("reason").unwrap_or_default().to_owned() }
}

/// The page of a draft.
pub async fn one(visitor: Visitor, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let view = visitor.workspace.routing_get(EventId(id)).await?;
    let main = html! {
        div.narrow.stack {
            header.case-head {
                p.crumbs {
                    a href="/desk/playbooks" { (text::TAB_PLAYBOOKS) }
                    a href={ "/desk/playbooks/" (view.playbook) } { (view.playbook) }
                    a href=(list_url(&view.playbook)) { (words::TITLE) }
                }
                h1 { (view.reason) }
                p.quiet { (words::DRAFT) " " (text::moment_of(&view.drafted)) " " (words::BY) " " (view.person.as_deref().unwrap_or(text::NAMELESS)) }
            }
            section.sheet.automation {
                p.standing data-standing=(if view.in_force { "runs" } else { "none" }) { (words::state(&view)) }
                (actions(&visitor, &view))
            }
            section.sheet {
                h2 { (words::CHANGES) }
                (draft::changes(&view.today, &view.routing, words::CHANGES))
            }
            section.sheet.measured {
                h2 { (words::REHEARSAL) }
                @match &view.rehearsed {
                    None => p.void { (words::NOT_REHEARSED) },
                    Some(rehearsed) => (rehearsal(rehearsed)),
                }
            }
        }
    };
    Ok(Page { title: words::DRAFT, tab: Tab::Playbooks, visitor: Some(&visitor), main }.into_response())
}

/// The address of a draft.
#[must_use]
pub fn url(id: Uuid) -> String {
    format!("/desk/routing-drafts/{id}")
}

/// The address of a playbook's routing.
#[must_use]
pub fn list_url(playbook: &str) -> String {
    format!("/desk/playbooks/{playbook}/routing")
}

fn actions(visitor: &Visitor, view: &DraftView) -> Markup {
    let draft = draft::Draft {
        url: &url(view.draft),
        open: view.state == "open",
        stale: view.stale,
        own: view.person_id == visitor.person.0,
        tried: view.rehearsed.is_some(),
        tries: "rehearse",
    };
    let said = draft::Words {
        stale: words::STALE_LEAD,
        tries: [words::REHEARSE, words::AGAIN],
        approve: words::APPROVE,
        own: words::OWN,
        withdraw_hint: words::WITHDRAW_HINT,
        withdraw: words::WITHDRAW,
    };
    html! {
        (draft::actions(visitor, &draft, &said))
        @if !draft.open && view.in_force {
            form.inline method="post" action={ (list_url(&view.playbook)) "/roll-back" } {
                (token(visitor))
                label { span { (text::REASON) } input type="text" name="reason" required maxlength="2000" placeholder=(words::BACK_HINT); }
                button type="submit" { (words::BACK) }
            }
            p.quiet { (words::BACK_LEAD) }
        }
    }
}

fn rehearsal(rehearsed: &RehearsedView) -> Markup {
    let mut policies = vec![(words::TODAY, &rehearsed.today), (words::FIRST_DAY, &rehearsed.draft)];
    policies.extend(rehearsed.certified.as_ref().map(|figures| (words::CERTIFIED, figures)));
    let mut routes: Vec<&str> = Vec::new();
    for share in policies.iter().flat_map(|(_, policy)| &policy.routes) {
        if !routes.contains(&share.route.as_str()) {
            routes.push(&share.route);
        }
    }
    let of = |policy: &PolicyView, route: &str| policy.routes.iter().find(|share| share.route == route).map_or(0.0, |share| share.share);
    html! {
        p { (words::moved(rehearsed, &text::moment_of(&rehearsed.at))) }
        div.wide tabindex="0" role="region" aria-label=(words::SHARES) {
            table.data {
                thead { tr { th { (words::ROUTE) } @for (name, _) in &policies { th.number { (name) } } } }
                tbody {
                    @for route in &routes { tr {
                        th scope="row" { (text::route(route)) }
                        @for (_, policy) in &policies { td.number { (words::share(of(policy, route))) } }
                    } }
                    tr {
                        th scope="row" { (words::ERRORS) }
                        @for (_, policy) in &policies { td.number { (super::track::told(policy.error.as_ref())) } }
                    }
                    tr {
                        th scope="row" { (words::COST) }
                        @for (_, policy) in &policies { td.number {
                            @match &policy.cost {
                                Some(figure) => { (words::cost(figure)) span.of { (text::track::of(figure.n)) } },
                                None => span.void { (text::pair::NOT_YET) },
                            }
                        } }
                    }
                    @if policies.iter().any(|(_, policy)| policy.unmeasured > 0) { tr {
                        th scope="row" { (words::UNMEASURED) }
                        @for (_, policy) in &policies { td.number { (text::thousands(policy.unmeasured)) } }
                    } }
                }
            }
        }
        @if policies.iter().any(|(_, policy)| policy.error.is_some()) { (responsive(&errors(&policies))) }
        p.quiet { (if of(&rehearsed.today, "automate") > 0.0 { words::HOW } else { words::HOW_PLAIN }) }
    }
}

fn errors(policies: &[(&str, &PolicyView)]) -> Forest {
    let rows = policies.iter().map(|(name, policy)| match &policy.error {
        Some(f) => Row::new(*name, Tone::Pair, Interval::new(f.value, f.low, f.high), text::track::of(f.n)),
        None => Row::missing(*name, Tone::Pair, ""),
    });
    let groups = vec![Group { rows: rows.collect(), ..Group::default() }];
    Forest { title: words::ERRORS.into(), axis: Axis::new(words::ERRORS, Unit::Share), groups, references: Vec::new() }
}
