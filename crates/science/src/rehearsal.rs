//! Rehearsals: past decisions in, and out of them how good people, AI and pair are and what to change. Reads no file.
//!
//! [`run`] takes [`Data`] and [`Options`] and gives [`Findings`]. Everything that is fitted is fitted on other rows than those it
//! is judged on ([`parting`]): by stored splits, by time, or by folds that keep items together. The method of the achievable pair is
//! chosen inside of the fitted rows. All figures are drawn together ([`sheet`]), with people and items as clusters.

mod automation;
mod combine;
mod compose;
mod curves;
mod data;
mod equity;
pub mod findings;
mod judge;
mod methods;
mod parting;
mod places;
mod policies;
mod promise;
mod recommend;
mod reliance;
mod routes;
mod sheet;
mod skills;
mod stage;
mod unmeasured;
mod words;

pub use data::{CLASSES_MAX, Codes, Data, Feature, NONE, Options};
pub use findings::{Findings, LeftOut};

use crate::error::Result;
use compose::{Builder, Figures, compare, member};
use findings::{Complementarity, DataFacts, FINDINGS_VERSION, Member, Method as HowComputed};
use judge::Judged;
use methods::Costs;
use parting::Parting;
use sheet::{Drawn, LEVEL, Sheet};

/// How far a rehearsal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Fitting and judging; so many of so many parts are done.
    Judging {
        /// Parts that are done.
        done: usize,
        /// Parts there are.
        of: usize,
    },
    /// Drawing intervals.
    Drawing,
    /// Fairness.
    Fairness,
    /// Regions.
    Regions,
    /// All is done.
    Done,
}

impl Step {
    /// For a reader.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Judging { .. } => "fitting on one part, judging on the other",
            Self::Drawing => "drawing intervals",
            Self::Fairness => "looking at groups",
            Self::Regions => "searching regions",
            Self::Done => "done",
        }
    }

    /// About how much is done, from 0 to 1.
    #[must_use]
    pub fn share(self) -> f64 {
        match self {
            Self::Judging { done, of } => 0.5 * done as f64 / of.max(1) as f64,
            Self::Drawing => 0.5,
            Self::Fairness => 0.75,
            Self::Regions => 0.85,
            Self::Done => 1.0,
        }
    }
}

/// Says what past decisions say.
///
/// # Errors
/// [`crate::Error::Input`] where a column is not what it should be, [`crate::Error::CannotSay`] where the rows can say nothing.
pub fn run(data: &Data, options: &Options, progress: &mut dyn FnMut(Step)) -> Result<Findings> {
    data.check(options)?;
    if data.truth.is_none() {
        return unmeasured::findings(data, options, progress);
    }
    let Some(ai) = &data.ai else {
        return Err(crate::Error::input("ai", "there is no answer of the AI in these rows"));
    };
    let costs = costs(data, options);
    let parting = Parting::of(data, options.seed);
    if parting.parts.is_empty() {
        return Err(crate::Error::cannot_say(format!(
            "{} rows cannot be parted into rows to fit on and rows to judge on: bring at least two different items",
            data.len()
        )));
    }
    let mut judged = judged(data, options, &costs, &parting, progress);
    let mut builder = Builder::new(data, options, &costs, parting.weights.clone());
    let figures = compose::figures(&mut builder, &mut judged, ai);
    progress(Step::Drawing);
    let drawn = builder.draw()?;
    let mut findings = measured(data, options, &parting, &judged, &figures, (&builder.sheet, &drawn));
    progress(Step::Fairness);
    findings.fairness = equity::fairness(data, options, &figures);
    progress(Step::Regions);
    findings.regions = places::regions(data, options, ai, &mut findings.method.notes);
    skills::add(data, options, &mut findings);
    curves::add(data, options, &parting, &judged, &figures, &mut findings);
    recommend::add(options, &mut findings);
    words::add(data, options, &mut findings);
    progress(Step::Done);
    Ok(findings)
}

