//! Saying that one is away: on one's own page, and for colleagues on theirs by whoever may say who takes part. Whole days, in UTC. Decides
//! nothing.

use super::{
    form::Form,
    page::token,
    people::{self, ManagerConfirmed},
    text::{self, away as words},
    visitor::{Posted, Visitor},
};
use crate::{extract::Path, problem::Problem};
use axum::response::{IntoResponse, Redirect, Response};
use countersign_app::{
    input::{AwayInput, Moment},
    view::PersonView,
};
use countersign_core::{id::PersonId, number::Micros, refusal::Refusal, time};
use maud::{Markup, html};
use uuid::Uuid;

/// Where one says it of oneself.
pub const URL: &str = "/desk/away";
const DAY_MICROS: Micros = 86_400_000_000;

/// The first moment of a day as a browser writes it, as in `2026-12-24`.
fn day(form: &Form, field: &'static str) -> Result<Option<Micros>, Refusal> {
    let Some(given) = form.filled(field) else { return Ok(None) };
    let at = time::parse_rfc3339(&format!("{}T00:00:00Z", given.trim()));
    at.map(Some).map_err(|_| Refusal::invalid(format!("/{field}"), words::NO_DAY))
}

fn input(form: &Form) -> Result<AwayInput, Refusal> {
    let last = day(form, "until")?.ok_or_else(|| Refusal::invalid("/until", words::NO_DAY))?;
    let stand_in = form.filled("stand_in").map(str::parse).transpose();
    Ok(AwayInput {
        from: day(form, "from")?.map(Moment::Micros),
        until: Moment::Micros(last + DAY_MICROS),
        stand_in: stand_in.map_err(|_| Refusal::invalid("/stand_in", words::NOBODY_LIKE_IT))?,
    })
}

/// When somebody is away, in a sentence.
#[must_use]
pub fn told(person: &PersonView) -> Option<String> {
    let away = person.away.as_ref()?;
    Some(words::told(&text::moment_of(&away.from), &text::moment_of(&away.until), away.stand_in_name.as_deref()))
}

/// The part of a page that says it and changes it. `at` is the address that it is posted to.
pub async fn section(visitor: &Visitor, person: Uuid, at: &str) -> Result<Markup, Problem> {
    let mut people = visitor.workspace.people_list().await?;
    let known = people.iter().find(|one| one.person == person).cloned();
    people.retain(|one| one.active && !one.external && one.person != person);
    people.sort_by_key(|one| one.name.clone().unwrap_or_default().to_lowercase());
    let away = known.as_ref().and_then(told);
    Ok(html! {
        section.sheet data-away {
            h2 { (words::AWAY) }
            @match &away {
                Some(told) => {
                    p { (told) }
                    form method="post" action={ (at) "/back" } { (token(visitor)) button type="submit" { (words::BACK) } }
                }
                None => {
                    p.quiet { (words::LEAD) }
                    form.form method="post" action=(at) {
                        (token(visitor))
                        label.field { span { (words::FROM) " (" (text::OPTIONAL) ")" } input type="date" name="from"; }
                        label.field { span { (words::UNTIL) } input type="date" name="until" required; }
                        label.field { span { (words::STAND_IN) }
                            select name="stand_in" {
                                option value="" { (words::NOBODY) }
                                @for one in &people { option value=(one.person) { (one.name.as_deref().unwrap_or(text::NAMELESS)) } }
                            }
                        }
                        p.fine { (words::STAND_IN_LEAD) }
                        p.actions { button type="submit" { (words::SAY) } }
                    }
                }
            }
        }
    })
}

/// Somebody says that they are away.
pub async fn say(posted: Posted) -> Result<Response, Problem> {
    let Posted { visitor, form } = &posted;
    visitor.workspace.person_away(&visitor.caller(), visitor.person, input(form)?).await?;
    Ok(Redirect::to("/desk/work").into_response())
}

/// Somebody is there again.
pub async fn back(posted: Posted) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.person_back(&visitor.caller(), visitor.person).await?;
    Ok(Redirect::to("/desk/work").into_response())
}

/// Says that a colleague is away, who could not say so.
pub async fn say_of(Path(person): Path<Uuid>, ManagerConfirmed(posted): ManagerConfirmed) -> Result<Response, Problem> {
    let Posted { visitor, form } = &posted;
    visitor.workspace.person_away(&visitor.caller(), PersonId(person), input(form)?).await?;
    Ok(Redirect::to(&format!("{}/{person}", people::URL)).into_response())
}

/// Says that a colleague is there again.
pub async fn back_of(Path(person): Path<Uuid>, ManagerConfirmed(posted): ManagerConfirmed) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    visitor.workspace.person_back(&visitor.caller(), PersonId(person)).await?;
    Ok(Redirect::to(&format!("{}/{person}", people::URL)).into_response())
}
