//! Models of a workspace: their files by digest, which stage one is in, what they said of cases, and which node lets them run. Reads
//! no model and decides nothing.

use crate::{
    db::Conn,
    error::{Error, attempt},
};
use sqlx::Row;
use uuid::Uuid;

statements! {
    MODEL_PUT = "insert into models (workspace, playbook, model, kind, made_at, card, bytes) values ($1, $2, $3, $4, $5, $6, $7) on conflict (workspace, playbook, model) do nothing";
    MODEL_GET = "select model, kind, made_at, card from models where workspace = $1 and playbook = $2 and model = $3";
    MODEL_BYTES = "select bytes from models where workspace = $1 and playbook = $2 and model = $3";
    MODELS_LIST = "select model, kind, made_at, card from models where workspace = $1 and playbook = $2 order by made_at desc, model limit $3";
    MODELS_ANY = "select 1 from models where workspace = $1 limit 1";
    STAGE_PUT = "insert into model_stages (workspace, playbook, stage, model, decision, since) values ($1, $2, $3, $4, $5, $6) on conflict (workspace, playbook, stage) do update set model = excluded.model, decision = excluded.decision, since = excluded.since";
    STAGE_DROP = "delete from model_stages where workspace = $1 and playbook = $2 and stage = $3";
    STAGES_OF = "select playbook, stage, model, decision, since from model_stages where workspace = $1 order by playbook, stage";
    MODEL_SAID = "insert into model_answers (workspace, playbook, model, case_id, answer, note, said_at) values ($1, $2, $3, $4, $5, $6, $7) on conflict (workspace, playbook, model, case_id) do nothing";
    MODEL_TRUTH = "update model_answers set truth = $3 where workspace = $1 and case_id = $2";
    MODEL_SCORE = "select model, count(*) as said, count(answer) as advised, count(truth) filter (where answer is not null) as judged, count(truth) filter (where answer = truth) as hits from model_answers where workspace = $1 and playbook = $2 group by model";
    MODEL_RUN_TAKE = "insert into model_runs (workspace, holder, until, position) values ($1, $2, $4, $5) on conflict (workspace) do update set holder = excluded.holder, until = excluded.until where model_runs.holder = excluded.holder or model_runs.until <= $3 returning position";
    MODEL_RUN_POSITION = "select position from model_runs where workspace = $1";
    MODEL_RUN_BEGIN = "insert into model_runs (workspace, holder, until, position) values ($1, $2, 0, $3) on conflict (workspace) do update set position = excluded.position";
    MODEL_RUN_READ = "update model_runs set position = $3 where workspace = $1 and holder = $2";
    MODEL_RUNS_CLEAR = "delete from model_runs";
}

/// A model without its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelRow {
    /// SHA-256 of its file.
    pub model: Vec<u8>,
    /// What kind it is.
    pub kind: String,
    /// When it was made.
    pub made_at: i64,
    /// What is known of it, as JSON.
    pub card: String,
}

/// A model in a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageRow {
    /// The playbook.
    pub playbook: Uuid,
    /// `champion` or `shadow`.
    pub stage: String,
    /// SHA-256 of its file.
    pub model: Vec<u8>,
    /// The decision that put it there.
    pub decision: Option<Uuid>,
    /// Since when.
    pub since: i64,
}

/// What a model said of cases, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreRow {
    /// SHA-256 of its file.
    pub model: Vec<u8>,
    /// Cases that it looked at.
    pub said: i64,
    /// Of these, those that it had an answer for.
    pub advised: i64,
    /// Of these, those whose answer is known by now.
    pub judged: i64,
    /// Of these, those that it got right.
    pub hits: i64,
}

macro_rules! model_row {
    ($r:expr) => {
        ModelRow { model: $r.get(0), kind: $r.get(1), made_at: $r.get(2), card: $r.get(3) }
    };
}