/// Judges on a thread of its own, so that whoever watches is told of every part that is done.
fn judged(data: &Data, options: &Options, costs: &Costs, parting: &Parting, progress: &mut dyn FnMut(Step)) -> Judged {
    let of = parting.parts.len();
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let worker = scope.spawn(move || {
            let tick = || {
                // Only a reader that is gone does not hear it, and then nobody is to be told.
                let _ = sender.send(());
            };
            judge::judge(data, options, costs, parting, &tick)
        });
        for (done, ()) in receiver.iter().enumerate() {
            progress(Step::Judging { done: done + 1, of });
        }
        worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn costs(data: &Data, options: &Options) -> Costs {
    Costs { errors: options.cost_matrix(data.classes.len()), look: compose::look(data, options) }
}

/// Everything that the draws give.
fn measured(
    data: &Data,
    options: &Options,
    parting: &Parting,
    judged: &Judged,
    figures: &Figures,
    (sheet, drawn): (&Sheet, &Drawn),
) -> Findings {
    let human = figures.human.as_ref().map(|d| member(drawn, d));
    let observed = figures.observed.as_ref().map(|d| member(drawn, d));
    let achieved = figures.achieved.as_ref().map(|d| member(drawn, d));
    let human_right = figures.human.as_ref().map(|d| d.right);
    let complementarity = Complementarity {
        observed: figures.observed.as_ref().map_or_else(
            || {
                words::comparison_absent(
                    "there are no answers that people gave after they had seen advice (--final), so the observed pair is not known",
                )
            },
            |pair| compare(drawn, sheet, pair.right, human_right, &[figures.ai.right]),
        ),
        achievable: figures.achieved.as_ref().map_or_else(
            || {
                words::comparison_absent(
                    "people's own answers before advice are not known (--human or --initial), so nothing can be combined with the AI",
                )
            },
            |pair| compare(drawn, sheet, pair.right, human_right, &[figures.ai.right, figures.recalibrated.right]),
        ),
        potential: figures.both_wrong.zip(human_right).and_then(|(wrong, human)| {
            drawn.statistic(drawn.n(wrong), |get| Some(1.0 - get(wrong)? - get(human)?.max(get(figures.ai.right)?)))
        }),
        limit: words::limit(drawn, figures),
    };
    let absent = |reason: &str| Member { reason: Some(reason.to_owned()), ..Member::default() };
    Findings {
        version: FINDINGS_VERSION,
        n: data.len() as u64,
        data: facts(data, drawn, figures),
        headline: Vec::new(),
        human: human.map_or_else(|| absent("people's own answers before advice are not known (--human or --initial)"), words::human),
        ai: words::ai(member(drawn, &figures.ai), data),
        observed_pair: observed.map_or_else(|| absent("no answers after advice are known (--final)"), words::observed),
        achievable_pair: achieved
            .map_or_else(|| absent("people's own answers before advice are not known"), |m| words::achieved(m, &judged.chosen)),
        both_wrong: figures.both_wrong.and_then(|f| drawn.share(f)),
        complementarity,
        reliance: reliance::reliance(data, drawn, figures),
        automation: automation::automation(options, judged, figures, drawn),
        prediction_sets: automation::prediction_sets(judged, figures, drawn),
        policies: policies::policies(data, options, judged, figures, drawn),
        fairness: findings::Fairness::default(),
        regions: Vec::new(),
        cannot_say: Vec::new(),
        recommended: findings::Recommended::default(),
        reliability: Vec::new(),
        risk_coverage: Vec::new(),
        cost_curves: Vec::new(),
        confusion: Vec::new(),
        skill: findings::Skill::default(),
        splits: judged.splits.clone(),
        suggestion_only: None,
        method: how(data, options, parting, drawn.draws),
    }
}

fn facts(data: &Data, drawn: &Drawn, figures: &Figures) -> DataFacts {
    let clustered = data.person.is_some() || data.item.is_some();
    DataFacts {
        source: data.source.clone(),
        classes: data.classes.clone(),
        rows_read: data.rows_read,
        left_out: data.left_out.clone(),
        items: data.item.as_ref().map(|c| c.names.len() as u64),
        people: data.person.as_ref().map(|c| c.names.len() as u64),
        effective_n: figures.human.as_ref().filter(|_| clustered).and_then(|d| drawn.worth(d.right)),
    }
}

fn how(data: &Data, options: &Options, parting: &Parting, draws: u64) -> HowComputed {
    HowComputed {
        software: options.software.clone(),
        seed: options.seed,
        draws,
        level: LEVEL,
        parting: parting.words.clone(),
        folds: parting.parts.len() as u64,
        clusters: sheet::clusters_in_words(data).to_owned(),
        columns: data.columns.clone(),
        notes: data.notes.clone(),
        sources: words::sources(),
    }
}
