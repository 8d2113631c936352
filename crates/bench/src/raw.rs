//! The same rows written raw: what an intake left in the database is read back, cut into the same transactions, and written to a
//! fresh database of the same schema by nothing but prepared statements of many rows. Parses, checks, hashes and decides nothing.

use crate::{reality, world::Engine};
use anyhow::{Context as _, Result, bail};
use countersign_app::App;
use countersign_store::{Db, Tx};
use countersign_testkit::Database;
use sqlx::Row;
use std::{collections::HashMap, time::Duration};
use uuid::Uuid;

/// Rows of one statement, largest first: one for most of a transaction, and few enough texts that all stay prepared.
const SIZES: [usize; 5] = [128, 32, 8, 2, 1];

#[derive(Debug, Clone, Copy)]
enum Kind {
    Id,
    Bytes,
    Text,
    Number,
    Flag,
}

#[derive(Debug, Clone)]
enum Value {
    Id(Option<Uuid>),
    Bytes(Option<Vec<u8>>),
    Text(Option<String>),
    Number(Option<i64>),
    Flag(bool),
}

struct Table {
    name: &'static str,
    columns: &'static [(&'static str, Kind)],
    order: &'static str,
    /// Which column says to which case (or, for subjects, which subject) a row belongs.
    owner: usize,
}

/// The same code for both engines, which differ in the types of their connections.
macro_rules! each {
    ($on:expr, $c:ident => $run:expr) => {
        match $on {
            countersign_store::Conn::Sqlite($c) => $run,
            countersign_store::Conn::Postgres($c) => $run,
        }
    };
}

use Kind::{Bytes, Flag, Id, Number, Text};

const EVENTS: Table = Table {
    name: "events",
    columns: &[
        ("workspace", Id),
        ("position", Number),
        ("stream", Id),
        ("stream_version", Number),
        ("id", Id),
        ("type", Text),
        ("recorded_at", Number),
        ("leaf", Bytes),
        ("bytes", Bytes),
    ],
    order: "position",
    owner: 2,
};

/// In the order in which the writer fills them; the events come last.
const TABLES: [Table; 4] = [
    Table {
        name: "subjects",
        columns: &[("workspace", Id), ("subject", Id), ("token", Bytes), ("wrapped_key", Bytes), ("erased_at", Number)],
        order: "subject",
        owner: 1,
    },
    Table {
        name: "external_ids",
        columns: &[("workspace", Id), ("playbook", Id), ("token", Bytes), ("content_token", Bytes), ("case_id", Id), ("subject", Id)],
        order: "case_id",
        owner: 4,
    },
    Table {
        name: "vault",
        columns: &[
            ("workspace", Id),
            ("stream", Id),
            ("version", Number),
            ("field", Text),
            ("subject", Id),
            ("salt", Bytes),
            ("sealed", Bytes),
        ],
        order: "stream, version, field",
        owner: 1,
    },
    Table {
        name: "cases",
        columns: &[
            ("workspace", Id),
            ("case_id", Id),
            ("version", Number),
            ("playbook", Id),
            ("playbook_version", Number),
            ("status", Text),
            ("route", Text),
            ("role", Text),
            ("seats_free", Number),
            ("opened_at", Number),
            ("priority_at", Number),
            ("answer", Text),
            ("decided_at", Number),
            ("available", Flag),
            ("wake_at", Number),
            ("deadline_at", Number),
        ],
        order: "case_id",
        owner: 1,
    },
];

/// What is written in one transaction: rows by table, the events last.
type Batch = Vec<Vec<Vec<Value>>>;

/// All that an intake wrote, as transactions.
pub struct Rows {
    batches: Vec<Batch>,
    workspace: Uuid,
}

impl Rows {
    /// How many transactions.
    pub fn commits(&self) -> usize {
        self.batches.len()
    }

    /// How many bytes the events have.
    pub fn event_bytes(&self) -> usize {
        let events = self.batches.iter().filter_map(|batch| batch.last()).flatten();
        events.filter_map(|row| row.last()).map(|value| if let Value::Bytes(Some(bytes)) = value { bytes.len() } else { 0 }).sum()
    }

