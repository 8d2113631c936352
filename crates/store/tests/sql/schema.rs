//! The migrations of both engines give the same tables, columns and indexes; a database of a newer version is refused in words.

use super::{Database, databases, postgres};
use countersign_store::{Db, Error};
use sqlx::{AssertSqlSafe, Row};
use std::collections::{BTreeMap, BTreeSet};

/// What two engines can agree on about a column: nullable, place in the primary key, and the word for its type.
type Columns = BTreeMap<(String, String), (bool, i64, &'static str)>;

/// One word for what both call differently.
fn word(kind: &str) -> &'static str {
    match kind.to_ascii_lowercase().as_str() {
        "blob" | "uuid" | "bytea" => "bytes",
        "integer" | "bigint" => "integer",
        "text" => "text",
        "boolean" => "boolean",
        other => panic!("an unexpected type: {other}"),
    }
}

const SQLITE_COLUMNS: &str = "select t.name, c.name, c.\"notnull\" = 0 and c.pk = 0, c.pk, c.type from sqlite_master t join pragma_table_info(t.name) c where t.type = 'table' and t.name not like 'sqlite_%'";
const POSTGRES_COLUMNS: &str = "select c.table_name::text, c.column_name::text, c.is_nullable = 'YES', coalesce(k.ordinal_position, 0)::bigint, c.data_type::text
    from information_schema.columns c
    left join information_schema.table_constraints p on p.table_schema = c.table_schema and p.table_name = c.table_name and p.constraint_type = 'PRIMARY KEY'
    left join information_schema.key_column_usage k on k.constraint_name = p.constraint_name and k.table_name = c.table_name and k.column_name = c.column_name
    where c.table_schema = 'public'";
const SQLITE_INDEXES: &str = "select name from sqlite_master where type = 'index' and name not like 'sqlite_autoindex%'";
const POSTGRES_INDEXES: &str =
    "select indexname::text from pg_indexes where schemaname = 'public' and indexname not like '%\\_pkey' and indexname not like '%\\_key'";

async fn columns(db: &Db) -> Columns {
    let mut all = Columns::new();
    let mut add =
        |table: String, column: String, nullable: bool, key: i64, kind: String| all.insert((table, column), (nullable, key, word(&kind)));
    match db {
        Db::Sqlite { writer, .. } => {
            for r in sqlx::query(SQLITE_COLUMNS).fetch_all(writer).await.unwrap() {
                add(r.get(0), r.get(1), r.get(2), r.get(3), r.get(4));
            }
        }
        Db::Postgres(pool) => {
            for r in sqlx::query(POSTGRES_COLUMNS).fetch_all(pool).await.unwrap() {
                add(r.get(0), r.get(1), r.get(2), r.get(3), r.get(4));
            }
        }
    }
    all
}

async fn indexes(db: &Db) -> BTreeSet<String> {
    match db {
        Db::Sqlite { writer, .. } => sqlx::query_scalar(SQLITE_INDEXES).fetch_all(writer).await.unwrap().into_iter().collect(),
        Db::Postgres(pool) => sqlx::query_scalar(POSTGRES_INDEXES).fetch_all(pool).await.unwrap().into_iter().collect(),
    }
}

#[tokio::test]
async fn both_engines_have_the_same_tables_columns_and_indexes() {
    let databases = databases().await;
    let [(_, sqlite), (_, postgres)] = databases.as_slice() else { return };
    let (one, other) = (columns(sqlite).await, columns(postgres).await);
    let tables: BTreeSet<&str> = one.keys().map(|(table, _)| table.as_str()).collect();
    assert!(tables.len() > 10, "{tables:?}");
    for (column, facts) in &one {
        assert_eq!(Some(facts), other.get(column), "{column:?} differs");
    }
    assert_eq!(one.len(), other.len(), "PostgreSQL has more: {:?}", other.keys().filter(|c| !one.contains_key(*c)).collect::<Vec<_>>());
    assert_eq!(indexes(sqlite).await, indexes(postgres).await);
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    for (fresh, db) in databases().await {
        let before = columns(&db).await;
        db.close().await;
        let (again, twin) = tokio::join!(Db::open(&fresh.target), Db::open(&fresh.target));
        assert_eq!(columns(&again.unwrap()).await, before);
        twin.unwrap().close().await;
    }
}

async fn refused(fresh: Database) {
    let db = Db::open(&fresh.target).await.unwrap();
    let newer = "insert into schema_versions values (99)";
    match &db {
        Db::Sqlite { writer, .. } => sqlx::query(AssertSqlSafe(newer)).execute(writer).await.map(|_| ()),
        Db::Postgres(pool) => sqlx::query(AssertSqlSafe(newer)).execute(pool).await.map(|_| ()),
    }
    .unwrap();
    db.close().await;
    match Db::open(&fresh.target).await {
        Err(Error::Schema(words)) => {
            assert!(words.contains("version 99") && words.contains("newer version") && words.contains("upgrade"), "{words}");
        }
        other => panic!("a newer schema is not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_in_words() {
    refused(Database::sqlite()).await;
    if let Some(fresh) = postgres().await {
        refused(fresh).await;
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let fresh = Database::sqlite();
    std::fs::write(&fresh.target, "this is a text and no database, and it is long enough to look like one").unwrap();
    let error = Db::open(&fresh.target).await.expect_err("a text is no database");
    assert!(error.to_string().contains("cannot"), "{error}");
    assert_eq!(std::fs::read_to_string(&fresh.target).unwrap().len(), 70, "it is left as it is");
}
