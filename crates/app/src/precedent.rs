//! Precedents: decided cases that are like a case. Which ones is asked of an index in memory, which each node keeps from sealed sketches
//! in the database; those are made of what the vault and the events hold, as it comes, and made again where they are gone. Never reads
//! a field that people do not see, that decisions are checked for bias by, or that goes to no model; and names nobody.

mod bag;
mod find;

pub use find::PrecedentView;
pub(crate) use find::{title, turned_out};

use crate::{
    App, Error, Inner, Workspace,
    control::Control,
    rounds,
    seal::{Place, Values},
};
use countersign_core::{
    event::Basis,
    id::{CaseId, PlaybookId, SubjectId, WorkspaceId},
    limits::PRECEDENTS_PER_PLAYBOOK_MAX,
};
use countersign_engine::{CaseState, state::Status};
use countersign_precedents::{Index, Sketch};
use countersign_privacy::SubjectKey;
use countersign_store::{self as store, precedent::PrecedentRow};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
    time::Duration,
};
use uuid::Uuid;

/// How often new decisions and outcomes are looked for.
const PERIOD: Duration = Duration::from_secs(1);
/// Events looked at, and rows read, at once.
const AT_ONCE: i64 = 4_096;
/// Cases whose sketches are made at once.
const CASES_AT_ONCE: usize = 256;
/// Under which name a sketch is sealed.
const FIELD: &str = "precedent";
/// What changes whether and how a case is a precedent.
const TELLING: [&str; 10] = [
    "decision.made",
    "decision.withdrawn",
    "decision.corrected",
    "case.reopened",
    "case.amended",
    "outcome.observed",
    "outcome.corrected",
    "appeal.opened",
    "appeal.decided",
    ERASED,
];
const ERASED: &str = "subject.erased";

/// What each workspace's cases are like, as far as this node knows.
#[derive(Default)]
pub(crate) struct Memories(Mutex<HashMap<WorkspaceId, Arc<Memory>>>);

/// What one workspace's cases are like.
#[derive(Default)]
pub(crate) struct Memory {
    /// The next event to look at; nothing before what is stored was read. Held while it is brought up to date.
    next: tokio::sync::Mutex<Option<i64>>,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    indexes: HashMap<PlaybookId, Index<CaseId>>,
    /// What is in the indexes, by whose data it is.
    subjects: HashMap<SubjectId, HashSet<CaseId>>,
    /// In which playbook's index a case is, and whose data it is.
    places: HashMap<CaseId, (PlaybookId, Option<SubjectId>)>,
}

impl Memories {
    fn of(&self, workspace: WorkspaceId) -> Arc<Memory> {
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(workspace).or_default())
    }
}

impl Known {
    fn insert(&mut self, row: &PrecedentRow, sketch: Sketch) {
        let (playbook, case, subject) = (PlaybookId(row.playbook), CaseId(row.case), row.subject.map(SubjectId));
        if let Some(subject) = subject {
            self.subjects.entry(subject).or_default().insert(case);
        }
        self.places.insert(case, (playbook, subject));
        let index = self.indexes.entry(playbook).or_insert_with(|| Index::new(PRECEDENTS_PER_PLAYBOOK_MAX));
        if let Some(oldest) = index.insert(case, sketch, row.known) {
            self.forget(oldest);
        }
    }

    fn remove(&mut self, case: CaseId) {
        let place = self.forget(case);
        if let Some(index) = place.and_then(|playbook| self.indexes.get_mut(&playbook)) {
            index.remove(&case);
        }
    }

    fn erase(&mut self, subject: SubjectId) {
        for case in self.subjects.remove(&subject).unwrap_or_default() {
            self.remove(case);
        }
    }

    /// Forgets where a case is; says where it was.
    fn forget(&mut self, case: CaseId) -> Option<PlaybookId> {
        let (playbook, subject) = self.places.remove(&case)?;
        if let Some(subject) = subject
            && let Some(cases) = self.subjects.get_mut(&subject)
        {
            cases.remove(&case);
            if cases.is_empty() {
                self.subjects.remove(&subject);
            }
        }
        Some(playbook)
    }
}

