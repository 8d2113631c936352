//! The queue: what waits, for whom, and for how long. Says nothing that would tell what the AI proposes.

use super::{
    case::{self, Note, notes},
    page::{Page, Tab, token},
    saved, stops, strip, text,
    visitor::Visitor,
};
use crate::{extract::Query, problem::Problem};
use axum::{
    Json,
    response::{IntoResponse, Redirect, Response},
};
use countersign_app::{
    Error, Workspace,
    queue::{Due, PlaybookCount, QueueItem, View},
    saved_view::{Filter, SavedView},
    view::Page as Items,
};
use countersign_core::{id::CaseId, number::Micros, refusal::Code};
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

/// Which part of the queue.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueQuery {
    /// A playbook's name.
    #[serde(default, rename = "in")]
    scope: Option<String>,
    /// Which list.
    #[serde(default)]
    view: Option<String>,
    /// On which way.
    #[serde(default)]
    route: Option<String>,
    /// Waiting for so long at least.
    #[serde(default)]
    older: Option<String>,
    /// Near its deadline, or past it: `yes`.
    #[serde(default)]
    late: Option<String>,
    /// Assigned to whoever looks: `me`.
    #[serde(default)]
    assigned: Option<String>,
    /// Where the page begins.
    #[serde(default)]
    cursor: Option<String>,
    /// An id to find a case by.
    #[serde(default)]
    find: Option<String>,
    /// What was done just now.
    #[serde(default)]
    said: Option<String>,
}

/// The page.
pub async fn page(visitor: Visitor, Query(query): Query<QueueQuery>) -> Result<Response, Problem> {
    let mut said: Vec<Note> = Note::from_word(query.said.as_deref()).into_iter().collect();
    let counts = visitor.workspace.queue_counts(visitor.person).await?;
    if let Some(id) = query.find.as_deref().map(str::trim).filter(|id| !id.is_empty()) {
        match found(&visitor, &counts, id).await? {
            Some(case) => return Ok(Redirect::to(&case::url(case.0)).into_response()),
            None => {
                let scope = query.scope.as_deref().filter(|scope| !scope.is_empty());
                if let Some(page) = results(&visitor, &counts, id, scope, query.cursor.as_deref()).await? {
                    return Ok(page);
                }
                said.push(Note::warning(text::FOUND_NOTHING, id));
            }
        }
    }
    // Whoever answers for it sees a stop wherever work begins.
    for stop in visitor.workspace.stops().await? {
        said.push(Note { href: Some(stops::URL), ..Note::warning(text::track::STOP_HEAD, text::stops::told(&stop)) });
    }
    for one in visitor.workspace.reroutes().await? {
        said.push(Note {
            body: Some(text::rerouting(&one.playbook, &one.state, one.looked, one.rerouted)),
            ..Note::said(text::REROUTING_HEAD)
        });
    }
    let scope = query.scope.as_deref().filter(|scope| !scope.is_empty());
    let filter = saved::filter([
        ("in", scope),
        ("view", query.view.as_deref()),
        ("route", query.route.as_deref()),
        ("older", query.older.as_deref()),
        ("late", query.late.as_deref()),
        ("assigned", query.assigned.as_deref()),
    ])?;
    let view = filter.view;
    let items = visitor.workspace.queue_narrowed(visitor.person, view, (scope, filter.narrowed), query.cursor.as_deref()).await?;
    let views = visitor.workspace.views_of(visitor.person).await?;
    let recent = strip::items(&visitor).await?;
    let now = visitor.server.app.env().now();
    let list = List { visitor: &visitor, counts: &counts, scope, view, paged: query.cursor.is_some(), now, filter: &filter, views: &views };
    let pause = super::pause::line(&visitor).await?;
    let told = super::notices::line(&visitor).await?;
    let yours = super::for_you::line(&visitor).await?;
    let main = html! {
        (told)
        (yours)
        (pause)
        (notes(&said))
        div.desk.queue {
            (list.side())
            (list.markup(&items))
            (strip::markup(&visitor, &recent, now))
        }
    };
    Ok(Page { title: saved::title(&views, &filter), tab: Tab::Queue, visitor: Some(&visitor), main }.into_response())
}

