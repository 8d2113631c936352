//! Speed of the statistics, as ratios within one run. Never measures a database.

use crate::{
    reality,
    table::{Line, Target},
};
use anyhow::Result;
use countersign_science::{
    fairness::{Cells, Fairness, Options, Table},
    random::Random,
    region::{self, Column, Values},
};
use std::hint::black_box;

/// Intersectional groups of the fairness benchmark.
const GROUPS: usize = 14;

/// How much to measure.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Rows of the fairness benchmark
    #[arg(long, default_value_t = 10_000_000)]
    fairness_rows: usize,
    /// Rows of the search for regions, with 20 columns
    #[arg(long, default_value_t = 1_000_000)]
    region_rows: usize,
}

/// All lines.
pub fn measure(repeat: usize, arguments: &Arguments) -> Result<Vec<Line>> {
    let mut lines = fairness(repeat, arguments.fairness_rows)?;
    lines.extend(regions(repeat, arguments.region_rows)?);
    Ok(lines)
}

fn line(what: &str, n: usize, figures: Vec<f64>, unit: &'static str, target: Option<Target>) -> Line {
    Line { benchmark: "science", engine: "", what: what.into(), n, figures, unit, target }
}

/// Eight metrics of 14 groups with Wilson intervals, 1,000 bootstrap draws, the band of chance and all tests, beside a pass over the
/// same columns that only adds them up.
fn fairness(repeat: usize, rows: usize) -> Result<Vec<Line>> {
    let mut random = Random::new(1, 0);
    let groups: Vec<u8> = (0..rows).map(|_| random.below(GROUPS) as u8).collect();
    let labels: Vec<u8> = (0..rows).map(|_| u8::from(random.uniform() < 0.4)).collect();
    let answers: Vec<u8> = (0..rows).map(|_| u8::from(random.uniform() < 0.3)).collect();
    let names = ["AI".to_owned()];
    let (mut ratios, mut times) = (Vec::new(), Vec::new());
    for _ in 0..repeat {
        let began = reality::stopwatch();
        let sum: u64 = groups.iter().zip(&labels).zip(&answers).map(|((g, y), p)| u64::from(*g) + u64::from(*y) + u64::from(*p)).sum();
        black_box(sum);
        let bare = began.elapsed();
        let began = reality::stopwatch();
        let cells = Cells::of_columns(&groups, &labels, &answers)?;
        let table = Table { cells: &cells, groups: &[], unknown: None, deciders: &names, clusters: &[] };
        black_box(Fairness::measure(&table, &Options::default())?);
        let all = began.elapsed();
        ratios.push(all.as_secs_f64() / bare.as_secs_f64());
        times.push(all.as_secs_f64() * 1e3);
    }
    Ok(vec![
        line("fairness, 8 metrics, 14 groups, 1,000 draws: to a bare pass", rows, ratios, "", Some(Target::AtMost(5.0))),
        line("the same in time", rows, times, "ms", None),
    ])
}

fn regions(repeat: usize, rows: usize) -> Result<Vec<Line>> {
    const COLUMNS: usize = 20;
    let mut random = Random::new(2, 0);
    let names: Vec<String> = (0..COLUMNS).map(|at| format!("x{at}")).collect();
    let values: Vec<Vec<f64>> = (0..COLUMNS).map(|_| (0..rows).map(|_| random.uniform()).collect()).collect();
    let right = |random: &mut Random| -> Vec<u8> { (0..rows).map(|_| u8::from(random.uniform() < 0.8)).collect() };
    let (ai, people) = (right(&mut random), right(&mut random));
    let columns: Vec<Column<'_>> =
        names.iter().zip(&values).map(|(name, values)| Column { name, values: Values::Numbers(values) }).collect();
    let mut times = Vec::new();
    for _ in 0..repeat {
        let began = reality::stopwatch();
        let rows = region::Rows { columns: &columns, ai: &ai, people: &people, pair: &[], clusters: &[] };
        black_box(region::find(&rows, &region::Options::default())?);
        times.push(began.elapsed().as_secs_f64());
    }
    Ok(vec![line("regions in 20 columns", rows, times, "s", None)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_runs_pass() {
        let lines = measure(1, &Arguments { fairness_rows: 20_000, region_rows: 2_000 }).unwrap();
        assert!(lines.len() >= 3 && lines.iter().all(|line| line.figures.iter().all(|figure| *figure > 0.0)));
    }
}