/// Keeps the precedents of all workspaces of the node's database up to date, until the node is dropped.
pub fn spawn(app: &App) -> tokio::task::JoinHandle<()> {
    tokio::spawn(run(Arc::downgrade(&app.inner)))
}

async fn run(node: Weak<Inner>) {
    while let Some(workspaces) = rounds::next(&node, PERIOD).await {
        for workspace in workspaces {
            if let Err(error) = workspace.precedents_update().await {
                tracing::warn!(error = %error, workspace.id = %workspace.id(), "precedents could not be brought up to date; trying again");
            }
        }
    }
}

/// Whether a case may stand beside another: an answer of people stands, and nobody objects. What a certificate decided is the AI's
/// word again, and no precedent.
fn is_precedent(state: &CaseState) -> bool {
    let by_people = state.decision.as_ref().is_some_and(|decision| !matches!(decision.basis, Basis::Certificate { .. }));
    by_people && matches!(state.status(), Status::Decided | Status::Acted)
}

/// A case as it was made a sketch of.
enum Made {
    Is(PrecedentRow, Sketch),
    IsNot(CaseId),
}

impl Workspace {
    /// Takes in what was decided, turned out or was erased since this was asked last. Returns how many cases were looked at.
    ///
    /// # Errors
    /// Where the storage fails, or a stored event cannot be read.
    pub async fn precedents_update(&self) -> Result<u64, Error> {
        let memory = self.inner.precedents.of(self.id);
        let mut next = memory.next.lock().await;
        let mut position = match *next {
            Some(position) => position,
            None => self.precedents_load(&memory).await?,
        };
        let mut session = self.inner.db.session().await?;
        let mark = store::precedent::mark(session.conn(), self.id.0).await?;
        drop(session);
        match mark {
            None => {
                if position > 0 {
                    // Somebody rebuilt what is derived: begin anew, too.
                    *memory.known.write().unwrap_or_else(PoisonError::into_inner) = Known::default();
                    position = 0;
                }
                let mut tx = self.inner.db.begin().await?;
                store::precedent::mark_begin(tx.conn(), self.id.0).await?;
                tx.commit().await?;
            }
            // What is stored is behind what this node knows: another node rebuilt it and may be gone. Made twice it is the same.
            Some(mark) => position = position.min(mark),
        }
        *next = Some(position);
        let mut looked_at = 0;
        loop {
            let mut session = self.inner.db.session().await?;
            let touched = store::precedent::touched(session.conn(), self.id.0, position, AT_ONCE).await?;
            drop(session);
            let Some(last) = touched.last().map(|touched| touched.position) else { return Ok(looked_at) };
            let telling = || touched.iter().filter(|touched| TELLING.contains(&touched.type_name.as_str()));
            if telling().any(|touched| touched.type_name == ERASED) {
                self.precedents_forget_erased(&memory).await?;
            }
            let cases: BTreeSet<Uuid> = telling().filter(|touched| touched.type_name != ERASED).map(|touched| touched.stream).collect();
            let cases: Vec<Uuid> = cases.into_iter().collect();
            looked_at += cases.len() as u64;
            for some in cases.chunks(CASES_AT_ONCE) {
                self.precedents_make(&memory, some).await?;
            }
            let mut tx = self.inner.db.begin().await?;
            // Only from where this node began to write: what comes before is somebody else's word.
            store::precedent::mark_advance(tx.conn(), self.id.0, (position, last + 1)).await?;
            tx.commit().await?;
            position = last + 1;
            *next = Some(position);
        }
    }

