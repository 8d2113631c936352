//! Speed of what reads texts: the finders of personal data, the built-in text model, and the search of precedents. Never measures a
//! database.

use crate::{
    reality,
    table::{Line, Target},
};
use anyhow::Result;
use countersign_models::{
    Field, Input, Proposer as _, TextModel, Value,
    text::{Example, train, train::Options},
};
use countersign_precedents::{Bag, Index};
use countersign_privacy::find::find;
use countersign_science::random::Random;
use std::{hint::black_box, time::Duration};

/// Answers that are told apart.
const CLASSES: usize = 4;
/// Words of a short text.
const WORDS: usize = 12;
/// Words of a case among whose like is searched.
const CASE_WORDS: usize = 60;
/// Single texts and searches that are timed in each repetition.
const SINGLE: usize = 2_000;

/// How much to measure.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Short texts to train on
    #[arg(long, default_value_t = 100_000)]
    texts: usize,
    /// Cases among which precedents are searched
    #[arg(long, default_value_t = 100_000)]
    cases: usize,
    /// Mail to search for personal data, in MiB
    #[arg(long, default_value_t = 4)]
    mail_mib: usize,
}

/// All lines.
pub fn measure(repeat: usize, arguments: &Arguments) -> Result<Vec<Line>> {
    let mut lines = finders(repeat, arguments.mail_mib << 20)?;
    lines.extend(text_model(repeat, arguments.texts)?);
    lines.extend(precedents(repeat, arguments.cases));
    Ok(lines)
}

fn line(what: &str, n: usize, figures: Vec<f64>, unit: &'static str, target: Option<Target>) -> Line {
    Line { benchmark: "models", engine: "", what: what.into(), n, figures, unit, target }
}

