//! The queue as a person reads it at the desk: lists, counts that stop at a limit, titles. In the order in which cases are served,
//! which no proposal has a say in. Claims nothing and writes nothing.

use crate::{
    Error, Workspace,
    claim::roles_json,
    control::Control,
    decision::bad_cursor,
    rules::may::{Act, Who},
    view::Page,
};
use countersign_core::{
    event::Route,
    id::{CaseId, PersonId, PlaybookId},
    number::Micros,
    refusal::{Code, Refusal},
};
use countersign_engine::{order, state::one_person};
use countersign_policy::Action;
use countersign_store::{
    self as store,
    queue::{Place, QueueRow, Reader},
};
use std::{collections::HashMap, sync::Arc};
use uuid::Uuid;

/// Beyond so many, cases are not counted: "1,000+" says enough, and counting on would cost more the more there is.
pub const COUNTED_MAX: u64 = 1_000;
/// Cases that are counted one by one where rules ask about the case.
const COUNTED_ALLOWED_MAX: usize = 200;
/// Cases on one page of a queue.
pub const QUEUE_ITEMS_MAX: u32 = 50;

/// Which cases are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum View {
    /// What this person could claim.
    #[default]
    Waiting,
    /// What this person is on.
    Mine,
    /// What was put off.
    Snoozed,
    /// What nobody can decide yet.
    Held,
    /// What was decided, the latest first.
    Decided,
}

impl View {
    /// All of them in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Mine, Self::Snoozed, Self::Held, Self::Decided];

    /// The word in addresses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Mine => "mine",
            Self::Snoozed => "snoozed",
            Self::Held => "held",
            Self::Decided => "decided",
        }
    }

    /// From the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|view| view.word() == word)
    }
}

/// For how long a case waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// An hour.
    Hour,
    /// Four hours.
    FourHours,
    /// A day.
    Day,
    /// Three days.
    ThreeDays,
    /// A week.
    Week,
}

impl Age {
    /// All of them, the shortest first.
    pub const ALL: [Self; 5] = [Self::Hour, Self::FourHours, Self::Day, Self::ThreeDays, Self::Week];

    /// The word in addresses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::FourHours => "4h",
            Self::Day => "1d",
            Self::ThreeDays => "3d",
            Self::Week => "7d",
        }
    }

    /// From the word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|age| age.word() == word)
    }

    fn micros(self) -> Micros {
        let hours = match self {
            Self::Hour => 1,
            Self::FourHours => 4,
            Self::Day => 24,
            Self::ThreeDays => 72,
            Self::Week => 168,
        };
        hours * 3_600_000_000
    }
}

/// What a list is narrowed to, beside its playbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Narrowed {
    /// On which way.
    pub route: Option<Route>,
    /// Opened at least so long ago.
    pub older: Option<Age>,
    /// Past its deadline, or near it.
    pub late: bool,
    /// Assigned to whoever reads.
    pub assigned: bool,
}

impl Narrowed {
    /// Whether it leaves everything in.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    fn keeps(&self, row: &QueueRow, known: Option<&store::case::CaseRow>, person: PersonId, now: Micros) -> bool {
        self.route.is_none_or(|route| known.is_some_and(|known| known.route == route.as_str()))
            && self.older.is_none_or(|age| row.opened_at <= now - age.micros())
            && (!self.late || Due::at(now, row.opened_at, row.deadline_at) != Due::Later)
            && (!self.assigned || known.is_some_and(|known| known.role == one_person(person)))
    }
}

/// Cases that a narrowed list looks over for one page; what comes after them is on a further one.
const NARROWED_LOOKS_MAX: usize = 2_000;
const NARROWED_AT_ONCE: usize = 500;

/// A case in a list of the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueItem {
    /// The case.
    pub case: Uuid,
    /// Its playbook's name.
    pub playbook: String,
    /// Its headline; absent where it has none, or it was erased.
    pub title: Option<String>,
    /// Where it stands: `open`, `appealed`, `held`, `decided`, `acted`; for decisions how they stand.
    pub state: String,
    /// When it was opened, or decided.
    pub at: Micros,
    /// By when it should be decided, when it wakes, or until when it is held by this person.
    pub until: Option<Micros>,
    /// How near its deadline is.
    pub due: Due,
    /// The answer that stands, once decided.
    pub answer: Option<String>,
}

/// How near a deadline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Due {
    /// There is none, or there is time.
    #[default]
    Later,
    /// Less than a quarter of the time is left.
    Soon,
    /// It has passed.
    Over,
}

