//! Letters: people who do not look at the desk are told by e-mail that something is for them. What is new follows from the events; a
//! letter says how much it is and where to look, never what a case or a remark says, and nothing in it decides anything. Sends nothing
//! itself: whoever speaks SMTP takes what is due and says what became of it.

use crate::{Error, Workspace, control::Control, notice, view::PersonView};
use countersign_core::{
    event::{Event, PersonKind},
    id::PersonId,
    number::Micros,
};
use countersign_store::{self as store, letter::LetterRow};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A person gets no second letter before so long.
pub const APART_MICROS: Micros = 15 * 60 * SECOND;
/// How long something is for somebody before a letter says so: whoever is at the desk sees it there.
pub const PATIENCE_MICROS: Micros = 60 * SECOND;
/// How long a letter is taken before another node may send it.
const TAKEN_MICROS: Micros = 60 * SECOND;
/// Waits between attempts; after the last one the letter is given up, and the next one says what is new then.
const WAITS: [Micros; 5] = [30 * SECOND, 2 * 60 * SECOND, 10 * 60 * SECOND, 3_600 * SECOND, 6 * 3_600 * SECOND];
/// Longest outcome that is kept, in characters.
const OUTCOME_CHARS_MAX: usize = 300;
const SECOND: Micros = 1_000_000;

/// A letter that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The workspace's name.
    pub workspace: String,
    /// The person's name.
    pub name: String,
    /// Their address.
    pub mail: String,
    /// What is new for them.
    pub news: News,
    row: LetterRow,
    through: (Micros, i64),
}

/// How much is new for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct News {
    /// Cases that somebody gave to them.
    pub given: u64,
    /// Remarks that mention them.
    pub mentioned: u64,
    /// Notices for whoever leads.
    pub notices: u64,
}

impl News {
    /// From what somebody was given and how often they were mentioned, and the notices since they were told.
    fn of(control: &Control, row: &LetterRow, (given, mentioned): (i64, i64)) -> Self {
        let leads = notice::is_lead(control, PersonId(row.person));
        let newer = |event: &&Event| leads && crate::writer::signed(event.stream_version) > row.told_notices;
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        let notices = control.state.notices.iter().filter(newer).count() as u64;
        Self { given: count(given), mentioned: count(mentioned), notices }
    }

    fn any(self) -> bool {
        self != Self::default()
    }
}

/// Whether somebody gets letters, for their own page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LettersView {
    /// Their address; without one there are none.
    pub mail: Option<String>,
    /// Whether they want them.
    pub wanted: bool,
    /// What went wrong with the last one.
    pub failed: Option<String>,
}