    /// Reads what lies in the workspace's tables, from a position in its log on, in a database that was [`watch`]ed from there on.
    pub async fn read(app: &App, workspace: Uuid, from: i64) -> Result<Self> {
        let mut batches: Vec<Batch> = Vec::new();
        let mut owners: HashMap<Uuid, usize> = HashMap::new();
        let ends = commits(app.db()).await?;
        let mut end = from;
        for row in table(app.db(), &EVENTS).await? {
            let [_, Value::Number(Some(position)), Value::Id(Some(stream)), ..] = row.as_slice() else { bail!("an event without a place") };
            if *position < from {
                continue;
            }
            if *position >= end {
                let next = ends.partition_point(|end| end <= position);
                end = ends.get(next).copied().context("an event without a commit")?;
                batches.push(vec![Vec::new(); TABLES.len() + 1]);
            }
            owners.entry(*stream).or_insert(batches.len() - 1);
            batches.last_mut().and_then(|batch| batch.last_mut()).context("a batch")?.push(row);
        }
        // Subjects come first in a transaction and last here, for their cases tell where they belong.
        for (at, of) in TABLES.iter().enumerate().rev() {
            for row in table(app.db(), of).await? {
                let Some(Value::Id(Some(owner))) = row.get(of.owner) else { bail!("a row of {} without an owner", of.name) };
                let Some(batch) = owners.get(owner).copied() else {
                    continue;
                };
                if let ("external_ids", Some(Value::Id(Some(subject)))) = (of.name, row.last()) {
                    let first = owners.entry(*subject).or_insert(batch);
                    *first = batch.min(*first);
                }
                batches.get_mut(batch).and_then(|batch| batch.get_mut(at)).context("a batch")?.push(row);
            }
        }
        Ok(Self { batches, workspace })
    }

    /// Writes everything to a fresh database and says how long that took.
    pub async fn write(&self, engine: Engine) -> Result<Duration> {
        let database = engine.database().await?;
        let took = self.write_to(&database).await?;
        drop(database);
        Ok(took)
    }

    async fn write_to(&self, database: &Database) -> Result<Duration> {
        let db = Db::open(&database.target).await?;
        let mut tx = db.begin().await?;
        run(
            &mut tx,
            "insert into log_heads (workspace, size, control_epoch) values ($1, $2, $3)",
            &[Value::Id(Some(self.workspace)), Value::Number(Some(0)), Value::Number(Some(1))],
        )
        .await?;
        tx.commit().await?;
        let texts = Texts::new(engine_of(&db));
        let began = reality::stopwatch();
        for batch in &self.batches {
            let mut tx = db.begin().await?;
            for (at, rows) in batch.iter().enumerate() {
                let mut rest = rows.as_slice();
                while let Some((size, sql)) = texts.fitting(at, rest.len()) {
                    let (now, later) = rest.split_at(size);
                    run(&mut tx, sql, now.iter().flatten()).await?;
                    rest = later;
                }
            }
            let events = batch.last().map_or(0, Vec::len);
            run(
                &mut tx,
                "update log_heads set size = size + $2 where workspace = $1",
                &[Value::Id(Some(self.workspace)), Value::Number(i64::try_from(events).ok())],
            )
            .await?;
            tx.commit().await?;
        }
        let took = began.elapsed();
        db.close().await;
        Ok(took)
    }
}

/// Has every transaction that advances the log's head leave a row, which tells the transactions apart afterwards.
pub async fn watch(app: &App) -> Result<()> {
    const TABLE: &str = "create table commits_seen (size bigint not null)";
    const SQLITE: &str =
        "create trigger commit_seen after update of size on log_heads begin insert into commits_seen values (new.size); end";
    const POSTGRES: [&str; 2] = [
        "create function commit_seen() returns trigger language plpgsql as $$ begin insert into commits_seen values (new.size); return new; end $$",
        "create trigger commit_seen after update of size on log_heads for each row execute function commit_seen()",
    ];
    let mut tx = app.db().begin().await?;
    run(&mut tx, TABLE, []).await?;
    match engine_of(app.db()) {
        Engine::Sqlite => run(&mut tx, SQLITE, []).await?,
        Engine::Postgres => {
            for sql in POSTGRES {
                run(&mut tx, sql, []).await?;
            }
        }
    }
    Ok(tx.commit().await?)
}

/// The sizes of the log that transactions left behind, in order.
async fn commits(db: &Db) -> Result<Vec<i64>> {
    let mut session = db.session().await?;
    let sql = "select size from commits_seen order by size";
    Ok(each!(session.conn(), c => sqlx::query_scalar(sql).fetch_all(c).await?))
}

