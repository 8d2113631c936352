//! Who takes part, for whoever may say so by the rules: the list, and the page of each member with their roles, an invitation, and the way
//! out. Does by the same use cases what the API does; every change asks who is there first.

use super::{
    away,
    form::Form,
    page::{Page, Tab, token},
    passkey::{Back, Proof, confirmed},
    sign_in_url, text,
    text::team as words,
    visitor::{Posted, Visitor},
};
use crate::{
    extract::{Path, Query},
    problem::Problem,
    state::Server,
};
use axum::{
    extract::{FromRequest, FromRequestParts, Request},
    http::request::Parts,
    response::{IntoResponse, Redirect, Response},
};
use countersign_app::{
    Error,
    input::{PersonChange, PersonInput},
    view::PersonView,
};
use countersign_core::{
    id::PersonId,
    limits::{MAIL_CHARS_MAX, NAME_CHARS_MAX},
    refusal::{Code, Refusal},
};
use maud::{Markup, html};
use serde::Deserialize;
use uuid::Uuid;

mod vouching;

/// Where the page is.
pub const URL: &str = "/desk/people";
/// The control that says how somebody stood when the page was made.
const SINCE: &str = "since";
/// Roles of one person.
const ROLES_MAX: usize = 50;

/// A person who may say who takes part, by the rules; nobody else comes in.
pub struct Manager(pub Visitor);

/// A form that such a person posted from one of our own pages, after they proved that it is them.
pub struct ManagerConfirmed(pub Posted);

impl FromRequestParts<Server> for Manager {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        let visitor = Visitor::from_request_parts(parts, server).await?;
        visitor.workspace.may_manage_people(visitor.person).await?;
        Ok(Self(visitor))
    }
}

impl FromRequest<Server> for ManagerConfirmed {
    type Rejection = Response;

    async fn from_request(request: Request, server: &Server) -> Result<Self, Response> {
        let back = Back::of(&request);
        let posted = Posted::from_request(request, server).await.map_err(IntoResponse::into_response)?;
        let may = posted.visitor.workspace.may_manage_people(posted.visitor.person).await;
        may.map_err(|error| Problem::from(error).into_response())?;
        confirmed(posted, &back, Proof::Passkey).await.map(Self)
    }
}

/// What was done just now.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// In a word.
    #[serde(default)]
    said: Option<String>,
}

impl Said {
    /// In a sentence.
    #[must_use]
    pub fn sentence(&self) -> Option<&'static str> {
        self.said.as_deref().and_then(words::said)
    }
}

/// The members.
pub async fn list(Manager(visitor): Manager) -> Result<Response, Problem> {
    all(&visitor, None, &Form::default()).await
}

async fn all(visitor: &Visitor, refused: Option<&str>, typed: &Form) -> Result<Response, Problem> {
    let mut people = visitor.workspace.people_list().await?;
    people.retain(|person| !person.external);
    people.sort_by_key(|person| (!person.active, person.name.clone().unwrap_or_default().to_lowercase(), person.person));
    let leads = people.iter().any(|person| person.active && person.roles.iter().any(|role| role == "lead"));
    let main = html! {
        div.narrow.stack {
            header.case-head {
                p.crumbs { a href="/desk/playbooks" { (text::TAB_PLAYBOOKS) } a href=(super::keys::URL) { (words::KEYS) } }
                h1 { (words::PEOPLE) }
                p.quiet { (words::PEOPLE_LEAD) }
            }
            @if let Some(refused) = refused { p.note.warns role="alert" { (refused) } }
            @if !leads { p.note { (words::NOBODY_LEADS) } }
            section.sheet {
                div.wide tabindex="0" role="region" aria-label=(words::PEOPLE) {
                    table.data {
                        thead { tr { th { (words::NAME) } th { (words::ROLES) } th { (words::STATE) } } }
                        tbody { @for person in &people { tr data-person=(person.person) {
                            th scope="row" {
                                a href=(url(person.person)) { (name(person)) }
                                @if person.person == visitor.person.0 { span.of { (words::YOU) } }
                                @if !person.hands.is_empty() { span.of { (words::one_with(&person.hands)) } }
                            }
                            td { (roles_told(person)) }
                            td {
                                @match (&person.away, person.active) {
                                    (Some(away), true) if away.now => (text::away::short(&text::moment_of(&away.until))),
                                    (_, true) => (words::ACTIVE),
                                    (_, false) => (words::INACTIVE),
                                }
                            }
                        } } }
                    }
                }
            }
            section.sheet.automation {
                h2 { (words::ADD) }
                form.form method="post" action=(URL) {
                    (token(visitor))
                    label.field { span { (words::NAME) } input name="name" required maxlength=(NAME_CHARS_MAX) value=[typed.get("name")] autocomplete="off"; }
                    (controls(typed.get("roles"), typed.get("mail")))
                    p.actions { button.primary type="submit" { (words::ADD_BUTTON) } }
                }
            }
        }
    };
    Ok(Page { title: words::PEOPLE, tab: Tab::Playbooks, visitor: Some(visitor), main }.into_response())
}

