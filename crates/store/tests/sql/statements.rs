//! Every statement of the catalogues prepares on both engines, and its types are on record: the safety of checked queries without a
//! server to compile.

use super::databases;
use countersign_store::{Db, statements};
use sqlx::{AssertSqlSafe, Column, Either, Executor, SqlSafeStr, Statement, TypeInfo};
use std::fmt::Write;

/// Statements that are for one engine; the other has its own text.
const SQLITE_ONLY: [&str; 5] = ["CLAIM_FIND", "QUEUE_WAITING", "QUEUE_WOKEN", "COUNT_WAITING", "COUNT_OVERDUE"];

/// One line a statement: its parameters and what it gives.
async fn described(db: &Db, sql: &'static str) -> Result<String, sqlx::Error> {
    let sql = AssertSqlSafe(sql).into_sql_str();
    let (parameters, columns): (String, Vec<String>) = match db {
        Db::Sqlite { writer, .. } => {
            let statement = writer.prepare(sql).await?;
            let Some(Either::Right(count)) = statement.parameters() else { panic!("SQLite counts parameters") };
            (count.to_string(), statement.columns().iter().map(|c| format!("{} {}", c.name(), c.type_info())).collect())
        }
        Db::Postgres(pool) => {
            let statement = pool.prepare(sql).await?;
            let Some(Either::Left(types)) = statement.parameters() else { panic!("PostgreSQL types parameters") };
            let types: Vec<&str> = types.iter().map(TypeInfo::name).collect();
            (types.join(", "), statement.columns().iter().map(|c| format!("{} {}", c.name(), c.type_info())).collect())
        }
    };
    Ok(format!("({parameters}) -> {}", if columns.is_empty() { "nothing".to_owned() } else { columns.join(", ") }))
}

#[tokio::test]
async fn every_statement_prepares_and_its_types_are_on_record() {
    let catalogue = statements();
    let mut names: Vec<_> = catalogue.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), catalogue.len(), "two statements share a name");
    for (_fresh, db) in databases().await {
        let mut text = String::new();
        for (name, sql) in &catalogue {
            if matches!(db, Db::Postgres(_)) && SQLITE_ONLY.contains(name) {
                assert!(described(&db, sql).await.is_err(), "{name} is for both engines after all");
                continue;
            }
            let described = described(&db, sql).await.unwrap_or_else(|error| panic!("{name} on {}: {error}\n{sql}", db.engine()));
            writeln!(text, "{name} {described}").unwrap();
        }
        insta::assert_snapshot!(format!("types on {}", db.engine()), text);
    }
}

/// Whoever claims, lists or counts walks an index in the queue's order and stops early; without it a playbook in which nothing waits
/// would cost a look at every case.
#[tokio::test]
async fn the_queue_is_read_along_its_index() {
    let catalogue = statements();
    for (_fresh, db) in databases().await {
        let Db::Sqlite { writer, .. } = &db else { continue };
        for (name, index) in [
            ("CLAIM_FIND", "cases_queue"),
            ("QUEUE_WAITING", "cases_queue"),
            ("COUNT_WAITING", "cases_queue"),
            ("COUNT_OVERDUE", "cases_due"),
            ("QUEUE_WOKEN", "cases_waking"),
        ] {
            let (_, sql) = catalogue.iter().find(|(known, _)| *known == name).unwrap();
            let plan: Vec<String> = sqlx::query(AssertSqlSafe(format!("explain query plan {sql}")))
                .fetch_all(writer)
                .await
                .unwrap()
                .iter()
                .map(|row| sqlx::Row::get(row, 3))
                .collect();
            let wanted = format!("SEARCH c USING INDEX {index} ");
            assert!(plan.iter().any(|step| step.starts_with(&wanted)), "{name} goes another way: {plan:?}");
        }
    }
}
