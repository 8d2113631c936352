//! Until when it has been looked who went away and who came back. Operational; never says who is away.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    ABSENCE_LOOK_GET = "select until from absence_looks where workspace = $1";
    ABSENCE_LOOK_PUT = "insert into absence_looks (workspace, until) values ($1, $2) on conflict (workspace) do update set until = excluded.until where absence_looks.until < excluded.until";
}

/// Until when it has been looked; `None`: never yet.
///
/// # Errors
/// Where the storage fails.
pub async fn looked_until(conn: Conn<'_>, workspace: Uuid) -> Result<Option<i64>, Error> {
    on!(conn, c => sqlx::query(ABSENCE_LOOK_GET).bind(workspace).fetch_optional(c).await.map(|r| r.map(|r| r.get(0))))
        .map_err(attempt("find until when it was looked who is away"))
}

/// Keeps until when it has been looked. `false`: somebody else has looked as far already.
///
/// # Errors
/// Where the storage fails.
pub async fn look_put(conn: Conn<'_>, workspace: Uuid, until: i64) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(ABSENCE_LOOK_PUT).bind(workspace).bind(until).execute(c).await.map(|done| done.rows_affected() == 1))
        .map_err(attempt("keep until when it was looked who is away"))
}
