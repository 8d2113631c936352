//! What people of one team say to one another about a case: whose it is.

use crate::{content::Content, id::PersonId};
use serde::{Deserialize, Serialize};

/// See [`super::Body::CaseAssigned`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseAssigned {
    /// By whom; absent: by the platform, because whoever it was assigned to cannot answer on it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// Whose it is from now on; absent: again anybody's who may answer on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<PersonId>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Content>,
}
