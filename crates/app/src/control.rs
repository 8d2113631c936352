//! What decisions are made under: people, stops, playbooks, draw epochs. A view of it is valid for one control epoch; whoever
//! writes under an outdated one is sent back to decide again.

use crate::{
    App, Caller, Error, Inner, Workspace,
    input::StopInput,
    track,
    view::{ResumeView, StopView},
    writer::Change,
};
use countersign_core::{
    event::{Actor, Body, Event, StopScope},
    id::{PersonId, PlaybookId, WorkspaceId},
    number::Micros,
    playbook::{Playbook, parse},
    refusal::{Code, Refusal},
    time::format_rfc3339,
};
use countersign_engine::{
    track::Published,
    workspace::{WorkspaceCommand, WorkspaceState},
};
use countersign_ledger::rotation::Rotation;
use countersign_store::{self as store, Conn, Tx};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// What decisions are made under, at one control epoch.
pub struct Control {
    /// The epoch.
    pub epoch: i64,
    /// People, keys, stops, epochs, playbooks.
    pub state: WorkspaceState,
    /// What people are called.
    pub names: HashMap<String, PersonId>,
    /// The workspace's logs; the last is the present one.
    pub logs: Vec<LogInfo>,
    /// Who may do what.
    pub rules: Arc<countersign_policy::Rules>,
    /// What was learned of each playbook, as routing reads it.
    pub records: HashMap<PlaybookId, Arc<Published>>,
    parsed: Mutex<HashMap<(PlaybookId, u64), Arc<Playbook>>>,
    /// What the rules said under this epoch.
    pub(crate) said: crate::rules::may::Said,
}

/// A log: a restore opens a new one.
#[derive(Debug, Clone)]
pub struct LogInfo {
    /// Counted from 0.
    pub number: u64,
    /// Its origin line.
    pub origin: String,
    /// The workspace's position that is its first leaf.
    pub base: u64,
    /// Its first key, as a vkey.
    pub first_key: String,
    /// Statements by which a key handed over to the next, with the size of the log at that time.
    pub rotations: Vec<(u64, String)>,
    /// Where a restore opened it: the last checkpoint of the log before, which its first leaf holds.
    pub takes_over: Option<String>,
}

impl LogInfo {
    fn of(events: &[(i64, Event)]) -> Result<Vec<Self>, Error> {
        let mut logs: Vec<Self> = Vec::new();
        let unsigned = |n: i64| u64::try_from(n).unwrap_or(0);
        for (position, event) in events {
            match &event.body {
                Body::WorkspaceCreated(body) => logs.push(Self {
                    number: 0,
                    origin: body.origin.clone(),
                    base: unsigned(*position),
                    first_key: body.log_key.clone(),
                    rotations: Vec::new(),
                    takes_over: None,
                }),
                Body::WorkspaceRestored(body) => {
                    logs.push(Self {
                        number: logs.len() as u64,
                        origin: body.origin.clone(),
                        base: unsigned(*position),
                        first_key: body.log_key.clone(),
                        rotations: Vec::new(),
                        takes_over: Some(body.old_checkpoint.clone()),
                    });
                }
                Body::LogKeyRotated(body) => {
                    let old = body.old.parse().map_err(|e| Error::Damaged(format!("a log key cannot be read: {e}")))?;
                    let rotation = Rotation::open(&body.statement, &old)
                        .map_err(|e| Error::Damaged(format!("a log key's rotation does not verify: {e}")))?;
                    if let Some(log) = logs.last_mut() {
                        log.rotations.push((rotation.size, body.statement.clone()));
                    }
                }
                _ => {}
            }
        }
        Ok(logs)
    }

    /// Which key signs a checkpoint of so many leaves: the first, or the one after so many rotations.
    #[must_use]
    pub fn generation_at(&self, size: u64) -> u64 {
        self.rotations.iter().filter(|(at, _)| *at < size).count() as u64
    }

    /// How the storage names it.
    #[must_use]
    pub fn stored(&self, workspace: WorkspaceId) -> store::ledger::Log {
        store::ledger::Log { workspace: workspace.0, number: i64::try_from(self.number).unwrap_or(i64::MAX) }
    }
}

/// The latest view of each workspace.
#[derive(Default)]
pub struct Cache(Mutex<HashMap<WorkspaceId, (Micros, Arc<Control>)>>);

/// How long a view is believed before its epoch is looked up again, so that a change on another node is known within a second.
const BELIEVED_MICROS: Micros = 500_000;

impl Cache {
    fn get(&self, workspace: WorkspaceId) -> Option<(Micros, Arc<Control>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&workspace).cloned()
    }

    fn put(&self, workspace: WorkspaceId, checked_at: Micros, control: Arc<Control>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(workspace, (checked_at, control));
    }

    /// Forgets a view, so that the next use loads it.
    pub fn forget(&self, workspace: WorkspaceId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&workspace);
    }
}

