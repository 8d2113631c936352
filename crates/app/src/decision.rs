//! Decisions as they stand, in commit order, page by page. Writes nothing.

use crate::{
    Error, Workspace,
    control::Control,
    view::{DecisionView, Page},
};
use countersign_core::{
    id::{EventId, PlaybookId},
    limits::PAGE_ITEMS_MAX,
    refusal::{Code, Refusal},
    time,
};
use countersign_engine::CaseState;
use countersign_privacy::{sign_token, verify_token};
use countersign_store::{self as store, decision::DecisionRow};

/// Stands in the place of an answer that the reader may still have to give independently.
const WITHHELD: &str = "(withheld until you have answered)";

pub(crate) fn bad_cursor() -> Error {
    Refusal::invalid("/cursor", "this cursor is not of this list: begin without one").into()
}

impl Workspace {
    /// Decisions in commit order. A reader who keeps the last cursor misses none and sees none twice.
    ///
    /// # Errors
    /// Where the playbook or the cursor is unknown or the storage fails.
    pub async fn decisions_list(
        &self,
        playbook: Option<&str>,
        status: Option<&str>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<DecisionView>, Error> {
        let control = self.control().await?;
        let playbook = playbook.map(|name| control.playbook_id(name)).transpose()?.map(|id| id.0);
        let after: i64 = self.cursor_open("decisions", cursor)?.map_or(Ok(-1), |text| text.parse().map_err(|_| bad_cursor()))?;
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let mut session = self.inner.db.session().await?;
        let mut rows = store::decision::list(session.conn(), self.id.0, playbook, after, i64::from(limit) + 1).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|r| self.cursor_sign("decisions", &r.position.to_string())).transpose()?;
        rows.retain(|r| status.is_none_or(|s| s == r.status));
        let seen = self.seen_of(&rows.iter().map(|r| r.case).collect::<Vec<_>>()).await?;
        rows.retain(|r| seen.contains(&r.case));
        self.withhold(&mut session, &mut rows).await?;
        let items = rows.into_iter().map(|r| decision_view(&control, r)).collect();
        Ok(Page { items, next })
    }

    /// One decision.
    ///
    /// # Errors
    /// Where there is none or the storage fails.
    pub async fn decision_get(&self, decision: EventId) -> Result<DecisionView, Error> {
        let control = self.control().await?;
        let mut session = self.inner.db.session().await?;
        let mut rows: Vec<DecisionRow> = store::decision::get(session.conn(), self.id.0, decision.0).await?.into_iter().collect();
        self.withhold(&mut session, &mut rows).await?;
        rows.pop().map(|r| decision_view(&control, r)).ok_or_else(|| Refusal::new(Code::NotFound, "there is no such decision").into())
    }

    /// Takes the answers out that a reader may still have to give independently: on an appeal, or once a case is open again.
    async fn withhold(&self, session: &mut store::Session, rows: &mut [DecisionRow]) -> Result<(), Error> {
        if self.reader.is_none() {
            return Ok(());
        }
        let cases: Vec<uuid::Uuid> = rows.iter().map(|r| r.case).collect();
        let settled: std::collections::HashSet<uuid::Uuid> = store::case::of(session.conn(), self.id.0, &cases)
            .await?
            .into_iter()
            .filter(|c| matches!(c.status.as_str(), "decided" | "acted"))
            .map(|c| c.case)
            .collect();
        for row in rows.iter_mut().filter(|r| !settled.contains(&r.case)) {
            row.answer = WITHHELD.to_owned();
        }
        Ok(())
    }

    /// The decision that stands on a case.
    pub(crate) async fn decision_standing(&self, state: &CaseState) -> Result<Option<DecisionView>, Error> {
        match &state.decision {
            Some(decision) => self.decision_get(decision.id).await.map(Some),
            None => Ok(None),
        }
    }

    /// Signs a place in a list, so that nobody can make one up.
    pub(crate) fn cursor_sign(&self, list: &str, place: &str) -> Result<String, Error> {
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        Ok(sign_token(&keys.cursor, list, place.as_bytes())?)
    }

    /// Opens a signed place.
    pub(crate) fn cursor_open(&self, list: &str, cursor: Option<&str>) -> Result<Option<String>, Error> {
        let Some(cursor) = cursor else { return Ok(None) };
        let keys = self.inner.seals.of(&self.inner.root, self.id);
        let payload = verify_token(&keys.cursor, list, cursor).map_err(|_| bad_cursor())?;
        String::from_utf8(payload).map(Some).map_err(|_| bad_cursor())
    }
}

fn decision_view(control: &Control, row: DecisionRow) -> DecisionView {
    DecisionView {
        decision: row.decision,
        case: row.case,
        playbook: control.playbook_name(PlaybookId(row.playbook)),
        playbook_version: u64::try_from(row.playbook_version).unwrap_or(0),
        answer: row.answer,
        basis: row.basis,
        status: row.status,
        at: time::format_rfc3339(row.decided_at),
        act_after: time::format_rfc3339(row.act_after),
    }
}
