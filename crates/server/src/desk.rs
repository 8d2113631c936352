//! The desk: pages rendered on the server, where people decide. Every action is a form that works without script; nothing here
//! decides, and no page says more than the use cases of `countersign-app` let its reader see.
//!
//! Start at [`routes`]. [`page`] is the frame around every page, [`visitor`] says who sits there, [`text`] holds every word, [`field`]
//! draws what a case holds, [`answer`] asks for an answer and reads it.

mod anew;
mod answer;
mod around;
mod asset;
mod away;
mod bulk;
mod case;
mod draft;
mod experiment;
mod field;
mod file;
mod for_you;
mod form;
mod history;
mod induction;
mod judge;
mod keys;
mod ledger;
mod methods;
mod models;
mod notices;
mod page;
mod pair;
mod palette;
mod passkey;
mod pause;
mod people;
mod playbooks;
mod practice;
mod provider;
mod queue;
mod recent;
mod routing;
mod rules;
mod saved;
mod sign_in;
mod stops;
mod strip;
mod text;
mod track;
mod visitor;
mod webhooks;
mod work;

pub use page::problem_page;

use crate::state::Server;
use axum::{
    Router,
    response::Redirect,
    routing::{get, post},
};

/// Where every page of the desk lies.
const ROOT: &str = "/desk";

/// Whether a path is of the desk, so that problems there are pages.
#[must_use]
pub fn owns(path: &str) -> bool {
    path == "/" || path == ROOT || path.strip_prefix(ROOT).is_some_and(|rest| rest.starts_with('/'))
}

/// The address that signs somebody in: of the desk at `base`, with the secret of a link.
#[must_use]
pub fn sign_in_url(base: &str, secret: &str) -> String {
    format!("{}{ROOT}/sign-in/{secret}", base.trim_end_matches('/'))
}

