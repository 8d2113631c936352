//! Where notices are sent, what became of each message, and what people have read. Operational, never evidence; holds no secret and no
//! content.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    WEBHOOK_INSERT = "insert into webhooks (workspace, webhook, url, types, created_at, seen) values ($1, $2, $3, $4, $5, $6)";
    WEBHOOK_DELETE = "delete from webhooks where workspace = $1 and webhook = $2";
    WEBHOOKS_LIST = "select webhook, url, types, created_at, seen, secret, rotated_at from webhooks where workspace = $1 order by created_at, webhook";
    WEBHOOK_SEEN = "update webhooks set seen = $3 where workspace = $1 and webhook = $2 and seen < $3";
    WEBHOOK_ROTATE = "update webhooks set secret = $3 + 1, rotated_at = $4 where workspace = $1 and webhook = $2 and secret = $3";
    DELIVERY_ADD = "insert into webhook_deliveries (workspace, webhook, event, type, state, attempts, next_at, outcome) values ($1, $2, $3, $4, 'due', 0, $5, '') on conflict (workspace, webhook, event) do nothing";
    DELIVERIES_DUE = "select webhook, event, type, state, attempts, next_at, last_at, outcome from webhook_deliveries where workspace = $1 and webhook = $2 and state = 'due' and next_at <= $3 order by next_at, event limit $4";
    DELIVERY_TAKE = "update webhook_deliveries set next_at = $5 where workspace = $1 and webhook = $2 and event = $3 and state = 'due' and next_at = $4";
    DELIVERY_TOLD = "update webhook_deliveries set state = $4, attempts = attempts + 1, next_at = $5, last_at = $6, outcome = $7 where workspace = $1 and webhook = $2 and event = $3";
    DELIVERY_AGAIN = "update webhook_deliveries set state = 'due', attempts = 0, next_at = $4 where workspace = $1 and webhook = $2 and event = $3 and (state <> 'due' or next_at > $5)";
    DELIVERY_OF_TYPE_DUE = "select event from webhook_deliveries where workspace = $1 and webhook = $2 and type = $3 and state = 'due' limit 1";
    DELIVERIES_LIST = "select webhook, event, type, state, attempts, next_at, last_at, outcome from webhook_deliveries where workspace = $1 and webhook = $2 order by event desc limit $3";
    DELIVERIES_DELETE = "delete from webhook_deliveries where workspace = $1 and webhook = $2";
    NOTICES_READ_PUT = "insert into notices_read (workspace, person, through) values ($1, $2, $3) on conflict (workspace, person) do update set through = excluded.through where notices_read.through < excluded.through";
    NOTICES_READ_GET = "select through from notices_read where workspace = $1 and person = $2";
}

/// Where notices are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRow {
    /// Its id.
    pub webhook: Uuid,
    /// The address.
    pub url: String,
    /// Types of notices as a JSON array; empty: all.
    pub types: String,
    /// When it was added.
    pub created_at: i64,
    /// Up to which version of the workspace's stream its messages are written down.
    pub seen: i64,
    /// Which of its secrets is the present one, from 0.
    pub secret: i64,
    /// When that took over from the one before.
    pub rotated_at: Option<i64>,
}

/// A message to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    /// The address.
    pub webhook: Uuid,
    /// The event that it tells of; also the message's id.
    pub event: Uuid,
    /// The type of notice.
    pub type_name: String,
    /// `due`, `delivered` or `given_up`.
    pub state: String,
    /// Attempts so far.
    pub attempts: i64,
    /// When it is tried next.
    pub next_at: i64,
    /// When it was tried last.
    pub last_at: Option<i64>,
    /// What the last attempt came to.
    pub outcome: String,
}

macro_rules! delivery_row {
    ($r:expr) => {
        DeliveryRow {
            webhook: $r.get(0),
            event: $r.get(1),
            type_name: $r.get(2),
            state: $r.get(3),
            attempts: $r.get(4),
            next_at: $r.get(5),
            last_at: $r.get(6),
            outcome: $r.get(7),
        }
    };
}

/// Adds an address.
///
/// # Errors
/// Where the storage fails.
pub async fn insert(conn: Conn<'_>, workspace: Uuid, row: &WebhookRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(WEBHOOK_INSERT)
        .bind(workspace)
        .bind(row.webhook)
        .bind(row.url.as_str())
        .bind(row.types.as_str())
        .bind(row.created_at)
        .bind(row.seen)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("add a webhook"))
}

/// Takes an address away, with the messages to it. `false`: there is none.
///
/// # Errors
/// Where the storage fails.
pub async fn delete(mut conn: Conn<'_>, workspace: Uuid, webhook: Uuid) -> Result<bool, Error> {
    on!(conn.again(), c => sqlx::query(DELIVERIES_DELETE).bind(workspace).bind(webhook).execute(c).await.map(|_| ()))
        .map_err(attempt("forget a webhook's messages"))?;
    on!(conn, c => sqlx::query(WEBHOOK_DELETE).bind(workspace).bind(webhook).execute(c).await.map(|done| done.rows_affected() > 0))
        .map_err(attempt("remove a webhook"))
}

/// All addresses.
///
/// # Errors
/// Where the storage fails.
pub async fn list(conn: Conn<'_>, workspace: Uuid) -> Result<Vec<WebhookRow>, Error> {
    on!(conn, c => sqlx::query(WEBHOOKS_LIST).bind(workspace).fetch_all(c).await.map(|rows| {
        rows.iter()
            .map(|r| WebhookRow {
                webhook: r.get(0),
                url: r.get(1),
                types: r.get(2),
                created_at: r.get(3),
                seen: r.get(4),
                secret: r.get(5),
                rotated_at: r.get(6),
            })
            .collect()
    }))
    .map_err(attempt("list webhooks"))
}

