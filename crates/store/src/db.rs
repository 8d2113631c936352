//! Opening a database and its transactions. Knows nothing of what the tables mean.
//!
//! SQLite has one writing connection and a pool of readers (WAL, every commit synced); PostgreSQL has one pool.

use crate::{
    error::{Error, attempt},
    fold::{self, DatabaseFile, Folded},
};
use sqlx::{
    Executor, PgConnection, PgPool, Postgres, Row, Sqlite, SqliteConnection, SqlitePool,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, str::FromStr, time::Duration};

const READERS_MAX: u32 = 8;
const POSTGRES_CONNECTIONS_MAX: u32 = 12;
const PING_AFTER: Duration = Duration::from_millis(500);
const ACQUIRE_WAIT: Duration = Duration::from_secs(10);
/// Memory in which SQLite's writing connection may keep pages, in KiB: enough for the upper levels of every index. Three times as much
/// took cases in no faster, with a million of them there: the operating system's own cache serves the rest.
const SQLITE_WRITER_CACHE_KIB: u32 = 16 << 10;
/// The same for each reading connection; the operating system's own cache serves the rest.
const SQLITE_READER_CACHE_KIB: u32 = 2 << 10;
/// The writing connection folds the write-ahead log back itself after so many pages (of 4 KiB). That takes a good while inside
/// somebody's commit, so it is the fallback: whoever writes sees to [`Db::fold_beside`].
const SQLITE_CHECKPOINT_PAGES: u32 = 64_000;
/// The tables that grow with cases.
const TABLES_MEASURE_POSTGRES: &str = "analyze events, cases, case_exclusions, leases, answered, decisions, subjects, vault, external_ids, idempotency, mentions, precedents, search_words, search_cases";

/// Versions of the schema that a database has.
const VERSIONS: &str = "select version from schema_versions";
/// Steps of the schema by version, in order. A version that a database lacks is made up for, also below one that it has.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, include_str!("../migrations/sqlite/0001_spine.sql"), include_str!("../migrations/postgres/0001_spine.sql")),
    (2, include_str!("../migrations/sqlite/0002_desk.sql"), include_str!("../migrations/postgres/0002_desk.sql")),
    (3, include_str!("../migrations/sqlite/0003_rehearsals.sql"), include_str!("../migrations/postgres/0003_rehearsals.sql")),
    (4, include_str!("../migrations/sqlite/0004_learning.sql"), include_str!("../migrations/postgres/0004_learning.sql")),
    (5, include_str!("../migrations/sqlite/0005_reroutes.sql"), include_str!("../migrations/postgres/0005_reroutes.sql")),
    (6, include_str!("../migrations/sqlite/0006_people.sql"), include_str!("../migrations/postgres/0006_people.sql")),
    (7, include_str!("../migrations/sqlite/0007_webhooks.sql"), include_str!("../migrations/postgres/0007_webhooks.sql")),
    (8, include_str!("../migrations/sqlite/0008_models.sql"), include_str!("../migrations/postgres/0008_models.sql")),
    (9, include_str!("../migrations/sqlite/0009_queue.sql"), include_str!("../migrations/postgres/0009_queue.sql")),
    (10, include_str!("../migrations/sqlite/0010_webhook_secrets.sql"), include_str!("../migrations/postgres/0010_webhook_secrets.sql")),
    (11, include_str!("../migrations/sqlite/0011_passkeys.sql"), include_str!("../migrations/postgres/0011_passkeys.sql")),
    (13, include_str!("../migrations/sqlite/0013_asking.sql"), include_str!("../migrations/postgres/0013_asking.sql")),
    (14, include_str!("../migrations/sqlite/0014_sign_in.sql"), include_str!("../migrations/postgres/0014_sign_in.sql")),
    (15, include_str!("../migrations/sqlite/0015_attachment_masks.sql"), include_str!("../migrations/postgres/0015_attachment_masks.sql")),
    (16, include_str!("../migrations/sqlite/0016_search.sql"), include_str!("../migrations/postgres/0016_search.sql")),
    (17, include_str!("../migrations/sqlite/0017_absences.sql"), include_str!("../migrations/postgres/0017_absences.sql")),
    (18, include_str!("../migrations/sqlite/0018_team.sql"), include_str!("../migrations/postgres/0018_team.sql")),
    (19, include_str!("../migrations/sqlite/0019_own.sql"), include_str!("../migrations/postgres/0019_own.sql")),
];

