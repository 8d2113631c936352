//! Cases that are to be routed anew, and how far that has come. Operational: routing anew again changes nothing, so that whoever takes
//! over may begin where the last step was written down. Never says what a case's route is.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    REROUTE_ASK = "insert into reroutes (workspace, playbook, status, round, after_case, looked, rerouted, asked_at, holder, until) values ($1, $2, $3, 1, $4, 0, 0, $5, $4, 0) on conflict (workspace, playbook, status) do update set round = reroutes.round + 1, after_case = excluded.after_case, looked = 0, rerouted = 0, asked_at = excluded.asked_at";
    REROUTE_TAKE = "update reroutes set holder = $4, until = $6 where workspace = $1 and playbook = $2 and status = $3 and (holder = $4 or until <= $5) returning round, after_case";
    REROUTE_ADVANCE = "update reroutes set after_case = $6, looked = looked + $7, rerouted = rerouted + $8 where workspace = $1 and playbook = $2 and status = $3 and holder = $4 and round = $5";
    REROUTE_END = "delete from reroutes where workspace = $1 and playbook = $2 and status = $3 and holder = $4 and round = $5";
    REROUTES_LIST = "select playbook, status, looked, rerouted, asked_at from reroutes where workspace = $1 order by playbook, status";
    REROUTES_RELEASE = "update reroutes set until = 0 where holder = $1";
}

/// Which cases: of a playbook, that stand somewhere.
#[derive(Debug, Clone, Copy)]
pub struct Which<'a> {
    /// The workspace.
    pub workspace: Uuid,
    /// The playbook.
    pub playbook: Uuid,
    /// `held` or `open`.
    pub status: &'a str,
}

/// How far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RerouteRow {
    /// The playbook.
    pub playbook: Uuid,
    /// `held` or `open`: which of its cases.
    pub status: String,
    /// Cases that were looked at.
    pub looked: i64,
    /// Cases of these that go another way now.
    pub rerouted: i64,
    /// When it was asked for.
    pub asked_at: i64,
}

/// What a node that is at it goes on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Who is at it.
    pub holder: Uuid,
    /// How often it was asked for: what is written for an earlier asking is dropped.
    pub round: i64,
    /// The last case that was looked at.
    pub after: Uuid,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advance {
    /// The last case of it.
    pub after: Uuid,
    /// Cases that were looked at.
    pub looked: i64,
    /// Cases of these that go another way now.
    pub rerouted: i64,
}

/// Asks for it, from the first case on.
///
/// # Errors
/// Where the storage fails.
pub async fn ask(conn: Conn<'_>, which: Which<'_>, now: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(REROUTE_ASK)
        .bind(which.workspace)
        .bind(which.playbook)
        .bind(which.status)
        .bind(Uuid::nil())
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("ask for new routes"))
}

/// Takes or renews the lease. `None`: another node is at it, or it is done.
///
/// # Errors
/// Where the storage fails.
pub async fn take(conn: Conn<'_>, which: Which<'_>, holder: Uuid, now: i64, until: i64) -> Result<Option<Lease>, Error> {
    on!(conn, c => sqlx::query(REROUTE_TAKE)
        .bind(which.workspace)
        .bind(which.playbook)
        .bind(which.status)
        .bind(holder)
        .bind(now)
        .bind(until)
        .fetch_optional(c)
        .await
        .map(|row| row.map(|r| Lease { holder, round: r.get(0), after: r.get(1) })))
    .map_err(attempt("take the lease on new routes"))
}

/// Writes a step down, unless it was asked for anew or another node took over.
///
/// # Errors
/// Where the storage fails.
pub async fn advance(conn: Conn<'_>, which: Which<'_>, lease: Lease, step: Advance) -> Result<(), Error> {
    on!(conn, c => sqlx::query(REROUTE_ADVANCE)
        .bind(which.workspace)
        .bind(which.playbook)
        .bind(which.status)
        .bind(lease.holder)
        .bind(lease.round)
        .bind(step.after)
        .bind(step.looked)
        .bind(step.rerouted)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("write down how far new routes have come"))
}

/// Ends it, unless it was asked for anew or another node took over.
///
/// # Errors
/// Where the storage fails.
pub async fn end(conn: Conn<'_>, which: Which<'_>, lease: Lease) -> Result<(), Error> {
    on!(conn, c => sqlx::query(REROUTE_END)
        .bind(which.workspace)
        .bind(which.playbook)
        .bind(which.status)
        .bind(lease.holder)
        .bind(lease.round)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("end new routes"))
}

/// What is asked for and not done yet.
///
/// # Errors
/// Where the storage fails.
pub async fn list(conn: Conn<'_>, workspace: Uuid) -> Result<Vec<RerouteRow>, Error> {
    on!(conn, c => sqlx::query(REROUTES_LIST).bind(workspace).fetch_all(c).await.map(|rows| {
        rows.iter()
            .map(|r| RerouteRow { playbook: r.get(0), status: r.get(1), looked: r.get(2), rerouted: r.get(3), asked_at: r.get(4) })
            .collect()
    }))
    .map_err(attempt("list new routes"))
}

/// Gives a node's leases back, so that another one need not wait for their end.
///
/// # Errors
/// Where the storage fails.
pub async fn release(conn: Conn<'_>, holder: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(REROUTES_RELEASE).bind(holder).execute(c).await.map(|_| ()))
        .map_err(attempt("give the leases on new routes back"))
}
