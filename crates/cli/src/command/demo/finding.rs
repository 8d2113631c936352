//! A first, honest finding about one playbook: how good people, AI and both together were, and what could go unreviewed. All
//! of it is computed from the workspace's own history by the rehearsal, with intervals; nothing is taken from the inventor.

use crate::node::Node;
use anyhow::Result;
use countersign_app::rehearsal::{
    Error, Findings, Question,
    findings::{Automation, Verdict},
};

/// The promise that is told of: at most so many errors among what goes unreviewed.
const PROMISE: f64 = 0.02;

/// Rehearses over the playbook's history and tells what came of it.
pub async fn tell(node: &Node, playbook: &str) -> Result<()> {
    let question = Question { alpha: vec![PROMISE], ..Question::default() };
    let out = node.out;
    out.line(format!("\nA first finding: {playbook}"))?;
    let findings = match node.workspace.rehearse(playbook, &[], &question, &mut |_| {}).await {
        Ok(findings) => findings,
        Err(error @ (Error::Input(_) | Error::Science(_))) => return out.line(format!("  It cannot say anything yet: {error}")),
        Err(error) => return Err(error.into()),
    };
    for (who, accuracy) in [
        ("people alone, before any advice", findings.human.accuracy),
        ("the AI alone", findings.ai.accuracy),
        ("people after its advice", findings.observed_pair.accuracy),
    ] {
        let figure = accuracy.map_or_else(|| "not enough yet".to_owned(), |a| right(a.value, a.low, a.high, a.n));
        out.line(format!("  {who:<32} {figure}"))?;
    }
    out.line(format!("  {}", verdict(&findings)))?;
    out.line(format!("  {}", findings.automation.first().map_or_else(|| "What could go unreviewed: not enough yet.".to_owned(), share)))
}

/// "right in 86 % [84, 88], n = 1,207".
fn right(value: f64, low: f64, high: f64, n: u64) -> String {
    format!("right in {:.0} % [{:.0}, {:.0}], n = {}", 100.0 * value, 100.0 * low, 100.0 * high, crate::out::thousands(n))
}

fn verdict(findings: &Findings) -> &'static str {
    match findings.complementarity.observed.verdict {
        Some(Verdict::Complementary) => "Together they were better than either alone.",
        Some(Verdict::Harmful) => "Together they were worse than the better of the two alone.",
        Some(Verdict::NotShown) => "That both together beat the better of the two is not shown.",
        None => "Whether both together beat the better of the two cannot be said yet.",
    }
}

fn share(found: &Automation) -> String {
    let promise = format!("at most {:.0} % errors with a certainty of {:.0} %", 100.0 * found.alpha, 100.0 * (1.0 - found.delta));
    match found.share {
        Some(share) if found.kept() => format!(
            "Of every 100 such cases about {:.0} [{:.0}, {:.0}] could go unreviewed under a promise of {promise}.",
            100.0 * share.value,
            100.0 * share.low,
            100.0 * share.high
        ),
        Some(_) if found.broken() => {
            format!("A promise of {promise} could be certified, and did not hold on fresh cases: nothing should go unreviewed on it.")
        }
        _ => format!("Nothing could go unreviewed under a promise of {promise}."),
    }
}
