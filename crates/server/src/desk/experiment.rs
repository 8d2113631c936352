//! Experiments at the desk: those of a playbook with a form to start one, and the report of each: the answer in a sentence, the ways side
//! by side, their differences, and how the difference came to be. Computes nothing.

use super::{
    page::{Page, Tab, token},
    text::{self, experiment as words},
    visitor::{Posted, Visitor},
};
use crate::{extract::Path, problem::Problem};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::experiment::{ArmInput, ExperimentInput, ExperimentStopInput, ExperimentView};
use countersign_core::{
    event::Route,
    id::EventId,
    playbook::Playbook,
    refusal::{Code, Refusal},
};
use countersign_report::{
    chart::{Axis, Chart, Curves, Forest, Group, Interval, Reference, Row, Series, Tone, responsive},
    format::Unit,
};
use maud::{Markup, html};
use uuid::Uuid;

/// The experiments of a playbook.
pub async fn list(visitor: Visitor, Path(name): Path<String>) -> Result<Response, Problem> {
    let playbook = visitor.workspace.playbook_latest(&name).await?;
    let experiments = visitor.workspace.experiments_list(Some(&name)).await?;
    let runs = experiments.iter().any(|view| view.stopped.is_none());
    let main = html! {
        div.narrow.stack {
            header.case-head {
                (crumbs(&name))
                h1 { (words::TITLE) }
                p.quiet { (words::LEAD) }
            }
            @if experiments.is_empty() { div.empty { h2 { (words::NONE) } p { (words::NONE_LEAD) } } }
            @for view in &experiments { (summary(view)) }
            section.sheet.automation {
                h2 { (words::START) }
                @if runs { p.quiet { (words::RUNS_ALREADY) } } @else { (form(&visitor, &name, &playbook)) }
            }
        }
    };
    Ok(Page { title: words::TITLE, tab: Tab::Playbooks, visitor: Some(&visitor), main }.into_response())
}

/// Starts one.
pub async fn start(Path(name): Path<String>, posted: Posted) -> Result<Response, Problem> {
    let (visitor, form) = (&posted.visitor, &posted.form);
    let number = |name: &str| {
        let text = form.filled(name).unwrap_or_default().replace(',', ".");
        text.parse::<f64>().map_err(|_| Refusal::invalid(format!("/{name}"), words::NUMBER))
    };
    let bare = form.filled("explanation") == Some("hidden");
    let arm = |name: &str| {
        let route = form.filled(name).unwrap_or_default().to_owned();
        let advised = route == Route::Assist.as_str() || route == Route::Blind.as_str();
        ArmInput { explanation: (bare && advised && name == "second").then_some(false), route, ..ArmInput::default() }
    };
    let input = ExperimentInput {
        question: form.filled("question").map(str::to_owned),
        arms: vec![arm("first"), arm("second")],
        share: number("share")? / 100.0,
        measure: form.filled("measure").unwrap_or_default().to_owned(),
        certainty: None,
        harm: Some(number("harm")? / 100.0),
        cases_max: form.filled("cases").and_then(|text| text.parse().ok()).unwrap_or(0),
        person: Some(visitor.person.0),
    };
    let started = visitor.workspace.experiment_start(&visitor.caller(), &name, input).await?;
    Ok(Redirect::to(&url(started.experiment)).into_response())
}

/// Stops one.
pub async fn stop(Path(id): Path<Uuid>, posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let reason = posted.form.filled("reason").ok_or_else(|| Refusal::field(Code::Invalid, "/reason", words::STOP_HINT))?.to_owned();
    let input = ExperimentStopInput { reason, person: Some(visitor.person.0) };
    visitor.workspace.experiment_stop(&visitor.caller(), EventId(id), input).await?;
    Ok(Redirect::to(&url(id)).into_response())
}

