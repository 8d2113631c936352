//! How long a person has worked at a stretch and today, for themselves alone, and the pause that lets go of what they hold. Derived each time
//! it is looked at from when they answered, and kept nowhere; there is no way to ask it of somebody else. Where the workspace measures nothing
//! of people, it is not derived either.

use crate::{Error, Workspace};
use countersign_core::{
    event::{Body, PeopleMetrics},
    id::{CaseId, PersonId},
    number::Micros,
    refusal::{Code, Refusal},
};
use countersign_store::{self as store, own::PauseRow};

/// After how many minutes a pause is suggested to somebody who has not said otherwise.
pub const PAUSE_AFTER_MINUTES: i64 = 90;
/// Later nobody is reminded.
pub const PAUSE_AFTER_MINUTES_MAX: i64 = 480;
/// Between two answers that lie further apart somebody has paused.
const APART_MICROS: Micros = 15 * MINUTE_MICROS;
/// Answers that are looked back over.
const ANSWERS_MAX: i64 = 5_000;
const MINUTE_MICROS: Micros = 60_000_000;
const DAY_MICROS: Micros = 24 * 60 * MINUTE_MICROS;

/// How long somebody has worked, for their own eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Without a pause until now, in microseconds; 0: they are not at work.
    pub stretch: Micros,
    /// Today (UTC).
    pub today: Micros,
    /// How many cases they answered today.
    pub answered: u64,
}

/// What a person sees of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PauseView {
    /// How long they have worked; none where nothing of people is measured.
    pub worked: Option<Stretch>,
    /// After how many minutes they are reminded; 0: never.
    pub after_minutes: i64,
    /// Whether they have worked that long.
    pub due: bool,
}

/// How long somebody has worked, by when they answered, the latest first, and by when the first of the stretch was shown to them.
fn worked(answers: &[Micros], now: Micros, paused_at: Micros, shown_at: impl Fn(usize) -> Option<Micros>) -> Stretch {
    let day = now - now.rem_euclid(DAY_MICROS);
    let (mut today, mut stretch, mut at) = (0, 0, 0);
    // From one answer back to another that it follows without a pause: each such run is one stretch of work.
    while at < answers.len() {
        let apart = |later: Micros, earlier: Micros| later - earlier > APART_MICROS || (later > paused_at && earlier <= paused_at);
        let mut first = at;
        while let (Some(later), Some(earlier)) = (answers.get(first), answers.get(first + 1))
            && !apart(*later, *earlier)
        {
            first += 1;
        }
        let (Some(end), Some(begin)) = (answers.get(at).copied(), answers.get(first).copied()) else { break };
        let goes_on = at == 0 && end > paused_at && now - end <= APART_MICROS;
        // What is on the screen now is worked on, too.
        let end = if goes_on { now } else { end };
        let begin = if end < day { begin } else { shown_at(first).filter(|shown| begin - shown <= APART_MICROS).unwrap_or(begin) };
        if goes_on {
            stretch = end - begin.max(paused_at);
        }
        today += (end - begin.max(day)).max(0);
        if end < day {
            break;
        }
        at = first + 1;
    }
    let answered = answers.iter().filter(|answer| **answer >= day).count() as u64;
    Stretch { stretch, today, answered }
}

impl Workspace {
    /// How long a person has worked. Only ever asked for whoever is signed in: see `server/desk/pause.rs`.
    ///
    /// # Errors
    /// Where this is no active member, or the storage fails.
    pub async fn pause_of(&self, person: PersonId) -> Result<PauseView, Error> {
        self.member(person).await?;
        let control = self.inner.control(self.id).await?;
        let now = self.inner.env.now();
        let mut session = self.inner.db.session().await?;
        let row = store::own::pause(session.conn(), self.id.0, person.0).await?;
        let row = row.unwrap_or(PauseRow { after_minutes: PAUSE_AFTER_MINUTES, paused_at: 0 });
        if control.state.control.people_metrics == PeopleMetrics::Off {
            return Ok(PauseView { worked: None, after_minutes: row.after_minutes, due: false });
        }
        let since = now - now.rem_euclid(DAY_MICROS) - DAY_MICROS;
        let mut lately = store::answered::lately(session.conn(), self.id.0, person.0, ANSWERS_MAX).await?;
        drop(session);
        lately.retain(|(_, at)| *at >= since);
        let answers: Vec<Micros> = lately.iter().map(|(_, at)| *at).collect();
        // When the first case of each stretch of today was shown: the only one whose time is not between two answers.
        let mut shown = std::collections::HashMap::new();
        for (at, (case, answered)) in lately.iter().enumerate() {
            let begins = answers.get(at + 1).is_none_or(|earlier| answered - earlier > APART_MICROS);
            if begins && *answered >= since + DAY_MICROS {
                shown.insert(at, self.shown_before(CaseId(*case), person, *answered).await?);
            }
        }
        let worked = worked(&answers, now, row.paused_at, |at| shown.get(&at).copied().flatten());
        let due = row.after_minutes > 0 && worked.stretch >= row.after_minutes * MINUTE_MICROS;
        Ok(PauseView { worked: Some(worked), after_minutes: row.after_minutes, due })
    }

