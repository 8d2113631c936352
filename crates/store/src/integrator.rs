//! Which node integrates a workspace's log. The fence rises with every change of hands, so that a node that slept through the
//! end of its lease cannot write any more.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    INTEGRATOR_TAKE = "insert into integrators (workspace, holder, fence, until) values ($1, $2, 1, $4) on conflict (workspace) do update set holder = excluded.holder, until = excluded.until, fence = case when integrators.holder = excluded.holder then integrators.fence else integrators.fence + 1 end where integrators.holder = excluded.holder or integrators.until <= $3 returning fence";
    INTEGRATOR_RELEASE = "update integrators set until = 0 where holder = $1";
    INTEGRATORS_CLEAR = "delete from integrators";
    INTEGRATOR_CHECK = "update integrators set until = until where workspace = $1 and holder = $2 and fence = $3 returning until";
}

/// Takes or renews the lease. `None`: another node has it.
///
/// # Errors
/// Where the storage fails.
pub async fn take(conn: Conn<'_>, workspace: Uuid, holder: Uuid, now: i64, until: i64) -> Result<Option<i64>, Error> {
    on!(conn, c => sqlx::query(INTEGRATOR_TAKE).bind(workspace).bind(holder).bind(now).bind(until).fetch_optional(c).await.map(|r| r.map(|r| r.get(0))))
        .map_err(attempt("take the integrator's lease"))
}

/// Holds the fence inside the transaction that writes tiles. `false`: another node took over.
///
/// # Errors
/// Where the storage fails.
pub async fn holds(conn: Conn<'_>, workspace: Uuid, holder: Uuid, fence: i64) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(INTEGRATOR_CHECK).bind(workspace).bind(holder).bind(fence).fetch_optional(c).await.map(|r| r.is_some()))
        .map_err(attempt("check the integrator's lease"))
}

/// Gives all leases of a node back, so that another one need not wait for their end.
///
/// # Errors
/// Where the storage fails.
pub async fn release(conn: Conn<'_>, holder: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(INTEGRATOR_RELEASE).bind(holder).execute(c).await.map(|_| ()))
        .map_err(attempt("give the integrator's leases back"))
}

/// Drops all leases, in a database that was restored and that no node serves yet.
///
/// # Errors
/// Where the storage fails.
pub async fn clear(conn: Conn<'_>) -> Result<(), Error> {
    on!(conn, c => sqlx::query(INTEGRATORS_CLEAR).execute(c).await.map(|_| ())).map_err(attempt("drop the integrators' leases"))
}