fn finders(repeat: usize, bytes: usize) -> Result<Vec<Line>> {
    let mut mail = String::with_capacity(bytes + 1_024);
    let mut n = 0u64;
    while mail.len() < bytes {
        n += 1;
        mail.push_str(&format!(
            "From: ada{n}@example.org\nTo: team@shop.example\nSubject: order {}\n\nHello, my order has not arrived yet and I would like to know where \
             it is. You can call me at (415) 555-{:04} or write to the address above. The payment went out from DE89 3704 0044 0532 0130 00 on the \
             third of March. Please tell me what to do next, since I need it before the end of the week.\nKind regards, Ada\n\n",
            n * 104_729,
            n % 10_000
        ));
    }
    mail.truncate(bytes);
    let dots = ".".repeat(1 << 20);
    let (mut rates, mut worst) = (Vec::new(), Vec::new());
    for _ in 0..repeat {
        let began = reality::stopwatch();
        black_box(find(&mail)?);
        rates.push(bytes as f64 / 1e6 / began.elapsed().as_secs_f64());
        let began = reality::stopwatch();
        black_box(find(&dots)?);
        worst.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(vec![
        line("personal data in generated mail, all kinds", bytes, rates, "MB/s", Some(Target::AtLeast(20.0))),
        line("personal data in 1 MiB of dots", 1 << 20, worst, "ms", None),
    ])
}

/// Words of an invented language, common ones more often, and one in five from the class's own part of them.
fn text(random: &mut Random, class: usize, words: usize) -> String {
    const SYLLABLES: [&str; 16] = ["ka", "lo", "mi", "ren", "sol", "ta", "ver", "un", "po", "gri", "ne", "du", "fa", "ster", "qui", "be"];
    let syllable = |number: usize| SYLLABLES.get(number % SYLLABLES.len()).copied().unwrap_or_default();
    let word = |number: usize| format!("{}{}{}", syllable(number), syllable(number / 16), syllable(number / 256));
    let words: Vec<String> = (0..words)
        .map(|_| {
            let rank = (random.uniform().powi(3) * 3_000.0) as usize;
            word(if random.uniform() < 0.2 { 3_000 + class * 200 + rank % 200 } else { rank })
        })
        .collect();
    words.join(" ")
}

fn text_model(repeat: usize, n: usize) -> Result<Vec<Line>> {
    let mut random = Random::new(11, 0);
    let classes: Vec<String> = (0..CLASSES).map(|class| format!("class {class}")).collect();
    let mut example = |at: usize| {
        let class = random.below(CLASSES);
        let value = Value::Text(text(&mut random, class, WORDS));
        Example {
            input: Input { fields: vec![Field { name: "text".into(), value, masked: false, hidden: false }] },
            answer: classes.get(class).cloned().unwrap_or_default(),
            case: format!("{at:09}"),
            person: None,
            at: at as i64,
            sought: false,
            groups: Vec::new(),
        }
    };
    let examples: Vec<Example> = (0..n).map(&mut example).collect();
    let began = reality::stopwatch();
    let (model, report) = train(&examples, &Options::new(classes), &mut |_| {})?;
    let trained = began.elapsed().as_secs_f64();
    let (mut rates, mut latencies) = (Vec::new(), Vec::new());
    for _ in 0..repeat {
        let began = reality::stopwatch();
        in_parallel(&model, &examples)?;
        rates.push(n as f64 / began.elapsed().as_secs_f64());
        let began = reality::stopwatch();
        let single = examples.iter().cycle().take(SINGLE);
        single.map(|example| model.propose(&example.input).map(black_box)).collect::<Result<Vec<_>, _>>()?;
        latencies.push(began.elapsed().as_secs_f64() * 1e6 / SINGLE as f64);
    }
    Ok(vec![
        line("training on short texts, with held-out figures", n, vec![trained], "s", Some(Target::AtMost(20.0))),
        line("held-out accuracy of that", n, vec![report.accuracy.value], "", None),
        line("advice on short texts, all cores", n, rates, "texts/s", Some(Target::AtLeast(50_000.0))),
        line("advice on one short text, with its evidence", SINGLE, latencies, "µs", None),
    ])
}

fn in_parallel(model: &TextModel, examples: &[Example]) -> Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let part = |part: &[Example]| part.iter().try_for_each(|example| model.propose(&example.input).map(|advice| drop(black_box(advice))));
    let results: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> =
            examples.chunks(examples.len().div_ceil(threads).max(1)).map(|some| scope.spawn(move || part(some))).collect();
        running.into_iter().map(|one| one.join()).collect()
    });
    for result in results {
        result.map_err(|_| anyhow::anyhow!("a thread broke off"))??;
    }
    Ok(())
}

/// Searching among decided cases for those most like one: the index alone, on one core.
fn precedents(repeat: usize, n: usize) -> Vec<Line> {
    let mut random = Random::new(12, 0);
    let mut sketch = |class: usize| {
        let mut bag = Bag::default();
        bag.text(&text(&mut random, class, CASE_WORDS));
        bag.sketch()
    };
    let mut index = Index::new(n);
    for case in 0..n {
        index.insert(case, sketch(case % CLASSES), case % 2 == 0);
    }
    index.settle();
    let (mut halves, mut most) = (Vec::new(), Vec::new());
    for _ in 0..repeat {
        let mut times: Vec<Duration> = (0..SINGLE.min(n))
            .map(|case| {
                let asked = sketch(case % CLASSES);
                let began = reality::stopwatch();
                black_box(index.like(&asked, None, 24));
                began.elapsed()
            })
            .collect();
        times.sort_unstable();
        let at = |share: usize| times.get(times.len() * share / 100).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3);
        halves.push(at(50));
        most.push(at(99));
    }
    vec![
        line("the most alike among cases of 60 words, p50", n, halves, "ms", None),
        line("the most alike among cases of 60 words, p99", n, most, "ms", None),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_runs_pass() {
        let lines = measure(1, &Arguments { texts: 600, cases: 500, mail_mib: 1 }).unwrap();
        assert!(lines.len() == 8 && lines.iter().all(|line| line.figures.iter().all(|figure| *figure > 0.0)), "{lines:?}");
    }
}
