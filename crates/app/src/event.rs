//! Events as they are told: notices without bodies for whoever listens, and full pages for whoever may read the ledger.

use crate::{App, Error, Workspace, view::EventView};
use countersign_core::{
    event::{Event, case_of},
    id::{CaseId, EventId, WorkspaceId},
};
use countersign_store as store;
use serde::Serialize;
use tokio::sync::broadcast;

/// Notices that may wait for a slow listener; beyond that it is told to catch up from its last position.
pub const NOTICES_WAITING_MAX: usize = 4_096;

/// Word that something was written. Never what: that would tell a reviewer what the AI said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The workspace.
    #[serde(skip)]
    pub workspace: WorkspaceId,
    /// Place in the log.
    pub position: u64,
    /// The event.
    pub id: EventId,
    /// Its type.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// Its case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
}

impl App {
    /// Listens to what this node writes. Other nodes' events are found by their positions.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Notice> {
        self.inner.notices.subscribe()
    }

    /// Work that waits for the writer.
    #[must_use]
    pub fn writer_depth(&self) -> usize {
        self.inner.writer.depth()
    }
}

impl Workspace {
    /// Full events from a position on, with their values opened as far as they still exist.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn events_from(&self, position: u64, limit: u32) -> Result<Vec<EventView>, Error> {
        let mut session = self.inner.db.session().await?;
        let rows =
            store::event::from_position(session.conn(), self.id.0, i64::try_from(position).unwrap_or(i64::MAX), i64::from(limit)).await?;
        let mut streams: Vec<uuid::Uuid> = rows.iter().map(|r| r.stream).collect();
        streams.sort_unstable();
        streams.dedup();
        let values = self.values_of(&mut session, &streams).await?;
        rows.iter()
            .map(|row| {
                let mut event = serde_json::from_slice(&row.bytes).map_err(|e| Error::Damaged(e.to_string()))?;
                values.open_in(&mut event);
                Ok(EventView { position: u64::try_from(row.position).unwrap_or(0), event })
            })
            .collect()
    }

    /// Notices from a position on, for a listener who was away.
    ///
    /// # Errors
    /// Where the storage fails.
    pub async fn notices_from(&self, position: u64, limit: u32) -> Result<Vec<Notice>, Error> {
        let mut session = self.inner.db.session().await?;
        let rows =
            store::event::from_position(session.conn(), self.id.0, i64::try_from(position).unwrap_or(i64::MAX), i64::from(limit)).await?;
        rows.iter()
            .map(|row| {
                let event = Event::from_bytes(&row.bytes)?;
                Ok(Notice {
                    workspace: self.id,
                    position: u64::try_from(row.position).unwrap_or(0),
                    id: event.id,
                    type_name: event.body.type_name(),
                    case: case_of(&event),
                })
            })
            .collect()
    }
}
