//! Whether somebody counts as a person of their own, on their page: who has a hand in them, what opens their desk, and a button to vouch
//! for them where whoever looks may. Decides nothing.

use super::{PersonView, SINCE, url};
use crate::{
    desk::{
        page::token,
        text::{self, team as words},
        visitor::Visitor,
    },
    problem::Problem,
};
use countersign_core::{content::Digest, id::PersonId};
use maud::{Markup, html};

/// By what somebody signs in or acts, each with since when: what whoever vouches looks at.
async fn means(visitor: &Visitor, person: &PersonView) -> Result<Vec<String>, Problem> {
    let (workspace, id) = (&visitor.workspace, PersonId(person.person));
    let mut means = Vec::new();
    for passkey in workspace.passkeys_of(id).await? {
        means.push(words::means(text::passkeys::WAY, &text::moment(passkey.added_at)));
    }
    for account in workspace.identities_of(id).await? {
        let known = visitor.server.providers.iter().find(|provider| provider.settings.name == account.provider);
        let label = known.map_or(account.provider.as_str(), |provider| &provider.settings.label);
        means.push(words::means(label, &text::moment(account.linked_at)));
    }
    if workspace.has_password(id).await? {
        means.push(words::MEANS_PASSWORD.to_owned());
    }
    let keys = workspace.api_keys_list().await?;
    means.extend(keys.iter().filter(|key| key.person == Some(person.person) && !key.revoked).map(|key| words::key_of(&key.name)));
    Ok(means)
}

/// What the page showed when whoever vouches looked at it.
pub async fn stands(visitor: &Visitor, person: &PersonView) -> Result<String, Problem> {
    let hands: Vec<String> = person.hands.iter().map(|hand| format!("{} {} {}", hand.person, hand.how, hand.at)).collect();
    Ok(Digest::of(format!("{hands:?} {:?}", means(visitor, person).await?).as_bytes()).to_string())
}

/// The part of the page; nothing where nobody ever had a hand in them.
pub async fn section(visitor: &Visitor, person: &PersonView) -> Result<Markup, Problem> {
    if person.hands.is_empty() && person.vouched.is_none() {
        return Ok(html! {});
    }
    let inner = match &person.vouched {
        Some(vouched) => {
            let who = match (&vouched.name, vouched.by) {
                (Some(name), _) => name.as_str(),
                (None, Some(_)) => words::SOMEBODY,
                (None, None) => words::VOUCH_SERVER,
            };
            html! {
                p { (words::vouched(who, &text::moment_of(&vouched.at))) }
                p.fine { (words::VOUCH_ENDS) }
            }
        }
        None => hands(visitor, person).await?,
    };
    Ok(html! { section.sheet.automation data-own { h2 { (words::OWN) } (inner) } })
}

async fn hands(visitor: &Visitor, person: &PersonView) -> Result<Markup, Problem> {
    let against = visitor.workspace.vouching_against(visitor.person, PersonId(person.person)).await?;
    let means = means(visitor, person).await?;
    let since = stands(visitor, person).await?;
    Ok(html! {
        p { (words::OWN_HANDS) }
        ul { @for hand in &person.hands { li {
            strong { (hand.name.as_deref().unwrap_or(words::SOMEBODY)) }
            @if hand.person == visitor.person.0 { " (" (words::YOU) ")" }
            ", who " (words::hand(&hand.how)) ", " (text::moment_of(&hand.at))
        } } }
        p.quiet { (words::OWN_HANDS_LEAD) }
        @match against {
            Some(why) => p.note { (words::sentence(&why)) },
            None => {
                h3 { (words::OWN_MEANS) }
                ul { @for one in &means { li { (one) } } }
                p { (words::OWN_ASK) }
                form method="post" action={ (url(person.person)) "/vouch" } {
                    (token(visitor))
                    input type="hidden" name=(SINCE) value=(since);
                    button type="submit" { (words::VOUCH_BUTTON) }
                }
            }
        }
    })
}
