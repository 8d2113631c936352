//! `agree`: do people agree, who is how good, and which labels follow from their answers. Opens no workspace.

use crate::{
    arguments::Global,
    exit::Exit,
    out::{Out, counted, one_line},
};
use anyhow::Result;
use countersign_app::agree::{self, Agreement, Estimate, Kind, Request, Skill};
use serde::Serialize;
use std::path::PathBuf;

/// People that a table shows; `--json` has all.
const PEOPLE_SHOWN_MAX: usize = 20;

/// What `agree` is asked for.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// An answer a row: CSV, TSV, NDJSON or Parquet; - is standard input
    pub answers: PathBuf,
    /// The column that tells items apart [default: guessed by its name]
    #[arg(long, value_name = "COLUMN")]
    pub item: Option<String>,
    /// The column that tells people apart [default: guessed by its name]
    #[arg(long, value_name = "COLUMN")]
    pub person: Option<String>,
    /// The column of answers [default: guessed by its name]
    #[arg(long, value_name = "COLUMN")]
    pub answer: Option<String>,
    /// A file with the same item column and a column `truth`
    #[arg(long, value_name = "FILE")]
    pub truth: Option<PathBuf>,
    /// What the answers are [default: numbers where there are more than 20 different ones, else classes]
    #[arg(long, value_enum)]
    pub kind: Option<AnswerKind>,
    /// Of the random draws behind the intervals of F1
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// What answers are.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum AnswerKind {
    /// One of a few words or numbers
    Classes,
    /// Numbers on a scale
    Numbers,
}

/// Reads the answers and tells what they say.
pub async fn run(global: &Global, arguments: Arguments) -> Result<()> {
    let out = global.out();
    let request = Request {
        answers: arguments.answers,
        format: None,
        item: arguments.item,
        person: arguments.person,
        answer: arguments.answer,
        truth: arguments.truth,
        kind: arguments.kind.map(|kind| match kind {
            AnswerKind::Classes => Kind::Classes,
            AnswerKind::Numbers => Kind::Numbers,
        }),
        seed: arguments.seed,
    };
    let bar = out.progress_bytes(0);
    let found = tokio::task::spawn_blocking({
        let bar = bar.clone();
        move || {
            agree::agree(&request, &mut |done, total| {
                bar.set_length(total);
                bar.set_position(done);
            })
        }
    });
    let found = found.await?;
    bar.finish_and_clear();
    let found = found.map_err(|error| Exit::Refused.because(error.to_string()))?;
    if !out.json {
        talk(out, &found);
        return tables(out, &found);
    }
    out.value(&found)
}

/// What was guessed, and what the figures are of.
fn talk(out: Out, found: &Agreement) {
    let columns = &found.columns;
    if !columns.guessed.is_empty() {
        let (item, person, answer) = (one_line(&columns.item), one_line(&columns.person), one_line(&columns.answer));
        out.say(format!("item: `{item}`, person: `{person}`, answer: `{answer}` (guessed: {})", columns.guessed.join(", ")));
    }
    let what = match found.kind {
        Kind::Classes => format!("{} classes: {}", found.classes.len(), few(&found.classes)),
        Kind::Numbers => "numbers".to_owned(),
    };
    let (answers, people, items) =
        (counted(found.n, "answer", "answers"), counted(found.people, "person", "people"), counted(found.items, "item", "items"));
    out.say(format!("{answers} of {people} to {items}; {what}"));
    if found.left_out > 0 {
        out.say(format!("{} with an empty cell left out", counted(found.left_out, "row", "rows")));
    }
    if found.truths > 0 {
        out.say(format!("the truth of {} is known", counted(found.truths, "item", "items")));
    }
    out.say("");
}

fn few(words: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<String> = words.iter().take(SHOWN).map(|word| one_line(word)).collect();
    if words.len() > SHOWN { format!("{}, ..", shown.join(", ")) } else { shown.join(", ") }
}

/// A line of a table.
#[derive(Serialize)]
struct Line(Vec<String>);

fn tables(out: Out, found: &Agreement) -> Result<()> {
    let show = |lines: &[Line], header: &[&str]| out.table(lines, header, |line| line.0.clone());
    let agreement = &found.agreement;
    let coefficients = [
        ("same answer, chance included", agreement.observed),
        ("Krippendorff's alpha", agreement.krippendorff_alpha),
        ("Krippendorff's alpha, classes in order", agreement.krippendorff_alpha_ordinal),
        ("Fleiss' kappa", agreement.fleiss_kappa),
        ("Cohen's kappa", agreement.cohen_kappa),
    ];
    let lines: Vec<Line> = coefficients
        .into_iter()
        .filter_map(|(name, estimate)| estimate.map(|estimate| Line(vec![name.to_owned(), figure(&estimate), estimate.n.to_string()])))
        .collect();
    if lines.is_empty() {
        out.line(format!("no agreement: {}", agreement.reason.as_deref().unwrap_or("unknown")))?;
    } else {
        show(&lines, &["agreement", "value [95 %]", "items"])?;
    }
    out.line("")?;
    methods(out, found)?;
    out.line("")?;
    people(out, found)?;
    for sentence in &found.cannot_say {
        out.line(format!("\nNot known: {sentence}"))?;
    }
    Ok(())
}

