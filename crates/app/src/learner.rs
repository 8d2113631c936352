//! The learner as a job: one node a workspace reads the ledger as it grows, presses stop when a promise is broken, publishes the next
//! track record, and has waiting cases looked at again when certificates change. A node that takes over, or starts again, learns from the
//! events anew and goes on from the last record. It decides no case.

use crate::{App, Error, Inner, Workspace, control::Control, rounds, workspace::system, writer::Change};
use countersign_core::{
    Event,
    event::{Body, StopScope},
    id::{PlaybookId, WorkspaceId},
    number::Micros,
    refusal::{Code, Refusal},
};
use countersign_engine::{
    learn::{Broken, By, Ended, Learner},
    track::TrackRecord,
    workspace::WorkspaceCommand,
};
use countersign_science::monitor::Stop;
use countersign_store as store;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Weak,
    time::Duration,
};

/// How often the ledger is looked at: a broken promise stops within a second.
const PERIOD: Duration = Duration::from_millis(300);
/// How long a node may be silent before another one learns.
const LEASE_MICROS: Micros = 15_000_000;
/// Events read at once.
const EVENTS_AT_ONCE: i64 = 2_048;

/// What a node has learned of a workspace so far.
#[derive(Default)]
pub struct Memory {
    learners: BTreeMap<PlaybookId, Learner>,
    /// The next event to read.
    position: i64,
    /// Until when this node holds the lease; `None` where it learns without one, for a person who asks.
    until: Option<Micros>,
    /// Certificates by playbook as they were when waiting cases were last looked at.
    certified: HashMap<PlaybookId, Vec<String>>,
}

/// What a round of learning did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// Events that were new to the learners that were there before.
    pub events: u64,
    /// Learners that began anew: of playbooks, or versions of them, that were new.
    pub begun: u64,
    /// Records published, by playbook.
    pub published: Vec<(PlaybookId, u64)>,
    /// Promises that broke, and stopped.
    pub broken: Vec<Broken>,
    /// Experiments that ended by their own rules.
    pub ended: Vec<Ended>,
    /// Playbooks whose waiting cases are routed anew in the background.
    pub again: Vec<PlaybookId>,
}

/// Learns in all workspaces of the node's database, until the node is dropped.
pub fn spawn(app: &App) -> tokio::task::JoinHandle<()> {
    tokio::spawn(run(std::sync::Arc::downgrade(&app.inner)))
}

async fn run(node: Weak<Inner>) {
    let mut memories: HashMap<WorkspaceId, Memory> = HashMap::new();
    while let Some(workspaces) = rounds::next(&node, PERIOD).await {
        for workspace in workspaces {
            let id = workspace.id();
            let until = match workspace.learner_lease(memories.get(&id).and_then(|memory| memory.until)).await {
                Ok(Some(until)) => until,
                Ok(None) => {
                    // Another node learns: what this one knew would be outdated when it takes over.
                    memories.remove(&id);
                    continue;
                }
                Err(error) => {
                    tracing::warn!(error = %error, workspace.id = %id, "the learner's lease could not be taken; trying again");
                    continue;
                }
            };
            let memory = memories.entry(id).or_default();
            memory.until = Some(until);
            if let Err(error) = workspace.learn(memory, false).await {
                tracing::warn!(error = %error, workspace.id = %id, "learning failed; trying again");
                // What was read may have been taken in halfway: begin anew.
                memories.remove(&id);
            }
        }
    }
}

/// What learning found out about one playbook.
struct Found {
    broken: Option<Broken>,
    ended: Vec<Ended>,
    record: Option<TrackRecord>,
}

/// The figures of one playbook, on a thread of their own: they take longer than a request may wait.
async fn worked_out(mut learner: Learner, now: Micros, (at_once, pinned): (bool, bool)) -> Result<(Learner, Found), Error> {
    let work = move || {
        let broken = learner.watch(now);
        let ended = learner.experiments_ended(now);
        let record = match (pinned, at_once) {
            (true, _) => None,
            (false, true) => learner.publish_now(now),
            (false, false) => learner.publish(now),
        };
        (learner, Found { broken, ended, record })
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Damaged(format!("learning broke off: {error}")))
}