/// Keeps a model, unless it is there already.
///
/// # Errors
/// Where the storage fails.
pub async fn put(conn: Conn<'_>, workspace: Uuid, playbook: Uuid, row: &ModelRow, bytes: &[u8]) -> Result<(), Error> {
    on!(conn, c => sqlx::query(MODEL_PUT)
        .bind(workspace)
        .bind(playbook)
        .bind(row.model.as_slice())
        .bind(row.kind.as_str())
        .bind(row.made_at)
        .bind(row.card.as_str())
        .bind(bytes)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("keep a model"))
}

/// One model.
///
/// # Errors
/// Where the storage fails.
pub async fn get(conn: Conn<'_>, workspace: Uuid, playbook: Uuid, model: &[u8]) -> Result<Option<ModelRow>, Error> {
    on!(conn, c => sqlx::query(MODEL_GET)
        .bind(workspace)
        .bind(playbook)
        .bind(model)
        .fetch_optional(c)
        .await
        .map(|r| r.map(|r| model_row!(r))))
    .map_err(attempt("find a model"))
}

/// A model's file.
///
/// # Errors
/// Where the storage fails.
pub async fn bytes(conn: Conn<'_>, workspace: Uuid, playbook: Uuid, model: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    on!(conn, c => sqlx::query(MODEL_BYTES)
        .bind(workspace)
        .bind(playbook)
        .bind(model)
        .fetch_optional(c)
        .await
        .map(|r| r.map(|r| r.get(0))))
    .map_err(attempt("read a model"))
}

/// The latest models of a playbook, newest first.
///
/// # Errors
/// Where the storage fails.
pub async fn list(conn: Conn<'_>, workspace: Uuid, playbook: Uuid, limit: i64) -> Result<Vec<ModelRow>, Error> {
    on!(conn, c => sqlx::query(MODELS_LIST)
        .bind(workspace)
        .bind(playbook)
        .bind(limit)
        .fetch_all(c)
        .await
        .map(|rows| rows.into_iter().map(|r| model_row!(r)).collect()))
    .map_err(attempt("list models"))
}

/// Whether a workspace has any model.
///
/// # Errors
/// Where the storage fails.
pub async fn any(conn: Conn<'_>, workspace: Uuid) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(MODELS_ANY).bind(workspace).fetch_optional(c).await.map(|r| r.is_some()))
        .map_err(attempt("see whether there are models"))
}

/// Puts a model into a stage; whichever was there leaves it.
///
/// # Errors
/// Where the storage fails.
pub async fn stage_put(conn: Conn<'_>, workspace: Uuid, row: &StageRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(STAGE_PUT)
        .bind(workspace)
        .bind(row.playbook)
        .bind(row.stage.as_str())
        .bind(row.model.as_slice())
        .bind(row.decision)
        .bind(row.since)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("put a model into a stage"))
}

/// Empties a stage.
///
/// # Errors
/// Where the storage fails.
pub async fn stage_drop(conn: Conn<'_>, workspace: Uuid, playbook: Uuid, stage: &str) -> Result<(), Error> {
    on!(conn, c => sqlx::query(STAGE_DROP).bind(workspace).bind(playbook).bind(stage).execute(c).await.map(|_| ()))
        .map_err(attempt("take a model out of a stage"))
}

/// Every stage that is filled.
///
/// # Errors
/// Where the storage fails.
pub async fn stages(conn: Conn<'_>, workspace: Uuid) -> Result<Vec<StageRow>, Error> {
    let row = |r: (Uuid, String, Vec<u8>, Option<Uuid>, i64)| StageRow { playbook: r.0, stage: r.1, model: r.2, decision: r.3, since: r.4 };
    on!(conn, c => sqlx::query(STAGES_OF)
        .bind(workspace)
        .fetch_all(c)
        .await
        .map(|rows| rows.into_iter().map(|r| row((r.get(0), r.get(1), r.get(2), r.get(3), r.get(4)))).collect()))
    .map_err(attempt("list the stages of models"))
}

/// What a model said of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRow {
    /// The playbook.
    pub playbook: Uuid,
    /// SHA-256 of the model's file.
    pub model: Vec<u8>,
    /// The case.
    pub case: Uuid,
    /// Its answer, where it had one.
    pub answer: Option<String>,
    /// Why it had none.
    pub note: String,
    /// When it said so.
    pub said_at: i64,
}

