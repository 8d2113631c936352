//! The writer: one task a node that owns every write. Handlers hand in work and await; it takes what is waiting as one batch,
//! decides in memory, writes multi-row statements and advances the log last. Interactive work goes first. Where the database has
//! room for a second writer, claims have a lane of their own beside it (`lane`).
//!
//! Never replies before the commit. What a reply says is durable.

mod batch;
mod change;
mod claims;
mod fold;
mod ground;
mod lane;
mod rows;

pub(crate) use batch::known_answer;
pub use change::Change;
pub(crate) use change::{Extra, playbook_id};
pub(crate) use ground::{Ground, Ready, Waiting};
pub(crate) use rows::{Written, signed};

use crate::{Caller, Error, Inner, Options, case::Verb, view::Receipt};
use countersign_core::{
    event::Event,
    id::{CaseId, PersonId, WorkspaceId},
    number::Micros,
    refusal::{Code, Refusal},
};
use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, mpsc, oneshot, watch},
    time::Instant,
};

/// Interactive commands that may wait; more are refused as busy.
const INTERACTIVE_WAITING_MAX: usize = 4_096;
/// Cases of bulk intake that may wait; whoever hands in more waits too.
const BULK_WAITING_MAX: usize = 1_024;
/// Interactive commands in one transaction.
const INTERACTIVE_BATCH_MAX: usize = 256;
/// Cases of bulk intake in one transaction: at least, at most.
const BULK_BATCH: (usize, usize) = (16, 512);
/// How long a bulk transaction should take up to its commit, so that interactive commands do not wait for it. The commit itself
/// takes the same time whatever the size, so it must not make batches smaller.
const BULK_TRANSACTION_MICROS: i64 = 2_500;
/// The same while nobody interactive has been there for a while: the first one who comes waits that long once.
const BULK_ALONE_MICROS: i64 = 20_000;
/// How long after the last interactive command nobody is there any more.
const ALONE_AFTER_MICROS: i64 = 1_000_000;
/// How long bulk work rests while people are there, as a multiple of the time that its last batch took: what they do finds the database
/// and the processor free three quarters of the time.
const BULK_RESTS: u32 = 3;
/// However long a batch took, bulk work rests no longer than this.
const BULK_REST_MAX: Duration = Duration::from_millis(60);
/// How often a batch is decided again after somebody else wrote first.
const ATTEMPTS_MAX: u32 = 8;

/// What was done for a command.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    /// What was written.
    pub receipt: Receipt,
    /// The `case.shown` event, where something was shown.
    pub shown: Option<Box<Event>>,
}

/// A command on a case.
pub(crate) struct CaseJob {
    pub workspace: WorkspaceId,
    pub caller: Caller,
    pub options: Options,
    pub case: CaseId,
    pub verb: Verb,
    pub reply: oneshot::Sender<Result<Done, Error>>,
}

/// Several cases of which all are opened or none.
pub(crate) struct AtomicJob {
    pub workspace: WorkspaceId,
    pub caller: Caller,
    pub options: Options,
    pub openings: Vec<(CaseId, Verb)>,
    pub reply: oneshot::Sender<Result<Vec<Receipt>, (usize, Error)>>,
}

/// A claim: the next case of some playbooks, or one by name, or letting go.
pub(crate) struct ClaimJob {
    pub workspace: WorkspaceId,
    pub person: PersonId,
    pub roles_json: String,
    pub want: Want,
    pub now: Micros,
    pub until: Micros,
    pub reply: oneshot::Sender<Result<Option<Found>, Error>>,
}

/// What a claim leased.
pub(crate) struct Found {
    pub case: CaseId,
    pub playbook: uuid::Uuid,
    pub until: Micros,
}

/// What is claimed.
pub(crate) enum Want {
    /// The first of these playbooks' queues, with the end of the lease for each.
    Next(Vec<(uuid::Uuid, Micros)>),
    /// This one, of this playbook.
    One(CaseId, uuid::Uuid),
    /// Let go of this one; nothing is found then.
    Release(CaseId),
}

/// A change to what decisions are made under, or to what lies beside the events.
pub(crate) struct ChangeJob {
    pub workspace: WorkspaceId,
    pub caller: Caller,
    pub change: Change,
    pub reply: oneshot::Sender<Result<Vec<Event>, Error>>,
}

pub(crate) enum Work {
    Case(Box<CaseJob>),
    Atomic(Box<AtomicJob>),
    Claim(Box<ClaimJob>),
    Change(Box<ChangeJob>),
    Close(oneshot::Sender<()>),
}

