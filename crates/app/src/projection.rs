//! Projections: the rows that lists and the queue read, as pure functions of folded cases; and their rebuilding from the events.
//! Never a source of truth.

use crate::{Error, Workspace};
use countersign_core::{
    event::{Body, Event, Phase},
    id::{CaseId, EventId, PersonId, WorkspaceId},
};
use countersign_engine::{CaseState, state::QueueView};
use countersign_store::{
    self as store, Tx, answered::AnsweredRow, case::CaseRow, decision::DecisionRow, mention::MentionRow, playbook::PlaybookRow,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A case that was folded again.
pub(crate) struct CaseChange<'a> {
    pub case: CaseId,
    pub state: &'a CaseState,
    /// Whether it was opened by this very write.
    pub fresh: bool,
}

impl CaseChange<'_> {
    /// The case's row.
    pub(crate) fn row(&self) -> CaseRow {
        let state = self.state;
        let queue = state.queue();
        let signed = crate::writer::signed;
        CaseRow {
            case: self.case.0,
            version: signed(state.version),
            playbook: state.playbook.0,
            playbook_version: signed(state.playbook_version),
            status: state.status_word().to_owned(),
            route: state.route.as_ref().map_or("hold", |r| r.route.as_str()).to_owned(),
            role: queue.as_ref().map(QueueView::who).unwrap_or_default(),
            seats_free: queue.as_ref().map_or(0, |q| i64::from(q.seats_free)),
            opened_at: state.opened_at,
            priority_at: queue.as_ref().map_or(state.opened_at, |q| q.priority_at),
            answer: state.decision.as_ref().map(|d| d.answer.label().to_owned()),
            decided_at: state.decision.as_ref().map(|d| d.made_at),
            deadline_at: queue.as_ref().and_then(|q| q.deadline_at),
            wake_at: queue.as_ref().and_then(|q| q.wake_at),
            excluded: queue.map(|q| q.excluded.into_iter().map(|p| p.0).collect()).unwrap_or_default(),
            fresh: self.fresh,
        }
    }
}

/// What an event changes about the list of decisions.
pub(crate) enum DecisionChange {
    /// A decision was made by the batch's event with this index.
    Made { row: DecisionRow, event: usize },
    /// A decision stands otherwise than before.
    Stands { decision: EventId, status: &'static str, answer: Option<String> },
}

impl DecisionChange {
    /// What `event`, which is the batch's `index`-th, changes; `before` is the case before it.
    pub(crate) fn of(before: Option<&CaseState>, event: &Event, index: usize) -> Vec<Self> {
        let stands = |decision: EventId, status, answer| Self::Stands { decision, status, answer };
        match &event.body {
            Body::DecisionMade(body) => {
                let mut changes = Vec::new();
                if let Some(overturned) = before.and_then(|s| s.decision.as_ref()) {
                    changes.push(stands(overturned.id, "overturned", None));
                }
                changes.push(Self::Made {
                    row: DecisionRow {
                        decision: event.id.0,
                        position: 0,
                        case: event.stream,
                        playbook: before.map_or(Uuid::nil(), |s| s.playbook.0),
                        playbook_version: crate::writer::signed(body.playbook_version),
                        answer: body.answer.label().to_owned(),
                        basis: basis_word(&body.basis).to_owned(),
                        status: "standing".to_owned(),
                        decided_at: event.occurred_at,
                        act_after: body.act_after,
                    },
                    event: index,
                });
                changes
            }
            Body::DecisionWithdrawn(body) => vec![stands(body.decision, "withdrawn", None)],
            Body::DecisionActed(body) => vec![stands(body.decision, "acted", None)],
            Body::DecisionCorrected(body) => vec![stands(body.decision, "corrected", Some(body.answer.label().to_owned()))],
            Body::CaseReopened(body) => vec![stands(body.decision, "reopened", None)],
            _ => Vec::new(),
        }
    }

    /// Writes the changes of a batch, whose events have their positions now.
    pub(crate) async fn write(
        tx: &mut Tx,
        workspace: WorkspaceId,
        changes: &[Self],
        written: &[crate::writer::Written],
    ) -> Result<(), Error> {
        let mut rows = Vec::new();
        for change in changes {
            if let Self::Made { row, event } = change {
                let position = written.get(*event).map_or(0, |w| w.row.position);
                rows.push(DecisionRow { position, ..row.clone() });
            }
        }
        store::decision::insert(tx.conn(), workspace.0, &rows).await?;
        for change in changes {
            if let Self::Stands { decision, status, answer } = change {
                store::decision::stand(tx.conn(), workspace.0, decision.0, status, answer.as_deref()).await?;
            }
        }
        Ok(())
    }
}

fn basis_word(basis: &countersign_core::event::Basis) -> &'static str {
    use countersign_core::event::Basis;
    match basis {
        Basis::Signatures => "signatures",
        Basis::PanelAgreed => "panel_agreed",
        Basis::Adjudicated => "adjudicated",
        Basis::Imported => "imported",
        Basis::Appeal => "appeal",
        Basis::Certificate { .. } => "certificate",
    }
}

/// Who answered on which case, where this event is such an answer. A first one is not: the case is still in that person's hands.
pub(crate) fn answered(event: &Event) -> Option<AnsweredRow> {
    match &event.body {
        Body::JudgmentGiven(body) if body.phase != Phase::First => {
            Some(AnsweredRow { person: body.person.0, case: event.stream, answered_at: event.recorded_at })
        }
        _ => None,
    }
}