/// The report of one.
pub async fn one(visitor: Visitor, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let view = visitor.workspace.experiment(EventId(id)).await?;
    let main = html! {
        div.narrow.stack {
            header.case-head {
                p.crumbs {
                    a href="/desk/playbooks" { (text::TAB_PLAYBOOKS) }
                    a href={ "/desk/playbooks/" (view.playbook) } { (view.playbook) }
                    a href=(list_url(&view.playbook)) { (words::TITLE) }
                }
                h1 { (view.question) }
            }
            section.sheet.automation {
                (standing(&view))
                (setting(&view))
                @if view.stopped.is_none() {
                    form.inline method="post" action={ (url(id)) "/stop" } {
                        (token(&visitor))
                        label { span { (text::REASON) } input type="text" name="reason" required maxlength="2000" placeholder=(words::STOP_HINT); }
                        button type="submit" { (words::STOP) }
                    }
                }
            }
            section.sheet.measured {
                h2 { (words::ANSWER) }
                @match &view.as_of {
                    None => p.void { (words::NOT_YET) },
                    Some(at) => {
                        @for answer in &view.answer { p.lead { (answer) } }
                        @for note in &view.notes { p.quiet { (note) } }
                        p.quiet { (words::basis(&view, &text::moment_of(at))) " " (words::HOW) }
                        (ways(&view))
                        (pictures(&view))
                    }
                }
            }
        }
    };
    Ok(Page { title: &view.question, tab: Tab::Playbooks, visitor: Some(&visitor), main }.into_response())
}

/// The address of a report.
#[must_use]
pub fn url(id: Uuid) -> String {
    format!("/desk/experiments/{id}")
}

/// The address of a playbook's experiments.
#[must_use]
pub fn list_url(playbook: &str) -> String {
    format!("/desk/playbooks/{playbook}/experiments")
}

fn crumbs(name: &str) -> Markup {
    html! { p.crumbs { a href="/desk/playbooks" { (text::TAB_PLAYBOOKS) } a href={ "/desk/playbooks/" (name) } { (name) } } }
}

fn summary(view: &ExperimentView) -> Markup {
    html! {
        section.sheet {
            h2.question { a href=(url(view.experiment)) { (view.question) } }
            p.quiet { (words::state(view)) " · " (words::STARTED) " " (text::moment_of(&view.started)) }
            @for answer in &view.answer { p { (answer) } }
        }
    }
}

fn standing(view: &ExperimentView) -> Markup {
    html! {
        @match &view.stopped {
            None => p.standing data-standing="runs" { (words::RUNNING) },
            Some(stopped) => {
                p.standing data-standing=(if stopped.cause == "harm" { "stopped" } else { "none" }) { (words::cause(&stopped.cause)) }
                p { (stopped.reason) span.aside { (text::moment_of(&stopped.at)) @if let Some(person) = &stopped.person { " " (words::BY) " " (person) } } }
            }
        }
    }
}

fn setting(view: &ExperimentView) -> Markup {
    html! {
        dl.facts {
            dt { (words::STARTED) } dd { (text::moment_of(&view.started)) @if let Some(person) = &view.person { " " (words::BY) " " (person) } }
            dt { (words::MEASURE) } dd { (words::measure(&view.measure)) }
            dt { (words::ENTER) } dd { (words::enters(view)) }
            dt { (words::STOPS) } dd { (words::rules(view)) }
        }
    }
}

/// The ways side by side.
fn ways(view: &ExperimentView) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label=(words::WAYS) {
            table.data {
                thead { tr {
                    th { (words::WAY) } th.number { (words::ASSIGNED) } th.number { (words::DECIDED) }
                    th.number { (words::RIGHT) } th.number { (words::MINUTES) } th.number { (words::COST) }
                } }
                tbody { @for arm in &view.arms {
                    tr {
                        th scope="row" { (arm.name) }
                        td.number { (text::thousands(arm.assigned)) }
                        td.number { (text::thousands(arm.decided)) }
                        @for measure in ["accuracy", "time", "cost"] {
                            td.number { @match words::mean(arm, measure) {
                                Some((figure, n)) => { (figure) span.of { (text::track::of(n)) } },
                                None => span.void { (text::pair::NOT_YET) },
                            } }
                        }
                    }
                } }
            }
        }
    }
}

fn pictures(view: &ExperimentView) -> Markup {
    let charts: Vec<(&str, Box<dyn Chart>)> = ["accuracy", "pace", "cost"]
        .into_iter()
        .filter_map(|measure| Some((words::heading(measure), forest(view, measure)?)))
        .chain(trail(view).map(|chart| (words::TRAIL, chart)))
        .collect();
    html! {
        @for (title, chart) in &charts {
            h3 { (title) }
            (responsive(chart.as_ref()))
            details.more {
                summary { (words::TABLE) }
                div.wide tabindex="0" role="region" aria-label=(chart.title()) { table.data {
                    @let data = chart.data();
                    thead { tr { @for name in &data.head { th { (name) } } } }
                    tbody { @for row in &data.rows { tr { @for cell in row { td { (cell) } } } } }
                } }
            }
        }
    }
}