/// A case by its own id, or by the one that it has outside.
async fn found(visitor: &Visitor, counts: &[PlaybookCount], id: &str) -> Result<Option<CaseId>, Problem> {
    if let Ok(case) = id.parse().map(CaseId) {
        return match visitor.workspace.case_playbook(case).await {
            Ok(_) => Ok(Some(case)),
            Err(Error::Refused(_)) => Ok(None),
            Err(error) => Err(error.into()),
        };
    }
    for count in counts {
        if let Some(case) = visitor.workspace.case_find(&count.playbook, id).await? {
            return Ok(Some(case));
        }
    }
    Ok(None)
}

/// The cases that hold some words; `None` where there are none, or nothing that could be searched for was typed.
async fn results(
    visitor: &Visitor,
    counts: &[PlaybookCount],
    words: &str,
    scope: Option<&str>,
    cursor: Option<&str>,
) -> Result<Option<Response>, Problem> {
    let items = match visitor.workspace.search_list(visitor.person, words, scope, cursor).await {
        Ok(items) if items.items.is_empty() && items.next.is_none() => return Ok(None),
        Ok(items) => items,
        // What cannot be searched for is found nowhere, and neither is what is in a playbook that is not there.
        Err(Error::Refused(refusal)) if matches!(refusal.code, Code::Invalid | Code::TooLarge | Code::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let recent = strip::items(visitor).await?;
    let now = visitor.server.app.env().now();
    let filter = Filter { playbook: scope.map(str::to_owned), ..Filter::default() };
    let list = List { visitor, counts, scope, view: View::default(), paged: cursor.is_some(), now, filter: &filter, views: &[] };
    let further = items.next.as_deref().map(|next| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("find", words).append_pair("cursor", next);
        if let Some(scope) = scope {
            query.append_pair("in", scope);
        }
        format!("/desk?{}", query.finish())
    });
    let main = html! {
        div.desk.queue {
            (list.side())
            section.list aria-label=(text::FOUND) {
                div.list-head { h1 { (text::FOUND) " “" (words) "”" } (list.find(words)) }
                @if items.items.is_empty() { p.quiet { (text::FOUND_FURTHER) } } @else { (list.found(&items.items)) }
                p.further {
                    a.button href=(list.href(scope, View::default(), None)) { (text::TO_QUEUE) }
                    @if let Some(further) = further { a.button rel="next" href=(further) { (text::OLDER) } }
                }
            }
            (strip::markup(visitor, &recent, now))
        }
    };
    Ok(Some(Page { title: text::FOUND, tab: Tab::Queue, visitor: Some(visitor), main }.into_response()))
}

struct List<'a> {
    visitor: &'a Visitor,
    counts: &'a [PlaybookCount],
    scope: Option<&'a str>,
    view: View,
    paged: bool,
    now: Micros,
    filter: &'a Filter,
    views: &'a [SavedView],
}

