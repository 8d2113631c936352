//! The words of the pages about experiments.

use countersign_app::experiment::{ArmView, DifferenceView, ExperimentView, MeanView};

pub const TITLE: &str = "Experiments";
pub const LEAD: &str = "What a way to decide brings is known when cases go to it by lot. A share of the cases that people decide enters, and the draw that assigns each one is committed to before.";
pub const NONE: &str = "No experiment was started here yet";
pub const NONE_LEAD: &str = "Does the AI make us faster, and are we right as often? Start one below and see.";
pub const START: &str = "Start an experiment";
pub const START_LEAD: &str = "Every way has to be one that the playbook lets people decide by. It stops by itself on harm, when it has shown what it was started for, or when enough cases have entered.";
pub const ONE_ROUTE: &str = "This playbook lets people decide in one way only, so that there is nothing to compare. Name another one in its [routing] choose = [..].";
pub const RUNS_ALREADY: &str = "An experiment runs. Another one can start when it has ended: two at a time would blur one another.";
pub const QUESTION: &str = "Question";
pub const QUESTION_HINT: &str = "Does the AI make us faster?";
pub const FIRST: &str = "Compare with";
pub const SECOND: &str = "This way";
pub const EXPLAINED: &str = "Explanations";
pub const EXPLAINED_BOTH: &str = "shown with the advice";
pub const EXPLAINED_FIRST: &str = "hidden in the second way";
pub const NUMBER: &str = "write a number";
pub const SHARE: &str = "Share of cases, in %";
pub const MEASURE: &str = "To find out";
pub const CASES: &str = "Cases at most";
pub const HARM: &str = "Harm tolerated, in points";
pub const BUTTON: &str = "Start";
pub const RUNNING: &str = "Runs";
pub const STARTED: &str = "Started";
pub const BY: &str = "by";
pub const ENTER: &str = "Cases that enter";
pub const STOPS: &str = "Stops by itself";
pub const ANSWER: &str = "What it comes to";
pub const NOT_YET: &str = "Nothing can be said yet: no case of it was learned of. What is learned is written down every 15 minutes.";
pub const WAYS: &str = "The ways";
pub const WAY: &str = "Way";
pub const ASSIGNED: &str = "Assigned";
pub const DECIDED: &str = "Decided";
pub const RIGHT: &str = "Right";
pub const MINUTES: &str = "Minutes";
pub const COST: &str = "Cost";
pub const NO_DIFFERENCE: &str = "no difference";
pub const TRAIL: &str = "How the difference came to be";
pub const TRAIL_CASES: &str = "cases, in the order in which they were assigned";
pub const STOP: &str = "Stop this experiment";
pub const STOP_HINT: &str = "Why, for the record";
pub const TABLE: &str = "As a table";
pub const HOW: &str = "Cases count as they were assigned, whatever became of them later, in the order of the draw. Each interval holds at all looks at once, so that looking early or often finds nothing that is not there.";

/// A measure in words.
#[must_use]
pub fn measure(word: &str) -> &'static str {
    match word {
        "accuracy" => "how often decisions are right",
        "time" => "how much of people's time a case takes",
        "pace" => "time of a typical case, as a share",
        _ => "what errors and minutes cost",
    }
}

/// The same above its picture.
#[must_use]
pub fn heading(word: &str) -> &'static str {
    match word {
        "accuracy" => "How often decisions are right",
        "time" => "How much of people's time a case takes",
        "pace" => "Time of a typical case, as a share",
        _ => "What errors and minutes cost",
    }
}

/// What an axis of differences counts, and from which way.
#[must_use]
pub fn against(measure: &str, first: &str) -> String {
    let difference = match measure {
        "accuracy" => "right answers more or fewer",
        "time" => "minutes a case more or fewer",
        "pace" => "share of the time",
        _ => "cost of a case more or less",
    };
    format!("{difference}, against \"{first}\"")
}

/// Why it ended, in words.
#[must_use]
pub fn cause(word: &str) -> &'static str {
    match word {
        "harm" => "Stopped by its own rule: one way harms",
        "enough" => "Ended by its own rule: what it was started for is shown",
        "cases" => "Ended by its own rule: as many cases have entered as it was given",
        _ => "Stopped by a person",
    }
}

/// What enters.
#[must_use]
pub fn enters(view: &ExperimentView) -> String {
    format!("{} of those that people decide and no rule speaks of, {} at most", share(view.share), super::thousands(view.cases_max))
}

/// When it stops by itself.
#[must_use]
pub fn rules(view: &ExperimentView) -> String {
    let harm = if view.harm > 0.0 { format!(" by more than {:.1} points", view.harm * 100.0) } else { String::new() };
    format!("when a way is shown to be right less often{harm}, or when {} is shown to differ", measure(&view.measure))
}

/// What figures rest on.
#[must_use]
pub fn basis(view: &ExperimentView, at: &str) -> String {
    format!("By version {} of the track record, made {at}. Intervals of {}.", view.record.unwrap_or(0), share(view.certainty))
}

/// A mean of a way.
#[must_use]
pub fn mean(arm: &ArmView, measure: &str) -> Option<(String, u64)> {
    let of: &MeanView = arm.means.iter().find(|mean| mean.measure == measure)?;
    let text = match measure {
        "accuracy" => format!("{:.1} % [{:.1}, {:.1}]", of.value * 100.0, of.low * 100.0, of.high * 100.0),
        "time" => format!("{:.2} [{:.2}, {:.2}]", of.value, of.low, of.high),
        _ => format!("{:.3} [{:.3}, {:.3}]", of.value, of.low, of.high),
    };
    Some((text, of.n))
}

/// A difference, for the note beside its row.
#[must_use]
pub fn of_cases(difference: &DifferenceView) -> String {
    super::track::of(difference.n)
}

/// The state of one in a list.
#[must_use]
pub fn state(view: &ExperimentView) -> &'static str {
    view.stopped.as_ref().map_or(RUNNING, |stopped| cause(&stopped.cause))
}

fn share(value: f64) -> String {
    let text = format!("{:.1}", value * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}
