//! Track records: each version that the ledger names is there, whole, and has the digest that the ledger names. Judges nothing of what
//! they say.

use super::Report;
use crate::{Error, Workspace, track};
use countersign_core::event::{Body, Event};
use countersign_store as store;

impl Workspace {
    pub(super) async fn verify_records(&self, report: &mut Report) -> Result<(), Error> {
        let mut session = self.inner.db.session().await?;
        let rows = store::event::of_streams(session.conn(), self.id.0, &[self.id.0]).await?;
        // What this node read before is not what is stored now.
        let fresh = track::Cache::default();
        for row in rows {
            // An event that cannot be read was reported with the tree.
            let Ok(event) = Event::from_bytes(&row.bytes) else { continue };
            let Body::TrackRecordPublished(body) = &event.body else { continue };
            let version = (body.number, body.digest);
            if let Err(error) = track::read(session.conn(), self.id, body.playbook, version, &fresh).await {
                report.problem("track record", format!("playbook {}, version {}", body.playbook, body.number), error.to_string());
            }
        }
        Ok(())
    }
}
