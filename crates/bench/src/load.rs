//! Many clients at once over HTTP on the loopback interface, each with a connection of its own: single cases, then whole
//! decisions (claim, show, judge). Clients and server share the machine.

use crate::{
    client::{self, Client, Served},
    reality::{self, Times},
    table::{Line, Target},
    world::{self, Engine, Kind, Node, Run},
};
use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use countersign_app::input::PersonInput;
use countersign_testkit::caller;
use hyper::Method;
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::task::JoinSet;

/// What is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Clients
    #[arg(long, default_value_t = 64)]
    clients: usize,
    /// Single cases, and then decisions, in each repetition
    #[arg(long, default_value_t = 20_000)]
    requests: usize,
}

/// Figures on one engine, one for each repetition.
#[derive(Default)]
struct Figures {
    posts: Vec<f64>,
    post_p50: Vec<f64>,
    post_p99: Vec<f64>,
    decisions: Vec<f64>,
    decision_p50: Vec<f64>,
    decision_p99: Vec<f64>,
}

/// Measures on all engines.
pub async fn measure(run: &Run, arguments: &Arguments) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for engine in run.engines.iter().copied() {
        let mut figures = Figures::default();
        for _ in 0..run.repeat {
            once(engine, arguments, &mut figures).await?;
        }
        let line = |what: &str, figures, unit, target| Line {
            benchmark: "load",
            engine: engine.name(),
            what: format!("{what}, {} clients", arguments.clients),
            n: arguments.requests,
            figures,
            unit,
            target,
        };
        lines.push(line("single POSTs", figures.posts, "/s", Some(Target::AtLeast(3_000.0))));
        lines.push(line("a POST, p50", figures.post_p50, "ms", None));
        lines.push(line("a POST, p99", figures.post_p99, "ms", None));
        lines.push(line("decisions (claim, show, judge)", figures.decisions, "/s", Some(Target::AtLeast(1_000.0))));
        lines.push(line("a decision, p50", figures.decision_p50, "ms", None));
        lines.push(line("a decision, p99", figures.decision_p99, "ms", None));
    }
    Ok(lines)
}

async fn once(engine: Engine, arguments: &Arguments, figures: &mut Figures) -> Result<()> {
    let node = Node::fresh(engine).await?;
    let served = client::serve(&node).await?;
    let (took, mut times) = posts(&served, arguments).await?;
    let posts = reality::rate(times.len(), took);
    figures.posts.push(posts);
    figures.post_p50.push(times.percentile(0.5));
    figures.post_p99.push(times.percentile(0.99));
    let (took, mut times) = decisions(&node, &served, arguments).await?;
    let decisions = reality::rate(times.len(), took);
    figures.decisions.push(decisions);
    figures.decision_p50.push(times.percentile(0.5));
    figures.decision_p99.push(times.percentile(0.99));
    eprintln!("bench: load, {}: {posts:.0} POSTs/s, {decisions:.0} decisions/s", engine.name());
    served.stop().await;
    node.close().await;
    Ok(())
}

/// The numbers below `count`, each handed out once.
#[derive(Clone)]
struct Counter {
    next: Arc<AtomicUsize>,
    count: usize,
}

impl Counter {
    fn new(count: usize) -> Self {
        Self { next: Arc::default(), count }
    }

    fn take(&self) -> Option<usize> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        (n < self.count).then_some(n)
    }
}

async fn posts(served: &Served, arguments: &Arguments) -> Result<(Duration, Times)> {
    let counter = Counter::new(arguments.requests);
    let mut clients = JoinSet::new();
    let began = reality::stopwatch();
    for _ in 0..arguments.clients {
        let (counter, mut client) = (counter.clone(), Client::connect(served.address, &served.key).await?);
        clients.spawn(async move {
            let mut times = Times::default();
            while let Some(n) = counter.take() {
                let line = world::line(Kind::Alert, n);
                let began = reality::stopwatch();
                client.ask(Method::POST, "/v1/cases", line).await?;
                times.push(began.elapsed());
            }
            Ok::<_, anyhow::Error>(times)
        });
    }
    let mut times = Times::default();
    while let Some(client) = clients.join_next().await {
        times.extend(client??);
    }
    Ok((began.elapsed(), times))
}

/// Decides the cases that the single requests brought in.
async fn decisions(node: &Node, served: &Served, arguments: &Arguments) -> Result<(Duration, Times)> {
    let counter = Counter::new(arguments.requests);
    let mut people = Vec::new();
    for n in 0..arguments.clients {
        let input = PersonInput { name: format!("Person {n}"), mail: None, roles: Vec::new(), external: false };
        people.push(node.workspace.person_add(&caller(), input).await?.person);
    }
    // The cases came in while nobody was there: they were held.
    node.workspace.reroute_all().await?;
    let mut clients = JoinSet::new();
    let began = reality::stopwatch();
    for person in people {
        let (counter, mut client) = (counter.clone(), Client::connect(served.address, &served.key).await?);
        clients.spawn(async move {
            let (mut times, mut decided) = (Times::default(), Vec::new());
            let person = json!({ "person": person });
            while counter.take().is_some() {
                let began = reality::stopwatch();
                decided.push(decide(&mut client, &person).await?);
                times.push(began.elapsed());
            }
            Ok::<_, anyhow::Error>((times, decided))
        });
    }
    let (mut times, mut decided) = (Times::default(), HashSet::new());
    while let Some(client) = clients.join_next().await {
        let (of_one, cases) = client??;
        times.extend(of_one);
        for case in cases {
            ensure!(decided.insert(case), "a case was decided by two people who should not share it");
        }
    }
    Ok((began.elapsed(), times))
}

/// One whole decision; gives the case.
async fn decide(client: &mut Client, person: &Value) -> Result<String> {
    let claim = client.post("/v1/claims", person).await?.context("a case to claim")?;
    let case = claim.get("case").and_then(Value::as_str).context("the claimed case")?.to_owned();
    let shown = client.post(&format!("/v1/cases/{case}/show"), person).await?.context("what is shown")?;
    let judgment =
        json!({ "person": person.get("person"), "token": shown.get("token"), "answer": "benign", "confidence": 0.9, "seconds": 12.5 });
    let body: Bytes = serde_json::to_vec(&judgment)?.into();
    let receipt: Value = serde_json::from_slice(&client.ask(Method::POST, &format!("/v1/cases/{case}/judgments"), body).await?)?;
    ensure!(receipt.get("decision").is_some_and(|decision| !decision.is_null()), "the case was not decided: {receipt}");
    Ok(case)
}