/// Every route of the desk.
pub fn routes() -> Router<Server> {
    Router::new()
        .route("/", get(|| std::future::ready(Redirect::to(ROOT))))
        .route("/desk", get(queue::page))
        .route("/desk/pulse", get(queue::pulse))
        .route("/desk/next", post(judge::next))
        .route("/desk/bulk", post(bulk::show))
        .route("/desk/bulk/decide", post(bulk::decide))
        .route("/desk/bulk/release", post(bulk::release))
        .route("/desk/recent", get(recent::page))
        .route("/desk/for-you", get(for_you::page))
        .route("/desk/for-you/seen", post(for_you::seen))
        .route("/desk/for-you/letters", post(for_you::letters))
        .route("/desk/cases/{case}", get(case::page))
        .route("/desk/cases/{case}/take", post(judge::take))
        .route("/desk/cases/{case}/show", post(judge::show))
        .route("/desk/cases/{case}/pulse", get(judge::pulse))
        .route("/desk/cases/{case}/renew", post(judge::renew))
        .route("/desk/cases/{case}/judge", post(judge::judge))
        .route("/desk/cases/{case}/draft", post(judge::draft))
        .route("/desk/cases/{case}/skip", post(around::skip))
        .route("/desk/cases/{case}/snooze", post(around::snooze))
        .route("/desk/cases/{case}/escalate", post(around::escalate))
        .route("/desk/cases/{case}/release", post(around::release))
        .route("/desk/cases/{case}/assign", post(for_you::assign))
        .route("/desk/cases/{case}/ask", post(around::ask))
        .route("/desk/cases/{case}/comment", post(around::comment))
        .route("/desk/cases/{case}/history", get(history::page))
        .route("/desk/cases/{case}/proof", get(history::proof))
        .route("/desk/cases/{case}/reopen", post(around::reopen))
        .route("/desk/decisions/{decision}/withdraw", post(around::withdraw))
        .route("/desk/decisions/{decision}/correct", post(around::correct))
        .route("/desk/decisions/{decision}/appeal", post(around::appeal))
        .route("/desk/decisions/{decision}/bundle", get(history::bundle))
        .route("/desk/pair", get(pair::page))
        .route("/desk/pair/{name}", post(pair::start))
        .route("/desk/rehearsals/{id}", get(pair::report))
        .route("/desk/ledger", get(ledger::page))
        .route("/desk/playbooks", get(playbooks::list))
        .route("/desk/playbooks/{name}", get(playbooks::one))
        .route("/desk/playbooks/{name}/track-record", get(track::page))
        .route("/desk/playbooks/{name}/track-record/stop", post(track::stop))
        .route("/desk/playbooks/{name}/track-record/resume", post(track::resume))
        .route("/desk/playbooks/{name}/induction", get(induction::page))
        .route("/desk/playbooks/{name}/practice", post(practice::start))
        .route("/desk/practice/{session}", get(practice::page).post(practice::step))
        .route("/desk/practice/{session}/delete", post(practice::delete))
        .route("/desk/work", get(work::page))
        .route(pause::URL, post(pause::begin))
        .route("/desk/pause/after", post(pause::after))
        .route("/desk/views", post(saved::save))
        .route("/desk/views/{view}", post(saved::rename))
        .route("/desk/views/{view}/delete", post(saved::delete))
        .route("/desk/playbooks/{name}/experiments", get(experiment::list).post(experiment::start))
        .route("/desk/experiments/{id}", get(experiment::one))
        .route("/desk/experiments/{id}/stop", post(experiment::stop))
        .route("/desk/playbooks/{name}/routing", get(routing::list).post(routing::write))
        .route("/desk/playbooks/{name}/routing/roll-back", post(routing::roll_back))
        .route("/desk/routing-drafts/{id}", get(routing::one))
        .route("/desk/routing-drafts/{id}/rehearse", post(routing::rehearse))
        .route("/desk/routing-drafts/{id}/approve", post(routing::approve))
        .route("/desk/routing-drafts/{id}/withdraw", post(routing::withdraw))
        .route("/desk/rules", get(rules::page).post(rules::write))
        .route("/desk/rules/roll-back", post(rules::roll_back))
        .route("/desk/rules-drafts/{id}", get(rules::one))
        .route("/desk/rules-drafts/{id}/replay", post(rules::replay))
        .route("/desk/rules-drafts/{id}/approve", post(rules::approve))
        .route("/desk/rules-drafts/{id}/withdraw", post(rules::withdraw))
        .route(stops::URL, get(stops::page).post(stops::stop))
        .route("/desk/stops/resume", post(stops::resume))
        .route("/desk/notices", get(notices::page))
        .route("/desk/notices/read", post(notices::read))
        .route("/desk/webhooks", get(webhooks::list).post(webhooks::add))
        .route("/desk/webhooks/{id}", get(webhooks::one))
        .route("/desk/webhooks/{id}/test", post(webhooks::test))
        .route("/desk/webhooks/{id}/rotate", post(webhooks::rotate))
        .route("/desk/webhooks/{id}/remove", post(webhooks::remove))
        .route("/desk/webhooks/{id}/messages/{event}/resend", post(webhooks::resend))
        .route(people::URL, get(people::list).post(people::add))
        .route("/desk/people/{person}", get(people::one))
        .route("/desk/people/{person}/change", post(people::change))
        .route("/desk/people/{person}/invite", post(people::invite))
        .route("/desk/people/{person}/vouch", post(people::vouch))
        .route("/desk/people/{person}/away", post(away::say_of))
        .route("/desk/people/{person}/away/back", post(away::back_of))
        .route(away::URL, post(away::say))
        .route("/desk/away/back", post(away::back))
        .route("/desk/people/{person}/leave", post(people::leave))
        .route("/desk/people/{person}/return", post(people::come_back))
        .route(keys::URL, get(keys::list).post(keys::add))
        .route("/desk/keys/{key}/revoke", post(keys::revoke))
        .route("/desk/playbooks/{name}/models", get(models::page))
        .route("/desk/playbooks/{name}/models/train", post(models::train))
        .route("/desk/playbooks/{name}/models/shadow", post(models::shadow))
        .route("/desk/playbooks/{name}/models/promote", post(models::promote))
        .route("/desk/files/{digest}", get(file::give))
        .route("/desk/sign-in", get(sign_in::how))
        .route(passkey::SIGN_IN, post(sign_in::enter_by_passkey))
        .route(passkey::SIGN_IN_ASK, post(passkey::ask_sign_in))
        .route("/desk/sign-in/password", post(sign_in::enter_by_password))
        .route("/desk/sign-in/provider/{name}", post(provider::begin))
        .route("/desk/sign-in/provider/{name}/back", get(provider::back))
        .route(methods::URL, get(methods::page))
        .route("/desk/sign-in-methods/provider/{name}/link", post(provider::link))
        .route("/desk/sign-in-methods/provider/{name}/confirm", post(provider::confirm))
        .route("/desk/sign-in-methods/accounts/{account}/unlink", post(provider::unlink))
        .route("/desk/sign-in-methods/password", post(methods::password))
        .route("/desk/sign-in-methods/password/remove", post(methods::password_remove))
        .route("/desk/sign-in-methods/passkeys", post(methods::add))
        .route("/desk/sign-in-methods/passkeys/ask", post(passkey::ask_new))
        .route("/desk/sign-in-methods/passkeys/{credential}/remove", post(methods::remove))
        .route("/desk/sign-in-methods/sessions/{session}/end", post(methods::end))
        .route("/desk/sign-in-methods/sessions/end-others", post(methods::end_others))
        .route("/desk/sign-in/{link}", get(sign_in::confirm).post(sign_in::enter))
        .route("/desk/sign-out", post(sign_in::leave))
        .route("/desk/assets/{version}/{name}", get(asset::give))
}