fn controls(roles: Option<&str>, mail: Option<&str>) -> Markup {
    html! {
        label.field { span { (words::ROLES) }
            input name="roles" value=[roles] placeholder=(words::ROLES_HINT) autocomplete="off" aria-describedby="roles-lead";
        }
        p.quiet #roles-lead { (words::ROLES_LEAD) }
        label.field { span { (words::MAIL) " (" (text::OPTIONAL) ")" }
            input type="email" name="mail" maxlength=(MAIL_CHARS_MAX) value=[mail] autocomplete="off";
        }
    }
}

fn url(person: Uuid) -> String {
    format!("{URL}/{person}")
}

fn name(person: &PersonView) -> &str {
    person.name.as_deref().unwrap_or(text::NAMELESS)
}

fn roles_told(person: &PersonView) -> String {
    if person.roles.is_empty() { words::NO_ROLES.to_owned() } else { person.roles.join(", ") }
}

/// Roles as they were typed: in order, each once.
fn roles(text: &str) -> Result<Vec<String>, Refusal> {
    let mut roles: Vec<String> = Vec::new();
    for role in text.split(',').map(str::trim).filter(|role| !role.is_empty()) {
        if !roles.iter().any(|known| known == role) {
            roles.push(role.to_owned());
        }
    }
    let odd = |role: &String| role.chars().count() > NAME_CHARS_MAX || role.chars().any(char::is_control);
    if roles.len() > ROLES_MAX || roles.iter().any(odd) {
        return Err(Refusal::invalid("/roles", words::ROLES_MANY));
    }
    Ok(roles)
}

/// Adds a member. Nothing but what the page asks for is taken from the form.
pub async fn add(ManagerConfirmed(posted): ManagerConfirmed) -> Result<Response, Problem> {
    let (visitor, form) = (&posted.visitor, &posted.form);
    let input = roles(form.get("roles").unwrap_or_default()).map(|roles| PersonInput {
        name: form.get("name").unwrap_or_default().to_owned(),
        mail: form.filled("mail").map(str::to_owned),
        roles,
        external: false,
    });
    let added = match input {
        Ok(input) => visitor.workspace.person_add(&visitor.caller(), input).await,
        Err(refusal) => Err(refusal.into()),
    };
    match added {
        Ok(person) => Ok(Redirect::to(&format!("{}?said=added", url(person.person))).into_response()),
        // A slip of whoever types: the page says what is wrong, and keeps what was typed.
        Err(Error::Refused(refusal)) if matches!(refusal.code, Code::Invalid | Code::Conflict) => {
            all(visitor, Some(&refusal.detail), form).await
        }
        Err(error) => Err(error.into()),
    }
}

/// A member; whoever is known from elsewhere only has no page.
async fn member(visitor: &Visitor, person: Uuid) -> Result<PersonView, Problem> {
    let found = visitor.workspace.person_get(PersonId(person)).await?;
    if found.external { Err(Problem::new(Code::NotFound, words::NO_PERSON)) } else { Ok(found) }
}

/// By what a member signs in, beside links.
async fn ways(visitor: &Visitor, person: PersonId) -> Result<Vec<String>, Problem> {
    let mut ways = Vec::new();
    if visitor.workspace.has_passkey(person).await? {
        ways.push(text::passkeys::WAY.to_owned());
    }
    for account in visitor.workspace.identities_of(person).await? {
        let known = visitor.server.providers.iter().find(|provider| provider.settings.name == account.provider);
        ways.extend(known.map(|provider| provider.settings.label.clone()));
    }
    if visitor.server.config.sign_in.passwords && visitor.workspace.has_password(person).await? {
        ways.push(text::sign_in::WAY.to_owned());
    }
    Ok(ways)
}