impl Workspace {
    /// Takes the letters that are due, so that no other node sends them meanwhile.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn letters_due(&self) -> Result<Vec<Letter>, Error> {
        let control = self.control().await?;
        let now = self.inner.env.now();
        let until = now - PATIENCE_MICROS;
        let last_notice = last_notice(&control);
        let mut session = self.inner.db.session().await?;
        let rows = store::letter::all(session.conn(), self.id.0).await?;
        let news = store::letter::news_of_all(session.conn(), self.id.0, until, now).await?;
        drop(session);
        self.letters_begin(&control, &rows, (now, last_notice)).await?;
        let due = |row: LetterRow| {
            let free = row.wanted && row.next_at <= now && takes_part(&control, PersonId(row.person));
            let news = News::of(&control, &row, news.get(&row.person).copied().unwrap_or_default());
            (free && news.any()).then_some((row, news))
        };
        let due: Vec<(LetterRow, News)> = rows.into_iter().filter_map(due).collect();
        if due.is_empty() {
            // Names and addresses are opened for whoever is written to, and not every few seconds.
            return Ok(Vec::new());
        }
        let mut people: HashMap<Uuid, PersonView> = self.people_list().await?.into_iter().map(|person| (person.person, person)).collect();
        let mut letters = Vec::with_capacity(due.len());
        for (mut row, news) in due {
            let through = (until.max(0), last_notice);
            let address = people.remove(&row.person).and_then(|person| person.name.zip(person.mail));
            let mut tx = self.inner.db.begin().await?;
            let Some((name, mail)) = address else {
                // Whoever has an address from now on is told what comes from now on.
                (row.told_until, row.told_notices) = through;
                store::letter::told(tx.conn(), self.id.0, &row).await?;
                tx.commit().await?;
                continue;
            };
            let taken = store::letter::take(tx.conn(), self.id.0, row.person, row.next_at, now + TAKEN_MICROS).await?;
            tx.commit().await?;
            if taken {
                letters.push(Letter { workspace: control.state.name.clone(), name, mail, news, row, through });
            }
        }
        Ok(letters)
    }

    /// Whoever is new is told what comes from now on.
    async fn letters_begin(&self, control: &Control, rows: &[LetterRow], (now, last_notice): (Micros, i64)) -> Result<(), Error> {
        let known: HashSet<Uuid> = rows.iter().map(|row| row.person).collect();
        let new = control.state.people.keys().filter(|person| takes_part(control, **person) && !known.contains(&person.0));
        let new: Vec<PersonId> = new.copied().collect();
        if new.is_empty() {
            return Ok(());
        }
        let mut tx = self.inner.db.begin().await?;
        for person in new {
            store::letter::begin(tx.conn(), self.id.0, person.0, now, last_notice).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Says what became of a letter: nothing where it went out, or what went wrong.
    ///
    /// # Errors
    /// Where the storage fails; then it is due again in a minute.
    pub async fn letter_told(&self, letter: &Letter, failed: Option<&str>) -> Result<(), Error> {
        let now = self.inner.env.now();
        let mut row = letter.row.clone();
        let wait = usize::try_from(row.attempts).ok().and_then(|attempts| WAITS.get(attempts));
        match (failed, wait) {
            (Some(what), Some(wait)) => {
                row.attempts += 1;
                row.next_at = now + wait;
                row.outcome = what.chars().take(OUTCOME_CHARS_MAX).collect();
            }
            (outcome, _) => {
                (row.told_until, row.told_notices) = letter.through;
                (row.attempts, row.next_at) = (0, now + APART_MICROS);
                row.outcome = outcome.unwrap_or_default().chars().take(OUTCOME_CHARS_MAX).collect();
            }
        }
        let mut tx = self.inner.db.begin().await?;
        store::letter::told(tx.conn(), self.id.0, &row).await?;
        Ok(tx.commit().await?)
    }

    /// Whether a person gets letters.
    ///
    /// # Errors
    /// Where there is no such person, or the storage fails.
    pub async fn letters_of(&self, person: PersonId) -> Result<LettersView, Error> {
        let mail = self.person_get(person).await?.mail;
        let mut session = self.inner.db.session().await?;
        let row = store::letter::of(session.conn(), self.id.0, person.0).await?;
        let failed = row.as_ref().map(|row| row.outcome.clone()).filter(|outcome| !outcome.is_empty());
        Ok(LettersView { mail, wanted: row.is_none_or(|row| row.wanted), failed })
    }

    /// Whether a person wants letters from now on. What came in while they did not is told by none.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn letters_want(&self, person: PersonId, wanted: bool) -> Result<(), Error> {
        let control = self.control().await?;
        let now = self.inner.env.now();
        let last_notice = last_notice(&control);
        let mut tx = self.inner.db.begin().await?;
        store::letter::begin(tx.conn(), self.id.0, person.0, now, last_notice).await?;
        store::letter::want(tx.conn(), self.id.0, person.0, wanted, now, last_notice).await?;
        Ok(tx.commit().await?)
    }
}

fn takes_part(control: &Control, person: PersonId) -> bool {
    control.state.people.get(&person).is_some_and(|facts| facts.active && facts.kind == PersonKind::Member)
}

fn last_notice(control: &Control) -> i64 {
    control.state.notices.last().map_or(0, |event| crate::writer::signed(event.stream_version))
}
