//! From decided events to rows: envelopes, canonical bytes, leaf hashes, positions. Decides nothing.

use crate::{Caller, Error, Inner, event::Notice};
use countersign_core::{
    event::{Event, case_of},
    id::WorkspaceId,
    limits::EVENT_BYTES_MAX,
    number::Micros,
    refusal::{Code, Refusal},
};
use countersign_engine::NewEvent;
use countersign_ledger::{canonical, merkle};
use countersign_store::{self as store, Tx, event::EventRow};
use uuid::Uuid;

/// An event with its stored form.
pub(crate) struct Written {
    pub event: Event,
    pub row: EventRow,
}

impl Written {
    /// Encodes and hashes.
    pub(crate) fn new(event: Event) -> Result<Self, Error> {
        let bytes =
            canonical::to_vec(&event).map_err(|error| Refusal::new(Code::Invalid, format!("a value cannot be recorded: {error}")))?;
        if bytes.len() > EVENT_BYTES_MAX {
            return Err(Refusal::new(
                Code::TooLarge,
                format!(
                    "the event would have {} bytes, and {EVENT_BYTES_MAX} is the limit: use fewer fields or shorter names",
                    bytes.len()
                ),
            )
            .into());
        }
        let row = EventRow {
            position: 0,
            stream: event.stream,
            stream_version: signed(event.stream_version),
            id: event.id.0,
            type_name: event.body.type_name().to_owned(),
            recorded_at: event.recorded_at,
            leaf: merkle::leaf_hash(&bytes).as_bytes().to_vec(),
            bytes,
        };
        Ok(Self { event, row })
    }
}

/// An unsigned number as the database keeps it.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Puts a decided event into its envelope.
pub(crate) fn enveloped(
    new: NewEvent,
    workspace: WorkspaceId,
    stream: Uuid,
    stream_version: u64,
    caller: &Caller,
    recorded_at: Micros,
) -> Event {
    Event {
        id: new.id,
        workspace,
        stream,
        stream_version,
        occurred_at: new.occurred_at,
        recorded_at,
        actor: caller.actor.clone(),
        source: caller.source,
        causation: new.causation,
        body: new.body,
    }
}

/// Advances the log and appends the events at their positions: the last two statements of every write but the decisions' rows.
///
/// A control epoch that has moved is a conflict: decide again.
pub(crate) async fn append(tx: &mut Tx, workspace: WorkspaceId, mut events: Vec<Written>, epoch: i64) -> Result<Vec<Written>, Error> {
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let size = store::log_head::advance(tx.conn(), workspace.0, count, epoch)
        .await?
        .ok_or(store::Error::Conflict { attempted: "write under an outdated view of who may do what" })?;
    for (written, position) in events.iter_mut().zip(size - count..) {
        written.row.position = position;
    }
    let (rows, events): (Vec<EventRow>, Vec<Event>) = events.into_iter().map(|w| (w.row, w.event)).unzip();
    store::event::append(tx.conn(), workspace.0, &rows).await?;
    Ok(rows.into_iter().zip(events).map(|(row, event)| Written { event, row }).collect())
}

impl Inner {
    /// Tells whoever listens what was written. Never before the commit.
    pub(crate) fn notify<'w>(&self, written: impl Iterator<Item = &'w Written>) {
        if self.notices.receiver_count() == 0 {
            return;
        }
        for w in written {
            // Nobody listening any more is no error.
            let _ = self.notices.send(Notice {
                workspace: w.event.workspace,
                position: u64::try_from(w.row.position).unwrap_or(0),
                id: w.event.id,
                type_name: w.event.body.type_name(),
                case: case_of(&w.event),
            });
        }
    }
}