/// One of them.
pub async fn one(Manager(visitor): Manager, Path(person): Path<Uuid>, Query(said): Query<Said>) -> Result<Response, Problem> {
    let person = member(&visitor, person).await?;
    sheet(&visitor, &person, said.sentence(), None).await
}

async fn sheet(visitor: &Visitor, person: &PersonView, said: Option<&str>, refused: Option<&str>) -> Result<Response, Problem> {
    let ways = ways(visitor, PersonId(person.person)).await?;
    let own = person.person == visitor.person.0;
    let main = html! {
        div.narrow.stack {
            header.case-head {
                p.crumbs { a href=(URL) { (words::PEOPLE) } }
                h1 { (name(person)) @if own { " " span.quiet { "(" (words::YOU) ")" } } }
            }
            @if let Some(said) = said { p.note role="status" { (said) } }
            @if let Some(refused) = refused { p.note.warns role="alert" { (refused) } }
            section.sheet {
                dl.facts {
                    dt { (words::ROLES) } dd { (roles_told(person)) }
                    @if let Some(mail) = &person.mail { dt { (words::MAIL) } dd.wrap { (mail) } }
                    dt { (words::STATE) } dd { @if person.active { (words::ACTIVE) } @else { (words::INACTIVE) } }
                    dt { (words::SIGNS_IN) } dd { @if ways.is_empty() { (words::BY_LINKS) } @else { (ways.join(", ")) } }
                }
            }
            @if person.active { (vouching::section(visitor, person).await?) }
            @if person.active { (invitation(visitor, person, ways.is_empty())) }
            section.sheet {
                h2 { (words::CHANGE) }
                form.form method="post" action={ (url(person.person)) "/change" } {
                    (token(visitor))
                    input type="hidden" name=(SINCE) value=(stands(person));
                    (controls(Some(&person.roles.join(", ")), person.mail.as_deref()))
                    p.actions { button type="submit" { (words::CHANGE_BUTTON) } }
                }
            }
            @if !own && person.active { (away::section(visitor, person.person, &format!("{}/away", url(person.person))).await?) }
            @if !own { (part(visitor, person)) }
        }
    };
    Ok(Page { title: name(person), tab: Tab::Playbooks, visitor: Some(visitor), main }.into_response())
}

fn invitation(visitor: &Visitor, person: &PersonView, links_only: bool) -> Markup {
    html! {
        section.sheet {
            h2 { (words::INVITE) }
            @if links_only {
                p { (words::INVITE_LEAD) }
                form method="post" action={ (url(person.person)) "/invite" } { (token(visitor)) button type="submit" { (words::INVITE_BUTTON) } }
            } @else { p.quiet { (words::INVITE_NOT) } }
        }
    }
}

/// What is done rarely: somebody goes, or comes back.
fn part(visitor: &Visitor, person: &PersonView) -> Markup {
    let action = if person.active { "leave" } else { "return" };
    html! {
        section.sheet {
            details.more {
                summary { @if person.active { (words::LEAVES) } @else { (words::RETURNS) } }
                @if person.active { p { (words::LEAVES_LEAD) } }
                form method="post" action={ (url(person.person)) "/" (action) } {
                    (token(visitor))
                    input type="hidden" name=(SINCE) value=(stands(person));
                    @if person.active { button.danger type="submit" { (words::LEAVES_BUTTON) } } @else { button type="submit" { (words::RETURNS_BUTTON) } }
                }
            }
        }
    }
}

/// How somebody stands, so that a page does not undo what somebody else did meanwhile.
fn stands(person: &PersonView) -> String {
    format!("{} {} {}", person.active, person.roles.join(","), person.mail.as_deref().unwrap_or_default())
}

fn unchanged(person: &PersonView, form: &Form) -> Result<(), Refusal> {
    let same = form.get(SINCE) == Some(stands(person).as_str());
    if same { Ok(()) } else { Err(Refusal::field(Code::Conflict, "/since", words::CHANGED_MEANWHILE)) }
}