impl Work {
    fn workspace(&self) -> Option<WorkspaceId> {
        match self {
            Self::Case(job) => Some(job.workspace),
            Self::Atomic(job) => Some(job.workspace),
            Self::Claim(job) => Some(job.workspace),
            Self::Change(job) => Some(job.workspace),
            Self::Close(_) => None,
        }
    }

    /// Commands on cases and claims share a transaction; the rest stand alone.
    fn joins_a_batch(&self) -> bool {
        matches!(self, Self::Case(_) | Self::Claim(_))
    }
}

/// Where work is handed in.
pub(crate) struct Handle {
    interactive: mpsc::Sender<Work>,
    bulk: mpsc::Sender<Work>,
    /// Claims, where they need not wait for the rest.
    claims: Option<mpsc::Sender<Work>>,
    /// Interactive work that was ever handed in: bulk work minds whether somebody is there.
    arrivals: AtomicU64,
}

/// The writer's end of it.
pub(crate) struct Inbox {
    interactive: mpsc::Receiver<Work>,
    bulk: mpsc::Receiver<Work>,
    claims: Option<mpsc::Receiver<Work>>,
}

impl Handle {
    /// `claims_apart`: whether claims are written beside the writer.
    pub(crate) fn channel(claims_apart: bool) -> (Self, Inbox) {
        let (interactive, interactive_inbox) = mpsc::channel(INTERACTIVE_WAITING_MAX);
        let (bulk, bulk_inbox) = mpsc::channel(BULK_WAITING_MAX);
        let (claims, claims_inbox) = claims_apart.then(|| mpsc::channel(INTERACTIVE_WAITING_MAX)).unzip();
        let handle = Self { interactive, bulk, claims, arrivals: AtomicU64::new(0) };
        (handle, Inbox { interactive: interactive_inbox, bulk: bulk_inbox, claims: claims_inbox })
    }

    /// Hands in interactive work; refused where too much waits already.
    pub(crate) fn submit(&self, work: Work) -> Result<(), Error> {
        self.arrivals.fetch_add(1, Ordering::Relaxed);
        let inbox = self.claims.as_ref().filter(|_| matches!(work, Work::Claim(_))).unwrap_or(&self.interactive);
        inbox.try_send(work).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => {
                Refusal::new(Code::Busy, "more commands are waiting than can be written soon; send it again in a moment").into()
            }
            mpsc::error::TrySendError::Closed(_) => closed(),
        })
    }

    /// Hands in bulk work, waiting for a place.
    pub(crate) async fn submit_bulk(&self, work: Work) -> Result<(), Error> {
        self.bulk.send(work).await.map_err(|_| closed())
    }

    /// Work that waits: interactive, bulk and claims.
    pub(crate) fn depth(&self) -> usize {
        let waiting = |sender: &mpsc::Sender<Work>| sender.max_capacity() - sender.capacity();
        waiting(&self.interactive) + waiting(&self.bulk) + self.claims.as_ref().map_or(0, waiting)
    }

    /// Waits until all that was handed in is written, and stops the writer.
    pub(crate) async fn close(&self) {
        for inbox in self.claims.iter().chain([&self.bulk]) {
            let (reply, done) = oneshot::channel();
            if inbox.send(Work::Close(reply)).await.is_ok() {
                // An error means that whoever writes is gone already, which is as well.
                let _ = done.await;
            }
        }
    }
}

fn closed() -> Error {
    Refusal::new(Code::Busy, "the server is shutting down; send it again when it is back").into()
}

/// Waits for a reply; a writer that went away is an answer too.
pub(crate) async fn reply<T>(answer: oneshot::Receiver<Result<T, Error>>) -> Result<T, Error> {
    answer.await.unwrap_or_else(|_| Err(closed()))
}

/// Starts the writer, the lane of claims where there is one, and what folds the embedded database's log back beside them. All end
/// when the node is dropped.
pub(crate) fn spawn(inner: Weak<Inner>, mut inbox: Inbox) {
    if let Some(claims) = inbox.claims.take() {
        tokio::spawn(lane::run(inner.clone(), claims));
    }
    let wrote = Arc::new(Notify::new());
    let (rest, resting) = watch::channel(false);
    tokio::spawn(fold::run(inner.clone(), Arc::clone(&wrote), rest));
    tokio::spawn(async move {
        run(inner, inbox, resting, Arc::clone(&wrote)).await;
        wrote.notify_one();
    });
}

