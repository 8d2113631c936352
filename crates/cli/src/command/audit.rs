//! `audit`: reads the flags, and shows what an audit found. Computes nothing.

mod classes;

use crate::{
    arguments::Global,
    exit::Exit,
    out::{Out, one_line, thousands},
    reality,
};
use anyhow::{Context as _, Result};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use countersign_app::audit::{self, Audit, Decider, Estimate, Metric, Options, Partition, Request, Scoring, Small};
use std::{io::Write as _, path::PathBuf};

/// Groups of a partition that the terminal shows; the report, JSON and CSV have all.
const GROUPS_SHOWN_MAX: usize = 40;

/// What `audit` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A CSV, TSV, NDJSON or Parquet file; - is standard input
    pub data: PathBuf,
    /// The column of what turned out to be true; without it only selection rates can be compared
    #[arg(long, value_name = "COLUMN")]
    pub truth: Option<String>,
    /// The column of the AI's answers, or a comparison that makes them: 'decile>5'
    #[arg(long, value_name = "COLUMN")]
    pub prediction: Option<String>,
    /// The column of the AI's score: its scoring rates (shares above the median) are compared, and where it is a probability of the
    /// positive answer also its calibration within groups
    #[arg(long, value_name = "COLUMN")]
    pub score: Option<String>,
    /// The answer is positive where the prediction (without one: the score) is above this number
    #[arg(long, value_name = "NUMBER")]
    pub threshold: Option<f64>,
    /// The column of people's answers before any advice, or a comparison
    #[arg(long, value_name = "COLUMN")]
    pub human: Option<String>,
    /// The column of people's answers after advice, or a comparison
    #[arg(long = "final", value_name = "COLUMN")]
    pub decided: Option<String>,
    /// The columns whose groups are compared, and their intersections
    #[arg(long, value_name = "COLUMN,..", required = true, value_delimiter = ',')]
    pub group: Vec<String>,
    /// The column of what was decided on, where an item comes more than once
    #[arg(long, value_name = "COLUMN")]
    pub item: Option<String>,
    /// The column of who answered, where a person comes more than once
    #[arg(long, value_name = "COLUMN")]
    pub person: Option<String>,
    /// The answer that counts as positive (selected); all others count as negative [default: 1, true or yes]
    #[arg(long, value_name = "ANSWER")]
    pub positive: Option<String>,
    /// Every answer is the positive one in turn, and rates are averaged over them: for more than two answers
    #[arg(long = "macro", conflicts_with_all = ["positive", "score", "threshold", "csv"])]
    pub each: bool,
    /// Only rows in which a column has a value; any number of them, all of which must hold
    #[arg(long = "where", value_name = "COLUMN=VALUE")]
    pub only: Vec<String>,
    /// Groups with fewer rows are shown, and not compared
    #[arg(long, value_name = "ROWS", default_value_t = 20)]
    pub small: u64,
    /// Join small groups into one instead
    #[arg(long)]
    pub merge_small: bool,
    /// Draws of the bootstrap and of the band of chance
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub draws: u32,
    /// Seed of every draw: the same seed gives the same audit
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// All figures as CSV, a row for every group, decider and metric
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Write the report as one HTML file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Audits a file.
pub fn run(global: &Global, arguments: &Arguments) -> Result<()> {
    let out = global.out();
    let request = Request {
        truth: arguments.truth.clone(),
        prediction: arguments.prediction.clone(),
        score: arguments.score.clone(),
        threshold: arguments.threshold,
        human: arguments.human.clone(),
        decided: arguments.decided.clone(),
        groups: arguments.group.clone(),
        item: arguments.item.clone(),
        person: arguments.person.clone(),
        positive: arguments.positive.clone(),
        only: arguments.only.clone(),
        options: Options {
            seed: arguments.seed,
            draws: arguments.draws as usize,
            small: Small { rows_min: arguments.small, merge: arguments.merge_small, ..Small::default() },
            ..Options::default()
        },
    };
    let mut source = audit::open(&arguments.data)?;
    let watch = reality::stopwatch();
    let bytes = std::fs::metadata(&arguments.data).map_or(0, |metadata| metadata.len());
    let bar = out.progress_bytes(bytes);
    let mut progress = |done, _| bar.set_position(done);
    if arguments.each {
        let result = audit::audit_classes(&mut source, &request, &mut progress);
        bar.finish_and_clear();
        let audit = result?;
        out.say(format!("Read {} rows in {:.1} s", thousands(audit.n), watch.elapsed().as_secs_f64()));
        report(out, arguments, |source| audit::html_classes(&audit, source))?;
        return if out.json { out.value(&audit) } else { classes::show(out, &audit) };
    }
    let result = audit::audit(&mut source, &request, &mut progress);
    bar.finish_and_clear();
    let audit = result?;
    out.say(format!("Read {} rows in {:.1} s", thousands(audit.n), watch.elapsed().as_secs_f64()));
    report(out, arguments, |source| audit::html(&audit, source))?;
    if out.json {
        out.value(&audit)
    } else if arguments.csv {
        let mut stdout = std::io::stdout().lock();
        audit::csv::write(&audit, &mut stdout).context("writing CSV")?;
        Ok(stdout.flush()?)
    } else {
        show(out, &audit)
    }
}

/// Writes the report where one is asked for.
fn report(out: Out, arguments: &Arguments, page: impl Fn(&str) -> String) -> Result<()> {
    let Some(path) = &arguments.out else { return Ok(()) };
    let page = page(&source_name(&arguments.data));
    std::fs::write(path, page).map_err(|error| Exit::Storage.because(format!("{}: {error}", path.display())))?;
    out.say(format!("The report is in {}", path.display()));
    Ok(())
}