    /// Reads the stored sketches, of each playbook the latest that an index holds; returns the next event to look at.
    async fn precedents_load(&self, memory: &Memory) -> Result<i64, Error> {
        let control = self.inner.control(self.id).await?;
        let mut session = self.inner.db.session().await?;
        let mark = store::precedent::mark(session.conn(), self.id.0).await?;
        drop(session);
        for playbook in control.state.playbooks.keys() {
            self.precedents_load_of(memory, *playbook).await?;
        }
        memory.known.write().unwrap_or_else(PoisonError::into_inner).indexes.values_mut().for_each(Index::settle);
        Ok(mark.unwrap_or(0))
    }

    async fn precedents_load_of(&self, memory: &Memory, playbook: PlaybookId) -> Result<(), Error> {
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let mut session = self.inner.db.session().await?;
        let most = i64::try_from(PRECEDENTS_PER_PLAYBOOK_MAX).unwrap_or(i64::MAX);
        let before = store::precedent::before_latest(session.conn(), self.id.0, playbook.0, most).await?;
        let mut after = before.unwrap_or((i64::MIN, Uuid::nil()));
        loop {
            let rows = store::precedent::list(session.conn(), self.id.0, playbook.0, after, AT_ONCE).await?;
            let Some(last) = rows.last().map(|(row, _)| (row.decided_at, row.case)) else { break };
            let mut known = memory.known.write().unwrap_or_else(PoisonError::into_inner);
            for (row, wrapped) in rows {
                let own = match (row.subject, wrapped) {
                    (None, _) => None,
                    (Some(subject), Some(wrapped)) => Some(keys.subject_key(SubjectId(subject), &wrapped)?),
                    // Erased: nobody can read it any more.
                    (Some(_), None) => continue,
                };
                let bytes = own.as_ref().unwrap_or(keys.unowned()).open(&self.place(&row).aad(), &row.sealed)?;
                let sketch = Sketch::from_bytes(&bytes).ok_or_else(|| Error::Damaged("a stored sketch is none".into()))?;
                known.insert(&row, sketch);
            }
            after = last;
        }
        Ok(())
    }

