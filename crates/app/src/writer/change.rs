//! Changes to what decisions are made under: people, keys, stops, playbooks. Each moves the control epoch, so that every node
//! decides again what it decided under the old one. Stands alone in its transaction.

use super::{ATTEMPTS_MAX, ChangeJob, rows};
use crate::{Caller, Error, Inner, Workspace, control::Control, reroute};
use countersign_core::{
    Refusal,
    event::{Body, Event},
    id::{EventId, PersonId, PlaybookId, SubjectId, WorkspaceId},
};
use countersign_engine::workspace::{WorkspaceCommand, WorkspaceContext, decide};
use countersign_store::{
    self as store, Tx, api_key::ApiKeyRow, attachment, desk_session::DeskRow, directory::DirectoryRow, external_id, passkey::PasskeyRow,
    playbook::PlaybookRow, sign_in::IdentityRow, subject, vault,
};

type Command = Box<dyn Fn(&Control) -> Result<WorkspaceCommand, Refusal> + Send + Sync>;

/// A change: the commands, made from the present view, and what is written beside their events in the same transaction.
pub struct Change {
    commands: Vec<Command>,
    extra: Option<Extra>,
    creates: bool,
}

/// What lies beside the events.
pub(crate) enum Extra {
    /// A new API key.
    Key(ApiKeyRow),
    /// An API key that ends now.
    KeyRevoked(String),
    /// A new passkey.
    Passkey(PasskeyRow),
    /// A passkey that opens nothing more from now on, by SHA-256 of its id; sessions that it opened end.
    PasskeyRemoved([u8; 32]),
    /// What a person is called.
    Name(DirectoryRow),
    /// A link by which somebody signs in once.
    Link(DeskRow),
    /// An account that speaks for somebody from now on.
    Account(IdentityRow),
    /// An account that opens nothing more; sessions that it opened end, but one.
    AccountRemoved {
        /// The account, with whom it spoke for.
        row: IdentityRow,
        /// The session that stays, by its hash.
        but: Vec<u8>,
    },
    /// Somebody's password, by its hash; their sessions end, but one.
    Password {
        /// Whose.
        person: PersonId,
        /// The hash.
        hash: String,
        /// The session that stays, by its hash.
        but: Vec<u8>,
    },
    /// A password that opens nothing more; likewise.
    PasswordRemoved {
        /// Whose.
        person: PersonId,
        /// The session that stays, by its hash.
        but: Vec<u8>,
    },
    /// All that somebody signs in by, their name and address: they are forgotten.
    Forgotten(PersonId),
    /// Somebody who was vouched for: their sessions end, and their links.
    Vouched(PersonId),
    /// A subject whose values are destroyed.
    Erase(SubjectId),
    /// What was learned, where its event is written.
    Record(Box<crate::track::Parts>),
}

impl Change {
    /// One command.
    pub fn command(command: impl Fn(&Control) -> Result<WorkspaceCommand, Refusal> + Send + Sync + 'static) -> Self {
        Self { commands: vec![Box::new(command)], extra: None, creates: false }
    }

    /// No command: only what lies beside the events.
    pub(crate) fn beside(extra: Extra) -> Self {
        Self { commands: Vec::new(), extra: Some(extra), creates: false }
    }

    /// A further command after the first.
    #[must_use]
    pub fn and(mut self, command: impl Fn(&Control) -> Result<WorkspaceCommand, Refusal> + Send + Sync + 'static) -> Self {
        self.commands.push(Box::new(command));
        self
    }

    pub(crate) fn with(mut self, extra: Extra) -> Self {
        self.extra = Some(extra);
        self
    }

    /// The commands that make a workspace.
    pub(crate) fn creating(mut self) -> Self {
        self.creates = true;
        self
    }
}

impl Workspace {
    pub(crate) async fn change(&self, caller: &Caller, change: Change) -> Result<Vec<Event>, Error> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        let job = ChangeJob { workspace: self.id, caller: caller.clone(), change, reply };
        self.inner.writer.submit(super::Work::Change(Box::new(job)))?;
        super::reply(answer).await
    }
}

/// Carries out a change, again and again while others come in between.
pub(super) async fn perform(node: &Inner, job: ChangeJob) {
    let mut attempt = 1;
    let done = loop {
        match once(node, &job).await {
            Err(Error::Store(error)) if error.is_conflict() && attempt < ATTEMPTS_MAX => {
                node.control.forget(job.workspace);
                attempt += 1;
            }
            other => break other,
        }
    };
    // Also after an error: whether a commit took place may be unknown, and loading anew is cheap.
    node.control.forget(job.workspace);
    if let Ok(events) = &done {
        node.notify(events.iter());
    }
    let _ = job.reply.send(done.map(|events| events.into_iter().map(|e| e.event).collect()));
}

async fn once(node: &Inner, job: &ChangeJob) -> Result<Vec<rows::Written>, Error> {
    let mut tx = node.db.begin().await?;
    if job.change.creates {
        store::log_head::create(tx.conn(), job.workspace.0).await?;
    }
    let control = node.control_of(&mut tx, job.workspace).await?;
    let (events, values_erased) = decided(node, &mut tx, job, &control).await?;
    if events.is_empty() && matches!(job.change.extra, None | Some(Extra::Record(_) | Extra::Vouched(_))) {
        return Ok(Vec::new());
    }
    let epoch = store::log_head::bump(tx.conn(), job.workspace.0, control.epoch).await?;
    for written in &events {
        if let Body::PlaybookPublished(body) = &written.event.body {
            let row = PlaybookRow { playbook: body.playbook.0, version: rows::signed(body.version), name: body.name.clone() };
            store::playbook::insert(tx.conn(), job.workspace.0, &row).await?;
        }
    }
    reroute::ask_after(&mut tx, job.workspace, &control, events.iter().map(|w| &w.event), node.env.now()).await?;
    if let Some(extra) = &job.change.extra {
        beside(node, &mut tx, job.workspace, extra, !events.is_empty()).await?;
    }
    let written = rows::append(&mut tx, job.workspace, events, epoch).await?;
    tx.commit().await?;
    if values_erased {
        node.db.truncate_log().await?;
    }
    Ok(written)
}

