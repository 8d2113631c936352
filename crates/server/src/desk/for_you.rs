//! What is for one person, and whose a case is: the page, the line at the queue, what stands about it on a case's page, and handing a
//! case over. Computes nothing, and repeats no word of a remark outside its case.

use super::{
    case,
    judge::go_on,
    page::{Page, Tab, token},
    text::{self, for_you as words},
    visitor::{Posted, Visitor},
};
use crate::{extract::Path, problem::Problem};
use axum::{
    http::HeaderMap,
    response::{IntoResponse, Redirect, Response},
};
use countersign_app::{
    Options,
    input::AssignInput,
    letter::LettersView,
    queue::QueueItem,
    team::{Around, Mention},
};
use countersign_core::{id::CaseId, number::Micros, refusal::Code};
use maud::{Markup, html};
use std::collections::HashMap;
use uuid::Uuid;

/// Where the page is.
pub const URL: &str = "/desk/for-you";

/// The page.
pub async fn page(visitor: Visitor) -> Result<Response, Problem> {
    let view = visitor.workspace.for_you(visitor.person).await?;
    let names = visitor.workspace.people_names().await?;
    let letters = if visitor.server.config.letters { Some(visitor.workspace.letters_of(visitor.person).await?) } else { None };
    let now = visitor.server.app.env().now();
    let main = html! {
        div.narrow.stack {
            header.case-head { h1 { (words::TITLE) } p.quiet { (words::LEAD) } }
            @if view.assigned.is_empty() && view.mentions.is_empty() { div.empty { h2 { (words::NONE) } p { (words::NONE_LEAD) } } }
            @if !view.assigned.is_empty() {
                section.sheet aria-label=(words::ASSIGNED) { h2 { (words::ASSIGNED) } (assigned(&view.assigned, now)) }
            }
            @if !view.mentions.is_empty() {
                section.sheet aria-label=(words::MENTIONS) {
                    h2 { (words::MENTIONS) }
                    ul.mentions { @for one in &view.mentions { (mention(one, &names, now)) } }
                    @if view.mentions.iter().any(|one| !one.seen) {
                        form.actions method="post" action={ (URL) "/seen" } { (token(&visitor)) button type="submit" { (words::SEEN) } }
                    }
                }
            }
            @if let Some(letters) = &letters { (by_letter(&visitor, letters)) }
        }
    };
    Ok(Page { title: words::TITLE, tab: Tab::Queue, visitor: Some(&visitor), main }.into_response())
}

/// Whether they are told by e-mail as well.
fn by_letter(visitor: &Visitor, view: &LettersView) -> Markup {
    html! {
        section.sheet.letters {
            h2 { (words::LETTERS) }
            @match &view.mail {
                None => p.quiet { (words::LETTERS_NO_ADDRESS) },
                Some(mail) => {
                    p { @if view.wanted { (words::LETTERS_TO) " " strong { (mail) } ". " (words::LETTERS_LEAD) } @else { (words::LETTERS_OFF) } }
                    @if let Some(why) = view.failed.as_ref().filter(|_| view.wanted) { p.note.warns { (words::LETTERS_FAILED) " " (why) } }
                    form.actions method="post" action={ (URL) "/letters" } { (token(visitor))
                        input type="hidden" name="wanted" value=(if view.wanted { "no" } else { "yes" });
                        button type="submit" { (if view.wanted { words::LETTERS_STOP } else { words::LETTERS_START }) }
                    }
                }
            }
        }
    }
}

/// Whether this person wants letters from now on.
pub async fn letters(posted: Posted) -> Result<Response, Problem> {
    let wanted = posted.form.get("wanted") == Some("yes");
    posted.visitor.workspace.letters_want(posted.visitor.person, wanted).await?;
    Ok(Redirect::to(URL).into_response())
}

fn assigned(items: &[QueueItem], now: Micros) -> Markup {
    html! {
        table.cases {
            thead { tr { th scope="col" { (text::CASE) } th scope="col" { (text::PLAYBOOK) } th.time scope="col" { (text::EVENT_OPENED) } th.time scope="col" { (words::DUE) } } }
            tbody { @for item in items { tr data-row {
                td { a.row href=(case::url(item.case)) { (item.title.as_deref().unwrap_or(text::UNTITLED)) } }
                td.quiet { (item.playbook) }
                td.time { span title=(text::moment(item.at)) { (text::distance(item.at, now)) } }
                td.time { @if let Some(until) = item.until { (case::due(until, now, item.due, false)) } }
            } } }
        }
    }
}