impl List<'_> {
    /// The address of a list, which stays as narrow as it is.
    fn href(&self, scope: Option<&str>, view: View, cursor: Option<&str>) -> String {
        let narrowed = if view == View::Decided { Default::default() } else { self.filter.narrowed };
        let query = saved::query(&Filter { playbook: scope.map(str::to_owned), view, narrowed });
        match cursor {
            None => saved::url(&query),
            Some(cursor) => {
                let cursor: String = form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
                saved::url(&if query.is_empty() { format!("cursor={cursor}") } else { format!("{query}&cursor={cursor}") })
            }
        }
    }

    /// Playbooks with their counts, and the button that takes the next case.
    fn side(&self) -> Markup {
        let all = Workspace::queue_sum(self.counts);
        html! {
            nav.scopes aria-label=(text::PLAYBOOK) {
                @if !self.counts.is_empty() {
                    form method="post" action="/desk/next" {
                        (token(self.visitor))
                        @if let Some(scope) = self.scope { input type="hidden" name="in" value=(scope); }
                        button.primary.wide type="submit" data-next { (text::NEXT_CASE) " " kbd { "n" } }
                    }
                }
                ul {
                    @if self.counts.len() != 1 {
                        li { a href=(self.href(None, self.view, None)) aria-current=[self.scope.is_none().then_some("true")] {
                            span { (text::ALL_PLAYBOOKS) } span.count data-count="" { (text::count(all)) }
                        } }
                    }
                    @for one in self.counts {
                        li { a href=(self.href(Some(&one.playbook), self.view, None)) aria-current=[(self.scope == Some(one.playbook.as_str())).then_some("true")] {
                            span { (one.playbook) } span.count data-count=(one.playbook) { (text::count(one.waiting)) }
                            @if let Some(oldest) = one.oldest_at { small { (text::OLDEST) " " (text::span(self.now - oldest)) } }
                            @if one.overdue.count > 0 { small.danger { (text::count(one.overdue)) " " (text::OVERDUE) } }
                        } }
                    }
                }
            }
        }
    }

    /// Where words are typed to narrow the list, or to find cases by them or by an id.
    fn find(&self, typed: &str) -> Markup {
        html! {
            form.find method="get" action="/desk" role="search" {
                @if let Some(scope) = self.scope { input type="hidden" name="in" value=(scope); }
                input type="search" name="find" #filter value=[(!typed.is_empty()).then_some(typed)] placeholder=(text::FILTER_HINT)
                    aria-label=(text::FILTER_HINT) autocomplete="off" maxlength="200";
                button.unseen type="submit" { (text::FIND) }
            }
        }
    }

    /// Cases that were found, whatever state they are in. What was answered on them is not told here.
    fn found(&self, items: &[QueueItem]) -> Markup {
        html! {
            table.cases {
                thead { tr {
                    th scope="col" { (text::CASE) }
                    @if self.scope.is_none() { th scope="col" { (text::PLAYBOOK) } }
                    th.time scope="col" { (text::STANDS) }
                    th.time scope="col" { (text::EVENT_OPENED) }
                } }
                tbody { @for item in items { tr data-row {
                    td { a.row href=(case::url(item.case)) { (item.title.as_deref().unwrap_or(text::UNTITLED)) } }
                    @if self.scope.is_none() { td.quiet { (item.playbook) } }
                    td.time { (text::state(&item.state)) }
                    td.time { span title=(text::moment(item.at)) { (text::distance(item.at, self.now)) } }
                } } }
            }
        }
    }

    fn markup(&self, items: &Items<QueueItem>) -> Markup {
        html! {
            section.list aria-label=(text::TAB_QUEUE) {
                h1.unseen { (saved::title(self.views, self.filter)) }
                (saved::tabs(self.views, &saved::query(self.filter)))
                div.list-head {
                    nav.views aria-label=(text::FILTER) {
                        @for view in View::ALL {
                            a href=(self.href(self.scope, view, None)) aria-current=[(view == self.view).then_some("true")] { (text::view(view)) }
                        }
                    }
                    (self.find(""))
                }
                (saved::told(self.filter))
                (saved::narrow(self.visitor, self.filter, self.views))
                @if self.counts.is_empty() { (self.no_roles()) }
                @else if items.items.is_empty() && !self.filter.narrowed.is_none() { (saved::none(items.next.is_some())) (self.further(items.next.as_deref())) }
                @else if items.items.is_empty() { (self.empty()) }
                @else { (self.rows(&items.items)) (self.bulk(&items.items)) (self.further(items.next.as_deref())) }
            }
        }
    }

    /// The answers of a playbook whose cases may be answered together, where they are offered.
    fn together(&self, playbook: &str) -> Option<&[String]> {
        let offered = matches!(self.view, View::Waiting | View::Mine);
        self.counts.iter().find(|one| one.playbook == playbook && offered)?.bulk.as_deref()
    }

    /// What is done with the cases that are picked.
    fn bulk(&self, items: &[QueueItem]) -> Markup {
        let options = self.scope.and_then(|scope| self.together(scope)).unwrap_or_default();
        html! {
            @if items.iter().any(|item| self.together(&item.playbook).is_some()) {
                form.bulk-bar #bulk method="post" action="/desk/bulk" aria-label=(text::bulk::WITH_PICKED) {
                    (token(self.visitor))
                    @if let Some(scope) = self.scope { input type="hidden" name="in" value=(scope); }
                    p.quiet { (text::bulk::LEAD) }
                    p.actions {
                        label { span { (text::bulk::ANSWER) } " " select name="answer" {
                            option value="" { (text::bulk::AS_ADVISED) }
                            @for option in options { option value=(option) { (option) } }
                        } }
                        button type="submit" data-together { (text::bulk::LOOK) " " kbd { "b" } }
                    }
                }
            }
        }
    }

    fn rows(&self, items: &[QueueItem]) -> Markup {
        html! {
            table.cases {
                thead { tr {
                    th scope="col" { (text::CASE) }
                    @if self.scope.is_none() { th scope="col" { (text::PLAYBOOK) } }
                    th.time scope="col" { (if self.view == View::Decided { text::DECISION } else { "Waiting" }) }
                    th.time scope="col" { (text::until(self.view)) }
                } }
                tbody { @for item in items { (self.row(item)) } }
            }
        }
    }

    fn row(&self, item: &QueueItem) -> Markup {
        html! {
            tr data-row {
                td {
                    @if self.together(&item.playbook).is_some() {
                        input.pick type="checkbox" form="bulk" name="case" value=(item.case) data-pick
                            aria-label={ (text::bulk::PICK) ": " (item.title.as_deref().unwrap_or(text::UNTITLED)) };
                    }
                    a.row href=(case::with_scope(&case::url(item.case), self.scope)) { (item.title.as_deref().unwrap_or(text::UNTITLED)) }
                    @if item.state == "appealed" { " " span.tag.danger { (text::state(&item.state)) } }
                }
                @if self.scope.is_none() { td.quiet { (item.playbook) } }
                td.time {
                    @if self.view == View::Decided {
                        @if let Some(answer) = &item.answer { span.people { (answer) } " " }
                        @if item.state != "standing" { span.quiet { (text::state(&item.state)) } " " }
                        span.quiet title=(text::moment(item.at)) { (text::distance(item.at, self.now)) }
                    } @else {
                        span title=(text::moment(item.at)) { (text::span(self.now - item.at)) }
                    }
                }
                td.time {
                    @if let Some(until) = item.until.filter(|until| self.view != View::Decided || *until > self.now) {
                        (case::due(until, self.now, if self.view == View::Waiting { item.due } else { Due::Later }, false))
                    }
                }
            }
        }
    }

    fn further(&self, next: Option<&str>) -> Markup {
        html! {
            p.further {
                @if self.paged { a.button href=(self.href(self.scope, self.view, None)) { (text::FROM_THE_TOP) } }
                @if let Some(next) = next { a.button rel="next" href=(self.href(self.scope, self.view, Some(next))) { (text::OLDER) } }
            }
        }
    }

    fn empty(&self) -> Markup {
        html! {
            div.empty data-wait[self.view == View::Waiting] {
                h2 { (if self.view == View::Waiting { text::NOTHING_WAITS } else { text::NOTHING_HERE }) }
                p { (text::empty(self.view)) }
            }
        }
    }

    fn no_roles(&self) -> Markup {
        html! {
            div.empty {
                h2 { (text::NO_PLAYBOOKS) }
                p { (text::NO_PLAYBOOKS_LEAD) }
                pre.command { code { (text::NO_PLAYBOOKS_COMMAND) } }
            }
        }
    }
}

/// How much waits, for a page that is open.
#[derive(Debug, Serialize)]
struct Pulse {
    /// All together.
    all: String,
    /// By playbook.
    playbooks: Vec<(String, String)>,
}

/// Tells an open page how much waits now.
pub async fn pulse(visitor: Visitor) -> Result<Response, Problem> {
    let counts = visitor.workspace.queue_counts(visitor.person).await?;
    let playbooks = counts.iter().map(|one| (one.playbook.clone(), text::count(one.waiting))).collect();
    Ok(Json(Pulse { all: text::count(Workspace::queue_sum(&counts)), playbooks }).into_response())
}
