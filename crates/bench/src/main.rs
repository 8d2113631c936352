//! Measures how fast Countersign is: every figure as a ratio, or against a target, within one run. No part of the product.
//!
//! `cargo xtask bench` runs all; `cargo xtask bench intake --cases 20000` one, smaller. Each benchmark is a module that
//! returns lines of a [`table`]; [`world`] makes the nodes and the cases. Prints Markdown; docs/benchmarks.md holds a run.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests may panic"))]

mod claims;
mod client;
mod desk;
mod intake;
mod learning;
mod load;
mod models;
mod node;
mod raw;
mod reality;
mod rules;
mod science;
mod stream;
mod table;
mod verify;
mod world;

use anyhow::Result;
use clap::{Parser, Subcommand};
use table::Line;

/// As in the product.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures how fast Countersign is.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    /// Everything is measured so many times
    #[arg(long, global = true, default_value_t = 3)]
    repeat: usize,
    /// The engines to measure
    #[arg(long, global = true, value_enum, value_delimiter = ',', default_values_t = [world::Engine::Sqlite, world::Engine::Postgres])]
    engines: Vec<world::Engine>,
    #[command(subcommand)]
    benchmark: Option<Benchmark>,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    /// Taking cases in line by line, beside writing the same rows raw
    Intake(intake::Arguments),
    /// Single requests and whole decisions over HTTP by many clients
    Load(load::Arguments),
    /// Claiming the next case among many while cases are imported, and whether anything is served twice
    Claims(claims::Arguments),
    /// Pages of the desk among many open cases
    Desk(desk::Arguments),
    /// Verifying the tree and the projections
    Verify(verify::Arguments),
    /// Memory of a node while it takes in and serves many cases, and its time to the first answer
    #[command(visible_aliases = ["memory", "start"])]
    Node(node::Arguments),
    /// The statistics: fairness, regions
    Science(science::Arguments),
    /// Routing by a track record, and learning one
    Learning(learning::Arguments),
    /// What reads texts: finders of personal data, the built-in text model, the search of precedents
    Models(models::Arguments),
    /// Asking the rules about who may do what
    Rules(rules::Arguments),
    /// Real answers streamed through a running server: how often it is wrong in the end
    Stream(stream::Arguments),
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let lines = runtime.block_on(measure(&arguments))?;
    println!("{}", table::markdown(&lines));
    Ok(())
}

async fn measure(arguments: &Arguments) -> Result<Vec<Line>> {
    let run = world::Run { repeat: arguments.repeat.max(1), engines: world::present(&arguments.engines) };
    let mut lines = Vec::new();
    let all = arguments.benchmark.is_none();
    let default = |name: &str| Arguments::parse_from(["bench", name]).benchmark;
    let chosen = match &arguments.benchmark {
        Some(_) => Vec::new(),
        None => ["intake", "load", "claims", "desk", "verify", "node", "science", "learning", "models", "rules", "stream"]
            .iter()
            .filter_map(|name| default(name))
            .collect(),
    };
    let chosen: Vec<&Benchmark> = if all { chosen.iter().collect() } else { arguments.benchmark.iter().collect() };
    for benchmark in chosen {
        lines.extend(match benchmark {
            Benchmark::Intake(given) => intake::measure(&run, given).await?,
            Benchmark::Load(given) => load::measure(&run, given).await?,
            Benchmark::Claims(given) => claims::measure(&run, given).await?,
            Benchmark::Desk(given) => desk::measure(&run, given).await?,
            Benchmark::Verify(given) => verify::measure(&run, given).await?,
            Benchmark::Node(given) => node::measure(&run, given).await?,
            Benchmark::Science(given) => science::measure(run.repeat, given)?,
            Benchmark::Learning(given) => learning::measure(run.repeat, *given)?,
            Benchmark::Models(given) => models::measure(run.repeat, given)?,
            Benchmark::Rules(given) => rules::measure(run.repeat, *given)?,
            Benchmark::Stream(given) => stream::measure(&run, given).await?,
        });
    }
    Ok(lines)
}