/// A database.
#[derive(Debug, Clone)]
pub enum Db {
    /// Embedded.
    Sqlite {
        /// The one connection that writes.
        writer: SqlitePool,
        /// Connections that read.
        readers: SqlitePool,
        /// The file itself.
        file: DatabaseFile,
    },
    /// A server, shared by any number of nodes.
    Postgres(PgPool),
}

/// A connection for reading.
#[derive(Debug)]
pub enum Session {
    /// Embedded.
    Sqlite(PoolConnection<Sqlite>),
    /// A server.
    Postgres(PoolConnection<Postgres>),
}

/// A write transaction; rolled back when dropped.
#[derive(Debug)]
pub enum Tx {
    /// Embedded.
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// A server.
    Postgres(sqlx::Transaction<'static, Postgres>),
}

/// A borrowed connection, inside a transaction or not.
#[derive(Debug)]
pub enum Conn<'a> {
    /// Embedded.
    Sqlite(&'a mut SqliteConnection),
    /// A server.
    Postgres(&'a mut PgConnection),
}

impl Session {
    /// Borrows the connection.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(c) => Conn::Sqlite(c),
            Self::Postgres(c) => Conn::Postgres(c),
        }
    }
}

impl Tx {
    /// Borrows the connection.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(t) => Conn::Sqlite(t),
            Self::Postgres(t) => Conn::Postgres(t),
        }
    }

    /// Makes everything durable.
    ///
    /// # Errors
    /// After [`Error::Unavailable`] it is unknown whether the commit took place.
    pub async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(t) => t.commit().await,
            Self::Postgres(t) => t.commit().await,
        }
        .map_err(attempt("commit"))
    }

    /// Undoes everything.
    ///
    /// # Errors
    /// Where the connection is gone; then the engine undoes it.
    pub async fn rollback(self) -> Result<(), Error> {
        match self {
            Self::Sqlite(t) => t.rollback().await,
            Self::Postgres(t) => t.rollback().await,
        }
        .map_err(attempt("roll back"))
    }
}

impl Conn<'_> {
    /// Borrows again, for a further statement.
    pub fn again(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(c) => Conn::Sqlite(c),
            Self::Postgres(c) => Conn::Postgres(c),
        }
    }

    /// Whether this is PostgreSQL: only claiming differs.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

impl Db {
    /// Opens, or makes, the embedded database in a file and brings its schema up to date.
    ///
    /// # Errors
    /// Where the file cannot be opened or was made by a newer version.
    pub async fn open_sqlite(file: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(ACQUIRE_WAIT)
            // What is deleted is overwritten with zeros: erased values must not linger in free pages.
            .pragma("secure_delete", "on")
            .pragma("wal_autocheckpoint", SQLITE_CHECKPOINT_PAGES.to_string())
            .pragma("temp_store", "memory")
            .statement_cache_capacity(300);
        let pool = |n| {
            SqlitePoolOptions::new()
                .max_connections(n)
                .acquire_timeout(ACQUIRE_WAIT)
                .test_before_acquire(false)
                .idle_timeout(None)
                .max_lifetime(None)
        };
        let sized = |kib: u32| options.clone().pragma("cache_size", format!("-{kib}"));
        let writer = pool(1).connect_with(sized(SQLITE_WRITER_CACHE_KIB)).await.map_err(attempt("open the database file"))?;
        let file = DatabaseFile::open(file).map_err(|error| attempt("open the database file")(error.into()))?;
        let db = Self::Sqlite { writer, readers: pool(READERS_MAX).connect_lazy_with(sized(SQLITE_READER_CACHE_KIB)), file };
        db.migrate().await?;
        Ok(db)
    }