fn mention(one: &Mention, names: &HashMap<Uuid, String>, now: Micros) -> Markup {
    html! {
        li {
            span.people { (name(names, one.by)) } " " (words::MENTIONED_ON) " "
            a href={ (case::url(one.case)) "/history#event-" (one.event) } { (one.title.as_deref().unwrap_or(text::UNTITLED)) }
            " " span.quiet title=(text::moment(one.at)) { (one.playbook) " · " (text::distance(one.at, now)) }
            @if !one.seen { " " span.tag { (words::NEW) } }
        }
    }
}

/// Notes that somebody has looked at what is for them.
pub async fn seen(posted: Posted) -> Result<Response, Problem> {
    posted.visitor.workspace.for_you_seen(posted.visitor.person).await?;
    Ok(Redirect::to(URL).into_response())
}

/// The line at the queue, where something is for this person.
pub async fn line(visitor: &Visitor) -> Result<Markup, Problem> {
    let count = visitor.workspace.for_you_count(visitor.person).await?;
    let any = count.assigned > 0 || count.unseen > 0;
    Ok(html! { @if any { p.note role="status" { a href=(URL) { (words::line(count.assigned, count.unseen)) } } } })
}

/// Gives a case to somebody, or back to all; whoever gave it away goes on with the next.
pub async fn assign(headers: HeaderMap, Path(id): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let to = match posted.form.filled("to") {
        None => None,
        Some(text) => Some(text.parse::<Uuid>().map_err(|_| Problem::field(Code::Invalid, "/to", "choose somebody from the list"))?),
    };
    let input = AssignInput { person: visitor.person.0, to, reason: posted.form.filled("reason").map(str::to_owned) };
    visitor.workspace.case_assign(&visitor.caller(), CaseId(id), input, Options::default()).await?;
    let scope = posted.form.filled("in");
    match (to, posted.form.get("answering").is_some()) {
        (Some(to), true) if to != visitor.person.0 => go_on(visitor, &headers, scope, Some("assigned")).await,
        _ => Ok(Redirect::to(&format!("{}?said=assigned", case::url(id))).into_response()),
    }
}

/// Whose a case is and who else is on it, as it stands in a case's head.
pub fn whose(around: &Around, names: &HashMap<Uuid, String>, reader: Uuid) -> Markup {
    html! {
        @match around.assignee {
            Some(own) if own == reader => span.tag.yours { (words::YOURS) },
            Some(other) => span { (words::ASSIGNED_TO) " " span.people { (name(names, other)) } },
            None => {}
        }
        @if !around.present.is_empty() {
            span.present { (words::ON_IT) " " span.people {
                @for (n, person) in around.present.iter().enumerate() { @if n > 0 { ", " } (name(names, *person)) }
            } }
        }
    }
}

/// The form by which a case is handed over. `hidden`: what the page's forms carry.
pub fn hand_over(case: Uuid, around: &Around, names: &HashMap<Uuid, String>, reader: Uuid, hidden: &Markup) -> Markup {
    let mut people: Vec<(Uuid, &str)> = around.assignable.iter().map(|id| (*id, name(names, *id))).collect();
    people.sort_unstable_by_key(|(id, name)| (name.to_lowercase(), *id));
    html! {
        @if !people.is_empty() {
            details #assign { summary { (words::ASSIGN) }
                form method="post" action={ (case::url(case)) "/assign" } { (hidden)
                    label { span { (words::ASSIGN_TO) } select name="to" {
                        option value="" selected[around.assignee.is_none()] { (words::ASSIGN_NOBODY) }
                        @for (id, name) in &people { option value=(id) selected[around.assignee == Some(*id)] { (name) @if *id == reader { " (" (text::team::YOU) ")" } } }
                    } }
                    label { span { (words::ASSIGN_NOTE) } input type="text" name="reason"; }
                    button type="submit" { (words::ASSIGN_BUTTON) }
                }
            }
        }
    }
}

fn name(names: &HashMap<Uuid, String>, person: Uuid) -> &str {
    names.get(&person).map_or(text::NAMELESS, String::as_str)
}