/// Keeps what a model said of a case, the first time only.
///
/// # Errors
/// Where the storage fails.
pub async fn said(conn: Conn<'_>, workspace: Uuid, row: &AnswerRow) -> Result<(), Error> {
    on!(conn, c => sqlx::query(MODEL_SAID)
        .bind(workspace)
        .bind(row.playbook)
        .bind(row.model.as_slice())
        .bind(row.case)
        .bind(row.answer.as_deref())
        .bind(row.note.as_str())
        .bind(row.said_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(attempt("keep what a model said"))
}

/// Says what turned out of a case, for all models that looked at it.
///
/// # Errors
/// Where the storage fails.
pub async fn truth(conn: Conn<'_>, workspace: Uuid, case: Uuid, truth: Option<&str>) -> Result<(), Error> {
    on!(conn, c => sqlx::query(MODEL_TRUTH).bind(workspace).bind(case).bind(truth).execute(c).await.map(|_| ()))
        .map_err(attempt("say what turned out of a case"))
}

/// What the models of a playbook said, counted.
///
/// # Errors
/// Where the storage fails.
pub async fn scores(conn: Conn<'_>, workspace: Uuid, playbook: Uuid) -> Result<Vec<ScoreRow>, Error> {
    on!(conn, c => sqlx::query(MODEL_SCORE)
        .bind(workspace)
        .bind(playbook)
        .fetch_all(c)
        .await
        .map(|rows| rows.into_iter().map(|r| ScoreRow { model: r.get(0), said: r.get(1), advised: r.get(2), judged: r.get(3), hits: r.get(4) }).collect()))
    .map_err(attempt("count what models said"))
}

/// Takes or renews the lease to let models run. `false`: another node has it. `begin` is where a workspace begins that never had one.
///
/// # Errors
/// Where the storage fails.
pub async fn lease(conn: Conn<'_>, workspace: Uuid, holder: Uuid, (now, until): (i64, i64), begin: i64) -> Result<bool, Error> {
    on!(conn, c => sqlx::query(MODEL_RUN_TAKE)
        .bind(workspace)
        .bind(holder)
        .bind(now)
        .bind(until)
        .bind(begin)
        .fetch_optional(c)
        .await
        .map(|r| r.is_some()))
    .map_err(attempt("take the lease to let models run"))
}

/// How far events were read; `None` where no model ever ran.
///
/// # Errors
/// Where the storage fails.
pub async fn position(conn: Conn<'_>, workspace: Uuid) -> Result<Option<i64>, Error> {
    on!(conn, c => sqlx::query(MODEL_RUN_POSITION).bind(workspace).fetch_optional(c).await.map(|r| r.map(|r| r.get(0))))
        .map_err(attempt("see how far models have read"))
}

/// Lets models begin at a position, whoever holds the lease: nothing before it is of interest.
///
/// # Errors
/// Where the storage fails.
pub async fn begin(conn: Conn<'_>, workspace: Uuid, position: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(MODEL_RUN_BEGIN).bind(workspace).bind(Uuid::nil()).bind(position).execute(c).await.map(|_| ()))
        .map_err(attempt("let models begin"))
}

/// Says how far events were read.
///
/// # Errors
/// Where the storage fails.
pub async fn read_to(conn: Conn<'_>, workspace: Uuid, holder: Uuid, position: i64) -> Result<(), Error> {
    on!(conn, c => sqlx::query(MODEL_RUN_READ).bind(workspace).bind(holder).bind(position).execute(c).await.map(|_| ()))
        .map_err(attempt("say how far events were read"))
}

/// Drops all leases, in a database that was restored and that no node serves yet.
///
/// # Errors
/// Where the storage fails.
pub async fn leases_clear(conn: Conn<'_>) -> Result<(), Error> {
    on!(conn, c => sqlx::query(MODEL_RUNS_CLEAR).execute(c).await.map(|_| ())).map_err(attempt("drop the leases of models"))
}
