//! Commands on cases in one transaction: load, decide in memory, write. A refused command leaves the others alone.

use super::{ATTEMPTS_MAX, AtomicJob, CaseJob, Done, ground::Ground, rows};
use crate::{
    Caller, Error, Inner, Options,
    case::Verb,
    control::Control,
    projection::{CaseChange, DecisionChange},
    seal::{Owner, WorkspaceKeys},
    view::{EventRef, Receipt},
};
use countersign_core::{
    content::Digest,
    event::{Body, Event},
    id::{CaseId, PersonId, SubjectId, WorkspaceId},
    limits::IDEMPOTENCY_KEPT_MICROS,
    number::Micros,
    refusal::{Code, Refusal},
};
use countersign_engine::{CaseState, context::Lease};
use countersign_privacy::SubjectKey;
use countersign_store::{self as store, Tx, external_id::ExternalIdRow, idempotency::Key, subject::SubjectRow, vault::VaultRow};
use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    sync::Arc,
};

/// Carries out commands: all in one transaction, or one by one where somebody else came in between. Tells when the commit began.
pub(super) async fn perform(node: &Inner, jobs: Vec<CaseJob>) -> Option<Micros> {
    let items: Vec<Item<'_>> = jobs.iter().map(Item::of).collect();
    let outcome = together(node, &items).await;
    drop(items);
    match outcome {
        Ok((done, commits_at)) => {
            for (job, done) in jobs.into_iter().zip(done) {
                let _ = job.reply.send(done);
            }
            return commits_at;
        }
        Err(Error::Store(error)) if error.is_conflict() => {
            for job in jobs {
                let done = alone(node, &Item::of(&job)).await;
                let _ = job.reply.send(done);
            }
        }
        Err(error) => {
            tracing::error!(error = %error, commands = jobs.len(), "a batch could not be written");
            for job in jobs {
                let _ = job.reply.send(Err(Error::Refused(error.refusal())));
            }
        }
    }
    None
}

async fn alone(node: &Inner, item: &Item<'_>) -> Result<Done, Error> {
    let mut attempt = 1;
    loop {
        match together(node, std::slice::from_ref(item)).await {
            Err(Error::Store(error)) if error.is_conflict() && attempt < ATTEMPTS_MAX => {
                node.control.forget(item.workspace);
                attempt += 1;
            }
            Err(error) => return Err(error),
            Ok((done, _)) => return done.into_iter().next().unwrap_or_else(|| Err(Error::Damaged("a command got no answer".into()))),
        }
    }
}

/// Opens all cases of an atomic intake or none.
pub(super) async fn atomic(node: &Inner, job: AtomicJob) {
    let mut attempt = 1;
    let outcome = loop {
        match atomic_once(node, &job).await {
            Err((_, Error::Store(error))) if error.is_conflict() && attempt < ATTEMPTS_MAX => {
                node.control.forget(job.workspace);
                attempt += 1;
            }
            other => break other,
        }
    };
    let _ = job.reply.send(outcome);
}

async fn atomic_once(node: &Inner, job: &AtomicJob) -> Result<Vec<Receipt>, (usize, Error)> {
    let first = |error: Error| (0, error);
    if let Some(known) = known_answer(node, job.workspace, &job.caller, &job.options).await.map_err(first)? {
        return serde_json::from_str(&known).map_err(|e| first(Error::Damaged(format!("a kept answer cannot be read: {e}"))));
    }
    let nothing = Options::default();
    let items: Vec<Item<'_>> = job
        .openings
        .iter()
        .map(|(case, verb)| Item { workspace: job.workspace, caller: &job.caller, options: &nothing, case: *case, verb })
        .collect();
    let mut batch = Batch::load(node, job.workspace, &items).await.map_err(first)?;
    let mut receipts = Vec::with_capacity(items.len());
    for (line, item) in items.iter().enumerate() {
        receipts.push(batch.decide(item).await.map_err(|error| (line, error))?.receipt);
    }
    let kept = serde_json::to_string(&receipts).map_err(|e| first(Error::Damaged(e.to_string())))?;
    batch.keep_answer(&job.caller, &job.options, kept);
    batch.write().await.map_err(first)?;
    Ok(receipts)
}

/// A command, wherever it came from.
struct Item<'a> {
    workspace: WorkspaceId,
    caller: &'a Caller,
    options: &'a Options,
    case: CaseId,
    verb: &'a Verb,
}

