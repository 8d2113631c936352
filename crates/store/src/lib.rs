//! Events and projections on SQLite and PostgreSQL, one SQL text for both. Decides nothing: it keeps rows and finds them.
//!
//! Start at [`db`] (how a database is opened and a transaction begun) and [`event`] (the facts). Every statement stands in a
//! `statements!` catalogue beside its functions; a test prepares all of them on both engines. Each table says in the
//! migrations whether it is ledgered, sealed or operational.

#[macro_use]
mod macros;
mod fold;

pub mod absence;
pub mod answered;
pub mod api_key;
pub mod asking;
pub mod attachment;
pub mod batch;
pub mod case;
pub mod claim;
pub mod db;
pub mod decision;
pub mod desk_session;
pub mod directory;
pub mod error;
pub mod event;
pub mod external_id;
pub mod idempotency;
pub mod integrator;
pub mod ledger;
pub mod letter;
pub mod log_head;
pub mod mention;
pub mod model;
pub mod own;
pub mod passkey;
pub mod playbook;
pub mod practice;
pub mod precedent;
pub mod queue;
pub mod rehearsal;
pub mod reroute;
pub mod search;
pub mod sign_in;
pub mod subject;
pub mod track;
pub mod vault;
pub mod webhook;

pub use db::{Conn, Db, Session, Tx};
pub use error::Error;
pub use fold::Folded;

/// Every statement of the catalogues by name, so that a test can prepare each on both engines.
#[must_use]
pub fn statements() -> Vec<(&'static str, &'static str)> {
    [
        absence::STATEMENTS,
        answered::STATEMENTS,
        api_key::STATEMENTS,
        asking::STATEMENTS,
        attachment::STATEMENTS,
        case::STATEMENTS,
        claim::STATEMENTS,
        decision::STATEMENTS,
        desk_session::STATEMENTS,
        directory::STATEMENTS,
        event::STATEMENTS,
        external_id::STATEMENTS,
        idempotency::STATEMENTS,
        integrator::STATEMENTS,
        ledger::STATEMENTS,
        log_head::STATEMENTS,
        model::STATEMENTS,
        own::STATEMENTS,
        passkey::STATEMENTS,
        sign_in::STATEMENTS,
        playbook::STATEMENTS,
        practice::STATEMENTS,
        precedent::STATEMENTS,
        queue::STATEMENTS,
        rehearsal::STATEMENTS,
        reroute::STATEMENTS,
        search::STATEMENTS,
        subject::STATEMENTS,
        track::STATEMENTS,
        vault::STATEMENTS,
        webhook::STATEMENTS,
    ]
    .concat()
}
