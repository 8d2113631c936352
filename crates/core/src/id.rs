//! Ids: random (version 4) for people and subjects, time-ordered (version 7) elsewhere. Never makes one: ids are handed in.
//!
//! What an event creates is named by that event's id: a proposal, a judgment, a decision has no id of its own.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    };
}

id!(/** The tenancy boundary. Its own id is also the stream of workspace-wide events. */ WorkspaceId);
id!(/** One thing to decide; also the stream of its events. */ CaseId);
id!(/** One event; also the name of what that event created (proposal, judgment, decision, comment, outcome, appeal). */ EventId);
id!(/** A reviewer. Random, so that the ledger names nobody: names and addresses live in the erasable directory. */ PersonId);
id!(/** A person whom a case is about. Random; the key under which their values are encrypted is destroyed on erasure. */ SubjectId);
id!(/** A published playbook, the same over all its versions; also the stream of its versions. */ PlaybookId);

/// The stream an event belongs to: a case, a playbook, or the workspace itself.
pub type StreamId = Uuid;
