//! What it costs to ask the rules. Never measures a database.

use crate::{
    reality,
    table::{Line, Target},
};
use anyhow::{Result, anyhow};
use countersign_policy::{Action, Actor, Fact, Playbook, Request, Rules};
use std::{fmt::Write as _, hint::black_box};

/// Playbooks over which rules are spread.
const PLAYBOOKS: usize = 10;

/// How much to measure.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Arguments {
    /// Rules of the workspace
    #[arg(long, default_value_t = 100)]
    rules: usize,
    /// Decisions that are timed in each repetition
    #[arg(long, default_value_t = 5_000)]
    decisions: usize,
}

/// All lines.
pub fn measure(repeat: usize, arguments: Arguments) -> Result<Vec<Line>> {
    let compiled =
        |text: &str| Rules::compile(text).map_err(|problems| anyhow!("{}", problems.first().map(ToString::to_string).unwrap_or_default()));
    let defaults = compiled("")?;
    let spread = compiled(&text(arguments.rules, |at| format!("p{}", at % PLAYBOOKS)))?;
    let together = compiled(&text(arguments.rules, |_| "p0".to_owned()))?;
    let (mut bare, mut ordinary, mut worst, mut ratio) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..repeat {
        let first = micros(&defaults, arguments.decisions);
        let second = micros(&spread, arguments.decisions);
        bare.push(first);
        ordinary.push(second);
        ratio.push(second / first);
        worst.push(micros(&together, arguments.decisions));
    }
    let line = |what: &str, figures, unit, target| Line {
        benchmark: "rules",
        engine: "",
        what: what.into(),
        n: arguments.decisions,
        figures,
        unit,
        target,
    };
    let many = arguments.rules;
    Ok(vec![
        line("a decision by the defaults alone", bare, "µs", None),
        line(&format!("a decision under {many} rules, spread over {PLAYBOOKS} playbooks"), ordinary, "µs", Some(Target::AtMost(100.0))),
        line("that, to one by the defaults alone", ratio, "", None),
        line(&format!("a decision under {many} rules that all speak of it"), worst, "µs", None),
    ])
}

/// Rules that ask about the case and about roles, as people write them.
fn text(rules: usize, playbook: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for at in 0..rules {
        // Writing to a text never fails.
        let _ = writeln!(
            text,
            "@id(\"r{at}\") @says(\"Rule {at}.\") forbid (principal, action in Action::\"answer\", resource in Playbook::\"{}\") when {{ \
             resource.numbers.hasTag(\"amount\") && resource.numbers.getTag(\"amount\").greaterThan(decimal(\"{}.0\")) }} unless {{ principal in \
             Role::\"senior\" }};",
            playbook(at),
            10_000 + at
        );
    }
    text
}

/// Microseconds a decision.
fn micros(rules: &Rules, decisions: usize) -> f64 {
    let roles = ["staff".to_owned()];
    let playbook = Playbook { name: "p0", roles: &roles };
    let actor = Actor::Person { id: "0190b6f0-7a3c-4d12-9a51-2f1a52c0a001", roles: &roles, member: true };
    let amounts: Vec<String> = (0..decisions).map(|at| (at * 7 % 20_000).to_string()).collect();
    let began = reality::stopwatch();
    for amount in &amounts {
        let request = Request {
            facts: vec![("amount", Fact::Number(amount)), ("region", Fact::Word("eu"))],
            ..Request::new(actor, Action::Decide, Some(playbook))
        };
        black_box(rules.decide(&request));
    }
    began.elapsed().as_secs_f64() * 1e6 / decisions.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_run_measures() {
        let lines = measure(1, Arguments { rules: 20, decisions: 20 }).unwrap();
        assert_eq!(lines.len(), 4);
        assert!(lines.iter().all(|line| line.figures.iter().all(|figure| *figure > 0.0)));
    }
}