fn methods(out: Out, found: &Agreement) -> Result<()> {
    let mut reasons: Vec<&str> = Vec::new();
    let mut lines = Vec::new();
    let optional = |estimate: Option<Estimate>| estimate.map_or("-".to_owned(), |estimate| figure(&estimate));
    if found.kind == Kind::Numbers {
        for (name, method) in [("mean", &found.mean), ("median", &found.median)] {
            let Some(method) = method else { continue };
            lines.push(Line(vec![name.to_owned(), optional(method.mae), optional(method.rmse)]));
            reasons.extend(method.reason.as_deref());
        }
        out.table(&lines, &["numbers by", "mean distance to the truth [95 %]", "root mean square [95 %]"], |line| line.0.clone())?;
    } else {
        let methods = [
            ("majority vote", &found.majority),
            ("one coin a person", &found.one_coin),
            ("GLAD", &found.glad),
            ("Dawid and Skene", &found.dawid_skene),
        ];
        for (name, method) in methods {
            lines.push(Line(vec![name.to_owned(), optional(method.accuracy), optional(method.f1)]));
            reasons.extend(method.reason.as_deref());
        }
        out.table(&lines, &["labels by", "accuracy [95 %]", "F1 [95 %]"], |line| line.0.clone())?;
        if let (Some(ties), Some(chance)) = (found.majority.ties.filter(|ties| *ties > 0), found.majority.accuracy_by_chance) {
            let ties = counted(ties, "vote was a tie", "votes were ties");
            out.line(format!("{ties}, decided for the more frequent class; by chance the accuracy would be {}", digits(chance.value)))?;
        }
    }
    reasons.dedup();
    for reason in reasons {
        out.line(format!("no figure: {reason}"))?;
    }
    Ok(())
}

fn people(out: Out, found: &Agreement) -> Result<()> {
    let has = |of: fn(&Skill) -> bool| found.skill.iter().any(of);
    let (right, modelled, distance) =
        (has(|skill| skill.right.is_some()), has(|skill| skill.dawid_skene.is_some()), has(|skill| skill.distance.is_some()));
    let mut header = vec!["person", "answers"];
    header.extend(right.then_some("right [95 %]"));
    header.extend(modelled.then_some("right by Dawid and Skene [95 %]"));
    let reference = if found.truths > 0 { "distance to the truth [95 %]" } else { "distance to the others [95 %]" };
    header.extend(distance.then_some(reference));
    let line = |skill: &Skill| {
        let mut cells = vec![skill.person.clone(), skill.answers.to_string()];
        for (shown, estimate) in [(right, skill.right), (modelled, skill.dawid_skene), (distance, skill.distance)] {
            cells.extend(shown.then(|| estimate.map_or("-".to_owned(), |estimate| figure(&estimate))));
        }
        Line(cells)
    };
    let all = found.skill.len();
    let half = PEOPLE_SHOWN_MAX / 2;
    let shown: Vec<Line> = if all > PEOPLE_SHOWN_MAX {
        let between = Line(vec!["..".to_owned()].into_iter().chain(header.iter().skip(1).map(|_| String::new())).collect());
        found.skill.iter().take(half).map(line).chain([between]).chain(found.skill.iter().skip(all - half).map(line)).collect()
    } else {
        found.skill.iter().map(line).collect()
    };
    out.table(&shown, &header, |line| line.0.clone())?;
    if all > PEOPLE_SHOWN_MAX {
        out.say(format!("the first and last {half} of {all} people; --json has all"));
    }
    Ok(())
}

/// `.812 [.783, .837]`.
fn figure(estimate: &Estimate) -> String {
    format!("{} [{}, {}]", digits(estimate.value), digits(estimate.low), digits(estimate.high))
}

fn digits(value: f64) -> String {
    let text = if value.abs() >= 10.0 { format!("{value:.2}") } else { format!("{value:.3}") };
    match text.strip_prefix("-0.") {
        Some(rest) => format!("-.{rest}"),
        None => text.strip_prefix("0.").map_or(text.clone(), |rest| format!(".{rest}")),
    }
}
