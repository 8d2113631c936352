//! The statements and the schema on both engines.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod batches;
mod passkeys;
mod schema;
mod statements;

use countersign_store::Db;
use std::sync::atomic::{AtomicU64, Ordering};

/// The environment variable that names a PostgreSQL to make databases in; `cargo xtask test` sets it.
const POSTGRES_VARIABLE: &str = "COUNTERSIGN_TEST_POSTGRES";

/// A path or URL of a fresh database; on SQLite with the folder that it lies in.
struct Fresh {
    target: String,
    _folder: Option<tempfile::TempDir>,
}

fn sqlite() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    Fresh { target: folder.path().join("test.db").to_str().unwrap().to_owned(), _folder: Some(folder) }
}

async fn postgres() -> Option<Fresh> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let Ok(server) = std::env::var(POSTGRES_VARIABLE) else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{POSTGRES_VARIABLE} is not set: run `cargo xtask test`");
        println!("skipped on PostgreSQL: {POSTGRES_VARIABLE} is not set; `cargo xtask test` starts one");
        return None;
    };
    let name = format!("store_{}_{}", std::process::id(), COUNTER.fetch_add(1, Ordering::SeqCst));
    let pool = sqlx::PgPool::connect(&server).await.expect("the PostgreSQL that the environment names");
    sqlx::query(sqlx::AssertSqlSafe(format!("create database {name}"))).execute(&pool).await.unwrap();
    pool.close().await;
    let (base, _) = server.rsplit_once('/').unwrap();
    Some(Fresh { target: format!("{base}/{name}"), _folder: None })
}

/// A fresh database of each engine that there is.
async fn databases() -> Vec<(Fresh, Db)> {
    let mut all = Vec::new();
    for fresh in [Some(sqlite()), postgres().await].into_iter().flatten() {
        let db = Db::open(&fresh.target).await.unwrap();
        all.push((fresh, db));
    }
    all
}
