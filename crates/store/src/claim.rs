//! Claims: who is on which case until when. Operational, never evidence. The only place where the engines' SQL differs.
//!
//! A case whose seats are all leased is not `available` and wakes when the first lease ends, so that claiming never wades
//! through leased cases.

use crate::{
    batch,
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

const LEASES_OF_CASES: &str = "select case_id, person, until from leases where workspace = $1 and until > $2 and case_id in";
const WOKEN_AT_ONCE: i64 = 256;

statements! {
    CASES_WAKE = "update cases set available = true, wake_at = null where workspace = $1 and case_id in (select case_id from cases where workspace = $1 and wake_at is not null and wake_at <= $2 and seats_free > 0 limit $3)";
    CLAIM_FIND = "select case_id from cases c where workspace = $1 and playbook = $2 and available and (role = '' or role in (select value from json_each($4))) and not exists (select 1 from case_exclusions x where x.workspace = c.workspace and x.case_id = c.case_id and x.person = $3) and not exists (select 1 from leases l where l.workspace = c.workspace and l.case_id = c.case_id and l.person = $3 and l.until > $5) order by priority_at, case_id limit 1";
    LEASE_PUT = "insert into leases (workspace, case_id, person, until) values ($1, $2, $3, $4) on conflict (workspace, case_id, person) do update set until = excluded.until";
    LEASE_GET = "select until from leases where workspace = $1 and case_id = $2 and person = $3 and until > $4";
    LEASES_OF_PERSON = "select case_id, until from leases where workspace = $1 and person = $2 and until > $3 order by until, case_id";
    LEASE_DELETE = "delete from leases where workspace = $1 and case_id = $2 and person = $3";
    LEASES_EXPIRE = "delete from leases where workspace = $1 and case_id = $2 and until <= $3";
    CASE_LEASED_OUT = "update cases set available = false, wake_at = (select min(l.until) from leases l where l.workspace = cases.workspace and l.case_id = cases.case_id) where workspace = $1 and case_id = $2 and seats_free <= (select count(*) from leases l where l.workspace = cases.workspace and l.case_id = cases.case_id)";
    CASE_FREE = "update cases set available = true, wake_at = null where workspace = $1 and case_id = $2 and seats_free > (select count(*) from leases l where l.workspace = cases.workspace and l.case_id = cases.case_id)";
    SEATS_LEFT = "select seats_free - (select count(*) from leases l where l.workspace = c.workspace and l.case_id = c.case_id and l.until > $3 and l.person <> $4) from cases c where workspace = $1 and case_id = $2";
}

/// The same as [`CLAIM_FIND`] for PostgreSQL: what another claim is looking at is passed over, not waited for.
const CLAIM_FIND_POSTGRES: &str = "select case_id from cases c where workspace = $1 and playbook = $2 and available and (role = '' or role in (select value from json_array_elements_text($4::json))) and not exists (select 1 from case_exclusions x where x.workspace = c.workspace and x.case_id = c.case_id and x.person = $3) and not exists (select 1 from leases l where l.workspace = c.workspace and l.case_id = c.case_id and l.person = $3 and l.until > $5) order by priority_at, case_id limit 1 for update of c skip locked";
/// The same as [`CASES_WAKE`] for PostgreSQL: two nodes that wake the same cases must not wait for one another.
const CASES_WAKE_POSTGRES: &str = "update cases set available = true, wake_at = null where workspace = $1 and case_id in (select case_id from cases where workspace = $1 and wake_at is not null and wake_at <= $2 and seats_free > 0 limit $3 for update skip locked)";
const CASE_LOCK_POSTGRES: &str = "select 1 from cases where workspace = $1 and case_id = $2 for update";

/// Who asks, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Claimant<'a> {
    /// The person.
    pub person: Uuid,
    /// Their roles, as a JSON array of strings.
    pub roles_json: &'a str,
    /// Now, in microseconds.
    pub now: i64,
    /// End of the lease.
    pub until: i64,
}

/// Makes snoozed and leased-out cases available whose time has come.
///
/// # Errors
/// Where the storage fails.
pub async fn wake(conn: Conn<'_>, workspace: Uuid, now: i64) -> Result<(), Error> {
    let sql = if conn.is_postgres() { CASES_WAKE_POSTGRES } else { CASES_WAKE };
    on!(conn, c => sqlx::query(sql).bind(workspace).bind(now).bind(WOKEN_AT_ONCE).execute(c).await.map(|_| ()))
        .map_err(attempt("wake waiting cases"))
}

/// Leases the first case of a playbook's queue that the person may answer.
///
/// # Errors
/// Where the storage fails.
pub async fn next(mut conn: Conn<'_>, workspace: Uuid, playbook: Uuid, claimant: Claimant<'_>) -> Result<Option<Uuid>, Error> {
    let sql = if conn.is_postgres() { CLAIM_FIND_POSTGRES } else { CLAIM_FIND };
    let found: Option<Uuid> = on!(conn.again(), c => sqlx::query(sql)
        .bind(workspace)
        .bind(playbook)
        .bind(claimant.person)
        .bind(claimant.roles_json)
        .bind(claimant.now)
        .fetch_optional(c)
        .await
        .map(|r| r.map(|r| r.get(0))))
    .map_err(attempt("find the next case"))?;
    if let Some(case) = found {
        lease(conn, workspace, case, claimant).await?;
    }
    Ok(found)
}