/// The texts of all statements, by table and number of rows.
struct Texts(Vec<Vec<(usize, &'static str)>>);

impl Texts {
    fn new(engine: Engine) -> Self {
        let text = |of: &Table, rows: usize| {
            let names: Vec<&str> = of.columns.iter().map(|(name, _)| *name).collect();
            let tuples: Vec<String> = (0..rows)
                .map(|row| {
                    let parameters: Vec<String> = (1..=names.len())
                        .map(|column| match engine {
                            // A name for every parameter would cost SQLite more than the row.
                            Engine::Sqlite => "?".to_owned(),
                            Engine::Postgres => format!("${}", row * names.len() + column),
                        })
                        .collect();
                    format!("({})", parameters.join(", "))
                })
                .collect();
            // A few dozen texts for the length of a run.
            let text: &'static str =
                Box::leak(format!("insert into {} ({}) values {}", of.name, names.join(", "), tuples.join(", ")).into_boxed_str());
            (rows, text)
        };
        Self(TABLES.iter().chain([&EVENTS]).map(|of| SIZES.iter().map(|rows| text(of, *rows)).collect()).collect())
    }

    fn fitting(&self, table: usize, rows: usize) -> Option<(usize, &'static str)> {
        self.0.get(table)?.iter().copied().find(|(size, _)| *size <= rows)
    }
}

fn engine_of(db: &Db) -> Engine {
    if matches!(db, Db::Sqlite { .. }) { Engine::Sqlite } else { Engine::Postgres }
}

async fn run(tx: &mut Tx, sql: &'static str, values: impl IntoIterator<Item = &Value>) -> Result<()> {
    each!(tx.conn(), c => {
        let mut query = sqlx::query(sql);
        for value in values {
            query = match value {
                Value::Id(id) => query.bind(*id),
                Value::Bytes(bytes) => query.bind(bytes.as_deref()),
                Value::Text(text) => query.bind(text.as_deref()),
                Value::Number(number) => query.bind(*number),
                Value::Flag(flag) => query.bind(*flag),
            };
        }
        query.execute(c).await?;
    });
    Ok(())
}

async fn table(db: &Db, of: &'static Table) -> Result<Vec<Vec<Value>>> {
    let names: Vec<&str> = of.columns.iter().map(|(name, _)| *name).collect();
    let sql = format!("select {} from {} order by {}", names.join(", "), of.name, of.order);
    let mut session = db.session().await?;
    let mut rows = Vec::new();
    each!(session.conn(), c => {
        for row in sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(c).await? {
            let mut values = Vec::with_capacity(of.columns.len());
            for (at, (_, kind)) in of.columns.iter().enumerate() {
                values.push(match kind {
                    Id => Value::Id(row.try_get(at)?),
                    Bytes => Value::Bytes(row.try_get(at)?),
                    Text => Value::Text(row.try_get(at)?),
                    Number => Value::Number(row.try_get(at)?),
                    Flag => Value::Flag(row.try_get(at)?),
                });
            }
            rows.push(values);
        }
    });
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Kind, Node, line, take_in};

    #[tokio::test(flavor = "multi_thread")]
    async fn the_same_rows_are_written_in_the_same_transactions() {
        let node = Node::fresh(Engine::Sqlite).await.unwrap();
        let before = i64::try_from(node.workspace.info().await.unwrap().size).unwrap();
        watch(&node.app).await.unwrap();
        take_in(&node.workspace, (0..300).map(|n| line(Kind::Ticket, n))).await.unwrap();
        let rows = Rows::read(&node.app, node.workspace.id().0, before).await.unwrap();
        assert!(rows.commits() > 1 && rows.event_bytes() > 300 * 1_000);
        let database = Engine::Sqlite.database().await.unwrap();
        rows.write_to(&database).await.unwrap();
        let db = Db::open(&database.target).await.unwrap();
        for of in TABLES.iter().chain([&EVENTS]) {
            let (old, new) = (table(node.app.db(), of).await.unwrap(), table(&db, of).await.unwrap());
            let skipped = if of.name == "events" { usize::try_from(before).unwrap() } else { 0 };
            assert_eq!(format!("{:?}", &old[skipped..]), format!("{new:?}"), "{}", of.name);
            assert!(!new.is_empty(), "{}", of.name);
        }
        node.close().await;
    }
}
