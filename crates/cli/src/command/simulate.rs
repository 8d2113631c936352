//! `simulate`: the platform in worlds whose truth is known, under a virtual clock. Touches no workspace.

mod charts;

use crate::{
    arguments::Global,
    exit::Exit,
    out::{Out, one_line, thousands},
    reality,
};
use anyhow::Result;
use clap::Args;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use countersign_worlds::{
    World, file, simulate,
    summary::{Figure, Share, Summary, summary},
};
use std::path::PathBuf;

/// Simulates worlds.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The file of worlds (TOML)
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The world; all of the file without it
    #[arg(long, value_name = "NAME")]
    pub world: Option<String>,
    /// How many seeds
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub seeds: u64,
    /// The first seed: the same seed gives the same simulation
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=1_000_000_000))]
    pub from_seed: u64,
    /// Write charts of each world into this directory: what it cost, and how it was decided day by day (SVG)
    #[arg(long, value_name = "DIR")]
    pub charts: Option<PathBuf>,
}

/// Simulates, and says what came of it.
pub fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let out = global.out();
    let path = arguments.file.display();
    let source = std::fs::read_to_string(&arguments.file).map_err(|error| Exit::Refused.because(format!("{path}: {error}")))?;
    let refused = |error: countersign_worlds::Error| Exit::Refused.because(format!("{path}: {error}"));
    let worlds = match &arguments.world {
        Some(name) => vec![file::parse_one(&source, name).map_err(refused)?],
        None => file::parse(&source).map_err(refused)?,
    };
    let mut summaries = Vec::with_capacity(worlds.len());
    for world in &worlds {
        let found = one(out, world, arguments).map_err(refused)?;
        if !out.json {
            show(out, &found)?;
        }
        if let Some(directory) = &arguments.charts {
            charts::write(directory, &found).map_err(|error| Exit::Refused.because(format!("{}: {error}", directory.display())))?;
        }
        summaries.push(found);
    }
    match (out.json, summaries.as_slice()) {
        (true, [one]) if arguments.world.is_some() => out.value(one),
        (true, all) => out.value(&all),
        (false, _) => Ok(()),
    }
}

fn one(out: Out, world: &World, arguments: &Arguments) -> Result<Summary, countersign_worlds::Error> {
    let bar = out.progress(arguments.seeds, "seeds");
    let watch = reality::stopwatch();
    let seeds = arguments.from_seed..arguments.from_seed + arguments.seeds;
    let runs = simulate(world, seeds, &|| bar.inc(1))?;
    bar.finish_and_clear();
    let cases = thousands(world.cases() as u64);
    out.say(format!("{}: {} seeds of {cases} cases in {:.1} s", world.name, arguments.seeds, watch.elapsed().as_secs_f64()));
    Ok(summary(world, runs))
}

fn show(out: Out, found: &Summary) -> Result<()> {
    let (first, last) = found.seeds;
    out.line(format!("{}: {} days, {} cases, seeds {first} to {last}\n", one_line(&found.world), found.days, thousands(found.cases)))?;
    let mut policies = table(&["", "cost a case", "platform less", "errors %", "minutes a case"]);
    for policy in &found.policies {
        policies.add_row([
            policy.name.to_owned(),
            figure(policy.cost, 1.0, 4),
            figure(policy.platform_less, 1.0, 4),
            figure(policy.error, 100.0, 2),
            figure(policy.minutes, 1.0, 3),
        ]);
    }
    out.line(lines(&policies))?;
    out.line(format!("\nNot decided in the end: {} cases", figure(found.undecided, 1.0, 0)))?;
    match &found.pair {
        None => out.line("The achievable pair: the record cannot say it")?,
        Some(pair) => out.line(format!(
            "The achievable pair: complementary in {}, harmful in {}; over the person {}, over the AI {} points",
            share(&pair.complementary),
            share(&pair.harmful),
            figure(pair.over_human, 100.0, 2),
            figure(pair.over_ai, 100.0, 2)
        ))?,
    }
    promised(out, found)?;
    out.line("\nWhat was decided day by day, in percent")?;
    let mut days = table(&["day", "decided", "waiting", "cost a case", "automate", "audit", "assist", "blind", "unaided", "panel"]);
    let shown = |day: u64| day <= 10 || day.is_multiple_of(5);
    for day in found.routes.iter().filter(|day| shown(day.day)) {
        let shares = [day.automate, day.audit, day.assist, day.blind, day.unaided, day.panel];
        let counts = [day.day.to_string(), format!("{:.0}", day.decided), format!("{:.0}", day.waiting), format!("{:.3}", day.cost)];
        days.add_row(counts.into_iter().chain(shares.map(|share| format!("{:.1}", 100.0 * share))));
    }
    out.line(lines(&days))?;
    out.line("\nWhat is to be shown")?;
    let mut shows = table(&[]);
    for show in &found.shows {
        let holds = show.holds.map_or("-", |holds| if holds { "yes" } else { "NO" });
        shows.add_row([holds, show.name, show.found.as_str(), show.wanted.as_str()]);
    }
    out.line(lines(&shows))?;
    out.line("")?;
    for note in &found.notes {
        out.line(*note)?;
    }
    Ok(())
}

/// What was promised, what it took, and what was noticed.
fn promised(out: Out, found: &Summary) -> Result<()> {
    let (promises, labels, delays) = (&found.promises, &found.labels, &found.delays);
    out.line(format!(
        "Automated: {} % of the decided cases, {} % of them wrongly before any change; certificates a seed: {}",
        figure(promises.automated, 100.0, 1),
        figure(promises.automated_error, 100.0, 2),
        figure(promises.certificates, 1.0, 1)
    ))?;
    out.line(format!(
        "First certificate: in {}, on day {}; truths told {}, of covered cases {}, tested on {}; would need {}, without an error {}",
        share(&labels.certified),
        figure(labels.day, 1.0, 1),
        figure(labels.told, 1.0, 0),
        figure(labels.covered, 1.0, 0),
        figure(labels.tested, 1.0, 0),
        figure(labels.needed, 1.0, 0),
        figure(labels.least, 1.0, 0)
    ))?;
    if delays.noticed.of == 0 {
        return Ok(());
    }
    out.line(format!(
        "Noticed: in {} ({} of them by outcomes); after {}, an e-CUSUM with perfect labels after {}; audits until the stop {}, of one that \
         sees audits only {}{}; cases let pass {}, of it {}",
        share(&delays.noticed),
        delays.by_outcomes,
        figure(delays.seen, 1.0, 0),
        figure(delays.reference_seen, 1.0, 0),
        figure(delays.audits, 1.0, 0),
        if delays.reference_censored > 0 { "at least " } else { "" },
        figure(delays.reference_audits, 1.0, 0),
        figure(delays.automated, 1.0, 0),
        figure(delays.reference_automated, 1.0, 0)
    ))
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(header.to_vec());
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn lines(table: &Table) -> String {
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// `1.23 [1.20, 1.26]`.
fn figure(figure: Option<Figure>, scale: f64, digits: usize) -> String {
    let of = |value: f64| format!("{:.digits$}", value * scale);
    match figure {
        None => "-".into(),
        Some(Figure { value, low: Some(low), high: Some(high), .. }) => format!("{} [{}, {}]", of(value), of(low), of(high)),
        Some(Figure { value, .. }) => of(value),
    }
}

/// `3 of 100 seeds`.
fn share(share: &Share) -> String {
    format!("{} of {} seeds", share.count, share.of)
}
