//! The database below the product: what is really stored, and meddling with it. What a scenario finds or breaks here, no use
//! case offers.

use crate::Kit;
use countersign_app::App;
use countersign_store::Db;
use sqlx::{AssertSqlSafe, Row};

/// Runs statements on the writing side and says how many rows the last one touched.
///
/// # Errors
/// As the engine's own.
pub async fn execute(db: &Db, sql: &str) -> Result<u64, sqlx::Error> {
    let sql = AssertSqlSafe(sql.to_owned());
    match db {
        Db::Sqlite { writer, .. } => sqlx::query(sql).execute(writer).await.map(|done| done.rows_affected()),
        Db::Postgres(pool) => sqlx::query(sql).execute(pool).await.map(|done| done.rows_affected()),
    }
}

/// The first column of a query, whose values are texts.
pub async fn texts(db: &Db, sql: &str) -> Vec<String> {
    let sql = AssertSqlSafe(sql.to_owned());
    match db {
        Db::Sqlite { writer, .. } => sqlx::query(sql).fetch_all(writer).await.map(|rows| rows.iter().map(|r| r.get(0)).collect()),
        Db::Postgres(pool) => sqlx::query(sql).fetch_all(pool).await.map(|rows| rows.iter().map(|r| r.get(0)).collect()),
    }
    .expect("a query of texts")
}

/// A number.
pub async fn number(db: &Db, sql: &str) -> i64 {
    let sql = AssertSqlSafe(sql.to_owned());
    match db {
        Db::Sqlite { writer, .. } => sqlx::query(sql).fetch_one(writer).await.map(|row| row.get(0)),
        Db::Postgres(pool) => sqlx::query(sql).fetch_one(pool).await.map(|row| row.get(0)),
    }
    .expect("a query of a number")
}

/// Whether this is PostgreSQL.
#[must_use]
pub fn is_postgres(db: &Db) -> bool {
    matches!(db, Db::Postgres(_))
}

/// An expression that gives a blob or a UUID in hexadecimal digits.
#[must_use]
pub fn hex_of(db: &Db, column: &str, uuid: bool) -> String {
    match (is_postgres(db), uuid) {
        (false, _) => format!("lower(hex({column}))"),
        (true, true) => format!("replace({column}::text, '-', '')"),
        (true, false) => format!("encode({column}, 'hex')"),
    }
}

/// The projections row by row, without the columns that depend on leases.
pub async fn projections(db: &Db) -> Vec<String> {
    const TABLES: [(&str, &[&str], &[&str]); 5] = [
        (
            "cases",
            &["case_id", "playbook"],
            &[
                "version",
                "playbook_version",
                "status",
                "route",
                "role",
                "seats_free",
                "opened_at",
                "priority_at",
                "deadline_at",
                "answer",
                "decided_at",
            ],
        ),
        ("case_exclusions", &["case_id", "person"], &[]),
        (
            "decisions",
            &["decision", "case_id", "playbook"],
            &["position", "playbook_version", "answer", "basis", "status", "decided_at", "act_after"],
        ),
        ("playbooks", &["playbook"], &["version", "name"]),
        ("case_counts where cases <> 0", &["playbook"], &["status", "cases"]),
    ];
    let mut all = Vec::new();
    for (table, ids, others) in TABLES {
        let mut parts: Vec<String> = ids.iter().map(|c| hex_of(db, c, true)).collect();
        parts.extend(others.iter().map(|c| format!("coalesce(cast({c} as text), '-')")));
        let rows = texts(db, &format!("select {} from {table} order by 1", parts.join(" || '|' || "))).await;
        all.extend(rows.into_iter().map(|row| format!("{table} {row}")));
    }
    all
}

/// Says what is wrong with the ledger and its projections, as `verify` and a rebuild find it; empty where nothing is.
pub async fn wrongs(app: &App, workspace: &countersign_app::Workspace) -> Vec<String> {
    let report = workspace.verify(&|_| {}, None).await.expect("a report");
    let mut wrongs: Vec<String> = report.problems.iter().map(|p| format!("{} {}: {}", p.what, p.place, p.detail)).collect();
    let before = projections(app.db()).await;
    workspace.projections_rebuild().await.expect("rebuilt projections");
    let after = projections(app.db()).await;
    wrongs.extend(before.iter().filter(|row| !after.contains(row)).map(|row| format!("only before a rebuild: {row}")));
    wrongs.extend(after.iter().filter(|row| !before.contains(row)).map(|row| format!("only after a rebuild: {row}")));
    let (size, events, top) = (
        number(app.db(), "select size from log_heads").await,
        number(app.db(), "select count(*) from events").await,
        number(app.db(), "select max(position) from events").await,
    );
    if (size, size - 1) != (events, top) {
        wrongs.push(format!("the head says {size} events, there are {events}, the last at {top}"));
    }
    wrongs
}

impl Kit {
    /// Integrates as if some time had passed, so that each call gives a checkpoint that is kept.
    pub async fn integrate(&self) -> u64 {
        self.clock.advance(61_000_000);
        self.workspace.integrate().await.expect("an integrated log")
    }

    /// Panics, saying what is wrong, unless the ledger verifies and the projections equal a replay.
    pub async fn assert_sound(&self) {
        self.integrate().await;
        let wrongs = wrongs(&self.app, &self.workspace).await;
        assert!(wrongs.is_empty(), "{wrongs:#?}");
    }
}