/// Writes what lies beside the events.
async fn beside(node: &Inner, tx: &mut Tx, workspace: WorkspaceId, extra: &Extra, with_events: bool) -> Result<(), Error> {
    let (workspace_id, workspace, now) = (workspace, workspace.0, node.env.now());
    match extra {
        Extra::Key(row) => store::api_key::insert(tx.conn(), row).await?,
        Extra::KeyRevoked(key) => store::api_key::revoke(tx.conn(), workspace, key, now).await?,
        Extra::Passkey(row) => store::passkey::insert(tx.conn(), row).await?,
        Extra::PasskeyRemoved(credential) => {
            store::passkey::delete(tx.conn(), credential).await?;
            store::desk_session::sessions_end_of_passkey(tx.conn(), credential).await?;
        }
        Extra::Name(row) => store::directory::put(tx.conn(), workspace, row).await?,
        Extra::Link(row) => {
            store::desk_session::expire(tx.conn(), now).await?;
            store::desk_session::link_insert(tx.conn(), row).await?;
        }
        Extra::Account(row) => store::sign_in::identity_insert(tx.conn(), row).await?,
        Extra::AccountRemoved { row, but } => {
            store::sign_in::identity_delete(tx.conn(), &row.identity, workspace, row.person).await?;
            let way = crate::session::provider_way(&row.provider);
            store::desk_session::sessions_end_of_way(tx.conn(), workspace, row.person, &way, but).await?;
        }
        Extra::Password { person, hash, but } => {
            store::sign_in::password_put(tx.conn(), workspace, person.0, hash, now).await?;
            store::desk_session::sessions_end_others(tx.conn(), workspace, person.0, but).await?;
        }
        Extra::PasswordRemoved { person, but } => {
            store::sign_in::password_delete(tx.conn(), workspace, person.0).await?;
            store::desk_session::sessions_end_of_way(tx.conn(), workspace, person.0, crate::session::PASSWORD, but).await?;
        }
        Extra::Forgotten(person) => {
            store::directory::delete(tx.conn(), workspace, person.0).await?;
            store::passkey::unname(tx.conn(), workspace, person.0).await?;
            store::sign_in::forget(tx.conn(), workspace, person.0).await?;
            store::own::forget(tx.conn(), workspace, person.0).await?;
        }
        Extra::Vouched(person) if with_events => {
            store::desk_session::links_end(tx.conn(), workspace, person.0).await?;
            store::desk_session::sessions_end(tx.conn(), workspace, person.0).await?;
        }
        Extra::Record(parts) if with_events => parts.write(tx.conn(), workspace_id).await?,
        Extra::Erase(_) | Extra::Record(_) | Extra::Vouched(_) => {}
    }
    Ok(())
}

async fn decided(node: &Inner, tx: &mut Tx, job: &ChangeJob, control: &Control) -> Result<(Vec<rows::Written>, bool), Error> {
    let mut state = control.state.clone();
    let mut values = None;
    if let Some(Extra::Erase(subject)) = &job.change.extra {
        values = Some(erase(node, tx, job.workspace, *subject).await?);
    }
    let mut written = Vec::new();
    for command in &job.change.commands {
        let mut command = command(control)?;
        if let (WorkspaceCommand::EraseSubject { values: count, .. }, Some(destroyed)) = (&mut command, values) {
            *count = destroyed;
        }
        control.may_change(&job.caller.actor, &command)?;
        let mut ids = || EventId(node.env.ordered_id());
        let mut ctx = WorkspaceContext { now: node.env.now(), actor: job.caller.actor.clone(), ids: &mut ids };
        for new in decide(&state, command, &mut ctx).map_err(|refusal| control.named(refusal))? {
            let (stream, version) = match &new.body {
                Body::PlaybookPublished(body) => (body.playbook.0, body.version),
                _ => (job.workspace.0, state.version + 1),
            };
            let event = rows::enveloped(new, job.workspace, stream, version, &job.caller, node.env.now().max(state.recorded_at));
            state.apply(&event);
            written.push(rows::Written::new(event)?);
        }
    }
    Ok((written, values.is_some()))
}

async fn erase(node: &Inner, tx: &mut Tx, workspace: WorkspaceId, subject: SubjectId) -> Result<u64, Error> {
    let values = vault::erase(tx.conn(), workspace.0, subject.0).await?;
    let files = attachment::erase(tx.conn(), workspace.0, subject.0).await?;
    external_id::erase(tx.conn(), workspace.0, subject.0).await?;
    store::precedent::erase(tx.conn(), workspace.0, subject.0).await?;
    store::search::erase(tx.conn(), workspace.0, subject.0).await?;
    subject::erase(tx.conn(), workspace.0, subject.0, node.env.now()).await?;
    Ok(values + files)
}

/// A fresh playbook id; used only where the name is new.
pub(crate) fn playbook_id(node: &Inner) -> PlaybookId {
    PlaybookId(node.env.ordered_id())
}
