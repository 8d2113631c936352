//! The directory: names and addresses of people. Erasable, and the only place where they are.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    DIRECTORY_PUT = "insert into directory (workspace, person, name, mail) values ($1, $2, $3, $4) on conflict (workspace, person) do update set name = excluded.name, mail = excluded.mail";
    DIRECTORY_LIST = "select person, name, mail from directory where workspace = $1 order by name";
    DIRECTORY_FIND = "select workspace, person from directory where name = $1 or lower(mail) = $2 order by workspace, person limit 3";
    DIRECTORY_DELETE = "delete from directory where workspace = $1 and person = $2";
}

/// What a person is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryRow {
    /// The person.
    pub person: Uuid,
    /// Unique in the workspace.
    pub name: String,
    /// Where to write to.
    pub mail: Option<String>,
}

/// Adds or renames a person.
///
/// # Errors
/// [`Error::Conflict`] where another person has the name.
pub async fn put(conn: Conn<'_>, workspace: Uuid, row: &DirectoryRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DIRECTORY_PUT).bind(workspace).bind(row.person).bind(row.name.as_str()).bind(row.mail.as_deref()).execute(c).await.map(|_| ()))
        .map_err(attempt("write the directory"))
}

/// Everybody.
///
/// # Errors
/// Where the storage fails.
pub async fn list(conn: Conn<'_>, workspace: Uuid) -> Result<Vec<DirectoryRow>, Error> {
    on!(conn, c => sqlx::query(DIRECTORY_LIST).bind(workspace).fetch_all(c).await.map(|rows| rows.iter().map(|r| DirectoryRow { person: r.get(0), name: r.get(1), mail: r.get(2) }).collect()))
        .map_err(attempt("read the directory"))
}

/// Who has this name, or this address in lower case, in whatever workspace: at most three, for more than one is nobody.
///
/// # Errors
/// Where the storage fails.
pub async fn find(conn: Conn<'_>, name: &str, mail: &str) -> Result<Vec<(Uuid, Uuid)>, Error> {
    on!(conn, c => sqlx::query(DIRECTORY_FIND).bind(name).bind(mail).fetch_all(c).await.map(|rows| rows.iter().map(|r| (r.get(0), r.get(1))).collect()))
        .map_err(attempt("find somebody in the directory"))
}

/// Takes a person's name out.
///
/// # Errors
/// Where the storage fails.
pub async fn delete(conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DIRECTORY_DELETE).bind(workspace).bind(person).execute(c).await.map(|_| ()))
        .map_err(attempt("erase from the directory"))
}
