//! `rehearse`: what past decisions say about people, AI and pair. Reads flags and shows findings; computes nothing.

mod summary;

use crate::{
    arguments::Global,
    exit::Exit,
    node::Node,
    out::{Out, counted},
    reality,
};
use anyhow::Result;
use countersign_app::rehearsal::{self, Findings, Mapping, Progress, Question};
use std::path::{Path, PathBuf};

/// What `rehearse` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A CSV, NDJSON or Parquet file of past decisions, one a row
    #[arg(required_unless_present = "playbook", conflicts_with = "playbook")]
    pub file: Option<PathBuf>,
    /// The workspace's own history of this playbook instead of a file
    #[arg(long, short, value_name = "NAME")]
    pub playbook: Option<String>,
    /// A TOML file that says which column is what; flags stand over it
    #[arg(long, short, value_name = "FILE", conflicts_with = "playbook")]
    pub mapping: Option<PathBuf>,
    #[command(flatten)]
    pub columns: Columns,
    #[command(flatten)]
    pub question: Asked,
    /// Write the report to this file: one self-contained page of HTML
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Which column is what.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Columns (what is obvious by its name is guessed, and said)")]
pub struct Columns {
    /// What was right
    #[arg(long, value_name = "COLUMN")]
    pub truth: Option<String>,
    /// What people answered on their own; of two classes also the probability of the positive one
    #[arg(long, value_name = "COLUMN")]
    pub human: Option<String>,
    /// What the AI answered; of two classes also the probability of the positive one
    #[arg(long, value_name = "COLUMN")]
    pub ai: Option<String>,
    /// The AI's probabilities in the order of --classes: 'p0,p1,p2', p0..p9, or 'p_*'
    #[arg(long, value_name = "COLUMN,..", value_delimiter = ',')]
    pub ai_probs: Vec<String>,
    /// The classes; of two the second is the positive one
    #[arg(long, value_name = "CLASS,..", value_delimiter = ',')]
    pub classes: Vec<String>,
    /// The person's confidence, 0 to 1 or 0 to 100: in the own answer, or of the positive class
    #[arg(long, value_name = "COLUMN")]
    pub human_confidence: Option<String>,
    /// What people answered before they saw advice
    #[arg(long, value_name = "COLUMN")]
    pub initial: Option<String>,
    /// What they answered after they saw it
    #[arg(long = "final", value_name = "COLUMN")]
    pub after: Option<String>,
    /// Who answered
    #[arg(long, value_name = "COLUMN")]
    pub person: Option<String>,
    /// What was decided on, where several rows are about the same
    #[arg(long, value_name = "COLUMN")]
    pub item: Option<String>,
    /// When: then the past is fitted and the present judged
    #[arg(long, value_name = "COLUMN")]
    pub time: Option<String>,
    /// Seconds that the person took (milliseconds where the name ends in ms)
    #[arg(long, value_name = "COLUMN")]
    pub seconds: Option<String>,
    /// Columns by which fairness is looked at, alone and crossed
    #[arg(long, value_name = "COLUMN,..", value_delimiter = ',')]
    pub group: Vec<String>,
    /// Columns in which regions are searched: what is known when a case comes in [default: those that are left over]
    #[arg(long, value_name = "COLUMN,..", value_delimiter = ',')]
    pub region: Vec<String>,
    /// Stored test masks: 0110 has four splits, and its row is tested in the second and third
    #[arg(long, value_name = "COLUMN")]
    pub split: Option<String>,
}

/// What is asked of it.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Question")]
pub struct Asked {
    /// Promised error of automation; several with commas [default: 0.01,0.02,0.05]
    #[arg(long, value_name = "SHARE,..", value_delimiter = ',')]
    pub alpha: Vec<f64>,
    /// Chance that the promise is broken nevertheless [default: 0.05]
    #[arg(long, value_name = "SHARE")]
    pub delta: Option<f64>,
    /// What errors cost, by truth and answer: 'attack->benign=20,default=1'
    #[arg(long, value_name = "COSTS")]
    pub cost: Option<String>,
    /// What a minute of a person costs, in the same unit [default: 0]
    #[arg(long, value_name = "COST")]
    pub minute_cost: Option<f64>,
    /// Seed of every draw [default: 1]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Give the skill of people by name
    #[arg(long)]
    pub named: bool,
}

