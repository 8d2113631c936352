//! A first, honest finding about one playbook: how good people, AI and both together were, and what could go unreviewed. All
//! of it is computed from the workspace's own history by the rehearsal, with intervals; nothing is taken from the inventor.

use crate::{node::Node, out::Out};
use anyhow::Result;
use countersign_app::rehearsal::{
    Error, Findings, Question,
    findings::{Automation, Verdict},
};
use tokio::{runtime::Handle, task::JoinHandle};

/// The promise that is told of: at most so many errors among what goes unreviewed.
const PROMISE: f64 = 0.02;
/// What is told of where that cannot be given, loosest last.
const LOOSER: [f64; 7] = [0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2];

/// A rehearsal over a playbook's history, worked out beside everything else.
pub struct Finding {
    playbook: String,
    found: JoinHandle<Result<Findings, Error>>,
}

impl Finding {
    /// Begins, on a thread of its own: it takes longer than others may wait.
    pub fn begin(node: &Node, playbook: String) -> Self {
        let (workspace, name, runtime) = (node.workspace.clone(), playbook.clone(), Handle::current());
        let question = Question { alpha: [&[PROMISE][..], &LOOSER].concat(), ..Question::default() };
        let work = move || runtime.block_on(workspace.rehearse(&name, &[], &question, &mut |_| {}));
        Self { playbook, found: tokio::task::spawn_blocking(work) }
    }
}

/// Tells what came of a rehearsal.
pub async fn tell(out: Out, finding: Finding) -> Result<()> {
    out.line(format!("\nA first finding: {}", finding.playbook))?;
    let findings = match finding.found.await? {
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
    out.line(format!("  {}", unreviewed(&findings.automation)))
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

/// What could go unreviewed under the promise; where nothing could, the strictest promise that holds instead.
fn unreviewed(automation: &[Automation]) -> String {
    let Some(promised) = automation.first() else { return "What could go unreviewed: not enough yet.".to_owned() };
    let promise = |a: &Automation| format!("at most {} % errors", percent(a.alpha));
    let asked = format!("{} with a certainty of {:.0} %", promise(promised), 100.0 * (1.0 - promised.delta));
    if let Some(share) = kept(promised) {
        return format!("Of every 100 such cases about {share} could go unreviewed under a promise of {asked}.");
    }
    let asked = if promised.broken() {
        format!("A promise of {asked} could be certified, and did not hold on fresh cases")
    } else {
        format!("Nothing could go unreviewed under a promise of {asked}")
    };
    // From the loosest on, as long as each holds: so tried, the chance that any of them is wrongly given stays that of one.
    let holds = automation.iter().rev().map_while(|a| kept(a).map(|share| (a, share))).last();
    match holds {
        Some((least, share)) => {
            format!("{asked}; the strictest that holds is {}, for about {share} of every 100 such cases.", promise(least))
        }
        None => format!("{asked}, nor does any up to {} % hold.", percent(automation.last().map_or(promised.alpha, |a| a.alpha))),
    }
}

/// The share that could go unreviewed, where there is one and fresh cases kept the promise.
fn kept(found: &Automation) -> Option<String> {
    let share = found.share.filter(|_| found.kept())?;
    Some(format!("{:.0} [{:.0}, {:.0}]", 100.0 * share.value, 100.0 * share.low, 100.0 * share.high))
}

/// `2`, `7.5`: a share in percent, without digits that say nothing.
fn percent(share: f64) -> f64 {
    (share * 1_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_app::rehearsal::Estimate;

    fn at(alpha: f64, share: f64, error: f64) -> Automation {
        let figure = |value: f64| Estimate { value, low: value * 0.9, high: value * 1.1, n: 100 };
        Automation {
            alpha,
            delta: 0.05,
            share: Some(figure(share)),
            error: (share > 0.0).then(|| figure(error)),
            threshold: None,
            certified_on: 100,
            reason: None,
        }
    }

    #[test]
    fn where_the_promise_cannot_be_given_the_strictest_that_can_is_named() {
        let given = unreviewed(&[at(0.02, 0.4, 0.01), at(0.05, 0.6, 0.03)]);
        assert_eq!(
            given,
            "Of every 100 such cases about 40 [36, 44] could go unreviewed under a promise of at most 2 % errors with a certainty of 95 %."
        );
        let looser = unreviewed(&[at(0.02, 0.0, 0.0), at(0.05, 0.0, 0.0), at(0.075, 0.3, 0.05), at(0.1, 0.5, 0.08)]);
        assert!(
            looser.ends_with("the strictest that holds is at most 7.5 % errors, for about 30 [27, 33] of every 100 such cases."),
            "{looser}"
        );
        // One in between that does not hold ends it: nothing stricter is claimed.
        let broken = unreviewed(&[at(0.02, 0.0, 0.0), at(0.05, 0.3, 0.04), at(0.075, 0.3, 0.09), at(0.1, 0.5, 0.08)]);
        assert!(broken.contains("the strictest that holds is at most 10 % errors"), "{broken}");
        let none = unreviewed(&[at(0.02, 0.0, 0.0), at(0.2, 0.0, 0.0)]);
        assert_eq!(
            none,
            "Nothing could go unreviewed under a promise of at most 2 % errors with a certainty of 95 %, nor does any up to 20 % hold."
        );
        let broken = unreviewed(&[at(0.02, 0.3, 0.03), at(0.05, 0.3, 0.03)]);
        assert!(
            broken.contains("could be certified, and did not hold on fresh cases; the strictest that holds is at most 5 %"),
            "{broken}"
        );
        assert_eq!(unreviewed(&[]), "What could go unreviewed: not enough yet.");
    }
}
