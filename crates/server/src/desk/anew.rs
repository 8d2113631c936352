//! Whoever has no passkey proves that it is them by what they sign in by: at the provider whose account is linked, in another tab, so that
//! what they sent stays where it is; or by their password. Checks nothing itself.

use super::{
    methods,
    page::{Page, Tab, token},
    passkey::{Back, again, in_place},
    provider,
    sign_in::patiently,
    text::{passkeys as words, sign_in as anew_words},
    visitor::{Posted, Visitor},
};
use crate::problem::Problem;
use axum::response::Response;
use maud::html;

/// The control of a password that proves who is there.
pub const PASSWORD: &str = "password_again";

/// The page that asks for it; `None`: it is proven now, or there is nothing to ask, for they sign in by links only.
///
/// # Errors
/// Where the password is not theirs, or the storage fails.
pub async fn asks(posted: &Posted, back: &Back, lead: &str) -> Result<Option<Response>, Problem> {
    let Posted { visitor, form } = posted;
    let Visitor { server, workspace, person, session, .. } = visitor;
    let accounts = workspace.identities_of(*person).await?;
    let linked = |name: &str| accounts.iter().any(|account| account.provider == name);
    let providers: Vec<_> = server.providers.iter().map(|provider| &provider.settings).filter(|known| linked(&known.name)).collect();
    let password = server.config.sign_in.passwords && workspace.has_password(*person).await?;
    if providers.is_empty() && !password {
        return Ok(None);
    }
    if password && let Some(typed) = form.get(PASSWORD) {
        let tried = format!("password of {person}");
        patiently(server, None, &tried).await?;
        server.app.password_confirm(session, typed).await?;
        server.patience.well(None, &tried);
        return Ok(None);
    }
    let main = html! {
        section.sheet.notice {
            h1 { (words::CONFIRM) }
            p.lead { (lead) }
            @for known in &providers {
                (provider::leading(visitor, &format!("{}/provider/{}/confirm", methods::URL, known.name), &anew_words::anew(&known.label), true))
            }
            @if !providers.is_empty() {
                p { (anew_words::CONFIRM_THEN) }
                form.form method="post" action=(back.action) data-waits {
                    (token(visitor))
                    (again(form))
                    p.actions { button type="submit" { (anew_words::CONFIRM_GO_ON) } }
                }
            }
            @if password {
                form.form method="post" action=(back.action) {
                    (token(visitor))
                    (again(form))
                    label.field { span { (anew_words::PASSWORD) } input type="password" name=(PASSWORD) required autocomplete="current-password"; }
                    p.actions { button.primary type="submit" { (anew_words::CONFIRM_PASSWORD) } }
                }
            }
            p.actions { a.button href=(back.page) { (words::NOT_NOW) } }
        }
    };
    Ok(Some(in_place(Page { title: words::CONFIRM, tab: Tab::Nowhere, visitor: Some(visitor), main }, back)))
}
