//! Taking cases in, line by line: in process, over HTTP, and beside both the same rows written raw.

use crate::{
    client::{self, Client},
    raw::{self, Rows},
    reality,
    table::{Line, Target},
    world::{self, Engine, Kind, Node, Run},
};
use anyhow::Result;

/// What is measured.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Cases in each repetition
    #[arg(long, default_value_t = 100_000)]
    cases: usize,
    /// Leave out what does not come through the use cases alone: raw rows and HTTP
    #[arg(long)]
    only: bool,
    /// Leave out cases with personal data
    #[arg(long)]
    alerts: bool,
}

/// Figures of one kind of case on one engine, one for each repetition.
#[derive(Default)]
struct Figures {
    taken: Vec<f64>,
    processor: Vec<f64>,
    raw: Vec<f64>,
    ratio: Vec<f64>,
    http: Vec<f64>,
}

/// Measures both kinds of case on all engines.
pub async fn measure(run: &Run, arguments: &Arguments) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for engine in run.engines.iter().copied() {
        for (kind, name) in [(Kind::Alert, "no personal field"), (Kind::Ticket, "two personal fields")] {
            if arguments.alerts && kind == Kind::Ticket {
                continue;
            }
            let mut figures = Figures::default();
            for _ in 0..run.repeat {
                once(engine, kind, arguments, &mut figures).await?;
            }
            // The targets are for cases without personal data.
            let target = |value| (kind == Kind::Alert).then_some(Target::AtLeast(value));
            let rate = if engine == Engine::Sqlite { 15_000.0 } else { 8_000.0 };
            let ratio = (engine == Engine::Sqlite).then_some(0.3).and_then(target);
            let line = |what: &str, figures, unit, target| Line {
                benchmark: "intake",
                engine: engine.name(),
                what: format!("{what}, {name}"),
                n: arguments.cases,
                figures,
                unit,
                target,
            };
            lines.push(line("cases", figures.taken, "/s", target(rate)));
            lines.push(line("processor time of the node a case", figures.processor, "µs", None));
            if !arguments.only {
                lines.push(line("the same rows raw", figures.raw, "/s", None));
                lines.push(line("cases to raw rows", figures.ratio, "", ratio));
                lines.push(line("cases over HTTP", figures.http, "/s", None));
            }
        }
    }
    Ok(lines)
}

async fn once(engine: Engine, kind: Kind, arguments: &Arguments, figures: &mut Figures) -> Result<()> {
    let cases = arguments.cases;
    let node = Node::fresh(engine).await?;
    let before = i64::try_from(node.workspace.info().await?.size)?;
    raw::watch(&node.app).await?;
    let text: Vec<String> = (0..cases).map(|n| world::line(kind, n)).collect();
    let (began, used) = (reality::stopwatch(), reality::processor());
    world::take_in(&node.workspace, text.into_iter()).await?;
    let taken = reality::rate(cases, began.elapsed());
    figures.taken.push(taken);
    let used = reality::processor().zip(used).map_or(f64::NAN, |(now, then)| (now - then).as_secs_f64() * 1e6 / cases as f64);
    figures.processor.push(used);
    if arguments.only {
        eprintln!("bench: intake, {}, {kind:?}: {taken:.0} cases/s, {used:.0} us of processor time a case", engine.name());
        node.close().await;
        return Ok(());
    }
    let rows = Rows::read(&node.app, node.workspace.id().0, before).await?;
    node.close().await;
    let raw_rate = reality::rate(cases, rows.write(engine).await?);
    let (commits, bytes) = (rows.commits(), rows.event_bytes());
    drop(rows);
    let http = over_http(engine, kind, cases).await?;
    eprintln!(
        "bench: intake, {}, {kind:?}: {taken:.0} cases/s at {used:.0} us of processor time a case, raw {raw_rate:.0}, HTTP {http:.0}; {} cases a commit, {} bytes of events a case",
        engine.name(),
        cases / commits.max(1),
        bytes / cases.max(1)
    );
    figures.raw.push(raw_rate);
    figures.ratio.push(taken / raw_rate);
    figures.http.push(http);
    Ok(())
}

async fn over_http(engine: Engine, kind: Kind, cases: usize) -> Result<f64> {
    let node = Node::fresh(engine).await?;
    let served = client::serve(&node).await?;
    let mut text: Vec<bytes::Bytes> = Vec::new();
    for n in (0..cases).step_by(64) {
        let chunk: String = (n..cases.min(n + 64)).map(|n| world::line(kind, n) + "\n").collect();
        text.push(chunk.into());
    }
    let mut client = Client::connect(served.address, &served.key).await?;
    let began = reality::stopwatch();
    let accepted = client.intake(text).await?;
    let took = began.elapsed();
    anyhow::ensure!(accepted == cases, "{accepted} of {cases} cases were accepted over HTTP");
    drop(client);
    served.stop().await;
    node.close().await;
    Ok(reality::rate(cases, took))
}