impl Workspace {
    /// Until when this node learns; `None` where another one does. A lease that still lasts is not written anew.
    async fn learner_lease(&self, until: Option<Micros>) -> Result<Option<Micros>, Error> {
        let now = self.inner.env.now();
        if let Some(until) = until.filter(|until| now < until.saturating_sub(LEASE_MICROS / 2)) {
            return Ok(Some(until));
        }
        let until = now.saturating_add(LEASE_MICROS);
        let mut tx = self.inner.db.begin().await?;
        let taken = store::track::lease(tx.conn(), self.id.0, self.inner.holder, now, until).await?;
        tx.commit().await?;
        Ok(taken.then_some(until))
    }

    /// Reads what is new, stops what is broken, publishes what is due (or, with `at_once`, whatever there is), and asks for new routes
    /// of what waits where certificates changed.
    ///
    /// # Errors
    /// Where the storage fails, or a stored event cannot be read.
    pub async fn learn(&self, memory: &mut Memory, at_once: bool) -> Result<Round, Error> {
        let control = self.control().await?;
        let begun = self.learners_update(memory, &control).await?;
        let mut round = Round { events: self.learn_events(memory).await?, begun, ..Round::default() };
        let now = self.inner.env.now();
        for playbook in memory.learners.keys().copied().collect::<Vec<_>>() {
            let Some(learner) = memory.learners.remove(&playbook) else { continue };
            // What a person pinned stays. No test is made meanwhile either: it would spend certainty that nobody wrote down.
            let pinned = control.state.records.get(&playbook).is_some_and(|facts| facts.pinned);
            let (learner, Found { broken, ended, record }) = worked_out(learner, now, (at_once, pinned)).await?;
            memory.learners.insert(playbook, learner);
            self.lease_kept(memory).await?;
            let stopped = control.state.control.stops.contains(&StopScope::Playbook(playbook));
            if let Some(broken) = broken.filter(|_| !stopped) {
                self.automation_break(playbook, &broken).await?;
                round.broken.push(broken);
            }
            for ended in ended {
                self.experiment_end(&ended).await?;
                round.ended.push(ended);
            }
            match record {
                Some(record) if self.record_publish(&system("learner"), &record).await? => {
                    self.drift_told(&control, &record, now).await?;
                    round.published.push((playbook, record.number));
                }
                // Somebody came first: go on from what they published, not from what nobody wrote down.
                Some(_) => drop(memory.learners.remove(&playbook)),
                None => {}
            }
        }
        self.certificates_told(&control, now).await?;
        round.again = self.look_again(memory).await?;
        Ok(round)
    }

    /// Learns all there is, in a memory of its own, and publishes at once: for a person who asks, and for the first time.
    ///
    /// # Errors
    /// As [`Workspace::learn`].
    pub async fn learn_now(&self) -> Result<Round, Error> {
        self.learn(&mut Memory::default(), true).await
    }

    /// Holds the lease while much is read or worked out: who lost it writes nothing any more.
    async fn lease_kept(&self, memory: &mut Memory) -> Result<(), Error> {
        if memory.until.is_some() {
            memory.until = self.learner_lease(memory.until).await?;
            if memory.until.is_none() {
                return Err(Refusal::new(Code::Busy, "another node learns by now").into());
            }
        }
        Ok(())
    }

