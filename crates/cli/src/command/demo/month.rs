//! Bringing the invented month into the workspace: what is past by the importer, what waits by the intake, as anybody would.

use crate::{
    exit::Exit,
    node::{Node, importer, operator},
    out::{counted, thousands},
};
use anyhow::{Context as _, Result};
use countersign_app::{
    Options,
    import::{Fault, Row},
    input::CaseInput,
};
use countersign_core::id::CaseId;
use countersign_demo::{CODE_CHANGE, Month, Story, Volume};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::BTreeMap;

const SUPPORT_TRIAGE: &str = include_str!("../../../../../playbooks/support-triage.toml");
const ALERT_TRIAGE: &str = include_str!("../../../../../playbooks/alert-triage.toml");
/// The month is the same for everybody; docs/demo.md speaks of this one.
const SEED: u64 = 20_261_125;
/// Cases that are handed in at once.
const OPENING_MAX: usize = 32;

/// What only the inventor knows of the cases that wait: the right answer.
pub type Truths = BTreeMap<CaseId, String>;

/// Publishes the playbooks and brings everything in; returns the truths of what waits.
pub async fn bring_in(node: &Node, now: i64) -> Result<Truths> {
    for source in [SUPPORT_TRIAGE, ALERT_TRIAGE, CODE_CHANGE] {
        let playbook = node.workspace.playbook_publish(&operator(), source, Options::default()).await?;
        node.out.line(format!("Published the playbook {}, version {}", playbook.name, playbook.version))?;
    }
    let Month { history, waiting } = Month::new(SEED, now, Volume::HISTORY, Volume::WAITING);
    let rows = (1_u64..)
        .zip(history)
        .map(|(line, story)| Ok::<_, Fault>(Row { line, input: serde_json::from_value(story.case).unwrap_or_default() }));
    let report = node.workspace.import(&importer(), rows, |_| {}).await?;
    if let Some(bad) = report.bad_rows.first() {
        return Err(Exit::Refused.because(format!("a case of the demo was refused: {bad}")));
    }
    let judgments: u64 = report.judgments.values().sum();
    node.out.line(format!(
        "Brought in a month that never happened: {} cases, {} proposals, {} judgments by {} people, {} outcomes",
        thousands(report.accepted),
        thousands(report.proposals.values().sum()),
        thousands(judgments),
        report.judgments.len(),
        thousands(report.outcomes)
    ))?;
    let truths: Truths = stream::iter(waiting).map(|story| open(node, story)).buffer_unordered(OPENING_MAX).try_collect().await?;
    node.out.line(format!("{} wait to be decided", counted(truths.len() as u64, "case", "cases")))?;
    Ok(truths)
}

async fn open(node: &Node, story: Story) -> Result<(CaseId, String)> {
    let input: CaseInput = serde_json::from_value(story.case).context("read a case of the demo")?;
    let receipt = node.workspace.case_open(&importer(), input, Options::default()).await?;
    Ok((CaseId(receipt.case), story.truth))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A story that is no case would go in as an empty one; so there must be none.
    #[test]
    fn every_story_is_a_case() {
        let small = Volume { tickets: 50, alerts: 50, changes: 50 };
        let month = Month::new(SEED, 1_795_000_000_000_000, small, small);
        for story in month.history.into_iter().chain(month.waiting) {
            assert!(serde_json::from_value::<CaseInput>(story.case).is_ok());
        }
    }
}