impl<'a> Item<'a> {
    fn of(job: &'a CaseJob) -> Self {
        Self { workspace: job.workspace, caller: &job.caller, options: &job.options, case: job.case, verb: &job.verb }
    }
}

/// The status of a receipt for a case that was there already.
const DUPLICATE: &str = "duplicate";

/// What was done for each command, and when the commit began.
type Together = (Vec<Result<Done, Error>>, Option<Micros>);

async fn together(node: &Inner, items: &[Item<'_>]) -> Result<Together, Error> {
    let Some(workspace) = items.first().map(|i| i.workspace) else { return Ok((Vec::new(), None)) };
    let mut answers = Vec::with_capacity(items.len());
    for item in items {
        answers.push(match known_answer(node, workspace, item.caller, item.options).await {
            Ok(None) => None,
            Ok(Some(known)) => {
                Some(serde_json::from_str(&known).map(|receipt| Done { receipt, shown: None }).map_err(|e| Error::Damaged(e.to_string())))
            }
            Err(error @ Error::Refused(_)) => Some(Err(error)),
            Err(error) => return Err(error),
        });
    }
    let mut batch = Batch::load(node, workspace, items).await?;
    let mut done = Vec::with_capacity(items.len());
    for (item, answer) in items.iter().zip(answers) {
        done.push(match answer {
            Some(answer) => answer,
            None => match batch.decide(item).await {
                Err(error @ Error::Store(_)) => return Err(error),
                Err(refused) => batch.answered_meanwhile(item).await?.unwrap_or(Err(refused)),
                Ok(done) if done.receipt.status == DUPLICATE => batch.answered_meanwhile(item).await?.unwrap_or(Ok(done)),
                Ok(done) => Ok(done),
            },
        });
    }
    let commits_at = batch.write().await?;
    Ok((done, commits_at))
}

fn stored_key(caller: &Caller, options: &Options) -> Option<Key> {
    let given = options.idempotency.as_ref()?;
    Some(Key { principal: caller.actor.to_string(), route: given.route.clone(), key: given.key.clone(), request: given.request })
}

/// What was answered to the same request before.
pub(crate) async fn known_answer(
    node: &Inner,
    workspace: WorkspaceId,
    caller: &Caller,
    options: &Options,
) -> Result<Option<String>, Error> {
    let Some(key) = stored_key(caller, options) else { return Ok(None) };
    let mut session = node.db.session().await?;
    match store::idempotency::get(session.conn(), workspace.0, &key, node.env.now()).await? {
        Some((request, _)) if request != key.request => Err(Refusal::new(
            Code::IdempotencyMismatch,
            "this Idempotency-Key was used within the last 24 hours for another request; choose a new one",
        )
        .into()),
        other => Ok(other.map(|(_, response)| response)),
    }
}

/// A subject as the batch knows it.
struct Subject {
    id: SubjectId,
    /// Absent once it was erased.
    key: Option<SubjectKey>,
}

/// One transaction in the making.
struct Batch<'n> {
    node: &'n Inner,
    workspace: WorkspaceId,
    tx: Tx,
    now: Micros,
    keys: Arc<WorkspaceKeys>,
    control: Arc<Control>,
    cases: HashMap<CaseId, Loaded>,
    /// Where the cases stood that were there already.
    before: HashMap<CaseId, &'static str>,
    touched: Vec<CaseId>,
    subjects: HashMap<SubjectId, Subject>,
    subjects_by_token: HashMap<[u8; 16], SubjectId>,
    external: HashMap<[u8; 16], (Vec<u8>, CaseId)>,
    subject_rows: Vec<SubjectRow>,
    external_rows: Vec<ExternalIdRow>,
    vault_rows: Vec<VaultRow>,
    events: Vec<rows::Written>,
    decisions: Vec<DecisionChange>,
    leases: HashMap<(CaseId, PersonId), Micros>,
    leases_ended: Vec<(CaseId, PersonId)>,
    attachments: Vec<(Digest, SubjectId)>,
    kept: Vec<(Key, String)>,
}

struct Loaded {
    state: Option<CaseState>,
    fresh: bool,
}

