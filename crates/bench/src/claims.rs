//! Claiming among many open cases: how long it takes while cases are imported, held against a commit with nothing beside it; and,
//! by many people at once, whether a case is ever served to somebody who should not have it.

use crate::{
    reality::{self, Times},
    table::{Line, Target},
    world::{self, Engine, Kind, Node, Run, fill},
};
use anyhow::{Context as _, Result};
use countersign_app::{
    App, Options, Workspace,
    input::{CaseInput, PersonInput},
};
use countersign_core::id::PersonId;
use countersign_testkit::caller;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;
use uuid::Uuid;

/// What is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Open cases
    #[arg(long, default_value_t = 1_000_000)]
    cases: usize,
    /// Claims whose time is taken, and commits with nothing beside them
    #[arg(long, default_value_t = 2_000)]
    timed: usize,
    /// Claims by many people at once; as many cases must be open
    #[arg(long, default_value_t = 100_000)]
    claims: usize,
    /// People who claim at once
    #[arg(long, default_value_t = 64)]
    people: usize,
}

/// What a claim may take beside twice a lone commit, in milliseconds.
const CLAIM_MS_MAX: f64 = 5.0;
/// Pause between two claims whose time is taken.
const PAUSE: Duration = Duration::from_millis(2);

/// Measures on all engines. The database is filled once; what is timed is timed as often as asked.
pub async fn measure(run: &Run, arguments: &Arguments) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for engine in run.engines.iter().copied() {
        let node = Node::fresh(engine).await?;
        // A tenth of what is claimed at once are cases for two people each.
        fill(&node, Kind::Panel, arguments.claims / 20).await?;
        fill(&node, Kind::Alert, arguments.cases).await?;
        let people = people(&node.workspace, arguments.people).await?;
        let (mut lone, mut alone, mut p50, mut p99, mut ratio, mut imported) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for round in 0..run.repeat {
            let base = lone_commits(&node, arguments, round).await?.percentile(0.99);
            alone.push(timed_claims(&node.workspace, &people, arguments.timed).await?.percentile(0.99));
            let (mut times, rate) = claims_beside_import(&node, &people, arguments, round).await?;
            lone.push(base);
            p50.push(times.percentile(0.5));
            p99.push(times.percentile(0.99));
            ratio.push(times.percentile(0.99) / (CLAIM_MS_MAX + 2.0 * base));
            imported.push(rate);
        }
        let line = |what: &str, n, figures, unit, target| Line {
            benchmark: "claims",
            engine: engine.name(),
            what: what.to_owned(),
            n,
            figures,
            unit,
            target,
        };
        lines.push(line("a lone commit, p99", arguments.timed, lone, "ms", None));
        lines.push(line(&format!("claim-next of {} open, p99", arguments.cases), arguments.timed, alone, "ms", None));
        lines.push(line("claim-next beside an import, p50", arguments.timed, p50, "ms", None));
        lines.push(line("claim-next beside an import, p99", arguments.timed, p99, "ms", None));
        lines.push(line("that p99 to 5 ms + 2 lone p99", arguments.timed, ratio, "", Some(Target::AtMost(1.0))));
        lines.push(line("the import meanwhile", arguments.timed, imported, "cases/s", None));
        let second = if engine == Engine::Postgres { Some(world::open(&node.database).await?) } else { None };
        let (rate, wrong) = contended(&node, second.as_ref(), &people, arguments.claims).await?;
        let nodes = if second.is_some() { 2 } else { 1 };
        lines.push(line(&format!("claims by {} people, {nodes} node(s)", arguments.people), arguments.claims, vec![rate], "/s", None));
        lines.push(line(
            "of these served to somebody who should not have it",
            arguments.claims,
            vec![wrong as f64],
            "",
            Some(Target::AtMost(0.0)),
        ));
        if let Some(app) = second {
            app.close().await;
        }
        node.close().await;
    }
    Ok(lines)
}

async fn people(workspace: &Workspace, count: usize) -> Result<Vec<PersonId>> {
    let mut people = Vec::with_capacity(count);
    for n in 0..count {
        let input = PersonInput { name: format!("Person {n}"), mail: None, roles: Vec::new(), external: false };
        people.push(PersonId(workspace.person_add(&caller(), input).await?.person));
    }
    // What came in while nobody was there was held.
    workspace.reroute_all().await?;
    Ok(people)
}

/// Single cases, one after the other, with nothing else going on.
async fn lone_commits(node: &Node, arguments: &Arguments, round: usize) -> Result<Times> {
    let mut times = Times::default();
    for n in 0..arguments.timed {
        let n = 10 * arguments.cases + round * arguments.timed + n;
        let input: CaseInput = serde_json::from_str(&world::line(Kind::Alert, n))?;
        let began = reality::stopwatch();
        node.workspace.case_open(&caller(), input, Options::default()).await?;
        times.push(began.elapsed());
    }
    Ok(times)
}

