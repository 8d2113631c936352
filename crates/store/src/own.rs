//! What a person keeps for themselves: views of the queue by name, and when they paused. Operational: it proves nothing, and it is read for
//! that person only.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    VIEWS_OF = "select view, name, query from saved_views where workspace = $1 and person = $2 order by made_at, view";
    VIEW_INSERT = "insert into saved_views (workspace, person, view, name, query, made_at) values ($1, $2, $3, $4, $5, $6)";
    VIEW_RENAME = "update saved_views set name = $4 where workspace = $1 and person = $2 and view = $3";
    VIEW_DELETE = "delete from saved_views where workspace = $1 and person = $2 and view = $3";
    VIEWS_FORGET = "delete from saved_views where workspace = $1 and person = $2";
    PAUSE_GET = "select after_minutes, paused_at from pauses where workspace = $1 and person = $2";
    PAUSE_PUT = "insert into pauses (workspace, person, after_minutes, paused_at) values ($1, $2, $3, $4) on conflict (workspace, person) do update set after_minutes = excluded.after_minutes, paused_at = excluded.paused_at";
    PAUSE_FORGET = "delete from pauses where workspace = $1 and person = $2";
}

/// A view by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewRow {
    /// Its id.
    pub view: Uuid,
    /// What its person calls it.
    pub name: String,
    /// What it shows, as an address has it.
    pub query: String,
}

/// When somebody pauses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PauseRow {
    /// After how many minutes they want to be reminded; 0: never.
    pub after_minutes: i64,
    /// When they paused last, in microseconds; 0: never.
    pub paused_at: i64,
}

/// A person's views, the oldest first.
///
/// # Errors
/// Where the storage fails.
pub async fn views_of(conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<Vec<ViewRow>, Error> {
    on!(conn, c => sqlx::query(VIEWS_OF).bind(workspace).bind(person).fetch_all(c).await.map(|rows| {
        rows.iter().map(|r| ViewRow { view: r.get(0), name: text!(r, 1), query: text!(r, 2) }).collect()
    }))
    .map_err(attempt("read a person's views"))
}

/// Keeps a view.
///
/// # Errors
/// Where the storage fails.
pub async fn view_insert(conn: Conn<'_>, workspace: Uuid, person: Uuid, row: &ViewRow, now: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(VIEW_INSERT).bind(workspace).bind(person).bind(row.view).bind(&row.name).bind(&row.query).bind(now).execute(c).await.map(|_| ()))
        .map_err(attempt("keep a view"))
}

/// Calls a person's view something else; whether there is one.
///
/// # Errors
/// Where the storage fails.
pub async fn view_rename(conn: Conn<'_>, workspace: Uuid, person: Uuid, view: Uuid, name: &str) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(VIEW_RENAME).bind(workspace).bind(person).bind(view).bind(name).execute(c).await.map(|done| done.rows_affected() > 0))
        .map_err(attempt("rename a view"))
}

/// Deletes a person's view; whether there was one.
///
/// # Errors
/// Where the storage fails.
pub async fn view_delete(conn: Conn<'_>, workspace: Uuid, person: Uuid, view: Uuid) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(VIEW_DELETE).bind(workspace).bind(person).bind(view).execute(c).await.map(|done| done.rows_affected() > 0))
        .map_err(attempt("delete a view"))
}

/// When a person pauses, where they ever said so.
///
/// # Errors
/// Where the storage fails.
pub async fn pause(conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<Option<PauseRow>, Error> {
    on!(conn, c => sqlx::query(PAUSE_GET).bind(workspace).bind(person).fetch_optional(c).await.map(|r| r.map(|r| PauseRow { after_minutes: r.get(0), paused_at: r.get(1) })))
        .map_err(attempt("read when a person pauses"))
}

/// Keeps when a person pauses.
///
/// # Errors
/// Where the storage fails.
pub async fn pause_put(conn: Conn<'_>, workspace: Uuid, person: Uuid, row: PauseRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(PAUSE_PUT).bind(workspace).bind(person).bind(row.after_minutes).bind(row.paused_at).execute(c).await.map(|_| ()))
        .map_err(attempt("keep when a person pauses"))
}

/// Forgets all of it, with the person.
///
/// # Errors
/// Where the storage fails.
pub async fn forget(mut conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<(), Error> {
    for sql in [VIEWS_FORGET, PAUSE_FORGET] {
        on!(conn.again(), c => sqlx::query(sql).bind(workspace).bind(person).execute(c).await.map(|_| ()))
            .map_err(attempt("forget what a person kept for themselves"))?;
    }
    Ok(())
}