    /// Learners of playbooks, and versions of them, that are new to this memory read by themselves what the others have read already:
    /// these keep what they know. How many began anew.
    async fn learners_update(&self, memory: &mut Memory, control: &Control) -> Result<u64, Error> {
        let mut begun = BTreeMap::new();
        let metrics = control.state.control.people_metrics;
        for (id, facts) in &control.state.playbooks {
            let Some(latest) = facts.versions.last().map(|version| version.version) else { continue };
            let playbook = control.playbook(*id, latest)?;
            if let Some(learner) = memory.learners.get_mut(id).filter(|learner| learner.version() == latest) {
                learner.measure_people(metrics);
                continue;
            }
            let mut learner = Learner::new(*id, latest, playbook);
            learner.measure_people(metrics);
            if let Some(facts) = control.state.records.get(id) {
                learner.resume((*self.record_read(*id, facts.latest).await?.0).clone());
            }
            begun.insert(*id, learner);
        }
        let mut position = 0;
        while !begun.is_empty() && position < memory.position {
            let mut session = self.inner.db.session().await?;
            let rows = store::event::from_position(session.conn(), self.id.0, position, EVENTS_AT_ONCE).await?;
            drop(session);
            if rows.is_empty() {
                break;
            }
            for row in rows.iter().take_while(|row| row.position < memory.position) {
                let event = Event::from_bytes(&row.bytes)?;
                begun.values_mut().for_each(|learner| learner.apply(&event));
            }
            position = rows.last().map_or(memory.position, |row| row.position + 1);
            self.lease_kept(memory).await?;
        }
        let count = begun.len() as u64;
        memory.learners.extend(begun);
        Ok(count)
    }

    async fn learn_events(&self, memory: &mut Memory) -> Result<u64, Error> {
        let mut read = 0;
        loop {
            let mut session = self.inner.db.session().await?;
            let rows = store::event::from_position(session.conn(), self.id.0, memory.position, EVENTS_AT_ONCE).await?;
            drop(session);
            if rows.is_empty() {
                return Ok(read);
            }
            for row in &rows {
                let event = Event::from_bytes(&row.bytes)?;
                let fresh = matches!(&event.body, Body::PlaybookPublished(body) if !memory.learners.contains_key(&body.playbook));
                if fresh {
                    // Published since the control was read: the next round begins anew with it.
                    return Ok(read);
                }
                memory.learners.values_mut().for_each(|learner| learner.apply(&event));
                memory.position = row.position + 1;
                read += 1;
            }
            self.lease_kept(memory).await?;
        }
    }

    /// A promise is broken: automation of that playbook stops on every node, and only people resume it.
    async fn automation_break(&self, playbook: PlaybookId, broken: &Broken) -> Result<(), Error> {
        let what = match broken.stop {
            Stop::Evidence => "the evidence is that more was wrong than promised",
            Stop::Change => "its errors have become more",
        };
        let of = match broken.by {
            By::Audits => "audits",
            By::Outcomes => "outcomes of automated cases",
        };
        let reason = format!("certificate {} is broken after {} {of}: {what}", broken.certificate, broken.after);
        tracing::warn!(workspace.id = %self.id, playbook.id = %playbook, reason, "automation stopped");
        let stop = move |_: &Control| Ok(WorkspaceCommand::Stop { scope: StopScope::Playbook(playbook), reason: reason.clone() });
        self.change(&system("monitor"), Change::command(stop)).await.map(|_| ())
    }

    /// An experiment is over by its own rules: no further case enters.
    async fn experiment_end(&self, ended: &Ended) -> Result<(), Error> {
        tracing::info!(workspace.id = %self.id, experiment.id = %ended.experiment, cause = ended.cause.as_str(), "experiment ended");
        let ended = ended.clone();
        let stop = move |_: &Control| {
            let Ended { experiment, cause, reason } = ended.clone();
            Ok(WorkspaceCommand::StopExperiment { experiment, cause, reason, person: None })
        };
        self.change(&system("monitor"), Change::command(stop)).await.map(|_| ())
    }

    /// Cases that wait and that nobody has looked at go the way that they would go now, where certificates have changed: that is asked
    /// for here and done in the background, so that a promise is watched meanwhile.
    async fn look_again(&self, memory: &mut Memory) -> Result<Vec<PlaybookId>, Error> {
        let control = self.control().await?;
        let mut again = Vec::new();
        for (playbook, facts) in &control.state.records {
            let stopped = control.state.control.stops.contains(&StopScope::Playbook(*playbook));
            let mut in_force = facts.certificates.clone();
            if stopped {
                in_force.clear();
            }
            let before = memory.certified.insert(*playbook, in_force.clone());
            // After a start nothing is known of before; whatever is certified then may concern what waits.
            if before.unwrap_or_default() != in_force && !in_force.is_empty() {
                self.reroute_ask_open(*playbook).await?;
                again.push(*playbook);
            }
        }
        Ok(again)
    }
}