/// Claims one after the other, by different people.
async fn timed_claims(workspace: &Workspace, people: &[PersonId], count: usize) -> Result<Times> {
    let mut times = Times::default();
    for person in people.iter().cycle().take(count) {
        tokio::time::sleep(PAUSE).await;
        let began = reality::stopwatch();
        workspace.claim_next(*person, Some("alerts")).await?.context("an open case")?;
        times.push(began.elapsed());
    }
    Ok(times)
}

async fn claims_beside_import(node: &Node, people: &[PersonId], arguments: &Arguments, round: usize) -> Result<(Times, f64)> {
    let stop = Arc::new(AtomicBool::new(false));
    let taken = Arc::new(AtomicUsize::new(0));
    let first = (round + 2) * 100_000_000;
    let lines = {
        let (stop, taken) = (Arc::clone(&stop), Arc::clone(&taken));
        (first..).take_while(move |_| !stop.load(Ordering::Relaxed)).map(move |n| {
            taken.fetch_add(1, Ordering::Relaxed);
            world::line(Kind::Alert, n)
        })
    };
    let workspace = node.workspace.clone();
    let import = tokio::spawn(async move { world::take_in(&workspace, lines).await });
    // The import has to be under way.
    while taken.load(Ordering::Relaxed) < 2 * world::WINDOW {
        tokio::time::sleep(PAUSE).await;
    }
    let (began, before) = (reality::stopwatch(), taken.load(Ordering::Relaxed));
    let times = timed_claims(&node.workspace, people, arguments.timed).await;
    let rate = reality::rate(taken.load(Ordering::Relaxed) - before, began.elapsed());
    stop.store(true, Ordering::Relaxed);
    import.await??;
    Ok((times?, rate))
}

/// Claims by everybody at once, on one node or two. No lease ends meanwhile, so each case may be served once, a panel's to two
/// different people. Gives the rate, and how many claims broke that.
async fn contended(node: &Node, second: Option<&App>, people: &[PersonId], claims: usize) -> Result<(f64, usize)> {
    let left = Arc::new(AtomicUsize::new(claims));
    let mut workers = JoinSet::new();
    let began = reality::stopwatch();
    for (n, person) in people.iter().copied().enumerate() {
        let workspace = match second {
            Some(app) if n % 2 == 1 => app.workspace(node.workspace.id()),
            _ => node.workspace.clone(),
        };
        let left = Arc::clone(&left);
        workers.spawn(async move {
            let mut served = Vec::new();
            let mut playbook = "panel";
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                // One in ten is a panel's, as long as there are any.
                let wanted = if served.len() % 10 == 0 { playbook } else { "alerts" };
                match workspace.claim_next(person, Some(wanted)).await? {
                    Some(claim) => served.push((claim.case, wanted)),
                    None => {
                        left.fetch_add(1, Ordering::Relaxed);
                        anyhow::ensure!(wanted == "panel", "too few open cases for so many claims");
                        playbook = "alerts";
                    }
                }
            }
            Ok::<_, anyhow::Error>((person, served))
        });
    }
    let mut by_case: HashMap<Uuid, (Vec<PersonId>, usize)> = HashMap::new();
    while let Some(worker) = workers.join_next().await {
        let (person, served) = worker??;
        for (case, playbook) in served {
            let (people, _) = by_case.entry(case).or_insert((Vec::new(), if playbook == "panel" { 2 } else { 1 }));
            people.push(person);
        }
    }
    let rate = reality::rate(claims, began.elapsed());
    Ok((rate, wrongly_served(by_case)))
}

/// Claims beyond a case's seats, and claims by a person who had the case already.
fn wrongly_served(by_case: HashMap<Uuid, (Vec<PersonId>, usize)>) -> usize {
    let wrong = |(mut people, seats): (Vec<PersonId>, usize)| {
        let served = people.len();
        people.sort_unstable();
        people.dedup();
        served - people.len().min(seats)
    };
    by_case.into_values().map(wrong).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_served_too_often_is_counted() {
        let person = |n| PersonId(Uuid::from_u128(n));
        let served = |people: &[u128], seats| HashMap::from([(Uuid::nil(), (people.iter().copied().map(person).collect(), seats))]);
        assert_eq!(wrongly_served(served(&[1], 1)), 0);
        assert_eq!(wrongly_served(served(&[1, 2], 2)), 0);
        assert_eq!(wrongly_served(served(&[1, 2], 1)), 1);
        assert_eq!(wrongly_served(served(&[1, 1], 2)), 1);
        assert_eq!(wrongly_served(served(&[1, 2, 3], 2)), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn nothing_is_served_twice_on_a_small_world() {
        let arguments = Arguments { cases: 300, timed: 20, claims: 200, people: 8 };
        let run = Run { repeat: 1, engines: vec![Engine::Sqlite] };
        let lines = measure(&run, &arguments).await.unwrap();
        assert_eq!(lines.last().unwrap().figures, [0.0]);
    }
}
