//! The server asks: one node a workspace reads the ledger as it grows, and asks the proposers that playbooks name about every new case,
//! about amended ones, and when a person directs the AI. What comes back is a proposal like any other; what does not is a record that
//! says why, and the case is with people either way. Decides nothing, and never keeps a case from anybody.
//!
//! [`sent`] says what may go out, [`answer`] asks and writes down what came of it.

mod answer;
pub(crate) mod sent;

use crate::{App, Error, Inner, Workspace, control::Control, rounds};
use answer::Want;
use countersign_core::{
    Event,
    event::{Body, case_of},
    id::{CaseId, PlaybookId, WorkspaceId},
    number::Micros,
    playbook::Proposer,
};
pub use countersign_models::chat::Secret;
use countersign_models::chat::{Client, wire::Wire};
use countersign_store as store;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::task::{Id, JoinSet};

/// How often the ledger is looked at: advice should come before people look.
const PERIOD: Duration = Duration::from_millis(200);
/// How long a node may be silent before another one asks.
const LEASE_MICROS: Micros = 15_000_000;
/// Events read at once.
const EVENTS_AT_ONCE: i64 = 128;
/// Cases that are asked about at the same time, in a workspace; a page of events may go beyond it.
const UNDER_WAY_MAX: usize = 32;

/// Gives the key that a variable of that name holds.
type KeyOf = dyn Fn(&str) -> Option<String> + Send + Sync;

/// What whoever runs the server allows.
#[derive(Clone)]
pub struct Allowed {
    endpoints: Arc<Vec<String>>,
    key: Arc<KeyOf>,
}

impl std::fmt::Debug for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Allowed").field("endpoints", &self.endpoints).finish_non_exhaustive()
    }
}

impl Allowed {
    /// Endpoints on this machine and these; `key` gives the key that a variable of that name holds.
    pub fn new(endpoints: &[String], key: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        let plain = |url: &String| url.trim_end_matches('/').to_owned();
        Self { endpoints: Arc::new(endpoints.iter().map(plain).collect()), key: Arc::new(key) }
    }

    /// Whether something may be sent there: a playbook alone must not be able to send cases, or keys, anywhere.
    fn allows(&self, url: &str) -> bool {
        let authority = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let host = match authority.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        let address = host.parse::<Ipv4Addr>().map(IpAddr::V4).or_else(|_| host.parse::<Ipv6Addr>().map(IpAddr::V6));
        host == "localhost" || address.is_ok_and(|address| address.is_loopback()) || self.endpoints.iter().any(|allowed| allowed == url)
    }
}

/// What a node remembers of a workspace. All of it saves work and nothing rests on it.
pub struct Memory {
    /// Until when this node asks.
    until: Option<Micros>,
    /// The next event to read.
    next: i64,
    /// Up to where everything was asked about, as it is written down.
    written: i64,
    under_way: JoinSet<bool>,
    /// Which event each of them is about.
    positions: HashMap<Id, i64>,
    clients: HashMap<(PlaybookId, u64, String), Arc<Client>>,
    wire: Arc<Wire>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            until: None,
            next: 0,
            written: 0,
            under_way: JoinSet::new(),
            positions: HashMap::new(),
            clients: HashMap::new(),
            wire: Arc::new(Wire::live()),
        }
    }
}

impl Memory {
    /// Events whose proposers have not answered yet.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Takes down what ended. What could not even begin, as where the storage failed, is read again from the last place that is
    /// written down: whatever has been heard by then is not asked again.
    fn reap(&mut self) {
        while let Some(done) = self.under_way.try_join_next_with_id() {
            let (id, begun) = match done {
                Ok((id, begun)) => (id, begun),
                Err(broken) => {
                    tracing::error!(error = %broken, "asking a proposer broke off; the case is left to people");
                    (broken.id(), true)
                }
            };
            self.positions.remove(&id);
            if !begun {
                self.under_way = JoinSet::new();
                self.positions.clear();
                self.next = self.written;
                return;
            }
        }
    }

    /// Up to where everything was asked about.
    fn settled(&self) -> i64 {
        self.positions.values().copied().min().unwrap_or(self.next)
    }
}

/// Asks in all workspaces of the node's database, until the node is dropped.
pub fn spawn(app: &App, allowed: Allowed) -> tokio::task::JoinHandle<()> {
    tokio::spawn(run(Arc::downgrade(&app.inner), allowed))
}

async fn run(node: Weak<Inner>, allowed: Allowed) {
    let mut memories: HashMap<WorkspaceId, Memory> = HashMap::new();
    while let Some(workspaces) = rounds::next(&node, PERIOD).await {
        for workspace in workspaces {
            let id = workspace.id();
            if let Err(error) = workspace.asking_round(memories.entry(id).or_default(), &allowed).await {
                tracing::warn!(error = %error, workspace.id = %id, "proposers could not be asked; trying again");
            }
        }
    }
}

