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
const LEASES_EXPIRE: &str = "delete from leases where workspace = $1 and until <= $2 and case_id in";
const LEASES_PUT: &str = "insert into leases (workspace, case_id, person, until)";
const LEASES_PUT_TAIL: &str = "on conflict (workspace, case_id, person) do update set until = excluded.until";
const CASES_LEASED_OUT: &str = "update cases set available = false, wake_at = (select min(l.until) from leases l where l.workspace = cases.workspace and l.case_id = cases.case_id) where workspace = $1 and seats_free <= (select count(*) from leases l where l.workspace = cases.workspace and l.case_id = cases.case_id) and case_id in";
const WOKEN_AT_ONCE: i64 = 256;

statements! {
    CASES_WAKE = "update cases set available = true, wake_at = null where workspace = $1 and case_id in (select case_id from cases where workspace = $1 and wake_at is not null and wake_at <= $2 and seats_free > 0 limit $3)";
    CLAIM_FIND = "select case_id from cases c where workspace = $1 and playbook = $2 and available and (role = '' or role in (select value from json_each($4))) and not exists (select 1 from case_exclusions x where x.workspace = c.workspace and x.case_id = c.case_id and x.person = $3) and not exists (select 1 from leases l where l.workspace = c.workspace and l.case_id = c.case_id and l.person = $3 and l.until > $5) order by priority_at, case_id limit 1";
    LEASE_GET = "select until from leases where workspace = $1 and case_id = $2 and person = $3 and until > $4";
    LEASES_OF_PERSON = "select case_id, until from leases where workspace = $1 and person = $2 and until > $3 order by until, case_id";
    LEASE_DELETE = "delete from leases where workspace = $1 and case_id = $2 and person = $3";
    CASE_FREE = "update cases set available = true, wake_at = null where workspace = $1 and case_id = $2 and seats_free > (select count(*) from leases l where l.workspace = cases.workspace and l.case_id = cases.case_id)";
    SEATS_LEFT = "select seats_free - (select count(*) from leases l where l.workspace = c.workspace and l.case_id = c.case_id and l.until > $3 and l.person <> $4) from cases c where workspace = $1 and case_id = $2";
}

/// The same as [`CLAIM_FIND`] for PostgreSQL: what another claim is looking at is passed over, not waited for, and so is what was
/// found in this transaction and is not leased yet.
const CLAIM_FIND_POSTGRES: &str = "select case_id from cases c where workspace = $1 and playbook = $2 and available and (role = '' or role in (select value from json_array_elements_text($4::json))) and not exists (select 1 from case_exclusions x where x.workspace = c.workspace and x.case_id = c.case_id and x.person = $3) and not exists (select 1 from leases l where l.workspace = c.workspace and l.case_id = c.case_id and l.person = $3 and l.until > $5) and case_id <> all ($6) order by priority_at, case_id limit 1 for update of c skip locked";
/// The same as [`CASES_WAKE`] for PostgreSQL: two nodes that wake the same cases must not wait for one another.
const CASES_WAKE_POSTGRES: &str = "update cases set available = true, wake_at = null where workspace = $1 and case_id in (select case_id from cases where workspace = $1 and wake_at is not null and wake_at <= $2 and seats_free > 0 limit $3 for update skip locked)";
const CASE_LOCK_POSTGRES: &str = "select 1 from cases where workspace = $1 and case_id = $2 for update";
/// The same as [`LEASE_DELETE`] for many leases at once.
const LEASES_DELETE_POSTGRES: &str = "delete from leases l using unnest($2::uuid[], $3::uuid[]) as ended (case_id, person) where l.workspace = $1 and l.case_id = ended.case_id and l.person = ended.person";

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

/// A lease to be written.
#[derive(Debug, Clone, Copy)]
struct Lease {
    case: Uuid,
    person: Uuid,
    until: i64,
}

/// The claims of one transaction. PostgreSQL is a round trip away, so there leases are written together: at the end, or before
/// something looks at them. They hold only after [`Self::finish`].
#[derive(Debug)]
pub struct Claims<'c> {
    conn: Conn<'c>,
    workspace: Uuid,
    now: i64,
    found: Vec<Lease>,
}