/// Changes somebody's roles and address.
pub async fn change(Path(person): Path<Uuid>, ManagerConfirmed(posted): ManagerConfirmed) -> Result<Response, Problem> {
    let (visitor, form) = (&posted.visitor, &posted.form);
    let person = member(visitor, person).await?;
    unchanged(&person, form)?;
    let mail = form.get("mail").map(str::to_owned).filter(|_| person.name.is_some());
    let changed = match roles(form.get("roles").unwrap_or_default()) {
        Ok(roles) => {
            let change = PersonChange { roles, active: person.active, mail };
            visitor.workspace.person_change(&visitor.caller(), PersonId(person.person), change).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match changed {
        Ok(person) => Ok(Redirect::to(&format!("{}?said=changed", url(person.person))).into_response()),
        Err(Error::Refused(refusal)) if refusal.code == Code::Invalid => sheet(visitor, &person, None, Some(&refusal.detail)).await,
        Err(error) => Err(error.into()),
    }
}

async fn takes_part(posted: &Posted, person: Uuid, active: bool) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let person = member(visitor, person).await?;
    unchanged(&person, &posted.form)?;
    let change = PersonChange { roles: person.roles.clone(), active, mail: None };
    visitor.workspace.person_change(&visitor.caller(), PersonId(person.person), change).await?;
    let said = if active { "returned" } else { "left" };
    Ok(Redirect::to(&format!("{}?said={said}", url(person.person))).into_response())
}

/// Takes somebody out.
pub async fn leave(Path(person): Path<Uuid>, ManagerConfirmed(posted): ManagerConfirmed) -> Result<Response, Problem> {
    takes_part(&posted, person, false).await
}

/// Lets somebody take part again.
pub async fn come_back(Path(person): Path<Uuid>, ManagerConfirmed(posted): ManagerConfirmed) -> Result<Response, Problem> {
    takes_part(&posted, person, true).await
}

/// Makes a link for somebody who has nothing of their own to sign in by yet. For others no colleague makes one: it would open their desk.
pub async fn invite(Path(person): Path<Uuid>, ManagerConfirmed(posted): ManagerConfirmed) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let person = member(visitor, person).await?;
    if !ways(visitor, PersonId(person.person)).await?.is_empty() {
        return Err(Problem::new(Code::Forbidden, words::INVITE_NOT));
    }
    let secret = visitor.workspace.desk_link(&visitor.caller(), PersonId(person.person)).await?;
    tracing::info!(person.id = %person.person, by = %visitor.person, "a link was made at the desk");
    let main = html! {
        div.narrow.stack {
            header.case-head {
                p.crumbs { a href=(URL) { (words::PEOPLE) } a href=(url(person.person)) { (name(&person)) } }
                h1 { (words::INVITE) " " (name(&person)) }
            }
            section.sheet {
                h2 { (words::LINK) }
                pre.command { code data-secret { (sign_in_url(visitor.server.config.site.origin(), &secret)) } }
                p { (words::INVITE_LEAD) }
                p.fine { (words::LINK_FINE) }
            }
        }
    };
    Ok(Page { title: words::INVITE, tab: Tab::Playbooks, visitor: Some(visitor), main }.into_response())
}

/// Vouches for somebody.
pub async fn vouch(Path(person): Path<Uuid>, ManagerConfirmed(posted): ManagerConfirmed) -> Result<Response, Problem> {
    let visitor = &posted.visitor;
    let person = member(visitor, person).await?;
    if posted.form.get(SINCE) != Some(vouching::stands(visitor, &person).await?.as_str()) {
        return Err(Refusal::field(Code::Conflict, "/since", words::CHANGED_MEANWHILE).into());
    }
    visitor.workspace.person_vouch(&visitor.caller(), PersonId(person.person), Some(visitor.person)).await?;
    Ok(Redirect::to(&format!("{}?said=vouched", url(person.person))).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_as_they_are_typed() {
        assert_eq!(roles(" support, senior ,, support,").unwrap(), ["support", "senior"]);
        assert_eq!(roles("").unwrap(), [""; 0]);
        assert!(roles(&"x".repeat(NAME_CHARS_MAX + 1)).is_err());
        assert!(roles("a\u{7}b").is_err());
        let many: Vec<String> = (0..=ROLES_MAX).map(|n| n.to_string()).collect();
        assert!(roles(&many.join(",")).is_err());
    }
}