    fn place(&self, row: &PrecedentRow) -> Place<'static> {
        Place {
            workspace: self.id,
            subject: row.subject.map(SubjectId),
            stream: row.case,
            version: u64::try_from(row.version).unwrap_or(0),
            field: FIELD,
        }
    }

    /// Forgets what was erased. The rows went with the subject's key; one that was being written at that moment goes now.
    async fn precedents_forget_erased(&self, memory: &Memory) -> Result<(), Error> {
        let control = self.control().await?;
        let erased: Vec<SubjectId> = {
            let mut known = memory.known.write().unwrap_or_else(PoisonError::into_inner);
            let erased: Vec<SubjectId> = control.state.erased.iter().filter(|id| known.subjects.contains_key(id)).copied().collect();
            erased.iter().for_each(|subject| known.erase(*subject));
            erased
        };
        let mut tx = self.inner.db.begin().await?;
        for subject in erased {
            store::precedent::erase(tx.conn(), self.id.0, subject.0).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Makes the sketches of some cases, or forgets those that are no precedents.
    async fn precedents_make(&self, memory: &Memory, cases: &[Uuid]) -> Result<(), Error> {
        let control = self.inner.control(self.id).await?;
        let states = self.states(cases.iter().copied()).await?;
        let mut session = self.inner.db.session().await?;
        let vault = store::vault::of_streams(session.conn(), self.id.0, cases).await?;
        let owners = states.values().filter_map(|state| state.subject).map(|subject| subject.0);
        let subjects = self.subject_keys(&mut session, vault.iter().filter_map(|row| row.subject).chain(owners)).await?;
        drop(session);
        let values = Values::open(&self.inner.seals.of(&self.inner.root, self.id), &subjects, &vault)?;
        let mut made = Vec::with_capacity(states.len());
        for (case, state) in &states {
            made.push(self.precedent_made(CaseId(*case), state, &control, &values, &subjects)?);
        }
        // In the order in which they were decided, as they are read when a node starts.
        made.sort_unstable_by_key(|made| match made {
            Made::Is(row, _) => (row.decided_at, row.case),
            Made::IsNot(case) => (0, case.0),
        });
        self.precedents_write(memory, made).await
    }

    fn precedent_made(
        &self,
        case: CaseId,
        state: &CaseState,
        control: &Control,
        values: &Values,
        subjects: &HashMap<Uuid, SubjectKey>,
    ) -> Result<Made, Error> {
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let key = match state.subject {
            None => Some(keys.unowned()),
            Some(subject) => subjects.get(&subject.0),
        };
        let (true, Some(key), Some(decision)) = (is_precedent(state), key, state.decision.as_ref()) else { return Ok(Made::IsNot(case)) };
        let playbook = control.playbook(state.playbook, state.playbook_version)?;
        let bag = bag::of(&playbook, state, values);
        if bag.is_empty() {
            return Ok(Made::IsNot(case));
        }
        let sketch = bag.sketch();
        let mut row = PrecedentRow {
            case: case.0,
            playbook: state.playbook.0,
            subject: state.subject.map(|subject| subject.0),
            version: crate::writer::signed(state.version),
            decided_at: decision.made_at,
            known: !state.outcomes.is_empty(),
            sealed: Vec::new(),
        };
        row.sealed = key.seal(self.inner.env.bytes(), &self.place(&row).aad(), &sketch.to_bytes())?;
        Ok(Made::Is(row, sketch))
    }

    async fn precedents_write(&self, memory: &Memory, made: Vec<Made>) -> Result<(), Error> {
        let mut tx = self.inner.db.begin().await?;
        let (mut rows, mut sketches) = (Vec::new(), Vec::new());
        for made in made {
            match made {
                Made::IsNot(case) => {
                    store::precedent::delete(tx.conn(), self.id.0, case.0).await?;
                    memory.known.write().unwrap_or_else(PoisonError::into_inner).remove(case);
                }
                Made::Is(row, sketch) => {
                    // Erased while it was made: nothing of it may come in now.
                    let subject = match row.subject {
                        Some(subject) => store::subject::get(tx.conn(), self.id.0, subject).await?,
                        None => None,
                    };
                    if row.subject.is_none() || subject.is_some_and(|subject| subject.wrapped_key.is_some()) {
                        rows.push(row);
                        sketches.push(sketch);
                    }
                }
            }
        }
        store::precedent::upsert(tx.conn(), self.id.0, &rows).await?;
        tx.commit().await?;
        let mut known = memory.known.write().unwrap_or_else(PoisonError::into_inner);
        rows.iter().zip(sketches).for_each(|(row, sketch)| known.insert(row, sketch));
        known.indexes.values_mut().for_each(Index::settle);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_precedents::Bag;

    fn row(case: u128, subject: u128) -> (PrecedentRow, Sketch) {
        let mut bag = Bag::default();
        bag.text(&format!("case number{case}"));
        let row = PrecedentRow {
            case: Uuid::from_u128(case),
            playbook: Uuid::from_u128(1),
            subject: Some(Uuid::from_u128(subject)),
            version: 1,
            decided_at: 0,
            known: true,
            sealed: Vec::new(),
        };
        (row, bag.sketch())
    }

    #[test]
    fn what_left_the_index_is_remembered_nowhere() {
        let mut known = Known::default();
        known.indexes.insert(PlaybookId(Uuid::from_u128(1)), Index::new(2));
        for (case, subject) in [(1, 7), (2, 8), (2, 8), (3, 8)] {
            let (row, sketch) = row(case, subject);
            known.insert(&row, sketch);
        }
        let cases = |known: &Known| known.places.keys().map(|case| case.0.as_u128()).collect::<BTreeSet<_>>();
        assert_eq!((cases(&known), known.subjects.len()), (BTreeSet::from([2, 3]), 1), "the oldest had to go, and its subject with it");
        known.remove(CaseId(Uuid::from_u128(3)));
        assert_eq!(cases(&known), BTreeSet::from([2]));
        known.erase(SubjectId(Uuid::from_u128(8)));
        assert!(known.places.is_empty() && known.subjects.is_empty() && known.indexes.values().all(Index::is_empty));
    }
}