impl<'n> Batch<'n> {
    async fn load(node: &'n Inner, workspace: WorkspaceId, items: &[Item<'_>]) -> Result<Self, Error> {
        // On SQLite this takes the one writing connection, so that nothing changes between loading and writing.
        let mut tx = node.db.begin().await?;
        let control = node.control(workspace).await?;
        let mut cases: HashMap<CaseId, Loaded> = HashMap::with_capacity(items.len());
        let mut streams = Vec::new();
        let mut tokens: HashMap<uuid::Uuid, Vec<Vec<u8>>> = HashMap::new();
        for item in items {
            match item.verb {
                Verb::Open(opening) => {
                    if let Some(token) = opening.external_token {
                        tokens.entry(opening.playbook_id.0).or_default().push(token.to_vec());
                    }
                }
                _ => {
                    if let Entry::Vacant(place) = cases.entry(item.case) {
                        place.insert(Loaded { state: None, fresh: false });
                        streams.push(item.case.0);
                    }
                }
            }
        }
        let mut external = HashMap::new();
        for (playbook, tokens) in tokens {
            for row in store::external_id::taken(tx.conn(), workspace.0, playbook, &tokens).await? {
                if let Ok(token) = <[u8; 16]>::try_from(row.token.as_slice()) {
                    external.insert(token, (row.content_token, CaseId(row.case)));
                }
            }
        }
        if !streams.is_empty() {
            for row in store::event::of_streams(tx.conn(), workspace.0, &streams).await? {
                let event = Event::from_bytes(&row.bytes)?;
                let loaded = cases.entry(CaseId(row.stream)).or_insert(Loaded { state: None, fresh: false });
                match &mut loaded.state {
                    None => loaded.state = CaseState::fold(std::iter::once(&event)),
                    Some(state) => state.apply(&event),
                }
            }
        }
        let before = cases.iter().filter_map(|(case, l)| l.state.as_ref().map(|s| (*case, s.status_word()))).collect();
        let mut batch = Self {
            node,
            workspace,
            tx,
            now: node.env.now(),
            keys: node.seals.of(&node.root, workspace),
            control,
            cases,
            before,
            touched: Vec::new(),
            subjects: HashMap::new(),
            subjects_by_token: HashMap::new(),
            external,
            subject_rows: Vec::new(),
            external_rows: Vec::new(),
            vault_rows: Vec::new(),
            events: Vec::new(),
            decisions: Vec::new(),
            leases: HashMap::new(),
            leases_ended: Vec::new(),
            attachments: Vec::new(),
            kept: Vec::new(),
        };
        batch.subjects_find(items).await?;
        batch.leases_find(items).await?;
        Ok(batch)
    }

    /// What was answered to the same request just now: in this batch, or by another node since this batch was begun.
    ///
    /// A caller who went away and sends again at once must not be told that what they want was done already.
    async fn answered_meanwhile(&mut self, item: &Item<'_>) -> Result<Option<Result<Done, Error>>, Error> {
        let Some(key) = stored_key(item.caller, item.options) else { return Ok(None) };
        let here = self.kept.iter().find(|(kept, _)| *kept == key).map(|(_, response)| response.clone());
        let response = match here {
            Some(response) => Some(response),
            None => match known_answer(self.node, self.workspace, item.caller, item.options).await {
                Ok(known) => known,
                Err(error @ Error::Refused(_)) => return Ok(Some(Err(error))),
                Err(error) => return Err(error),
            },
        };
        let receipt = response.map(|text| serde_json::from_str(&text).map_err(|e| Error::Damaged(e.to_string()))).transpose()?;
        Ok(receipt.map(|receipt| Ok(Done { receipt, shown: None })))
    }

    async fn decide(&mut self, item: &Item<'_>) -> Result<Done, Error> {
        if let Verb::Open(opening) = item.verb
            && let Some(token) = opening.external_token
            && let Some((content, case)) = self.external.get(&token)
        {
            if content.as_slice() != opening.content_token {
                return Err(Refusal::field(
                    Code::Conflict,
                    "/external_id",
                    format!("case {case} has this external id with other content; amend that case, or use another id"),
                )
                .into());
            }
            let case = *case;
            return self.duplicate(case).await;
        }
        let loaded = self.cases.remove(&item.case).unwrap_or(Loaded { state: None, fresh: true });
        let state = loaded.state;
        if !matches!(item.verb, Verb::Open(_)) && state.is_none() {
            return Err(Refusal::new(Code::NotFound, "there is no such case").into());
        }
        let subjects_before = self.subject_rows.len();
        let decided = self.decide_on(item, state.as_ref()).await;
        let done = match decided {
            Ok((written, vault_rows)) => self.take(item, state, loaded.fresh, written, vault_rows),
            Err(error) => {
                self.cases.insert(item.case, Loaded { state, fresh: loaded.fresh });
                Err(error)
            }
        };
        if done.is_err() {
            self.subjects_forget(subjects_before);
        }
        done
    }

    /// Forgets the subjects that a refused command made.
    fn subjects_forget(&mut self, before: usize) {
        for row in self.subject_rows.drain(before..) {
            self.subjects.remove(&SubjectId(row.subject));
            self.subjects_by_token.retain(|_, id| id.0 != row.subject);
        }
    }

    async fn decide_on(&mut self, item: &Item<'_>, state: Option<&CaseState>) -> Result<(Vec<rows::Written>, Vec<VaultRow>), Error> {
        if let (Some(wanted), Some(state)) = (item.options.if_match, state)
            && wanted != state.version
        {
            return Err(Refusal::new(
                Code::StaleVersion,
                format!("the case is at version {}, and the request is about version {wanted}: read it again", state.version),
            )
            .into());
        }
        if let Verb::Open(opening) = item.verb
            && let Some(ready) = opening.ready.take(self.control.epoch)
        {
            return Ok((ready.written, ready.vault_rows));
        }
        let owner = self.owner(item, state).await?;
        let lease = self.lease(item, state);
        let keys = Arc::clone(&self.keys);
        let control = Arc::clone(&self.control);
        let owner = owner.and_then(|id| self.subjects.get(&id)).map(|s| Owner { subject: s.id, key: s.key.as_ref() });
        let ground = Ground { node: self.node, workspace: self.workspace, control: &control, keys: &keys, now: self.now };
        let decided = ground.decide(item.caller, item.case, item.verb, state, owner, lease)?;
        if matches!(item.verb, Verb::Judge(..)) && lease.is_none() {
            return Err(
                Refusal::new(Code::NotClaimed, "this person let the case go: claim it again, have it shown, and answer that").into()
            );
        }
        Ok(decided)
    }

    /// Whose personal values the command's are: the case's subject, made on opening where the playbook has personal fields.
    async fn owner(&mut self, item: &Item<'_>, state: Option<&CaseState>) -> Result<Option<SubjectId>, Error> {
        if let Some(state) = state {
            let Some(subject) = state.subject else { return Ok(None) };
            self.subject_load(subject).await?;
            return Ok(Some(subject));
        }
        let Verb::Open(opening) = item.verb else { return Ok(None) };
        if !opening.personal {
            return Ok(None);
        }
        match opening.subject_token.and_then(|token| self.subjects_by_token.get(&token)) {
            Some(subject) => Ok(Some(*subject)),
            None => self.subject_new(opening.subject_token).map(Some),
        }
    }

    /// Finds the leases of those who act, all at once.
    async fn leases_find(&mut self, items: &[Item<'_>]) -> Result<(), Error> {
        let mut cases: Vec<uuid::Uuid> = items.iter().filter(|i| i.verb.lease_of().is_some()).map(|i| i.case.0).collect();
        cases.sort_unstable();
        cases.dedup();
        let found = store::claim::of_cases(self.tx.conn(), self.workspace.0, &cases, self.now).await?;
        self.leases = found.into_iter().map(|(case, person, until)| ((CaseId(case), PersonId(person)), until)).collect();
        Ok(())
    }

    /// Finds the subjects that openings name, all at once.
    async fn subjects_find(&mut self, items: &[Item<'_>]) -> Result<(), Error> {
        let mut tokens: Vec<Vec<u8>> = items
            .iter()
            .filter_map(|item| if let Verb::Open(opening) = item.verb { opening.subject_token } else { None })
            .map(|token| token.to_vec())
            .collect();
        tokens.sort_unstable();
        tokens.dedup();
        for row in store::subject::by_tokens(self.tx.conn(), self.workspace.0, &tokens).await? {
            let id = SubjectId(row.subject);
            self.subject_keep(id, row.wrapped_key.as_deref())?;
            if let Some(token) = row.token.and_then(|t| <[u8; 16]>::try_from(t.as_slice()).ok()) {
                self.subjects_by_token.insert(token, id);
            }
        }
        Ok(())
    }

    fn subject_new(&mut self, token: Option<[u8; 16]>) -> Result<SubjectId, Error> {
        let id = SubjectId(self.node.env.random_id());
        let (key, wrapped) = self.keys.subject_key_new(&self.node.env, id)?;
        self.subject_rows.push(SubjectRow { subject: id.0, token: token.map(|t| t.to_vec()), wrapped_key: Some(wrapped), erased_at: None });
        self.subjects.insert(id, Subject { id, key: Some(key) });
        if let Some(token) = token {
            self.subjects_by_token.insert(token, id);
        }
        Ok(id)
    }

    fn subject_keep(&mut self, id: SubjectId, wrapped: Option<&[u8]>) -> Result<(), Error> {
        let key = wrapped.map(|w| self.keys.subject_key(id, w)).transpose()?;
        self.subjects.insert(id, Subject { id, key });
        Ok(())
    }

    async fn subject_load(&mut self, id: SubjectId) -> Result<(), Error> {
        if self.subjects.contains_key(&id) {
            return Ok(());
        }
        let row = store::subject::get(self.tx.conn(), self.workspace.0, id.0).await?;
        self.subject_keep(id, row.and_then(|r| r.wrapped_key).as_deref())
    }

    /// The lease in the engine's time, which never falls on a case: where the clock went back, what is left of the lease counts from
    /// the last time on the case, or nobody could work on it until the clock has caught up.
    /// The lease of whoever acts, where they have one.
    fn lease(&self, item: &Item<'_>, state: Option<&CaseState>) -> Option<Lease> {
        let person = item.verb.lease_of()?;
        let until = self.leases.get(&(item.case, person)).copied();
        let behind = state.map_or(0, |s| s.recorded_at - self.now).max(0);
        until.map(|until| Lease { person, until: until + behind })
    }

    /// Takes decided events into the batch, so that later commands of it see them.
    fn take(
        &mut self,
        item: &Item<'_>,
        state: Option<CaseState>,
        fresh: bool,
        written: Vec<rows::Written>,
        vault_rows: Vec<VaultRow>,
    ) -> Result<Done, Error> {
        let mut state = state;
        let mut shown = None;
        let mut decision = None;
        for (at, w) in written.iter().enumerate() {
            match &w.event.body {
                Body::CaseShown(_) => shown = Some(Box::new(w.event.clone())),
                Body::DecisionMade(_) => decision = Some(w.event.id.0),
                _ => {}
            }
            self.decisions.extend(DecisionChange::of(state.as_ref(), &w.event, self.events.len() + at));
            match &mut state {
                None => state = CaseState::fold(std::iter::once(&w.event)),
                Some(state) => state.apply(&w.event),
            }
        }
        let Some(after) = state else { return Err(Error::Damaged("a command left no case behind".into())) };
        if let Verb::Open(opening) = item.verb
            && let Some(token) = opening.external_token
        {
            self.external.insert(token, (opening.content_token.to_vec(), item.case));
            self.external_rows.push(ExternalIdRow {
                token: token.to_vec(),
                content_token: opening.content_token.to_vec(),
                case: item.case.0,
                playbook: opening.playbook_id.0,
                subject: after.subject.map(|s| s.0),
            });
        }
        if let (Verb::Open(opening), Some(subject)) = (item.verb, after.subject) {
            self.attachments.extend(opening.attachments.iter().map(|digest| (*digest, subject)));
        }
        if let Some(person) = item.verb.ends_lease_of() {
            self.leases_ended.push((item.case, person));
        }
        let receipt = Receipt {
            case: item.case.0,
            status: "accepted".into(),
            version: after.version,
            state: after.status_word().into(),
            events: written.iter().map(|w| EventRef { id: w.event.id.0, type_name: w.event.body.type_name().into() }).collect(),
            decision,
        };
        if let Some(key) = stored_key(item.caller, item.options) {
            let response = serde_json::to_string(&receipt).map_err(|e| Error::Damaged(e.to_string()))?;
            self.kept.push((key, response));
        }
        if !written.is_empty() && !self.touched.contains(&item.case) {
            self.touched.push(item.case);
        }
        self.vault_rows.extend(vault_rows);
        self.events.extend(written);
        self.cases.insert(item.case, Loaded { state: Some(after), fresh });
        Ok(Done { receipt, shown })
    }

    async fn duplicate(&mut self, case: CaseId) -> Result<Done, Error> {
        let (version, state) = match self.cases.get(&case).and_then(|l| l.state.as_ref()) {
            Some(state) => (state.version, state.status_word().to_owned()),
            None => match store::case::get(self.tx.conn(), self.workspace.0, case.0).await? {
                Some(row) => (u64::try_from(row.version).unwrap_or(0), row.status),
                None => return Err(Error::Damaged("an external id points to no case".into())),
            },
        };
        let receipt = Receipt { case: case.0, status: DUPLICATE.into(), version, state, events: Vec::new(), decision: None };
        Ok(Done { receipt, shown: None })
    }

    fn keep_answer(&mut self, caller: &Caller, options: &Options, response: String) {
        if let Some(key) = stored_key(caller, options) {
            self.kept.push((key, response));
        }
    }

    /// How many cases more, or fewer, stand where, by playbook.
    fn counted(&self) -> Vec<(uuid::Uuid, &'static str, i64)> {
        let mut changes = BTreeMap::new();
        for case in &self.touched {
            let Some(after) = self.cases.get(case).and_then(|l| l.state.as_ref()) else { continue };
            let (before, now) = (self.before.get(case).copied(), after.status_word());
            if before != Some(now) {
                *changes.entry((after.playbook.0, now)).or_insert(0) += 1;
                before.into_iter().for_each(|before| *changes.entry((after.playbook.0, before)).or_insert(0) -= 1);
            }
        }
        changes.into_iter().filter(|(_, more)| *more != 0).map(|((playbook, status), more)| (playbook, status, more)).collect()
    }

    /// Writes and commits; tells when the commit began.
    async fn write(mut self) -> Result<Option<Micros>, Error> {
        if self.events.is_empty() && self.kept.is_empty() && self.leases_ended.is_empty() {
            self.tx.rollback().await?;
            return Ok(None);
        }
        let workspace = self.workspace.0;
        store::subject::insert(self.tx.conn(), workspace, &self.subject_rows).await?;
        store::external_id::insert(self.tx.conn(), workspace, &self.external_rows).await?;
        store::vault::insert(self.tx.conn(), workspace, &self.vault_rows).await?;
        for (digest, subject) in &self.attachments {
            if let Some(key) = self.subjects.get(subject).and_then(|s| s.key.as_ref()) {
                crate::attachment::own(&mut self.tx, &self.keys, &self.node.env, self.workspace, *digest, *subject, key).await?;
            }
        }
        let ended: Vec<_> = self.leases_ended.iter().map(|(case, person)| (case.0, person.0)).collect();
        store::claim::forget(self.tx.conn(), workspace, &ended).await?;
        let cases: Vec<_> = self
            .touched
            .iter()
            .filter_map(|case| self.cases.get(case).map(|l| (case, l)))
            .filter_map(|(case, l)| l.state.as_ref().map(|state| CaseChange { case: *case, state, fresh: l.fresh }.row()))
            .collect();
        store::case::upsert(self.tx.conn(), workspace, &cases, self.now).await?;
        for (key, response) in &self.kept {
            store::idempotency::put(self.tx.conn(), workspace, key, response, self.now, self.now + IDEMPOTENCY_KEPT_MICROS).await?;
        }
        let answered: Vec<_> = self.events.iter().filter_map(|w| crate::projection::answered(&w.event)).collect();
        store::answered::upsert(self.tx.conn(), workspace, &answered).await?;
        let mentioned: Vec<_> = self.events.iter().flat_map(|w| crate::projection::mentioned(&w.event)).collect();
        store::mention::insert(self.tx.conn(), workspace, &mentioned).await?;
        let counted = self.counted();
        let written = rows::append(&mut self.tx, self.workspace, self.events, self.control.epoch).await?;
        // After the head, which puts writers in order anyway: nobody waits longer for these few rows.
        store::case::counts_add(self.tx.conn(), workspace, &counted).await?;
        DecisionChange::write(&mut self.tx, self.workspace, &self.decisions, &written).await?;
        let commits_at = self.node.env.now();
        self.tx.commit().await?;
        self.node.notify(written.iter());
        Ok(Some(commits_at))
    }
}