async fn run(inner: Weak<Inner>, mut inbox: Inbox, mut resting: watch::Receiver<bool>, wrote: Arc<Notify>) {
    let mut bulk_size = BULK_BATCH.0 * 2;
    let mut people = People::default();
    let mut rests_until = Instant::now();
    let mut held_back: Option<Work> = None;
    loop {
        let first = match held_back.take() {
            Some(work) => work,
            None => match next(&mut inbox, &mut resting, rests_until).await {
                Some(work) => work,
                None => return,
            },
        };
        let Some(node) = inner.upgrade() else { return };
        if let Work::Close(done) = first {
            // Whatever came in before is written; what comes later finds the door closed.
            inbox.interactive.close();
            inbox.bulk.close();
            while let Ok(work) = inbox.interactive.try_recv() {
                perform(&node, vec![work]).await;
            }
            let _ = done.send(());
            return;
        }
        let bulk = is_bulk(&first);
        let limit = if bulk { bulk_size } else { INTERACTIVE_BATCH_MAX };
        let inbox_side = if bulk { &mut inbox.bulk } else { &mut inbox.interactive };
        let mut works = vec![first];
        if works.first().is_some_and(Work::joins_a_batch) {
            while works.len() < limit {
                let Ok(work) = inbox_side.try_recv() else { break };
                let same = work.workspace() == works.first().and_then(Work::workspace);
                if !(work.joins_a_batch() && same) {
                    held_back = Some(work);
                    break;
                }
                works.push(work);
            }
        }
        let count = works.len();
        let began = node.env.now();
        let commits_at = perform(&node, works).await;
        wrote.notify_one();
        let alone = !people.are_there(&node, began);
        if !bulk {
            bulk_size = bulk_size.min(BULK_BATCH.0 * 2);
            continue;
        }
        if count * 2 > bulk_size {
            let wanted = if alone { BULK_ALONE_MICROS } else { BULK_TRANSACTION_MICROS };
            bulk_size = resized(bulk_size, wanted, commits_at.unwrap_or(began) - began);
        }
        let took = Duration::from_micros(u64::try_from(node.env.now() - began).unwrap_or(0));
        rests_until = if alone { Instant::now() } else { Instant::now() + (took * BULK_RESTS).min(BULK_REST_MAX) };
    }
}

/// Whether people are there: whether anything interactive was handed in lately.
#[derive(Default)]
struct People {
    arrivals: u64,
    at: Option<Micros>,
}

impl People {
    fn are_there(&mut self, node: &Inner, now: Micros) -> bool {
        let arrivals = node.writer.arrivals.load(Ordering::Relaxed);
        if arrivals != self.arrivals {
            (self.arrivals, self.at) = (arrivals, Some(now));
        }
        self.at.is_some_and(|at| now.saturating_sub(at) <= ALONE_AFTER_MICROS)
    }
}

/// Half-way towards the number of cases that would have taken the time a bulk transaction should take.
fn resized(size: usize, wanted: Micros, took: Micros) -> usize {
    let took = usize::try_from(took.max(1)).unwrap_or(usize::MAX);
    let wanted = size.saturating_mul(usize::try_from(wanted).unwrap_or(1)) / took.max(1);
    usize::midpoint(size, wanted).clamp(BULK_BATCH.0, BULK_BATCH.1)
}

fn is_bulk(work: &Work) -> bool {
    matches!(work, Work::Case(job) if job.verb.is_bulk())
}

/// What is to be done next. While bulk work rests, until it is told otherwise or until a time, interactive work only.
async fn next(inbox: &mut Inbox, resting: &mut watch::Receiver<bool>, until: Instant) -> Option<Work> {
    loop {
        let rests = *resting.borrow_and_update();
        tokio::select! {
            biased;
            Some(work) = inbox.interactive.recv() => return Some(work),
            Some(work) = inbox.bulk.recv(), if !rests && Instant::now() >= until => return Some(work),
            () = tokio::time::sleep_until(until), if !rests && Instant::now() < until => {}
            Ok(()) = resting.changed() => {}
            else => return None,
        }
    }
}

/// Carries out what belongs together; tells when the commit of the commands on cases began.
async fn perform(node: &Arc<Inner>, works: Vec<Work>) -> Option<Micros> {
    let mut cases = Vec::new();
    let mut claims = Vec::new();
    for work in works {
        match work {
            Work::Case(job) => cases.push(*job),
            Work::Claim(job) => claims.push(*job),
            Work::Atomic(job) => batch::atomic(node, *job).await,
            Work::Change(job) => change::perform(node, *job).await,
            Work::Close(done) => {
                let _ = done.send(());
            }
        }
    }
    if !claims.is_empty() {
        claims::perform(node, claims).await;
    }
    if cases.is_empty() { None } else { batch::perform(node, cases).await }
}
