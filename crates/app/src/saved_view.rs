//! Views of the queue that a person has named: what they narrow it to, as an address has it, and no word that anybody searched for. Theirs
//! alone; whoever is given the address sees what they may see themselves.

use crate::{
    Error, Workspace,
    queue::{Age, Narrowed, View},
};
use countersign_core::{
    event::Route,
    id::PersonId,
    limits::NAME_CHARS_MAX,
    refusal::{Code, Refusal},
};
use countersign_store::{self as store, own::ViewRow};
use uuid::Uuid;

/// Views that one person keeps.
pub const VIEWS_MAX: usize = 20;

/// What a list of the queue is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// A playbook.
    pub playbook: Option<String>,
    /// Which list.
    pub view: View,
    /// What else it is narrowed to.
    pub narrowed: Narrowed,
}

impl Filter {
    /// From the pairs of an address; what it does not know is a refusal that names it.
    ///
    /// # Errors
    /// Where a word is unknown.
    pub fn of<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Result<Self, Refusal> {
        let mut filter = Self::default();
        for (name, value) in pairs.filter(|(_, value)| !value.is_empty()) {
            let unknown = || Refusal::invalid(format!("/{name}"), format!("{value:?} is nothing that the queue is narrowed to"));
            match name {
                "in" => filter.playbook = Some(value.to_owned()),
                "view" => filter.view = View::from_word(value).ok_or_else(unknown)?,
                "route" => filter.narrowed.route = Some(route(value).ok_or_else(unknown)?),
                "older" => filter.narrowed.older = Some(Age::from_word(value).ok_or_else(unknown)?),
                "late" if value == "yes" => filter.narrowed.late = true,
                "assigned" if value == "me" => filter.narrowed.assigned = true,
                _ => return Err(unknown()),
            }
        }
        Ok(filter)
    }

    /// The pairs of its address, in an order that is always the same.
    #[must_use]
    pub fn pairs(&self) -> Vec<(&'static str, &str)> {
        let narrowed = &self.narrowed;
        let pairs = [
            ("in", self.playbook.as_deref()),
            ("view", (self.view != View::default()).then(|| self.view.word())),
            ("route", narrowed.route.map(Route::as_str)),
            ("older", narrowed.older.map(Age::word)),
            ("late", narrowed.late.then_some("yes")),
            ("assigned", narrowed.assigned.then_some("me")),
        ];
        pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// The ways on which somebody waits for a person.
pub const ROUTES: [Route; 4] = [Route::Assist, Route::Blind, Route::Unaided, Route::Panel];

fn route(word: &str) -> Option<Route> {
    ROUTES.into_iter().find(|route| route.as_str() == word)
}

/// A view by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedView {
    /// Its id.
    pub id: Uuid,
    /// What its person calls it.
    pub name: String,
    /// What it shows, as an address has it.
    pub query: String,
}

fn named(name: &str) -> Result<&str, Refusal> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        return Err(Refusal::invalid("/name", format!("a name of up to {NAME_CHARS_MAX} letters, on one line")));
    }
    Ok(name)
}

impl Workspace {
    /// A person's views, the oldest first.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn views_of(&self, person: PersonId) -> Result<Vec<SavedView>, Error> {
        let mut session = self.inner.db.session().await?;
        let rows = store::own::views_of(session.conn(), self.id.0, person.0).await?;
        Ok(rows.into_iter().map(|row| SavedView { id: row.view, name: row.name, query: row.query }).collect())
    }

    /// Keeps a view. `query` is an address's, written by [`Filter::pairs`].
    ///
    /// # Errors
    /// Where the name is none or taken, the person keeps too many, or the storage fails.
    pub async fn view_save(&self, person: PersonId, name: &str, query: String) -> Result<(), Error> {
        self.member(person).await?;
        let name = named(name)?;
        let known = self.views_of(person).await?;
        if known.len() >= VIEWS_MAX {
            return Err(Refusal::field(Code::TooLarge, "/name", format!("you keep {VIEWS_MAX} views already: delete one first")).into());
        }
        if known.iter().any(|view| view.name == name) {
            return Err(Refusal::field(Code::Conflict, "/name", "one of your views has this name").into());
        }
        let row = ViewRow { view: self.inner.env.random_id(), name: name.to_owned(), query };
        let mut tx = self.inner.db.begin().await?;
        store::own::view_insert(tx.conn(), self.id.0, person.0, &row, self.inner.env.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Calls a view of theirs something else.
    ///
    /// # Errors
    /// Where the person has no such view, the name is none or taken, or the storage fails.
    pub async fn view_rename(&self, person: PersonId, view: Uuid, name: &str) -> Result<(), Error> {
        let name = named(name)?;
        if self.views_of(person).await?.iter().any(|known| known.id != view && known.name == name) {
            return Err(Refusal::field(Code::Conflict, "/name", "one of your views has this name").into());
        }
        let mut tx = self.inner.db.begin().await?;
        let there = store::own::view_rename(tx.conn(), self.id.0, person.0, view, name).await?;
        tx.commit().await?;
        there.then_some(()).ok_or_else(missing)
    }

    /// Deletes a view of theirs.
    ///
    /// # Errors
    /// Where the person has no such view, or the storage fails.
    pub async fn view_delete(&self, person: PersonId, view: Uuid) -> Result<(), Error> {
        let mut tx = self.inner.db.begin().await?;
        let there = store::own::view_delete(tx.conn(), self.id.0, person.0, view).await?;
        tx.commit().await?;
        there.then_some(()).ok_or_else(missing)
    }
}

fn missing() -> Error {
    Refusal::field(Code::NotFound, "/view", "you have no such view").into()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_filter_is_what_its_address_says() {
        let pairs = [("in", "alerts"), ("view", "snoozed"), ("route", "blind"), ("older", "4h"), ("late", "yes"), ("assigned", "me")];
        let filter = Filter::of(pairs.into_iter()).unwrap();
        assert_eq!(filter.pairs(), pairs);
        assert_eq!(Filter::of([("in", ""), ("view", "waiting")].into_iter()).unwrap(), Filter::default());
        assert!(Filter::default().pairs().is_empty());
        for (name, value) in
            [("find", "Okafor"), ("route", "automate"), ("older", "5h"), ("late", "no"), ("assigned", "ben"), ("view", "all")]
        {
            assert_eq!(Filter::of([(name, value)].into_iter()).unwrap_err().field, Some(format!("/{name}")), "{name}");
        }
        assert!(named(" ").is_err() && named("a\nb").is_err() && named(&"a".repeat(121)).is_err());
    }
}