/// Lets the next secret of an address take over from this one. `false`: another one is the present one, or there is no such address.
///
/// # Errors
/// Where the storage fails.
pub async fn rotate(conn: Conn<'_>, workspace: Uuid, webhook: Uuid, secret: i64, at: i64) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(WEBHOOK_ROTATE)
        .bind(workspace)
        .bind(webhook)
        .bind(secret)
        .bind(at)
        .execute(c)
        .await
        .map(|done| done.rows_affected() > 0))
    .map_err(attempt("replace a webhook's secret"))
}

/// Says up to where an address's messages are written down.
///
/// # Errors
/// Where the storage fails.
pub async fn seen(conn: Conn<'_>, workspace: Uuid, webhook: Uuid, seen: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(WEBHOOK_SEEN).bind(workspace).bind(webhook).bind(seen).execute(c).await.map(|_| ()))
        .map_err(attempt("note how far a webhook has come"))
}

/// Writes a message down, unless it is there already.
///
/// # Errors
/// Where the storage fails.
pub async fn delivery_add(conn: Conn<'_>, workspace: Uuid, webhook: Uuid, event: Uuid, type_name: &str, at: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DELIVERY_ADD).bind(workspace).bind(webhook).bind(event).bind(type_name).bind(at).execute(c).await.map(|_| ()))
        .map_err(attempt("write a webhook's message down"))
}

/// Messages to an address that are due, those first that are so the longest.
///
/// # Errors
/// Where the storage fails.
pub async fn deliveries_due(conn: Conn<'_>, workspace: Uuid, webhook: Uuid, now: i64, limit: i64) -> Result<Vec<DeliveryRow>, Error> {
    on!(conn, c => sqlx::query(DELIVERIES_DUE)
        .bind(workspace)
        .bind(webhook)
        .bind(now)
        .bind(limit)
        .fetch_all(c)
        .await
        .map(|rows| rows.iter().map(|r| delivery_row!(r)).collect()))
    .map_err(attempt("find messages that are due"))
}

/// Takes a due message until a time, so that no other node sends it meanwhile. `false`: another one has it.
///
/// # Errors
/// Where the storage fails.
pub async fn delivery_take(conn: Conn<'_>, workspace: Uuid, row: &DeliveryRow, until: i64) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(DELIVERY_TAKE)
        .bind(workspace)
        .bind(row.webhook)
        .bind(row.event)
        .bind(row.next_at)
        .bind(until)
        .execute(c)
        .await
        .map(|done| done.rows_affected() > 0))
    .map_err(attempt("take a message"))
}

/// Notes what an attempt came to: the new state, when it is tried next, when it was tried, and in words.
///
/// # Errors
/// Where the storage fails.
pub async fn delivery_told(
    conn: Conn<'_>,
    workspace: Uuid,
    (webhook, event): (Uuid, Uuid),
    state: &str,
    (next_at, now): (i64, i64),
    outcome: &str,
) -> Result<(), Error> {
    on!(conn, c => sqlx::query(DELIVERY_TOLD)
        .bind(workspace)
        .bind(webhook)
        .bind(event)
        .bind(state)
        .bind(next_at)
        .bind(now)
        .bind(outcome)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("note what became of a message"))
}

/// Makes a message due once more at `now`, its attempts counted anew. `false`: there is none, or it is tried before `soon` anyway.
///
/// # Errors
/// Where the storage fails.
pub async fn delivery_again(
    conn: Conn<'_>,
    workspace: Uuid,
    (webhook, event): (Uuid, Uuid),
    (now, soon): (i64, i64),
) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(DELIVERY_AGAIN)
        .bind(workspace)
        .bind(webhook)
        .bind(event)
        .bind(now)
        .bind(soon)
        .execute(c)
        .await
        .map(|done| done.rows_affected() > 0))
    .map_err(attempt("make a message due once more"))
}

/// Whether a message of a type to an address is due.
///
/// # Errors
/// Where the storage fails.
pub async fn delivery_of_type_due(conn: Conn<'_>, workspace: Uuid, webhook: Uuid, type_name: &str) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(DELIVERY_OF_TYPE_DUE).bind(workspace).bind(webhook).bind(type_name).fetch_optional(c).await.map(|r| r.is_some()))
        .map_err(attempt("look for a message that is due"))
}

/// The latest messages to an address, newest first.
///
/// # Errors
/// Where the storage fails.
pub async fn deliveries_list(conn: Conn<'_>, workspace: Uuid, webhook: Uuid, limit: i64) -> Result<Vec<DeliveryRow>, Error> {
    on!(conn, c => sqlx::query(DELIVERIES_LIST)
        .bind(workspace)
        .bind(webhook)
        .bind(limit)
        .fetch_all(c)
        .await
        .map(|rows| rows.iter().map(|r| delivery_row!(r)).collect()))
    .map_err(attempt("list a webhook's messages"))
}

/// Notes up to which version of the workspace's stream a person has read the notices.
///
/// # Errors
/// Where the storage fails.
pub async fn notices_read(conn: Conn<'_>, workspace: Uuid, person: Uuid, through: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(NOTICES_READ_PUT).bind(workspace).bind(person).bind(through).execute(c).await.map(|_| ()))
        .map_err(attempt("note what was read"))
}

/// Up to which version a person has read the notices; 0 where none.
///
/// # Errors
/// Where the storage fails.
pub async fn notices_read_through(conn: Conn<'_>, workspace: Uuid, person: Uuid) -> Result<i64, Error> {
    on!(conn, c => sqlx::query(NOTICES_READ_GET).bind(workspace).bind(person).fetch_optional(c).await.map(|r| r.map_or(0, |r| r.get(0))))
        .map_err(attempt("find what was read"))
}