fn unit(measure: &str) -> (Unit, f64) {
    match measure {
        "accuracy" => (Unit::Points, 0.0),
        "pace" => (Unit::Ratio, 1.0),
        _ => (Unit::Number, 0.0),
    }
}

/// What the ways differ in from the first one, for one measure.
fn forest(view: &ExperimentView, measure: &str) -> Option<Box<dyn Chart>> {
    let (unit, nothing) = unit(measure);
    let of = view.differences.iter().filter(|difference| difference.measure == measure);
    let rows = of.map(|d| {
        let row = Row::new(d.arm.clone(), Tone::Pair, Interval::new(d.value, d.low, d.high), words::of_cases(d));
        if d.shown { row } else { row.hollow() }
    });
    let rows: Vec<Row> = rows.collect();
    (!rows.is_empty()).then(|| {
        let first = view.arms.first().map_or("", |arm| arm.name.as_str());
        let groups = vec![Group { rows, ..Group::default() }];
        let references = vec![Reference::new(nothing, words::NO_DIFFERENCE)];
        Box::new(Forest {
            title: words::heading(measure).into(),
            axis: Axis::new(words::against(measure, first), unit),
            groups,
            references,
        }) as Box<dyn Chart>
    })
}

/// How the difference came to be, with the interval that held at every look.
fn trail(view: &ExperimentView) -> Option<Box<dyn Chart>> {
    let (unit, nothing) = unit(&view.measure);
    let first = view.arms.first().map_or("", |arm| arm.name.as_str());
    let others = view.arms.iter().skip(1);
    let series = others.map(|arm| {
        let of: Vec<_> = view.trail.iter().filter(|point| point.arm == arm.name).collect();
        let points = of.iter().map(|point| (point.n as f64, point.value)).collect();
        let band = of.iter().map(|point| (point.n as f64, point.low, point.high)).collect();
        Series { band, ..Series::new(arm.name.clone(), Tone::Pair, points) }
    });
    let series: Vec<Series> = series.filter(|one| one.points.len() > 1).collect();
    (!series.is_empty()).then(|| {
        Box::new(Curves {
            title: words::TRAIL.into(),
            x: Axis::new(words::TRAIL_CASES, Unit::Count),
            y: Axis::new(words::against(&view.measure, first), unit),
            series,
            chosen: None,
            references: vec![Reference::new(nothing, words::NO_DIFFERENCE)],
        }) as Box<dyn Chart>
    })
}

fn form(visitor: &Visitor, name: &str, playbook: &Playbook) -> Markup {
    let routes = [Route::Assist, Route::Unaided, Route::Blind, Route::Panel];
    let allowed: Vec<&str> = routes.into_iter().filter(|route| playbook.routing.allows(*route)).map(Route::as_str).collect();
    let choice = |control: &str, label: &str, chosen: Option<&&str>| {
        html! {
            label.field { span { (label) } select name=(control) {
                @for route in &allowed { option value=(route) selected[Some(route) == chosen] { (text::route(route)) } }
            } }
        }
    };
    html! {
        @if allowed.len() < 2 { p.quiet { (words::ONE_ROUTE) } } @else {
            p.quiet { (words::START_LEAD) }
            form.form method="post" action=(list_url(name)) {
                (token(visitor))
                label.field { span { (words::QUESTION) } input type="text" name="question" maxlength="400" placeholder=(words::QUESTION_HINT); }
                (choice("first", words::FIRST, allowed.get(1)))
                (choice("second", words::SECOND, allowed.first()))
                label.field { span { (words::EXPLAINED) } select name="explanation" {
                    option value="shown" { (words::EXPLAINED_BOTH) } option value="hidden" { (words::EXPLAINED_FIRST) }
                } }
                label.field { span { (words::MEASURE) } select name="measure" {
                    @for measure in ["time", "accuracy", "cost"] { option value=(measure) { (words::measure(measure)) } }
                } }
                label.field { span { (words::SHARE) } input type="number" name="share" min="1" max="100" step="any" value="50" required; }
                label.field { span { (words::CASES) } input type="number" name="cases" min="100" max="1000000" value="2000" required; }
                label.field { span { (words::HARM) } input type="number" name="harm" min="0" max="49" step="any" value="0" required; }
                p.actions { button.primary type="submit" { (words::BUTTON) } }
            }
        }
    }
}
