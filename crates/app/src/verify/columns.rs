//! The second half of a verification: the columns that find an event against its bytes, and the projections against a replay.

use super::{Progress, Report, pages};
use crate::{Error, Workspace, projection::Replay};
use countersign_core::event::{self, Event};
use countersign_store::{
    self as store, answered::AnsweredRow, case::CaseRow, decision::DecisionRow, event::EventRow, mention::MentionRow, playbook::PlaybookRow,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Rows of a projection that are read at once.
const ROWS_AT_ONCE: i64 = 4_096;

/// What is stored, taken out as the replay confirms it; what is left at the end should not be there.
struct Stored {
    decisions: BTreeMap<Uuid, DecisionRow>,
    playbooks: BTreeSet<PlaybookRow>,
    exclusions: BTreeMap<Uuid, BTreeSet<Uuid>>,
    answered: BTreeSet<AnsweredRow>,
    mentions: BTreeSet<MentionRow>,
    cases_seen: u64,
}

impl Workspace {
    pub(super) async fn verify_replay(&self, report: &mut Report, progress: &(dyn Fn(Progress) + Sync)) -> Result<(), Error> {
        let total = self.head_size().await?;
        let mut stored = self.stored().await?;
        let mut replay = Replay::default();
        let mut after = (Uuid::nil(), 0);
        let mut expected = 1;
        let mut done = 0_u64;
        let mut pages = pages::by_stream(self);
        let mut session = self.inner.db.session().await?;
        loop {
            let page = pages.recv().await.unwrap_or_else(|| Ok(Vec::new()))?;
            let at_end = page.is_empty();
            for (row, event) in &page {
                expected = if row.stream == after.0 { expected + 1 } else { 1 };
                after = (row.stream, row.stream_version);
                let Some(event) = self.columns(report, row, event, expected) else { continue };
                replay.take(row.position, event);
            }
            done += page.len() as u64;
            progress(Progress { stage: "replay", done, total });
            let projected = replay.drain(at_end);
            self.cases_checked(report, &mut session, &mut stored, projected.cases).await?;
            decisions_checked(report, &mut stored, projected.decisions);
            for row in projected.playbooks {
                report.rows += 1;
                if !stored.playbooks.remove(&row) {
                    report.problem(
                        "projection",
                        format!("playbook {} version {}", row.name, row.version),
                        "is not listed as its event says",
                    );
                }
            }
            for row in projected.answered {
                report.rows += 1;
                if !stored.answered.remove(&row) {
                    report.problem("projection", format!("answers on case {}", row.case), "are not listed as the case's events say");
                }
            }
            for row in projected.mentions {
                report.rows += 1;
                if !stored.mentions.remove(&row) {
                    report.problem("projection", format!("mentions on case {}", row.case), "are not listed as the case's events say");
                }
            }
            if at_end {
                break;
            }
        }
        self.left_over(report, &stored).await
    }

    async fn stored(&self) -> Result<Stored, Error> {
        let mut session = self.inner.db.session().await?;
        let mut decisions = BTreeMap::new();
        let mut after = -1;
        loop {
            let page = store::decision::list(session.conn(), self.id.0, None, after, ROWS_AT_ONCE).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            decisions.extend(page.into_iter().map(|r| (r.decision, r)));
        }
        let playbooks = store::playbook::list(session.conn(), self.id.0).await?.into_iter().collect();
        let mut exclusions: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
        for (case, person) in store::case::exclusions(session.conn(), self.id.0).await? {
            exclusions.entry(case).or_default().insert(person);
        }
        let answered = store::answered::list(session.conn(), self.id.0).await?.into_iter().collect();
        let mentions = store::mention::list(session.conn(), self.id.0).await?.into_iter().collect();
        Ok(Stored { decisions, playbooks, exclusions, answered, mentions, cases_seen: 0 })
    }

    /// Holds an event's columns against its bytes.
    fn columns<'e>(&self, report: &mut Report, row: &EventRow, read: &'e Result<Event, event::Error>, expected: i64) -> Option<&'e Event> {
        let place = format!("position {}", row.position);
        let event = match read {
            Ok(event) => event,
            Err(error) => {
                report.problem("event", place, error.to_string());
                return None;
            }
        };
        let differs: Vec<&str> = [
            ("stream", event.stream != row.stream),
            ("stream_version", crate::writer::signed(event.stream_version) != row.stream_version),
            ("id", event.id.0 != row.id),
            ("type", event.body.type_name() != row.type_name),
            ("recorded_at", event.recorded_at != row.recorded_at),
            ("workspace", event.workspace != self.id),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect();
        if !differs.is_empty() {
            report.problem("column", place, format!("the columns {} differ from the event's bytes", differs.join(", ")));
            return None;
        }
        if row.stream_version != expected {
            report.problem("event", place, format!("is version {} of its stream where {expected} was expected", row.stream_version));
        }
        Some(event)
    }

    async fn cases_checked(
        &self,
        report: &mut Report,
        session: &mut store::Session,
        stored: &mut Stored,
        replayed: Vec<CaseRow>,
    ) -> Result<(), Error> {
        let ids: Vec<Uuid> = replayed.iter().map(|r| r.case).collect();
        let rows: BTreeMap<Uuid, CaseRow> =
            store::case::of(session.conn(), self.id.0, &ids).await?.into_iter().map(|r| (r.case, r)).collect();
        for wanted in replayed {
            report.rows += 1;
            stored.cases_seen += 1;
            let place = format!("case {}", wanted.case);
            let excluded = stored.exclusions.remove(&wanted.case).unwrap_or_default();
            if excluded != wanted.excluded.iter().copied().collect() {
                report.problem("projection", &place, "lists other people who may not answer than its events say");
            }
            match rows.get(&wanted.case) {
                None => report.problem("projection", place, "is missing"),
                // Whether a case is available right now, and when it wakes, depends on leases, which are operational.
                Some(row) if (CaseRow { wake_at: None, excluded: Vec::new(), fresh: false, ..wanted }) != *row => {
                    report.problem("projection", place, "differs from what its events say");
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    async fn left_over(&self, report: &mut Report, stored: &Stored) -> Result<(), Error> {
        for decision in stored.decisions.keys() {
            report.problem("projection", format!("decision {decision}"), "is listed, and no event made it");
        }
        for playbook in &stored.playbooks {
            report.problem(
                "projection",
                format!("playbook {} version {}", playbook.name, playbook.version),
                "is listed, and no event published it",
            );
        }
        for case in stored.exclusions.keys() {
            report.problem("projection", format!("case {case}"), "lists people who may not answer, and has no events");
        }
        for row in &stored.mentions {
            report.problem("projection", format!("mentions on case {}", row.case), "are listed, and no event made them");
        }
        for row in &stored.answered {
            report.problem("projection", format!("answers on case {}", row.case), "are listed, and no event gave them");
        }
        let mut session = self.inner.db.session().await?;
        let anew = store::case::counts_anew(session.conn(), self.id.0).await?;
        if store::case::counts(session.conn(), self.id.0).await? != anew {
            report.problem("projection", "counts of cases", "differ from the cases that are listed");
        }
        let counted: i64 = anew.iter().map(|(_, _, n)| n).sum();
        if u64::try_from(counted).unwrap_or(0) != stored.cases_seen {
            report.problem("projection", "cases", format!("{counted} are listed where the events open {}", stored.cases_seen));
        }
        Ok(())
    }
}

fn decisions_checked(report: &mut Report, stored: &mut Stored, replayed: Vec<DecisionRow>) {
    for wanted in replayed {
        report.rows += 1;
        let place = format!("decision {}", wanted.decision);
        match stored.decisions.remove(&wanted.decision) {
            None => report.problem("projection", place, "is missing"),
            Some(row) if row != wanted => report.problem("projection", place, "differs from what its events say"),
            Some(_) => {}
        }
    }
}
