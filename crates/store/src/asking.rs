//! Asking the proposers that playbooks name: which node does it, how far it has read, and what was spent in a day. Holds nothing of a case.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    ASKING_TAKE = "insert into asking_runs (workspace, holder, until, position) values ($1, $2, $4, $5) on conflict (workspace) do update set holder = excluded.holder, until = excluded.until where asking_runs.holder = excluded.holder or asking_runs.until <= $3 returning position";
    ASKING_READ = "update asking_runs set position = $3 where workspace = $1 and holder = $2";
    ASKING_RELEASE = "update asking_runs set until = 0 where holder = $1";
    ASKING_CLEAR = "delete from asking_runs";
    ASKING_SPENT = "select spent from asking_spent where workspace = $1 and playbook = $2 and proposer = $3 and day = $4";
    ASKING_SPEND = "insert into asking_spent (workspace, playbook, proposer, day, spent) values ($1, $2, $3, $4, $5) on conflict (workspace, playbook, proposer, day) do update set spent = asking_spent.spent + excluded.spent";
}

/// Takes or renews the lease, and tells how far was read. `None`: another node has it. `begin` is where a workspace begins that never
/// had one.
///
/// # Errors
/// Where the storage fails.
pub async fn lease(conn: Conn<'_>, workspace: Uuid, holder: Uuid, (now, until): (i64, i64), begin: i64) -> Result<Option<i64>, Error> {
    on!(conn, c => sqlx::query(ASKING_TAKE)
        .bind(workspace)
        .bind(holder)
        .bind(now)
        .bind(until)
        .bind(begin)
        .fetch_optional(c)
        .await
        .map(|r| r.map(|r| r.get(0))))
    .map_err(attempt("take the lease to ask proposers"))
}

/// Says how far everything was asked about.
///
/// # Errors
/// Where the storage fails.
pub async fn read_to(conn: Conn<'_>, workspace: Uuid, holder: Uuid, position: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(ASKING_READ).bind(workspace).bind(holder).bind(position).execute(c).await.map(|_| ()))
        .map_err(attempt("say how far proposers were asked"))
}

/// Gives a node's leases back, so that another one need not wait for their end.
///
/// # Errors
/// Where the storage fails.
pub async fn release(conn: Conn<'_>, holder: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(ASKING_RELEASE).bind(holder).execute(c).await.map(|_| ()))
        .map_err(attempt("give the leases to ask proposers back"))
}

/// Drops all leases, in a database that was restored and that no node serves yet.
///
/// # Errors
/// Where the storage fails.
pub async fn leases_clear(conn: Conn<'_>) -> Result<(), Error> {
    on!(conn, c => sqlx::query(ASKING_CLEAR).execute(c).await.map(|_| ())).map_err(attempt("drop the leases to ask proposers"))
}

/// What was spent on a proposer in a day, in micro-units.
///
/// # Errors
/// Where the storage fails.
pub async fn spent(conn: Conn<'_>, workspace: Uuid, (playbook, proposer): (Uuid, &str), day: i64) -> Result<i64, Error> {
    on!(conn, c => sqlx::query(ASKING_SPENT)
        .bind(workspace)
        .bind(playbook)
        .bind(proposer)
        .bind(day)
        .fetch_optional(c)
        .await
        .map(|r| r.map_or(0, |r| r.get(0))))
    .map_err(attempt("see what was spent on a proposer"))
}

/// Adds to what was spent on a proposer in a day, in micro-units.
///
/// # Errors
/// Where the storage fails.
pub async fn spend(conn: Conn<'_>, workspace: Uuid, (playbook, proposer): (Uuid, &str), (day, more): (i64, i64)) -> Result<(), Error> {
    on!(conn, c => sqlx::query(ASKING_SPEND).bind(workspace).bind(playbook).bind(proposer).bind(day).bind(more).execute(c).await.map(|_| ()))
        .map_err(attempt("take down what was spent on a proposer"))
}
