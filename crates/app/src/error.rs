//! Why a use case did not happen. A refusal is for the caller; the rest is for the operator, and the caller hears less of it.

use countersign_core::refusal::{Code, Refusal};

/// Why a use case did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller can do something about it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The storage failed.
    #[error(transparent)]
    Store(#[from] countersign_store::Error),
    /// Something stored or derived contradicts itself.
    #[error("{0}")]
    Damaged(String),
}

impl Error {
    /// What the caller is told.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal.clone(),
            Self::Store(countersign_store::Error::Conflict { .. }) => {
                Refusal::new(Code::Busy, "somebody else was writing the same thing again and again; send the request again")
            }
            Self::Store(countersign_store::Error::Unavailable { .. }) => Refusal::new(
                Code::Storage,
                "the database cannot be reached at present; it is safe to send the request again with the same Idempotency-Key",
            ),
            Self::Store(countersign_store::Error::Full { .. }) => {
                Refusal::new(Code::Storage, "the server's disk is full; nothing was written")
            }
            Self::Store(_) => Refusal::new(Code::Storage, "the storage failed; nothing was written. The server's log says more"),
            Self::Damaged(_) => {
                Refusal::new(Code::Internal, "something stored contradicts itself; the operator should run `countersign verify`")
            }
        }
    }
}

impl From<countersign_privacy::Error> for Error {
    fn from(error: countersign_privacy::Error) -> Self {
        Self::Damaged(format!("cannot open what was sealed: {error}"))
    }
}

impl From<countersign_core::event::Error> for Error {
    fn from(error: countersign_core::event::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}