    /// Connects to PostgreSQL and brings its schema up to date.
    ///
    /// # Errors
    /// Where the server cannot be reached or the schema was made by a newer version.
    pub async fn open_postgres(url: &str) -> Result<Self, Error> {
        let options = PgConnectOptions::from_str(url)
            .map_err(attempt("read the database URL"))?
            .statement_cache_capacity(300)
            // Every statement has an index; plans made while a table was empty would scan it for good, and planning anew costs more.
            .options([
                ("enable_seqscan", "off"),
                ("jit", "off"),
                ("max_parallel_workers_per_gather", "0"),
                ("plan_cache_mode", "force_generic_plan"),
            ]);
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS_MAX)
            .acquire_timeout(ACQUIRE_WAIT)
            // A ping before every use would be a round trip more for each; one that has not been used for a while is asked.
            .test_before_acquire(false)
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for > PING_AFTER {
                        sqlx::Connection::ping(connection).await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await
            .map_err(attempt("connect to PostgreSQL"))?;
        let db = Self::Postgres(pool);
        db.migrate().await?;
        Ok(db)
    }

    /// Opens by URL: `postgres://..`, or a path to a SQLite file.
    ///
    /// # Errors
    /// As the engine's own.
    pub async fn open(target: &str) -> Result<Self, Error> {
        if target.starts_with("postgres://") || target.starts_with("postgresql://") {
            Self::open_postgres(target).await
        } else {
            Self::open_sqlite(Path::new(target.strip_prefix("sqlite://").unwrap_or(target))).await
        }
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// Where none is free in time or the server is gone.
    pub async fn session(&self) -> Result<Session, Error> {
        match self {
            Self::Sqlite { readers, .. } => readers.acquire().await.map(Session::Sqlite),
            Self::Postgres(pool) => pool.acquire().await.map(Session::Postgres),
        }
        .map_err(attempt("reach the database"))
    }

    /// Begins a write transaction. On SQLite there is only one at a time.
    ///
    /// # Errors
    /// Where none is free in time or the server is gone.
    pub async fn begin(&self) -> Result<Tx, Error> {
        match self {
            Self::Sqlite { writer, .. } => writer.begin_with("begin immediate").await.map(Tx::Sqlite),
            Self::Postgres(pool) => pool.begin().await.map(Tx::Postgres),
        }
        .map_err(attempt("begin a transaction"))
    }

    /// Whether two transactions may write at once.
    #[must_use]
    pub fn writes_apart(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// The engine's name.
    #[must_use]
    pub fn engine(&self) -> &'static str {
        match self {
            Self::Sqlite { .. } => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// Closes all connections; on SQLite this folds the write-ahead log back.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers, .. } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// Folds back beside the writer what can be folded of SQLite's write-ahead log; `None` on PostgreSQL, which has nothing like it.
    ///
    /// # Errors
    /// Where the engine refuses.
    pub async fn fold_beside(&self) -> Result<Option<Folded>, Error> {
        match self {
            Self::Sqlite { readers, file, .. } => fold::beside(readers, file).await.map(Some),
            Self::Postgres(_) => Ok(None),
        }
    }

    /// The same while the writer waits.
    ///
    /// # Errors
    /// Where the engine refuses.
    pub async fn fold_inside(&self) -> Result<Option<Folded>, Error> {
        match self {
            Self::Sqlite { writer, .. } => fold::inside(writer).await.map(Some),
            Self::Postgres(_) => Ok(None),
        }
    }

    /// Has PostgreSQL look at how much the tables hold by now, after which every connection plans its statements anew.
    ///
    /// What was planned while a table was all but empty walks all of a workspace for a few keys. The engine's own housekeeping looks
    /// too, but a minute later than a busy first minute can stand. SQLite's plans do not depend on it.
    ///
    /// # Errors
    /// Where the engine refuses.
    pub async fn measure_tables(&self) -> Result<(), Error> {
        match self {
            Self::Sqlite { .. } => Ok(()),
            Self::Postgres(pool) => pool.execute(TABLES_MEASURE_POSTGRES).await.map(|_| ()).map_err(attempt("measure the tables")),
        }
    }

    /// Folds SQLite's write-ahead log back and empties it, so that what was deleted is in no file any more.
    ///
    /// # Errors
    /// Where the engine refuses, or readers keep the log from being emptied for more than a second.
    pub async fn truncate_log(&self) -> Result<(), Error> {
        const TRIES_MAX: u32 = 50;
        const WAIT: Duration = Duration::from_millis(20);
        let Self::Sqlite { writer, .. } = self else { return Ok(()) };
        for _ in 0..TRIES_MAX {
            let answer = writer.fetch_one("pragma wal_checkpoint(truncate)").await.map_err(attempt("empty the write-ahead log"))?;
            // The first column says whether somebody was in the way.
            if answer.get::<i64, _>(0) == 0 {
                return Ok(());
            }
            tokio::time::sleep(WAIT).await;
        }
        Err(Error::Conflict { attempted: "empty the write-ahead log" })
    }

    /// Copies the embedded database into one file, consistent as of one moment.
    ///
    /// # Errors
    /// Where the file exists or cannot be written; on PostgreSQL, where `pg_dump` is the tool.
    pub async fn copy_into(&self, file: &Path) -> Result<(), Error> {
        match self {
            Self::Sqlite { readers, .. } => sqlx::query("vacuum into $1")
                .bind(file.to_string_lossy().into_owned())
                .execute(readers)
                .await
                .map(|_| ())
                .map_err(attempt("copy the database")),
            Self::Postgres(_) => Err(Error::Schema("a PostgreSQL database is backed up by pg_dump; see docs/operations.md".into())),
        }
    }

    async fn migrate(&self) -> Result<(), Error> {
        let failed = || attempt("bring the schema up to date");
        match self {
            Self::Sqlite { writer, .. } => {
                let mut tx = writer.begin_with("begin immediate").await.map_err(failed())?;
                tx.execute("create table if not exists schema_versions (version integer not null primary key)").await.map_err(failed())?;
                let done: Vec<i64> = tx.fetch_all(VERSIONS).await.map_err(failed())?.iter().map(|r| r.get(0)).collect();
                check_version(&done)?;
                for (version, sql, _) in MIGRATIONS.iter().filter(|(v, ..)| !done.contains(v)) {
                    sqlx::raw_sql(*sql).execute(&mut *tx).await.map_err(failed())?;
                    sqlx::query("insert into schema_versions values ($1)").bind(version).execute(&mut *tx).await.map_err(failed())?;
                }
                tx.commit().await.map_err(failed())
            }
            Self::Postgres(pool) => {
                let mut tx = pool.begin().await.map_err(failed())?;
                // Two nodes may start at once: the second waits here and then finds nothing to do.
                tx.execute("select pg_advisory_xact_lock(4919131752989213764)").await.map_err(failed())?;
                tx.execute("create table if not exists schema_versions (version bigint not null primary key)").await.map_err(failed())?;
                let done: Vec<i64> = tx.fetch_all(VERSIONS).await.map_err(failed())?.iter().map(|r| r.get(0)).collect();
                check_version(&done)?;
                for (version, _, sql) in MIGRATIONS.iter().filter(|(v, ..)| !done.contains(v)) {
                    sqlx::raw_sql(*sql).execute(&mut *tx).await.map_err(failed())?;
                    sqlx::query("insert into schema_versions values ($1)").bind(version).execute(&mut *tx).await.map_err(failed())?;
                }
                tx.commit().await.map_err(failed())
            }
        }
    }
}

fn check_version(done: &[i64]) -> Result<(), Error> {
    let (done, latest) = (done.iter().max().copied().unwrap_or(0), MIGRATIONS.iter().map(|(v, ..)| *v).max().unwrap_or(0));
    if done > latest {
        return Err(Error::Schema(format!(
            "the database has schema version {done}, this program knows up to {latest}: it was made by a newer version; upgrade this one"
        )));
    }
    Ok(())
}
