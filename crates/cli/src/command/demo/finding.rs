//! A first, honest finding: who was how often right, as far as outcomes tell. Counts only; intervals come with the science.

use crate::node::Node;
use anyhow::Result;
use countersign_app::view::CaseView;
use countersign_core::id::CaseId;
use std::collections::BTreeMap;

const PAGE_ITEMS: u32 = 500;

/// Right answers of all answers whose outcome is known.
#[derive(Default, Clone, Copy)]
struct Score {
    right: u64,
    of: u64,
}

impl Score {
    fn add(&mut self, right: bool) {
        self.right += u64::from(right);
        self.of += 1;
    }
}

/// Counts over the tickets and tells.
pub async fn tell(node: &Node) -> Result<()> {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let (mut known, mut total, mut cursor) = (0_u64, 0_u64, None);
    loop {
        let page = node.cases(Some("support-triage"), None, cursor.as_deref(), PAGE_ITEMS).await?;
        for summary in &page.items {
            let case = node.workspace.case_get(CaseId(summary.case), None).await?;
            total += 1;
            known += u64::from(case.outcome.is_some());
            count(&case, &mut scores);
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let out = node.out;
    out.line(format!("\nA first finding, over {known} of {total} tickets whose outcome is known"))?;
    for (who, Score { right, of }) in &scores {
        #[expect(clippy::cast_precision_loss, reason = "a percentage for people, of counts far below 2^52")]
        let percent = if *of == 0 { 0.0 } else { 100.0 * *right as f64 / *of as f64 };
        out.line(format!("  {who:<28} right in {right} of {of} ({percent:.0} %)"))?;
    }
    out.line("  These are plain counts. People saw other tickets with advice than without, so the difference between the two lines")?;
    out.line("  is not what the advice did; and no line has an interval yet. Both come with the science.")
}

fn count(case: &CaseView, scores: &mut BTreeMap<String, Score>) {
    let Some(outcome) = &case.outcome else { return };
    for proposal in &case.proposals {
        scores.entry(format!("AI, {}", proposal.proposer)).or_default().add(proposal.answer == *outcome);
    }
    for judgment in &case.judgments {
        let who = if judgment.advice == "yes" { "people who saw advice" } else { "people without advice" };
        scores.entry(who.to_owned()).or_default().add(judgment.answer == *outcome);
    }
}