/// Whom this event tells of its case: those whom a remark mentions, or the one to whom somebody else gave it.
pub(crate) fn mentioned(event: &Event) -> impl Iterator<Item = MentionRow> {
    let (by, people, assigned): (Uuid, Vec<PersonId>, bool) = match &event.body {
        Body::CommentAdded(body) => (body.person.0, body.mentions.clone(), false),
        Body::CaseAssigned(body) => {
            let to = body.to.filter(|to| body.person != Some(*to));
            (body.person.map_or(Uuid::nil(), |p| p.0), to.into_iter().collect(), true)
        }
        _ => (Uuid::nil(), Vec::new(), false),
    };
    let (id, case, at) = (event.id.0, event.stream, event.recorded_at);
    people.into_iter().map(move |person| MentionRow { person: person.0, event: id, case, by, at, assigned })
}

/// The projections of some streams, computed anew.
#[derive(Default)]
pub(crate) struct Projected {
    pub cases: Vec<CaseRow>,
    pub decisions: Vec<DecisionRow>,
    pub playbooks: Vec<PlaybookRow>,
    pub answered: Vec<AnsweredRow>,
    pub mentions: Vec<MentionRow>,
}

/// Folds streams one after the other into projections.
#[derive(Default)]
pub(crate) struct Replay {
    current: Option<(Uuid, Option<CaseState>)>,
    answered: BTreeMap<Uuid, AnsweredRow>,
    out: Projected,
}

impl Replay {
    /// Takes the next event; events come stream by stream, in the order of each stream.
    pub(crate) fn take(&mut self, position: i64, event: &Event) {
        if self.current.as_ref().is_none_or(|(stream, _)| *stream != event.stream) {
            self.finish();
            self.current = Some((event.stream, None));
        }
        let Some((_, state)) = &mut self.current else { return };
        match &event.body {
            Body::PlaybookPublished(body) => {
                self.out.playbooks.push(PlaybookRow {
                    playbook: body.playbook.0,
                    version: crate::writer::signed(body.version),
                    name: body.name.clone(),
                });
                return;
            }
            _ if countersign_core::event::case_of(event).is_none() => return,
            _ => {}
        }
        self.answered.extend(answered(event).map(|row| (row.person, row)));
        self.out.mentions.extend(mentioned(event));
        for change in DecisionChange::of(state.as_ref(), event, 0) {
            match change {
                DecisionChange::Made { row, .. } => self.out.decisions.push(DecisionRow { position, ..row }),
                DecisionChange::Stands { decision, status, answer } => {
                    if let Some(row) = self.out.decisions.iter_mut().rev().find(|r| r.decision == decision.0) {
                        row.status = status.to_owned();
                        row.answer = answer.unwrap_or_else(|| row.answer.clone());
                    }
                }
            }
        }
        match state {
            None => *state = CaseState::fold(std::iter::once(event)),
            Some(state) => state.apply(event),
        }
    }

    fn finish(&mut self) {
        self.out.answered.extend(std::mem::take(&mut self.answered).into_values());
        if let Some((stream, Some(state))) = self.current.take() {
            self.out.cases.push(CaseChange { case: CaseId(stream), state: &state, fresh: false }.row());
        }
    }

    /// What was folded so far, with the last stream finished only at the end.
    pub(crate) fn drain(&mut self, at_end: bool) -> Projected {
        if at_end {
            self.finish();
        }
        std::mem::take(&mut self.out)
    }
}

impl Workspace {
    /// Rebuilds the projections from the events, in one transaction: whoever reads sees the old ones until the new ones are
    /// complete. Returns the number of events folded.
    ///
    /// # Errors
    /// Where an event is of an unknown type, or the storage fails; the old projections stay then.
    pub async fn projections_rebuild(&self) -> Result<u64, Error> {
        const EVENTS_AT_ONCE: i64 = 5_000;
        let mut tx = self.inner.db.begin().await?;
        let now = self.inner.env.now();
        // Holding the head keeps every other writer out until the new projections are complete.
        store::log_head::hold(tx.conn(), self.id.0).await?;
        store::case::clear(tx.conn(), self.id.0).await?;
        store::decision::clear(tx.conn(), self.id.0).await?;
        store::playbook::clear(tx.conn(), self.id.0).await?;
        store::answered::clear(tx.conn(), self.id.0).await?;
        store::mention::clear(tx.conn(), self.id.0).await?;
        // No projection, but derived too: every node makes them again when it starts.
        store::precedent::clear(tx.conn(), self.id.0).await?;
        store::search::clear(tx.conn(), self.id.0).await?;
        let mut replay = Replay::default();
        let mut after = (Uuid::nil(), 0);
        let mut events = 0_u64;
        loop {
            let page = store::event::by_stream(tx.conn(), self.id.0, after, EVENTS_AT_ONCE).await?;
            let at_end = page.is_empty();
            for row in &page {
                replay.take(row.position, &Event::from_bytes(&row.bytes)?);
                after = (row.stream, row.stream_version);
            }
            events += page.len() as u64;
            let projected = replay.drain(at_end);
            store::case::upsert(tx.conn(), self.id.0, &projected.cases, now).await?;
            store::decision::insert(tx.conn(), self.id.0, &projected.decisions).await?;
            store::answered::upsert(tx.conn(), self.id.0, &projected.answered).await?;
            store::mention::insert(tx.conn(), self.id.0, &projected.mentions).await?;
            for row in &projected.playbooks {
                store::playbook::insert(tx.conn(), self.id.0, row).await?;
            }
            if at_end {
                break;
            }
        }
        store::case::counts_fill(tx.conn(), self.id.0).await?;
        tx.commit().await?;
        Ok(events)
    }
}
