//! The proof of a settled case, event by event, for whoever checks it in a browser: bytes, inclusion proofs, and the checkpoint that
//! they lead to. The whole evidence of a decision is in its bundle.

use crate::{Error, Workspace, integrator};
use countersign_core::{
    id::{CaseId, PersonId},
    refusal::{Code, Refusal},
};
use countersign_engine::state::Status;
use countersign_store as store;
use serde::Serialize;
use uuid::Uuid;

/// Events of a case that are proven at once; the rest is in the bundle.
pub const PROVEN_EVENTS_MAX: usize = 500;

/// Events with their proofs.
#[derive(Debug, Serialize)]
pub struct CaseProof {
    /// The log's present key, as a C2SP vkey.
    pub key: String,
    /// The latest checkpoint, as a C2SP signed note.
    pub checkpoint: String,
    /// The events in their order.
    pub events: Vec<EventProof>,
}

/// One event with its proof.
#[derive(Debug, Serialize)]
pub struct EventProof {
    /// The event.
    pub id: Uuid,
    /// Its leaf's number in the log.
    pub index: u64,
    /// Its canonical bytes, which are UTF-8.
    pub bytes: String,
    /// The inclusion proof: hashes in hexadecimal digits, from the leaf upwards. Absent where the checkpoint does not cover the event
    /// yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hashes: Option<Vec<String>>,
}

impl Workspace {
    /// The proof of a case's events, of which each holds commitments where values are sealed. Only once the case is settled: its
    /// events tell what the AI and others said.
    ///
    /// # Errors
    /// Where there is no such case, or somebody may still have to answer on it.
    pub async fn case_proof(&self, case: CaseId, viewer: Option<PersonId>) -> Result<CaseProof, Error> {
        let file = self.file(case).await?;
        let settled = matches!(file.state.status(), Status::Decided | Status::Acted);
        if !settled || file.withheld_from(viewer) {
            let detail = "what is proven tells what everybody answered, so the proof is given once the case is decided";
            return Err(Refusal::new(Code::NotIndependent, detail).into());
        }
        let control = self.control().await?;
        let log = integrator::present(&control)?;
        let signed =
            self.signed().await?.ok_or_else(|| Refusal::new(Code::Busy, "the log has no checkpoint yet: try again in a second"))?;
        let mut session = self.inner.db.session().await?;
        let rows = store::event::of_stream(session.conn(), self.id.0, case.0).await?;
        drop(session);
        let mut events = Vec::new();
        for row in rows.iter().rev().take(PROVEN_EVENTS_MAX).rev() {
            // What was written before a restore lies in the old log.
            let Some(index) = u64::try_from(row.position).ok().and_then(|position| position.checked_sub(log.base)) else { continue };
            let hashes = match index < signed.checkpoint.size {
                true => Some(self.inclusion_hashes(log, index, signed.checkpoint.size).await?),
                false => None,
            };
            events.push(EventProof {
                id: row.id,
                index,
                bytes: String::from_utf8_lossy(&row.bytes).into_owned(),
                hashes: hashes.map(|hashes| hashes.iter().map(ToString::to_string).collect()),
            });
        }
        Ok(CaseProof { key: self.log_key().await?, checkpoint: signed.note, events })
    }
}