impl Control {
    /// A playbook in one of its versions.
    ///
    /// # Errors
    /// Where there is none, or its stored source no longer parses.
    pub fn playbook(&self, id: PlaybookId, version: u64) -> Result<Arc<Playbook>, Error> {
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(playbook) = parsed.get(&(id, version)) {
            return Ok(Arc::clone(playbook));
        }
        let source = self.source(id, version)?;
        let playbook = parse::parse(source, "playbook").map_err(|problems| {
            Error::Damaged(format!(
                "version {version} of a published playbook no longer parses: {}",
                problems.first().map(ToString::to_string).unwrap_or_default()
            ))
        })?;
        let playbook = Arc::new(playbook);
        parsed.insert((id, version), Arc::clone(&playbook));
        Ok(playbook)
    }

    /// The TOML source of a version.
    ///
    /// # Errors
    /// Where there is none.
    pub fn source(&self, id: PlaybookId, version: u64) -> Result<&str, Error> {
        self.state
            .playbooks
            .get(&id)
            .and_then(|p| p.versions.iter().find(|v| v.version == version))
            .and_then(|v| v.source.as_plain_str())
            .ok_or_else(|| Refusal::new(Code::NotFound, "there is no such version of the playbook").into())
    }

    /// The latest version of a playbook by name.
    ///
    /// # Errors
    /// Where there is none; names those there are.
    pub fn playbook_latest(&self, name: &str) -> Result<(PlaybookId, u64, Arc<Playbook>), Error> {
        let Some((id, version)) = self.state.playbook_latest(name) else {
            let known: Vec<&str> = self.state.playbook_names.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none is published yet".to_owned() } else { format!("published are {}", known.join(", ")) };
            return Err(Refusal::field(Code::NotFound, "/playbook", format!("there is no playbook of this name; {known}")).into());
        };
        Ok((id, version.version, self.playbook(id, version.version)?))
    }

    /// Everybody who may resume there by the rules. Who of them takes part, and who of them are two, is the engine's to say.
    fn able_to_resume(&self, scope: &StopScope) -> BTreeSet<PersonId> {
        let may = |person: &PersonId| {
            let (scope, reason, able) = (scope.clone(), String::new(), BTreeSet::new());
            let command = WorkspaceCommand::Resume { scope, person: *person, reason, able };
            self.may_change(&Actor::Person(*person), &command).is_ok()
        };
        self.state.people.keys().copied().filter(may).collect()
    }

    /// A playbook's name.
    #[must_use]
    pub fn playbook_name(&self, id: PlaybookId) -> String {
        self.state.playbooks.get(&id).map(|p| p.name.clone()).unwrap_or_default()
    }

    /// The number of a playbook's latest version; 0 where there is no such playbook.
    #[must_use]
    pub fn playbook_version(&self, id: PlaybookId) -> u64 {
        self.state.playbooks.get(&id).and_then(|known| known.versions.last()).map_or(0, |version| version.version)
    }

    /// A playbook's id by name.
    ///
    /// # Errors
    /// Where there is none.
    pub fn playbook_id(&self, name: &str) -> Result<PlaybookId, Error> {
        self.playbook_latest(name).map(|(id, ..)| id)
    }
}

impl Inner {
    /// A view that was right half a second ago. Good enough to decide under: the writer finds out if it is outdated.
    pub(crate) async fn control(&self, workspace: WorkspaceId) -> Result<Arc<Control>, Error> {
        match self.control.get(workspace) {
            Some((at, control)) if (at..at + BELIEVED_MICROS).contains(&self.env.now()) => Ok(control),
            _ => self.control_present(workspace).await,
        }
    }

    /// The present view, also where another node changed it.
    pub(crate) async fn control_present(&self, workspace: WorkspaceId) -> Result<Arc<Control>, Error> {
        let mut session = self.db.session().await?;
        let head = store::log_head::get(session.conn(), workspace.0).await?.ok_or_else(unknown_workspace)?;
        drop(session);
        match self.control.get(workspace) {
            Some((_, control)) if control.epoch == head.control_epoch => {
                self.control.put(workspace, self.env.now(), Arc::clone(&control));
                Ok(control)
            }
            _ => self.control_load(workspace).await,
        }
    }

    async fn control_load(&self, workspace: WorkspaceId) -> Result<Arc<Control>, Error> {
        let mut session = self.db.session().await?;
        let control = Arc::new(read_control(session.conn(), workspace, self).await?);
        self.control.put(workspace, self.env.now(), Arc::clone(&control));
        Ok(control)
    }

    /// The view inside a transaction, which on SQLite and under the head's lock is the present one.
    pub(crate) async fn control_of(&self, tx: &mut Tx, workspace: WorkspaceId) -> Result<Arc<Control>, Error> {
        Ok(Arc::new(read_control(tx.conn(), workspace, self).await?))
    }
}

