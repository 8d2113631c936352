//! Routing many cases anew, beside everything else: what was held for want of people once somebody is there, and what waits once a
//! certificate is in force. Asked for in the transaction that changed people; done by one node at a time, in batches that wait for
//! interactive work, and written down after each, so that another node goes on where one was killed. Decides nothing itself.

use crate::{App, Error, Inner, Options, Workspace, case::Verb, control::Control, rounds, workspace::system, writer};
use countersign_core::{
    event::{Body, Event, PersonKind},
    id::{CaseId, PlaybookId, WorkspaceId},
    number::Micros,
    refusal::Code,
    time,
};
use countersign_store::{
    self as store, Tx,
    reroute::{Advance, RerouteRow, Which},
};
use serde::Serialize;
use std::{sync::Weak, time::Duration};
use utoipa::ToSchema;

/// How often it is looked whether something was asked for.
const PERIOD: Duration = Duration::from_millis(250);
/// How long a node may be silent before another one goes on.
const LEASE_MICROS: Micros = 15_000_000;
/// Cases that are handed to the writer before what was done is written down.
const CASES_AT_ONCE: i64 = 512;

/// Cases that are being routed anew.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RerouteView {
    /// The playbook.
    pub playbook: String,
    /// Which of its cases: `held` or `open`.
    pub state: String,
    /// Cases that were looked at so far.
    pub looked: u64,
    /// Cases of these that go another way now.
    pub rerouted: u64,
    /// Since when.
    pub since: String,
}

/// What routing anew came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rerouted {
    /// Cases that were looked at.
    pub looked: u64,
    /// Cases of these that go another way now.
    pub rerouted: u64,
}

/// What a step came to.
enum Step {
    Went(Advance),
    Done,
    /// Another node is at it.
    Elsewhere,
}

/// Does what is asked for in all workspaces of the node's database, until the node is dropped.
pub fn spawn(app: &App) -> tokio::task::JoinHandle<()> {
    tokio::spawn(run(std::sync::Arc::downgrade(&app.inner)))
}

async fn run(node: Weak<Inner>) {
    while let Some(workspaces) = rounds::next(&node, PERIOD).await {
        for workspace in workspaces {
            if let Err(error) = workspace.absences_look().await {
                tracing::warn!(error = %error, workspace.id = %workspace.id(), "it could not be looked who is away; trying again");
            }
            match workspace.reroute_all().await {
                Ok(Rerouted { looked: 0, .. }) => {}
                Ok(Rerouted { looked, rerouted }) => {
                    tracing::info!(workspace.id = %workspace.id(), looked, rerouted, "cases were routed anew")
                }
                Err(error) => {
                    tracing::warn!(error = %error, workspace.id = %workspace.id(), "cases could not be routed anew; trying again")
                }
            }
        }
    }
}

/// Asks for new routes of what is held, where these events change who may decide. In the transaction of the events, after which nothing
/// is decided under the old people any more.
pub(crate) async fn ask_after<'e>(
    tx: &mut Tx,
    workspace: WorkspaceId,
    control: &Control,
    events: impl IntoIterator<Item = &'e Event>,
    now: Micros,
) -> Result<(), Error> {
    let mut asked: &[&str] = &[];
    for event in events {
        match &event.body {
            // Who is not there any more may leave a panel without its people.
            Body::PersonAway(_) | Body::PersonBack(_) => asked = &["held", "open"],
            Body::PersonAdded(body) if body.kind == PersonKind::Member && asked.is_empty() => asked = &["held"],
            Body::PersonChanged(_) if asked.is_empty() => asked = &["held"],
            _ => {}
        }
    }
    ask_for(tx, workspace, control, asked, now).await
}

/// Asks for new routes of all cases that stand somewhere, in every playbook that has some.
pub(crate) async fn ask_for(tx: &mut Tx, workspace: WorkspaceId, control: &Control, asked: &[&str], now: Micros) -> Result<(), Error> {
    for playbook in control.state.playbooks.keys() {
        for status in asked {
            let which = Which { workspace: workspace.0, playbook: playbook.0, status };
            if !store::case::list_of(tx.conn(), workspace.0, playbook.0, which.status, uuid::Uuid::nil(), 1).await?.is_empty() {
                store::reroute::ask(tx.conn(), which, now).await?;
            }
        }
    }
    Ok(())
}