impl Workspace {
    /// One round: reads what is new and begins to ask about it; what ended since the last round is written down. Does not wait for
    /// answers.
    ///
    /// # Errors
    /// Where the storage fails, or a stored event cannot be read.
    pub async fn asking_round(&self, memory: &mut Memory, allowed: &Allowed) -> Result<(), Error> {
        let control = self.control().await?;
        let named = naming(&control)?;
        if named.is_empty() {
            return Ok(());
        }
        if !self.asking_lease(memory, &named).await? {
            // Whatever is under way here is another node's by now.
            *memory = Memory::default();
            return Ok(());
        }
        memory.reap();
        while memory.under_way.len() < UNDER_WAY_MAX {
            let mut session = self.inner.db.session().await?;
            let rows = store::event::from_position(session.conn(), self.id.0, memory.next, EVENTS_AT_ONCE).await?;
            drop(session);
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                let event = Event::from_bytes(&row.bytes)?;
                if let Some(want) = self.wanted(&event).await? {
                    let asking = answer::Asking { workspace: self.clone(), want, allowed: allowed.clone(), wire: Arc::clone(&memory.wire) };
                    let clients = clients(memory, &asking.want);
                    let task = memory.under_way.spawn(asking.run(clients));
                    memory.positions.insert(task.id(), row.position);
                }
                memory.next = row.position + 1;
            }
        }
        let settled = memory.settled();
        if settled != memory.written {
            let mut tx = self.inner.db.begin().await?;
            store::asking::read_to(tx.conn(), self.id.0, self.inner.holder, settled).await?;
            tx.commit().await?;
            memory.written = settled;
        }
        Ok(())
    }

    /// Whether this node asks. A lease that still lasts is not written anew.
    async fn asking_lease(&self, memory: &mut Memory, named: &[PlaybookId]) -> Result<bool, Error> {
        let now = self.inner.env.now();
        if memory.until.is_some_and(|until| now < until.saturating_sub(LEASE_MICROS / 2)) {
            return Ok(true);
        }
        let fresh = memory.until.is_none();
        let begin = if fresh { self.asking_begin(named).await? } else { 0 };
        let until = now.saturating_add(LEASE_MICROS);
        let mut tx = self.inner.db.begin().await?;
        let position = store::asking::lease(tx.conn(), self.id.0, self.inner.holder, (now, until), begin).await?;
        tx.commit().await?;
        if let (Some(position), true) = (position, fresh) {
            (memory.next, memory.written) = (position, position);
        }
        memory.until = position.map(|_| until);
        Ok(position.is_some())
    }

    /// Where a workspace begins that was never asked for: with the first playbook that names a proposer.
    async fn asking_begin(&self, named: &[PlaybookId]) -> Result<i64, Error> {
        let mut session = self.inner.db.session().await?;
        let mut begin = i64::MAX;
        for playbook in named {
            let events = store::event::of_stream(session.conn(), self.id.0, playbook.0).await?;
            begin = begin.min(events.first().map_or(0, |row| row.position));
        }
        Ok(begin)
    }

    /// What an event makes the server ask about, if anything.
    async fn wanted(&self, event: &Event) -> Result<Option<Want>, Error> {
        let Some(case) = case_of(event) else { return Ok(None) };
        let (playbook, version, ask) = match &event.body {
            Body::CaseOpened(body) => (body.playbook, body.playbook_version, None),
            Body::CaseAmended(_) => match self.playbook_of(case).await? {
                Some((playbook, version)) => (playbook, version, None),
                None => return Ok(None),
            },
            Body::AskMade(body) => match self.playbook_of(case).await? {
                Some((playbook, version)) => (playbook, version, Some(body.about)),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let spec = self.inner.control(self.id).await?.playbook(playbook, version)?;
        let want = Want { case, event: event.id, ask, playbook, version, spec };
        Ok(Some(want).filter(|want| !want.spec.proposers.is_empty()))
    }

    async fn playbook_of(&self, case: CaseId) -> Result<Option<(PlaybookId, u64)>, Error> {
        let mut session = self.inner.db.session().await?;
        let row = store::case::get(session.conn(), self.id.0, case.0).await?;
        Ok(row.map(|row| (PlaybookId(row.playbook), u64::try_from(row.playbook_version).unwrap_or(0))))
    }
}

/// The clients of a playbook's proposers, in their order: they know which endpoint is left alone for a while.
fn clients(memory: &mut Memory, want: &Want) -> Vec<Arc<Client>> {
    let client = |named: &Proposer| {
        let key = (want.playbook, want.version, named.name.clone());
        let budget = named.budget.and_then(|budget| u64::try_from(budget).ok());
        Arc::clone(memory.clients.entry(key).or_insert_with(|| Arc::new(Client::new(budget))))
    };
    want.spec.proposers.iter().map(client).collect()
}

/// The playbooks of which a version names a proposer.
fn naming(control: &Control) -> Result<Vec<PlaybookId>, Error> {
    let mut named = Vec::new();
    for (id, facts) in &control.state.playbooks {
        for version in &facts.versions {
            if !control.playbook(*id, version.version)?.proposers.is_empty() {
                named.push(*id);
                break;
            }
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_playbook_alone_sends_nothing_anywhere() {
        let allowed = Allowed::new(&["http://models.internal:9000/v1/".to_owned()], |_| None);
        for url in
            ["http://127.0.0.1:8080/v1", "http://127.9.9.9", "http://localhost:1/v1", "http://[::1]:1/v1", "http://models.internal:9000/v1"]
        {
            assert!(allowed.allows(url), "{url}");
        }
        for url in [
            "http://models.internal:9000",
            "http://models.internal:9001/v1",
            "http://169.254.169.254/latest",
            "http://127.0.0.1.example.org/v1",
            "http://localhost.example.org",
            "http://example.org/127.0.0.1",
            "http://[2001:db8::1]/v1",
            "https://127.0.0.1/v1",
            "",
        ] {
            assert!(!allowed.allows(url), "{url}");
        }
    }
}
