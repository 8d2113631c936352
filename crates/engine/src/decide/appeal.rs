//! Appeal: somebody objects, and somebody else decides, blind to the first answer. How it is settled is in `settle`.

use super::{Decided, Turn};
use countersign_core::{
    Content,
    event::AppealOpened,
    id::{EventId, PersonId},
};

impl Turn<'_, '_> {
    pub(super) fn appeal(&mut self, decision: EventId, person: Option<PersonId>, reason: Content) -> Decided {
        if let Some(person) = person {
            self.somebody(person)?;
        }
        self.standing(decision)?;
        self.only(AppealOpened { decision, person, reason })
    }
}