impl Workspace {
    /// What is being routed anew, and how far that has come.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn reroutes(&self) -> Result<Vec<RerouteView>, Error> {
        let rows = self.reroute_rows().await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let control = self.inner.control(self.id).await?;
        let count = |n: i64| u64::try_from(n).unwrap_or(0);
        let view = |row: RerouteRow| RerouteView {
            playbook: control.playbook_name(PlaybookId(row.playbook)),
            state: row.status,
            looked: count(row.looked),
            rerouted: count(row.rerouted),
            since: time::format_rfc3339(row.asked_at),
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Does whatever is asked for and no other node is at, and tells what it came to.
    ///
    /// # Errors
    /// Where the storage fails, or the writer has more to do than it can take; what was done until then stays.
    pub async fn reroute_all(&self) -> Result<Rerouted, Error> {
        let mut sum = Rerouted::default();
        for row in self.reroute_rows().await? {
            let which = Which { workspace: self.id.0, playbook: row.playbook, status: &row.status };
            while let Step::Went(step) = self.reroute_step(which).await? {
                sum.looked += u64::try_from(step.looked).unwrap_or(0);
                sum.rerouted += u64::try_from(step.rerouted).unwrap_or(0);
            }
        }
        Ok(sum)
    }

    /// Asks for new routes of what waits in a playbook and nobody has looked at.
    pub(crate) async fn reroute_ask_open(&self, playbook: PlaybookId) -> Result<(), Error> {
        let which = Which { workspace: self.id.0, playbook: playbook.0, status: "open" };
        let mut tx = self.inner.db.begin().await?;
        store::reroute::ask(tx.conn(), which, self.inner.env.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn reroute_rows(&self) -> Result<Vec<RerouteRow>, Error> {
        let mut session = self.inner.db.session().await?;
        Ok(store::reroute::list(session.conn(), self.id.0).await?)
    }

    /// One batch, under the lease.
    async fn reroute_step(&self, which: Which<'_>) -> Result<Step, Error> {
        let now = self.inner.env.now();
        let mut tx = self.inner.db.begin().await?;
        let lease = store::reroute::take(tx.conn(), which, self.inner.holder, now, now.saturating_add(LEASE_MICROS)).await?;
        tx.commit().await?;
        let Some(lease) = lease else { return Ok(Step::Elsewhere) };
        let mut session = self.inner.db.session().await?;
        let cases = store::case::list_of(session.conn(), self.id.0, which.playbook, which.status, lease.after, CASES_AT_ONCE).await?;
        drop(session);
        let cases: Vec<CaseId> = cases.into_iter().map(|row| CaseId(row.case)).collect();
        let Some(last) = cases.last() else {
            let mut tx = self.inner.db.begin().await?;
            store::reroute::end(tx.conn(), which, lease).await?;
            tx.commit().await?;
            return Ok(Step::Done);
        };
        let looked = i64::try_from(cases.len()).unwrap_or(i64::MAX);
        let step = Advance { after: last.0, looked, rerouted: self.reroute_cases(which, &cases).await? };
        let mut tx = self.inner.db.begin().await?;
        store::reroute::advance(tx.conn(), which, lease, step).await?;
        tx.commit().await?;
        Ok(Step::Went(step))
    }

    /// Routes cases anew as bulk work; tells how many go another way now.
    async fn reroute_cases(&self, which: Which<'_>, cases: &[CaseId]) -> Result<i64, Error> {
        let caller = system("router");
        let mut learning = self.learning_of(PlaybookId(which.playbook), cases).await?;
        let mut pending = Vec::with_capacity(cases.len());
        for case in cases {
            let verb = Verb::Reroute { bulk: true, learning: learning.remove(case) };
            pending.push(self.submit_bulk(&caller, *case, verb, Options::default()).await?);
        }
        let mut rerouted = 0;
        for answer in pending {
            match writer::reply(answer).await {
                Ok(done) => rerouted += i64::from(!done.receipt.events.is_empty()),
                Err(Error::Refused(refusal)) if matches!(refusal.code, Code::Busy | Code::Storage | Code::Internal) => {
                    return Err(refusal.into());
                }
                // Somebody came first and looks at it now, or it is decided.
                Err(Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(rerouted)
    }
}