fn source_name(path: &std::path::Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn show(out: Out, audit: &Audit) -> Result<()> {
    for sentence in &audit.headline {
        out.line(one_line(sentence))?;
    }
    for partition in &audit.partitions {
        for decider in &partition.fairness.deciders {
            out.line(format!("\n{}, by {}", one_line(&decider.name), one_line(&partition.by)))?;
            out.line(rates(partition, decider))?;
            out.line(gaps(partition, decider))?;
        }
        if let Some(scoring) = &partition.scoring {
            out.line(format!("\nScore, by {}: shares above the median of all, {}", one_line(&partition.by), scoring.median))?;
            out.line(scores(partition, scoring))?;
        }
    }
    if !audit.cannot_say.is_empty() {
        out.line("\nWhat these data cannot say")?;
        for sentence in &audit.cannot_say {
            out.line(format!("- {}", one_line(sentence)))?;
        }
    }
    out.line(format!(
        "\nSeed {}, {} draws, 95 % intervals in brackets; * survives the correction for {} tests.",
        audit.method.seed,
        thousands(audit.method.draws),
        thousands(audit.tests)
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

/// `46.8 [44.3, 49.4]`, in percent.
fn percent(value: f64, low: f64, high: f64) -> String {
    format!("{:.1} [{:.1}, {:.1}]", 100.0 * value, 100.0 * low, 100.0 * high)
}

fn rates(partition: &Partition, decider: &Decider) -> String {
    const SHOWN: [Metric; 4] = [Metric::SelectionRate, Metric::TruePositiveRate, Metric::FalsePositiveRate, Metric::Accuracy];
    let shown: Vec<Metric> = SHOWN.into_iter().filter(|metric| decider.overall.get(metric).is_some_and(Option::is_some)).collect();
    let mut header = vec!["", "rows", "impact ratio"];
    header.extend(shown.iter().map(|metric| metric.name()));
    let mut table = table(&header);
    let mut order: Vec<usize> = (0..partition.fairness.groups.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(partition.fairness.groups.get(*at).map_or(0, |group| group.n)));
    let more = order.len().saturating_sub(GROUPS_SHOWN_MAX);
    for at in order.into_iter().take(GROUPS_SHOWN_MAX) {
        let (Some(group), Some(rates)) = (partition.fairness.groups.get(at), decider.groups.get(at)) else { continue };
        let mark = if group.compared() { "" } else { " (not compared)" };
        let ratio =
            decider.impact.categories.get(at).map_or_else(String::new, |category| ratio_cell(category.impact_ratio, category.reference));
        let mut row = vec![format!("{}{mark}", one_line(&group.name)), thousands(group.n), ratio];
        for metric in &shown {
            let survives = decider.tests.iter().any(|test| test.group == at && test.metric == *metric && test.p_holm <= 0.05);
            row.push(match rates.get(metric).copied().flatten() {
                None => "-".into(),
                Some(rate) => {
                    let e = rate.estimate;
                    format!("{}{}", percent(e.value, e.low, e.high), if survives { "*" } else { " " })
                }
            });
        }
        table.add_row(row);
    }
    let mut text = lines(&table);
    if more > 0 {
        text += &format!("\n.. and {more} smaller groups: see --csv, --json or --out");
    }
    text
}

fn scores(partition: &Partition, scoring: &Scoring) -> String {
    let mut table = table(&["", "scored", "above", "scoring rate", "impact ratio"]);
    let mut order: Vec<usize> = (0..scoring.categories.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(scoring.categories.get(*at).map_or(0, |category| category.scored)));
    for at in order.into_iter().take(GROUPS_SHOWN_MAX) {
        let (Some(category), Some(group)) = (scoring.categories.get(at), partition.fairness.groups.get(at)) else { continue };
        let mark = if group.compared() { "" } else { " (not compared)" };
        table.add_row(vec![
            format!("{}{mark}", one_line(&category.name)),
            thousands(category.scored),
            thousands(category.above),
            category.scoring_rate.map_or_else(|| "-".into(), |rate| percent(rate.value, rate.low, rate.high)),
            ratio_cell(category.impact_ratio, category.reference),
        ]);
    }
    lines(&table)
}

fn ratio_cell(ratio: Option<Estimate>, reference: bool) -> String {
    match ratio {
        Some(_) if reference => "1".into(),
        Some(ratio) => format!("{:.2} [{:.2}, {:.2}]", ratio.value, ratio.low, ratio.high),
        None => "-".into(),
    }
}

fn gaps(partition: &Partition, decider: &Decider) -> String {
    let mut table = table(&["gap in", "points", "by chance up to", "p", "detectable from", "ratio", "between"]);
    let name = |at: usize| partition.fairness.groups.get(at).map_or_else(String::new, |group| one_line(&group.name));
    for comparison in decider.comparisons.iter().filter(|comparison| comparison.metric != Metric::FalseNegativeRate) {
        let d = comparison.difference;
        table.add_row(vec![
            comparison.metric.name().to_owned(),
            percent(d.value, d.low, d.high),
            comparison.chance.map_or_else(|| "-".into(), |chance| format!("{:.1}", 100.0 * chance.gap_95)),
            comparison
                .chance
                .map_or_else(|| "-".into(), |chance| if chance.p < 0.001 { "< .001".into() } else { format!("{:.3}", chance.p) }),
            comparison.detectable_gap.map_or_else(|| "-".into(), |gap| format!("{:.1}", 100.0 * gap)),
            comparison.ratio.map_or_else(|| "-".into(), |r| format!("{:.2} [{:.2}, {:.2}]", r.value, r.low, r.high)),
            format!("{} < {}", name(comparison.lowest), name(comparison.highest)),
        ]);
    }
    lines(&table)
}
