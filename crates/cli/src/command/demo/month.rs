//! Bringing the invented month into the workspace: what is past by the importer, what waits by the intake, as anybody would.

use super::finding::Finding;
use crate::{
    exit::Exit,
    node::{Node, importer, operator},
    out::{counted, thousands},
};
use anyhow::{Context as _, Result};
use countersign_app::{
    Options,
    import::{Fault, Report, Row},
    input::CaseInput,
};
use countersign_core::id::CaseId;
use countersign_demo::{CODE_CHANGE, Month, Story, Volume};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::JoinHandle;

const SUPPORT_TRIAGE: &str = include_str!("../../../../../playbooks/support-triage.toml");
const ALERT_TRIAGE: &str = include_str!("../../../../../playbooks/alert-triage.toml");
/// The month is the same for everybody; docs/demo.md speaks of this one.
const SEED: u64 = 20_261_125;
/// Cases that are handed in at once.
const OPENING_MAX: usize = 32;

/// What only the inventor knows of the cases that wait: the right answer.
pub type Truths = BTreeMap<CaseId, String>;

/// Invents the month beside whatever else is to be made ready.
pub fn invent(now: i64) -> JoinHandle<Month> {
    tokio::task::spawn_blocking(move || Month::new(SEED, now, Volume::HISTORY, Volume::WAITING))
}

/// What was brought in.
#[derive(Default)]
struct Sum {
    cases: u64,
    proposals: u64,
    judgments: u64,
    people: BTreeSet<String>,
    outcomes: u64,
}

impl Sum {
    fn add(&mut self, report: &Report) {
        self.cases += report.accepted;
        self.proposals += report.proposals.values().sum::<u64>();
        self.judgments += report.judgments.values().sum::<u64>();
        self.people.extend(report.judgments.keys().cloned());
        self.outcomes += report.outcomes;
    }
}

/// Publishes the playbooks and brings everything in. What a playbook's history shows is worked out from then on, while the next comes in.
/// Returns the truths of what waits, and the findings to come.
pub async fn bring_in(node: &Node, month: Month) -> Result<(Truths, Vec<Finding>)> {
    let (mut history, mut sum, mut findings) = (month.history, Sum::default(), Vec::new());
    let mut published = Vec::new();
    for source in [SUPPORT_TRIAGE, ALERT_TRIAGE, CODE_CHANGE] {
        let playbook = node.workspace.playbook_publish(&operator(), source, Options::default()).await?;
        node.out.line(format!("Published the playbook {}, version {}", playbook.name, playbook.version))?;
        published.push(playbook.name);
    }
    for playbook in published {
        let stories: Vec<Story>;
        (stories, history) = history.into_iter().partition(|story| story.case["playbook"] == playbook.as_str());
        let rows = (1_u64..)
            .zip(stories)
            .map(|(line, story)| Ok::<_, Fault>(Row { line, input: serde_json::from_value(story.case).unwrap_or_default() }));
        let report = node.workspace.import(&importer(), rows, |_| {}).await?;
        if let Some(bad) = report.bad_rows.first() {
            return Err(Exit::Refused.because(format!("a case of the demo was refused: {bad}")));
        }
        sum.add(&report);
        findings.push(Finding::begin(node, playbook));
    }
    node.out.line(format!(
        "Brought in a month that never happened: {} cases, {} proposals, {} judgments by {} people, {} outcomes",
        thousands(sum.cases),
        thousands(sum.proposals),
        thousands(sum.judgments),
        sum.people.len(),
        thousands(sum.outcomes)
    ))?;
    let truths: Truths = stream::iter(month.waiting).map(|story| open(node, story)).buffer_unordered(OPENING_MAX).try_collect().await?;
    node.out.line(format!("{} wait to be decided", counted(truths.len() as u64, "case", "cases")))?;
    Ok((truths, findings))
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