/// Leases one named case, if a seat is free. `false`: somebody else is on it, or it is not open.
///
/// # Errors
/// Where the storage fails.
pub async fn one(mut conn: Conn<'_>, workspace: Uuid, case: Uuid, claimant: Claimant<'_>) -> Result<bool, Error> {
    if let Conn::Postgres(c) = conn.again() {
        sqlx::query(CASE_LOCK_POSTGRES).bind(workspace).bind(case).execute(c).await.map_err(attempt("claim a case"))?;
    }
    let left: Option<i64> = on!(conn.again(), c => sqlx::query(SEATS_LEFT)
        .bind(workspace)
        .bind(case)
        .bind(claimant.now)
        .bind(claimant.person)
        .fetch_optional(c)
        .await
        .map(|r| r.map(|r| r.get(0))))
    .map_err(attempt("claim a case"))?;
    if left.unwrap_or(0) <= 0 {
        return Ok(false);
    }
    lease(conn, workspace, case, claimant).await?;
    Ok(true)
}

async fn lease(mut conn: Conn<'_>, workspace: Uuid, case: Uuid, claimant: Claimant<'_>) -> Result<(), Error> {
    let failed = || attempt("claim a case");
    on!(conn.again(), c => sqlx::query(LEASES_EXPIRE).bind(workspace).bind(case).bind(claimant.now).execute(c).await.map(|_| ()))
        .map_err(failed())?;
    on!(conn.again(), c => sqlx::query(LEASE_PUT).bind(workspace).bind(case).bind(claimant.person).bind(claimant.until).execute(c).await.map(|_| ()))
        .map_err(failed())?;
    on!(conn, c => sqlx::query(CASE_LEASED_OUT).bind(workspace).bind(case).execute(c).await.map(|_| ())).map_err(failed())
}

/// Ends a lease.
///
/// # Errors
/// Where the storage fails.
pub async fn release(mut conn: Conn<'_>, workspace: Uuid, case: Uuid, person: Uuid) -> Result<(), Error> {
    let failed = || attempt("release a case");
    on!(conn.again(), c => sqlx::query(LEASE_DELETE).bind(workspace).bind(case).bind(person).execute(c).await.map(|_| ()))
        .map_err(failed())?;
    on!(conn, c => sqlx::query(CASE_FREE).bind(workspace).bind(case).execute(c).await.map(|_| ())).map_err(failed())
}

/// Ends a lease whose case is being written in the same transaction, which sees to the case's row.
///
/// # Errors
/// Where the storage fails.
pub async fn forget(conn: Conn<'_>, workspace: Uuid, case: Uuid, person: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(LEASE_DELETE).bind(workspace).bind(case).bind(person).execute(c).await.map(|_| ()))
        .map_err(attempt("end a lease"))
}

/// Until when the person holds a case, if they do.
///
/// # Errors
/// Where the storage fails.
pub async fn held_until(conn: Conn<'_>, workspace: Uuid, case: Uuid, person: Uuid, now: i64) -> Result<Option<i64>, Error> {
    on!(conn, c => sqlx::query(LEASE_GET).bind(workspace).bind(case).bind(person).bind(now).fetch_optional(c).await.map(|r| r.map(|r| r.get(0))))
        .map_err(attempt("read a lease"))
}

/// All leases on some cases that have not ended: case, person, end.
///
/// # Errors
/// Where the storage fails.
pub async fn of_cases(mut conn: Conn<'_>, workspace: Uuid, cases: &[Uuid], now: i64) -> Result<Vec<(Uuid, Uuid, i64)>, Error> {
    const CASES_AT_ONCE: usize = 256;
    let mut found = Vec::new();
    for some in cases.chunks(CASES_AT_ONCE) {
        let keys = batch::padded(some);
        let sql = batch::in_list(conn.is_postgres(), LEASES_OF_CASES, 2, keys.len(), "");
        on!(conn.again(), c => {
            let mut query = sqlx::query(sql).bind(workspace).bind(now);
            for key in &keys {
                query = query.bind(key);
            }
            query.fetch_all(c).await.map(|rows| found.extend(rows.iter().map(|r| (r.get(0), r.get(1), r.get(2)))))
        })
        .map_err(attempt("read leases"))?;
    }
    Ok(found)
}

/// What the person is on.
///
/// # Errors
/// Where the storage fails.
pub async fn of_person(conn: Conn<'_>, workspace: Uuid, person: Uuid, now: i64) -> Result<Vec<(Uuid, i64)>, Error> {
    on!(conn, c => sqlx::query(LEASES_OF_PERSON).bind(workspace).bind(person).bind(now).fetch_all(c).await.map(|rows| rows.iter().map(|r| (r.get(0), r.get(1))).collect()))
        .map_err(attempt("read leases"))
}