impl Due {
    /// At `now`, of a case that was opened then.
    #[must_use]
    pub fn at(now: Micros, opened_at: Micros, deadline_at: Option<Micros>) -> Self {
        match deadline_at {
            Some(deadline) if deadline < now => Self::Over,
            Some(deadline) if order::warned_from(opened_at, deadline) <= now => Self::Soon,
            _ => Self::Later,
        }
    }
}

/// How much there is of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// At most [`COUNTED_MAX`].
    pub count: u64,
    /// Whether there is more.
    pub more: bool,
}

impl Count {
    fn of(counted: i64) -> Self {
        let counted = u64::try_from(counted).unwrap_or(0);
        Self { count: counted.min(COUNTED_MAX), more: counted > COUNTED_MAX }
    }

    fn and(self, other: Self) -> Self {
        let sum = self.count + other.count;
        Self { count: sum.min(COUNTED_MAX), more: self.more || other.more || sum > COUNTED_MAX }
    }
}

/// What waits of one playbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaybookCount {
    /// Its name.
    pub playbook: String,
    /// How many cases wait.
    pub waiting: Count,
    /// How many of them are past their deadline.
    pub overdue: Count,
    /// When the one that is served next was opened.
    pub oldest_at: Option<Micros>,
    /// The answers, where its cases may be answered together.
    pub bulk: Option<Vec<String>>,
}

/// What a person may decide on.
struct Reach {
    control: Arc<Control>,
    playbooks: Vec<(PlaybookId, String)>,
    roles_json: String,
}

impl Reach {
    /// Leaves the playbooks in which this person may take and answer on a case.
    fn answering(&mut self, person: PersonId) -> Result<(), Error> {
        let mut kept = Vec::with_capacity(self.playbooks.len());
        for (id, name) in self.playbooks.drain(..) {
            if self.control.may_answer_within(person, &self.control.playbook_latest(&name)?.2).is_ok() {
                kept.push((id, name));
            }
        }
        self.playbooks = kept;
        Ok(())
    }
}

impl Workspace {
    /// What waits by playbook, of those that this person may decide on.
    ///
    /// # Errors
    /// Where this is no active member, or the storage fails.
    pub async fn queue_counts(&self, person: PersonId) -> Result<Vec<PlaybookCount>, Error> {
        let mut reach = self.reach(person).await?;
        reach.answering(person)?;
        let mut session = self.inner.db.session().await?;
        let limit = i64::try_from(COUNTED_MAX).unwrap_or(0) + 1;
        let reader = Reader { person: person.0, roles_json: &reach.roles_json, now: self.inner.env.now() };
        let woken = store::queue::woken(session.conn(), self.id.0, Place::BEGINNING, reader, limit).await?;
        let mut counts = Vec::with_capacity(reach.playbooks.len());
        for (id, name) in reach.playbooks.clone() {
            if reach.control.rules_ask_cases(&reach.control.playbook_latest(&name)?.2) {
                counts.push(self.count_allowed(&reach, person, (id, name)).await?);
                continue;
            }
            let of_it = || woken.iter().filter(|row| row.playbook == id.0);
            let woken_count = i64::try_from(of_it().count()).unwrap_or(limit);
            let waiting = Count::of(store::queue::count_waiting(session.conn(), self.id.0, id.0, reader, limit).await? + woken_count);
            let late = of_it().filter(|row| Due::at(reader.now, row.opened_at, row.deadline_at) == Due::Over).count();
            let overdue = store::queue::count_overdue(session.conn(), self.id.0, id.0, reader, limit).await?;
            let overdue = Count::of(overdue + i64::try_from(late).unwrap_or(limit));
            let head = store::queue::waiting(session.conn(), self.id.0, id.0, Place::BEGINNING, reader, 1).await?;
            let oldest_at = head.iter().chain(of_it()).min_by_key(|row| row.at).map(|row| row.opened_at);
            let bulk = Self::bulk_options(&reach.control.playbook_latest(&name)?.2).map(<[String]>::to_vec);
            counts.push(PlaybookCount { playbook: name, waiting, overdue, oldest_at, bulk });
        }
        Ok(counts)
    }

    /// All of what waits for this person together.
    #[must_use]
    pub fn queue_sum(counts: &[PlaybookCount]) -> Count {
        counts.iter().fold(Count { count: 0, more: false }, |sum, one| sum.and(one.waiting))
    }

