//! What can go wrong in the storage, sorted by what the caller can do about it. Never shows SQL or values to a user.

/// A failure of the storage.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else wrote first: load again and decide again.
    #[error("another writer came first while trying to {attempted}")]
    Conflict {
        /// What was attempted.
        attempted: &'static str,
    },
    /// The disk is full. Nothing was written.
    #[error("the disk is full: free some space; nothing was written while trying to {attempted}")]
    Full {
        /// What was attempted.
        attempted: &'static str,
    },
    /// The database cannot be reached at present; whether an open commit took place is unknown.
    #[error("the database cannot be reached while trying to {attempted}: {source}")]
    Unavailable {
        /// What was attempted.
        attempted: &'static str,
        /// The engine's word.
        #[source]
        source: sqlx::Error,
    },
    /// Anything else.
    #[error("cannot {attempted}: {source}")]
    Sql {
        /// What was attempted.
        attempted: &'static str,
        /// The engine's word.
        #[source]
        source: sqlx::Error,
    },
    /// The database was made by a newer version, or is none of ours.
    #[error("{0}")]
    Schema(String),
    /// A stored row contradicts itself.
    #[error("the stored {what} is damaged: {detail}; run `countersign verify`")]
    Corrupt {
        /// What kind of row.
        what: &'static str,
        /// What contradicts what.
        detail: String,
    },
}

impl Error {
    /// Whether trying again, from loading on, can help.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}

/// Turns an engine's error into ours, saying what was attempted.
pub(crate) fn attempt(attempted: &'static str) -> impl FnOnce(sqlx::Error) -> Error {
    move |source| classify(attempted, source)
}

fn classify(attempted: &'static str, source: sqlx::Error) -> Error {
    match &source {
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default();
            // 40001 and 40P01: PostgreSQL gave up one of two transactions. 5, 6 and extended forms: SQLite is busy or locked.
            if database.is_unique_violation() || matches!(code.as_ref(), "40001" | "40P01" | "5" | "6" | "261" | "517") {
                Error::Conflict { attempted }
            } else if matches!(code.as_ref(), "13" | "53100") {
                Error::Full { attempted }
            } else if matches!(code.as_ref(), "57P01" | "57P02" | "57P03" | "53300" | "10" | "778" | "1034" | "1290")
                || code.starts_with("08")
            {
                Error::Unavailable { attempted, source }
            } else {
                Error::Sql { attempted, source }
            }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_)
        | sqlx::Error::Tls(_) => Error::Unavailable { attempted, source },
        _ => Error::Sql { attempted, source },
    }
}