async fn read_control(mut conn: Conn<'_>, workspace: WorkspaceId, node: &Inner) -> Result<Control, Error> {
    // The epoch is read first: if it moves while the rest is read, the view is outdated and the writer says so.
    let head = store::log_head::get(conn.again(), workspace.0).await?.ok_or_else(unknown_workspace)?;
    let mut streams = vec![workspace.0];
    for row in store::playbook::list(conn.again(), workspace.0).await? {
        if !streams.contains(&row.playbook) {
            streams.push(row.playbook);
        }
    }
    let mut rows = store::event::of_streams(conn.again(), workspace.0, &streams).await?;
    rows.sort_unstable_by_key(|row| row.position);
    let events = rows.iter().map(|row| Ok((row.position, Event::from_bytes(&row.bytes)?))).collect::<Result<Vec<_>, Error>>()?;
    let names = store::directory::list(conn.again(), workspace.0).await?.into_iter().map(|row| (row.name, PersonId(row.person))).collect();
    let state = WorkspaceState::fold(events.iter().map(|(_, e)| e));
    let mut records = HashMap::new();
    for (playbook, facts) in &state.records {
        match track::read(conn.again(), workspace, *playbook, (facts.number, facts.digest), &node.records).await {
            Ok(record) => drop(records.insert(*playbook, Arc::new(track::published(&record, facts)))),
            // Nothing is automated on broken ground: without a record people decide.
            Err(Error::Damaged(what)) => tracing::error!(workspace.id = %workspace, what, "a track record is damaged and is not read"),
            Err(error) => return Err(error),
        }
    }
    let rules = node.rules.of(workspace, &state)?;
    Ok(Control {
        epoch: head.control_epoch,
        rules,
        state,
        names,
        logs: LogInfo::of(&events)?,
        records,
        parsed: Mutex::default(),
        said: Default::default(),
    })
}

pub(crate) fn unknown_workspace() -> Error {
    Refusal::new(Code::NotFound, "there is no such workspace in this database; `countersign init` makes one").into()
}

impl Workspace {
    pub(crate) async fn control(&self) -> Result<Arc<Control>, Error> {
        self.inner.control_present(self.id).await
    }

    /// Stops automation: at once, and on every node before its next write.
    ///
    /// # Errors
    /// Where the playbook is unknown or the storage fails.
    pub async fn automation_stop(&self, caller: &Caller, input: StopInput) -> Result<Vec<StopView>, Error> {
        let scope = self.stop_scope(&input).await?;
        self.change(caller, Change::command(move |_| Ok(WorkspaceCommand::Stop { scope: scope.clone(), reason: input.reason.clone() })))
            .await?;
        self.stops().await
    }

    /// Asks to resume automation, or confirms what another person asked for: then it is resumed. Where nobody is there who could confirm it,
    /// it is resumed at once, and the event says so. Only a person may, and answers for it.
    ///
    /// # Errors
    /// Where no person is named, nothing was stopped, the one who asked confirms it, or the storage fails.
    pub async fn automation_resume(&self, caller: &Caller, input: StopInput) -> Result<Vec<StopView>, Error> {
        let scope = self.stop_scope(&input).await?;
        let person = input
            .person
            .map(PersonId)
            .ok_or_else(|| Refusal::invalid("/person", "only a person resumes automation: say who answers for it"))?;
        self.change(
            caller,
            Change::command(move |control| {
                let able = control.able_to_resume(&scope);
                Ok(WorkspaceCommand::Resume { scope: scope.clone(), person, reason: input.reason.clone(), able })
            }),
        )
        .await?;
        self.stops().await
    }

    /// What is stopped.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn stops(&self) -> Result<Vec<StopView>, Error> {
        let control = self.control().await?;
        Ok(control
            .state
            .control
            .stops
            .iter()
            .map(|scope| {
                let (word, name) = match scope {
                    StopScope::Workspace => ("workspace", None),
                    StopScope::Playbook(id) => ("playbook", Some(control.playbook_name(*id))),
                    StopScope::Proposer(name) => ("proposer", Some(name.clone())),
                };
                let able = control.able_to_resume(scope);
                let resume = control.state.resume_waiting(scope, &able).map(|asked| ResumeView {
                    event: asked.event.0,
                    person: asked.person.0,
                    name: control.name_of(asked.person),
                    at: format_rfc3339(asked.at),
                    reason: asked.reason.clone(),
                });
                StopView { scope: word.into(), name, resume, alone: !control.state.two_among(&able) }
            })
            .collect())
    }

    async fn stop_scope(&self, input: &StopInput) -> Result<StopScope, Error> {
        match (&input.playbook, &input.proposer) {
            (None, None) => Ok(StopScope::Workspace),
            (Some(name), None) => Ok(StopScope::Playbook(self.control().await?.playbook_id(name)?)),
            (None, Some(name)) => Ok(StopScope::Proposer(name.clone())),
            (Some(_), Some(_)) => Err(Refusal::invalid("/proposer", "name a playbook or a proposer, not both").into()),
        }
    }
}

impl App {
    /// Ids of all workspaces of this database.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn workspaces(&self) -> Result<Vec<WorkspaceId>, Error> {
        let mut session = self.inner.db.session().await?;
        Ok(store::log_head::workspaces(session.conn()).await?.into_iter().map(|id: Uuid| WorkspaceId(id)).collect())
    }
}