impl Columns {
    /// Puts the flags over a mapping.
    fn over(self, mut mapping: Mapping) -> Mapping {
        let single = [
            (&mut mapping.truth, self.truth),
            (&mut mapping.human, self.human),
            (&mut mapping.ai, self.ai),
            (&mut mapping.human_confidence, self.human_confidence),
            (&mut mapping.initial, self.initial),
            (&mut mapping.after, self.after),
            (&mut mapping.person, self.person),
            (&mut mapping.item, self.item),
            (&mut mapping.time, self.time),
            (&mut mapping.seconds, self.seconds),
            (&mut mapping.split, self.split),
        ];
        for (place, flag) in single {
            if flag.is_some() {
                *place = flag;
            }
        }
        let lists = [
            (&mut mapping.ai_probs, self.ai_probs),
            (&mut mapping.classes, self.classes),
            (&mut mapping.group, self.group),
            (&mut mapping.region, self.region),
        ];
        for (place, flag) in lists {
            if !flag.is_empty() {
                *place = flag;
            }
        }
        mapping
    }

    fn is_empty(&self) -> bool {
        let single = [
            &self.truth,
            &self.human,
            &self.ai,
            &self.human_confidence,
            &self.initial,
            &self.after,
            &self.person,
            &self.item,
            &self.time,
            &self.seconds,
            &self.split,
        ];
        single.iter().all(|flag| flag.is_none()) && [&self.ai_probs, &self.classes, &self.region].iter().all(|flag| flag.is_empty())
    }
}

/// Holds a rehearsal and shows what it found.
pub async fn run(global: &Global, arguments: Arguments) -> Result<()> {
    let out = global.out();
    let watch = reality::stopwatch();
    let question = Question {
        alpha: arguments.question.alpha,
        delta: arguments.question.delta,
        cost: arguments.question.cost,
        minute_cost: arguments.question.minute_cost,
        seed: arguments.question.seed,
        named: arguments.question.named,
    };
    let findings = match (&arguments.file, &arguments.playbook) {
        (Some(file), _) => {
            let mapping = arguments.columns.over(mapping(arguments.mapping.as_deref())?);
            of_file(out, file, &mapping, &question)?
        }
        (None, Some(name)) => {
            if !arguments.columns.is_empty() {
                return Err(Exit::Usage.because("with --playbook the workspace knows what is what; of the columns only --group is taken"));
            }
            let node = Node::open(global).await?;
            let bar = out.progress(0, "cases");
            let result = node.workspace.rehearse(name, &arguments.columns.group, &question, &mut |step| show(&bar, step)).await;
            bar.finish_and_clear();
            node.close().await;
            result.map_err(failure)?
        }
        (None, None) => return Err(Exit::Usage.because("give a file, or --playbook NAME for the workspace's own history")),
    };
    if let Some(path) = &arguments.out {
        write(path, &countersign_app::rehearsal::page(&findings))?;
    }
    if out.json {
        out.value(&findings)?;
    } else {
        summary::print(out, &findings)?;
    }
    if let Some(path) = &arguments.out {
        out.say(format!("The report is in {}", path.display()));
    }
    out.say(format!("{} in {:.1} s", counted(findings.data.rows_read, "row", "rows"), watch.elapsed().as_secs_f64()));
    Ok(())
}

fn of_file(out: Out, file: &Path, mapping: &Mapping, question: &Question) -> Result<Findings> {
    let bar = out.progress_bytes(std::fs::metadata(file).map_or(0, |file| file.len()));
    let result = rehearsal::of_file(file, mapping, question, &mut |step| show(&bar, step));
    bar.finish_and_clear();
    result.map_err(failure)
}

fn show(bar: &indicatif::ProgressBar, progress: Progress) {
    match progress {
        Progress::Read { done, total } => {
            bar.set_length(total);
            bar.set_position(done);
        }
        Progress::Step(step) => bar.set_message(step.words().to_owned()),
    }
}

/// A failure with its exit code.
fn failure(error: rehearsal::Error) -> anyhow::Error {
    match error {
        rehearsal::Error::Usage(text) => Exit::Usage.because(text),
        rehearsal::Error::App(error) => error.into(),
        error => Exit::Refused.because(error.to_string()),
    }
}

fn mapping(path: Option<&Path>) -> Result<Mapping> {
    let Some(path) = path else { return Ok(Mapping::default()) };
    let text = std::fs::read_to_string(path).map_err(|error| Exit::Usage.because(format!("{}: {error}", path.display())))?;
    toml::from_str(&text).map_err(|error| Exit::Usage.because(format!("{}: {}", path.display(), error.to_string().trim_end())))
}

/// Beside its place first, so that a reader never sees half a report.
fn write(path: &Path, text: &str) -> Result<()> {
    let wrong = |error: std::io::Error| Exit::Refused.because(format!("{}: {error}", path.display()));
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    std::fs::write(&beside, text).map_err(wrong)?;
    std::fs::rename(&beside, path).map_err(wrong)
}
