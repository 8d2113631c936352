//! Bodies about who is away, and who stands in for them. Never why.

use crate::{id::PersonId, number::Micros};
use serde::{Deserialize, Serialize};

body!(/** See [`Body::PersonAway`](super::Body::PersonAway). It takes the place of what was said before. */ PersonAway {
    /** Who. */ person: PersonId,
    /** From when on. */ from: Micros,
    /** Until when. */ until: Micros,
    /** Who stands in for them, as far as they may do it themselves. */ #[serde(default, skip_serializing_if = "Option::is_none")] stand_in: Option<PersonId>,
});
body!(/** See [`Body::PersonBack`](super::Body::PersonBack). */ PersonBack {
    /** Who. */ person: PersonId,
});
