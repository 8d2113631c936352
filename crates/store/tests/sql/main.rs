//! The statements and the schema on both engines.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod batches;
mod passkeys;
mod schema;
mod statements;

use countersign_store::Db;
use database::{Database, POSTGRES_VARIABLE};

// The same throw-away databases as everywhere, without all that the test kit brings along.
#[path = "../../../testkit/src/database.rs"]
#[expect(dead_code, reason = "the test kit asks for the folder of a database; here nobody does")]
mod database;

async fn postgres() -> Option<Database> {
    let fresh = Database::postgres().await;
    if fresh.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{POSTGRES_VARIABLE} is not set: run `cargo xtask test`");
        println!("skipped on PostgreSQL: {POSTGRES_VARIABLE} is not set; `cargo xtask test` starts one");
    }
    fresh
}

/// A fresh database of each engine that there is.
async fn databases() -> Vec<(Database, Db)> {
    let mut all = Vec::new();
    for fresh in [Some(Database::sqlite()), postgres().await].into_iter().flatten() {
        let db = Db::open(&fresh.target).await.unwrap();
        all.push((fresh, db));
    }
    all
}