impl<'c> Claims<'c> {
    /// Begins; makes snoozed and leased-out cases available whose time has come.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn begin(mut conn: Conn<'c>, workspace: Uuid, now: i64) -> Result<Self, Error> {
        let sql = if conn.is_postgres() { CASES_WAKE_POSTGRES } else { CASES_WAKE };
        on!(conn.again(), c => sqlx::query(sql).bind(workspace).bind(now).bind(WOKEN_AT_ONCE).execute(c).await.map(|_| ()))
            .map_err(attempt("wake waiting cases"))?;
        Ok(Self { conn, workspace, now, found: Vec::new() })
    }

    /// Leases the first case of a playbook's queue that the person may answer.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn next(&mut self, playbook: Uuid, claimant: Claimant<'_>) -> Result<Option<Uuid>, Error> {
        let mut found = self.find(playbook, claimant).await?;
        if found.is_none() && !self.found.is_empty() {
            // What was passed over may have a further seat.
            self.lease_found().await?;
            found = self.find(playbook, claimant).await?;
        }
        if let Some(case) = found {
            self.lease(case, claimant).await?;
        }
        Ok(found)
    }

    async fn find(&mut self, playbook: Uuid, claimant: Claimant<'_>) -> Result<Option<Uuid>, Error> {
        match self.conn.again() {
            Conn::Sqlite(c) => sqlx::query(CLAIM_FIND)
                .bind(self.workspace)
                .bind(playbook)
                .bind(claimant.person)
                .bind(claimant.roles_json)
                .bind(claimant.now)
                .fetch_optional(c)
                .await
                .map(|r| r.map(|r| r.get(0))),
            Conn::Postgres(c) => sqlx::query(CLAIM_FIND_POSTGRES)
                .bind(self.workspace)
                .bind(playbook)
                .bind(claimant.person)
                .bind(claimant.roles_json)
                .bind(claimant.now)
                .bind(self.found.iter().map(|l| l.case).collect::<Vec<_>>())
                .fetch_optional(c)
                .await
                .map(|r| r.map(|r| r.get(0))),
        }
        .map_err(attempt("find the next case"))
    }

    /// Leases one named case, if a seat is free. `false`: somebody else is on it, or it is not open.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn one(&mut self, case: Uuid, claimant: Claimant<'_>) -> Result<bool, Error> {
        self.lease_found().await?;
        if let Conn::Postgres(c) = self.conn.again() {
            sqlx::query(CASE_LOCK_POSTGRES).bind(self.workspace).bind(case).execute(c).await.map_err(attempt("claim a case"))?;
        }
        let left: Option<i64> = on!(self.conn.again(), c => sqlx::query(SEATS_LEFT)
            .bind(self.workspace)
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
        self.lease(case, claimant).await?;
        Ok(true)
    }

    /// Ends a lease.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn release(&mut self, case: Uuid, person: Uuid) -> Result<(), Error> {
        let failed = || attempt("release a case");
        self.lease_found().await?;
        on!(self.conn.again(), c => sqlx::query(LEASE_DELETE).bind(self.workspace).bind(case).bind(person).execute(c).await.map(|_| ()))
            .map_err(failed())?;
        on!(self.conn.again(), c => sqlx::query(CASE_FREE).bind(self.workspace).bind(case).execute(c).await.map(|_| ())).map_err(failed())
    }

    /// Writes the leases that are not written yet. What comes next is the commit.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn finish(mut self) -> Result<(), Error> {
        self.lease_found().await
    }

    async fn lease(&mut self, case: Uuid, claimant: Claimant<'_>) -> Result<(), Error> {
        self.found.push(Lease { case, person: claimant.person, until: claimant.until });
        if self.conn.is_postgres() { Ok(()) } else { self.lease_found().await }
    }

    async fn lease_found(&mut self) -> Result<(), Error> {
        let (workspace, now) = (self.workspace, self.now);
        let leases = std::mem::take(&mut self.found);
        let cases: Vec<Uuid> = leases.iter().map(|l| l.case).collect();
        run_for_keys!(self.conn, "claim a case", LEASES_EXPIRE, 2, cases, |query| query.bind(workspace).bind(now));
        insert_rows!(self.conn, "claim a case", LEASES_PUT, 4, LEASES_PUT_TAIL, &leases, |query, lease| query
            .bind(workspace)
            .bind(lease.case)
            .bind(lease.person)
            .bind(lease.until));
        run_for_keys!(self.conn, "claim a case", CASES_LEASED_OUT, 1, cases, |query| query.bind(workspace));
        Ok(())
    }
}

/// Ends leases, each on a case and of a person, whose cases are being written in the same transaction, which sees to their rows.
///
/// # Errors
/// Where the storage fails.
pub async fn forget(conn: Conn<'_>, workspace: Uuid, leases: &[(Uuid, Uuid)]) -> Result<(), Error> {
    match conn {
        _ if leases.is_empty() => Ok(()),
        Conn::Sqlite(c) => {
            for (case, person) in leases {
                sqlx::query(LEASE_DELETE).bind(workspace).bind(case).bind(person).execute(&mut *c).await.map_err(attempt("end a lease"))?;
            }
            Ok(())
        }
        Conn::Postgres(c) => {
            let (cases, people): (Vec<Uuid>, Vec<Uuid>) = leases.iter().copied().unzip();
            let query = sqlx::query(LEASES_DELETE_POSTGRES).bind(workspace).bind(cases).bind(people);
            query.execute(c).await.map(|_| ()).map_err(attempt("end a lease"))
        }
    }
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
    let mut found = Vec::new();
    for some in cases.chunks(batch::KEYS_AT_ONCE) {
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