    /// When a case was shown to a person before they answered on it.
    async fn shown_before(&self, case: CaseId, person: PersonId, answered: Micros) -> Result<Option<Micros>, Error> {
        let (events, _) = self.folded(case).await?;
        let before = events.iter().rev().map(|(_, event)| event).filter(|event| event.recorded_at <= answered);
        let mut shown = before.filter(|event| matches!(&event.body, Body::CaseShown(body) if body.person == person));
        Ok(shown.next().map(|event| event.recorded_at))
    }

    /// After how many minutes a person wants to be reminded; 0: never.
    ///
    /// # Errors
    /// Where that is longer than a day's work, or the storage fails.
    pub async fn pause_after(&self, person: PersonId, minutes: i64) -> Result<(), Error> {
        if !(0..=PAUSE_AFTER_MINUTES_MAX).contains(&minutes) {
            let detail = format!("between 0 (never) and {PAUSE_AFTER_MINUTES_MAX} minutes");
            return Err(Refusal::field(Code::Invalid, "/minutes", detail).into());
        }
        self.pause_keep(person, |row| row.after_minutes = minutes).await
    }

    /// A person pauses: what they hold waits for others, and their stretch ends. Tells how many cases they held.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn pause_begin(&self, person: PersonId) -> Result<usize, Error> {
        let held = self.claims_of(person).await?;
        for claim in &held {
            self.release(person, CaseId(claim.case)).await?;
        }
        let now = self.inner.env.now();
        self.pause_keep(person, |row| row.paused_at = now).await?;
        Ok(held.len())
    }

    async fn pause_keep(&self, person: PersonId, change: impl FnOnce(&mut PauseRow)) -> Result<(), Error> {
        self.member(person).await?;
        let mut tx = self.inner.db.begin().await?;
        let row = store::own::pause(tx.conn(), self.id.0, person.0).await?;
        let mut row = row.unwrap_or(PauseRow { after_minutes: PAUSE_AFTER_MINUTES, paused_at: 0 });
        change(&mut row);
        store::own::pause_put(tx.conn(), self.id.0, person.0, row).await?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Micros = 20_000 * DAY_MICROS + DAY_MICROS / 2;

    /// Minutes before noon at which somebody answered, and paused; the stretch and today, in minutes.
    fn of(answers: &[i64], paused: i64, shown: Option<(usize, i64)>) -> (i64, i64) {
        let before = |minutes: &i64| NOON - minutes * MINUTE_MICROS;
        let answers: Vec<Micros> = answers.iter().map(before).collect();
        let shown_at = |at| shown.filter(|(of, _)| *of == at).map(|(_, minutes)| before(&minutes));
        let told = worked(&answers, NOON, before(&paused), shown_at);
        (told.stretch / MINUTE_MICROS, told.today / MINUTE_MICROS)
    }

    #[test]
    fn a_stretch_is_what_lies_between_two_pauses() {
        let never = 10_000;
        assert_eq!(of(&[], never, None), (0, 0));
        assert_eq!(of(&[2, 10, 20, 30], never, None), (30, 30), "what is on the screen counts as well");
        assert_eq!(of(&[2, 10, 20, 30], never, Some((3, 36))), (36, 36), "and so does the first case");
        assert_eq!(of(&[2, 10, 20, 30], never, Some((3, 90))), (30, 30), "but not what was left lying");
        assert_eq!(of(&[16, 20, 30], never, None), (0, 14), "a quarter of an hour is a pause");
        assert_eq!(of(&[2, 10, 60, 70, 80], never, None), (10, 30), "two stretches are a day's work together");
        assert_eq!(of(&[2, 10, 20, 30], 15, None), (10, 20), "a pause that was said ends a stretch at once");
        assert_eq!(of(&[2, 10], 1, None), (0, 8), "and nobody is at work who paused after it");
        assert_eq!(of(&[700, 710, 715, 725, 735], never, None), (0, 20), "yesterday is not today");
    }
}