    /// One page of a list, with titles.
    ///
    /// # Errors
    /// Where this is no active member, the playbook or the cursor is unknown, or the storage fails.
    pub async fn queue_list(
        &self,
        person: PersonId,
        view: View,
        playbook: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<Page<QueueItem>, Error> {
        self.queue_narrowed(person, view, (playbook, Narrowed::default()), cursor).await
    }

    /// The same, narrowed further. Decisions are narrowed by their playbook only. A page may be short, and there be more all the same.
    ///
    /// # Errors
    /// As [`Self::queue_list`].
    pub async fn queue_narrowed(
        &self,
        person: PersonId,
        view: View,
        (playbook, narrowed): (Option<&str>, Narrowed),
        cursor: Option<&str>,
    ) -> Result<Page<QueueItem>, Error> {
        let mut reach = self.reach(person).await?;
        if let Some(name) = playbook {
            reach.playbooks.retain(|(_, known)| known == name);
            if reach.playbooks.is_empty() {
                let detail = "there is no playbook of this name that you decide on";
                return Err(Refusal::field(Code::NotFound, "/playbook", detail).into());
            }
        }
        let list = format!("queue/{}/{}", view.word(), playbook.unwrap_or_default());
        let after = self.cursor_open(&list, cursor)?.map_or(Ok(Place::BEGINNING), |text| place(&text))?;
        let limit = QUEUE_ITEMS_MAX as usize;
        if matches!(view, View::Waiting | View::Mine) {
            reach.answering(person)?;
        }
        if view == View::Decided {
            return self.decided(&reach, playbook.is_some(), &list, after).await;
        }
        let (mut rows, next) = match narrowed.is_none() {
            true => {
                let mut rows = self.rows(&reach, person, view, after, limit + 1).await?;
                let more = rows.len() > limit;
                rows.truncate(limit);
                let next = rows.last().filter(|_| more).map(|row| Place { at: row.at, case: row.case });
                (rows, next)
            }
            false => self.rows_narrowed(&reach, (person, view), narrowed, after).await?,
        };
        let next = next.map(|place| self.cursor_sign(&list, &format!("{} {}", place.at, place.case))).transpose()?;
        // Only now: a page may be shorter for what this person may not see or take, and the next one begins where it would have.
        self.rows_allowed(&reach.control, person, view, &mut rows).await?;
        let titles = self.titles(&reach.control, &rows.iter().map(|row| row.case).collect::<Vec<_>>()).await?;
        let now = self.inner.env.now();
        let items = rows.into_iter().map(|row| QueueItem {
            title: titles.get(&row.case).cloned(),
            case: row.case,
            playbook: reach.control.playbook_name(PlaybookId(row.playbook)),
            state: row.status,
            at: row.opened_at,
            until: if matches!(view, View::Snoozed | View::Mine) { Some(row.at) } else { row.deadline_at },
            due: Due::at(now, row.opened_at, row.deadline_at),
            answer: None,
        });
        Ok(Page { items: items.collect(), next })
    }

    /// The rows of a list.
    async fn rows(&self, reach: &Reach, person: PersonId, view: View, after: Place, limit: usize) -> Result<Vec<QueueRow>, Error> {
        match view {
            View::Waiting => self.waiting(reach, person, after, limit).await,
            View::Mine if after != Place::BEGINNING => Ok(Vec::new()),
            View::Mine => self.mine(reach, person).await,
            View::Snoozed => self.sleeping(reach, after, limit).await,
            View::Held => self.held(reach, after, limit).await,
            View::Decided => Ok(Vec::new()),
        }
    }

    /// The rows of a page that stay where a list is narrowed, and where to look on, if there may be more.
    async fn rows_narrowed(
        &self,
        reach: &Reach,
        (person, view): (PersonId, View),
        narrowed: Narrowed,
        mut after: Place,
    ) -> Result<(Vec<QueueRow>, Option<Place>), Error> {
        let (mut kept, mut looked, now) = (Vec::new(), 0, self.inner.env.now());
        while looked < NARROWED_LOOKS_MAX {
            let rows = self.rows(reach, person, view, after, NARROWED_AT_ONCE).await?;
            let more = rows.len() >= NARROWED_AT_ONCE;
            looked += rows.len();
            let cases: Vec<Uuid> = rows.iter().map(|row| row.case).collect();
            let mut session = self.inner.db.session().await?;
            let known = store::case::of(session.conn(), self.id.0, &cases).await?;
            drop(session);
            let known: HashMap<Uuid, store::case::CaseRow> = known.into_iter().map(|row| (row.case, row)).collect();
            for row in rows {
                after = Place { at: row.at, case: row.case };
                if narrowed.keeps(&row, known.get(&row.case), person, now) {
                    kept.push(row);
                    if kept.len() >= QUEUE_ITEMS_MAX as usize {
                        return Ok((kept, Some(after)));
                    }
                }
            }
            if !more {
                return Ok((kept, None));
            }
        }
        Ok((kept, Some(after)))
    }

    /// Takes the cases out that a person may not see or, where they are offered, not take and answer on.
    pub(crate) async fn rows_allowed(
        &self,
        control: &Control,
        person: PersonId,
        view: View,
        rows: &mut Vec<QueueRow>,
    ) -> Result<(), Error> {
        let mut asked = Vec::new();
        for row in rows.iter() {
            let id = PlaybookId(row.playbook);
            let latest = control.playbook(id, control.playbook_version(id))?;
            if control.rules_ask_cases(&latest) {
                asked.push(row.case);
            }
        }
        let states = self.states(asked.into_iter()).await?;
        let mut refused = std::collections::HashSet::new();
        for (case, state) in &states {
            let playbook = control.playbook(state.playbook, state.playbook_version)?;
            let allowed = match view {
                View::Waiting | View::Mine => control.may_answer(person, &playbook, state),
                _ => control.may(Who::Person(person), &Act::on(Action::See, &playbook, state)),
            };
            if allowed.is_err() {
                refused.insert(*case);
            }
        }
        rows.retain(|row| !refused.contains(&row.case));
        Ok(())
    }

    /// The cases of a queue that a person may take and answer on, of the `looks` that wait after a place; and where to look on, if more
    /// may wait.
    pub(crate) async fn queue_allowed(
        &self,
        person: PersonId,
        playbook: PlaybookId,
        after: Place,
        looks: usize,
    ) -> Result<(Vec<CaseId>, Option<Place>), Error> {
        let mut reach = self.reach(person).await?;
        reach.playbooks.retain(|(id, _)| *id == playbook);
        let mut rows = self.waiting(&reach, person, after, looks).await?;
        let next = rows.last().filter(|_| rows.len() == looks).map(|row| Place { at: row.at, case: row.case });
        self.rows_allowed(&reach.control, person, View::Waiting, &mut rows).await?;
        Ok((rows.into_iter().map(|row| CaseId(row.case)).collect(), next))
    }

    /// What waits of a playbook whose rules ask about the case: counted one by one, and so only as far as [`COUNTED_ALLOWED_MAX`].
    async fn count_allowed(&self, reach: &Reach, person: PersonId, (id, playbook): (PlaybookId, String)) -> Result<PlaybookCount, Error> {
        let one =
            Reach { playbooks: vec![(id, playbook.clone())], roles_json: reach.roles_json.clone(), control: Arc::clone(&reach.control) };
        let mut rows = self.waiting(&one, person, Place::BEGINNING, COUNTED_ALLOWED_MAX + 1).await?;
        let more = rows.len() > COUNTED_ALLOWED_MAX;
        self.rows_allowed(&reach.control, person, View::Waiting, &mut rows).await?;
        let now = self.inner.env.now();
        let late = rows.iter().filter(|row| Due::at(now, row.opened_at, row.deadline_at) == Due::Over).count();
        let counted = |count: usize| Count { count: count as u64, more };
        let oldest_at = rows.first().map(|row| row.opened_at);
        let bulk = Self::bulk_options(&reach.control.playbook_latest(&playbook)?.2).map(<[String]>::to_vec);
        Ok(PlaybookCount { playbook, waiting: counted(rows.len()), overdue: counted(late), oldest_at, bulk })
    }

    async fn reach(&self, person: PersonId) -> Result<Reach, Error> {
        let control = self.inner.control(self.id).await?;
        let stranger = || Refusal::field(Code::Forbidden, "/person", "this is no active member of the workspace");
        let facts = control.state.people.get(&person).filter(|p| p.may(&[])).ok_or_else(stranger)?;
        let roles_json = roles_json(person, &facts.roles)?;
        let mut playbooks = Vec::new();
        for name in control.state.playbook_names.keys() {
            let (id, _, latest) = control.playbook_latest(name)?;
            let sees = || control.may(Who::Person(person), &Act::within(Action::See, &latest)).is_ok();
            if facts.may(&latest.decide.roles) && sees() {
                playbooks.push((id, name.clone()));
            }
        }
        Ok(Reach { playbooks, roles_json, control })
    }

    async fn waiting(&self, reach: &Reach, person: PersonId, after: Place, limit: usize) -> Result<Vec<QueueRow>, Error> {
        let mut session = self.inner.db.session().await?;
        let wanted = i64::try_from(limit).unwrap_or(i64::MAX);
        let reader = Reader { person: person.0, roles_json: &reach.roles_json, now: self.inner.env.now() };
        let mut rows = store::queue::woken(session.conn(), self.id.0, after, reader, wanted).await?;
        rows.retain(|row| reach.playbooks.iter().any(|(id, _)| id.0 == row.playbook));
        for (id, _) in &reach.playbooks {
            rows.extend(store::queue::waiting(session.conn(), self.id.0, id.0, after, reader, wanted).await?);
        }
        rows.sort_unstable_by_key(|row| (row.at, row.case));
        rows.truncate(limit);
        Ok(rows)
    }

    async fn mine(&self, reach: &Reach, person: PersonId) -> Result<Vec<QueueRow>, Error> {
        let mut session = self.inner.db.session().await?;
        let held = store::claim::of_person(session.conn(), self.id.0, person.0, self.inner.env.now()).await?;
        let mut rows = Vec::with_capacity(held.len());
        for (case, until) in held {
            let row = store::case::get(session.conn(), self.id.0, case).await?;
            let row = row.filter(|row| reach.playbooks.iter().any(|(id, _)| id.0 == row.playbook));
            rows.extend(row.map(|row| QueueRow {
                case,
                playbook: row.playbook,
                status: row.status,
                opened_at: row.opened_at,
                at: until,
                deadline_at: row.deadline_at,
            }));
        }
        Ok(rows)
    }

    async fn sleeping(&self, reach: &Reach, after: Place, limit: usize) -> Result<Vec<QueueRow>, Error> {
        let mut session = self.inner.db.session().await?;
        let wanted = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = store::queue::sleeping(session.conn(), self.id.0, self.inner.env.now(), after, wanted).await?;
        rows.retain(|row| reach.playbooks.iter().any(|(id, _)| id.0 == row.playbook));
        Ok(rows)
    }

    async fn held(&self, reach: &Reach, after: Place, limit: usize) -> Result<Vec<QueueRow>, Error> {
        let mut session = self.inner.db.session().await?;
        let wanted = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = Vec::new();
        for (id, _) in &reach.playbooks {
            let held = store::case::list_of(session.conn(), self.id.0, id.0, "held", after.case, wanted).await?;
            rows.extend(held.into_iter().map(|row| QueueRow {
                case: row.case,
                playbook: row.playbook,
                status: row.status,
                opened_at: row.opened_at,
                at: row.opened_at,
                deadline_at: row.deadline_at,
            }));
        }
        rows.sort_unstable_by_key(|row| row.case);
        rows.truncate(limit);
        Ok(rows)
    }

    /// The latest decisions; an answer that this person may still have to give independently is left out.
    async fn decided(&self, reach: &Reach, one: bool, list: &str, before: Place) -> Result<Page<QueueItem>, Error> {
        let before = if before == Place::BEGINNING { i64::MAX } else { before.at };
        let playbook = reach.playbooks.first().filter(|_| one).map(|(id, _)| id.0);
        let mut session = self.inner.db.session().await?;
        let limit = QUEUE_ITEMS_MAX as usize;
        let mut rows = store::queue::decided(session.conn(), self.id.0, playbook, before, i64::from(QUEUE_ITEMS_MAX) + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|row| self.cursor_sign(list, &format!("{} {}", row.position, row.case))).transpose()?;
        rows.retain(|row| reach.playbooks.iter().any(|(id, _)| id.0 == row.playbook));
        let seen = self.seen_of(&rows.iter().map(|row| row.case).collect::<Vec<_>>()).await?;
        rows.retain(|row| seen.contains(&row.case));
        let cases: Vec<Uuid> = rows.iter().map(|row| row.case).collect();
        let settled: HashMap<Uuid, String> =
            store::case::of(session.conn(), self.id.0, &cases).await?.into_iter().map(|row| (row.case, row.status)).collect();
        drop(session);
        let titles = self.titles(&reach.control, &cases).await?;
        let items = rows.into_iter().map(|row| {
            let stands = settled.get(&row.case).is_some_and(|status| matches!(status.as_str(), "decided" | "acted"));
            QueueItem {
                title: titles.get(&row.case).cloned(),
                case: row.case,
                playbook: reach.control.playbook_name(PlaybookId(row.playbook)),
                at: row.decided_at,
                until: Some(row.act_after),
                due: Due::Later,
                answer: Some(row.answer).filter(|_| stands),
                state: row.status,
            }
        });
        Ok(Page { items: items.collect(), next })
    }
}

fn place(text: &str) -> Result<Place, Error> {
    let parsed = text.split_once(' ').and_then(|(at, case)| Some(Place { at: at.parse().ok()?, case: case.parse().ok()? }));
    parsed.ok_or_else(bad_cursor)
}
