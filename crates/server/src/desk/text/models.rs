//! The words of the page of models.

use countersign_app::model::{Beside, CurvePoint, Estimate, GROUP_CASES_MIN, GroupReport, Imported, Report};

pub const TITLE: &str = "Models";
pub const STANDING: &str = "Who advises";
pub const CHAMPION: &str = "Advises people";
pub const NO_CHAMPION: &str = "No model. Whatever proposes from outside is untouched by this page.";
pub const SHADOW: &str = "Runs in the shadow";
pub const NO_SHADOW: &str = "None";
pub const SINCE: &str = "since";
pub const FIRST_LEAD: &str = "A first model learns from what people here answered before they saw any advice, and from outcomes. It learns on this machine, \
     nothing leaves it, and until people promote it nobody sees what it says.";
pub const TRAIN_FIRST: &str = "Train a first model";
pub const TRAIN: &str = "Train again on all cases";
pub const TRAIN_BEST: &str = "Train on words and on numbers, keep the better";
pub const KIND: &str = "Kind";
pub const KIND_TEXT: &str = "Text: weights of words and facts";
pub const KIND_TREES: &str = "Trees: questions about numbers, facts and words";
pub const VERSIONS: &str = "Versions";
pub const MODEL: &str = "Model";
pub const MADE: &str = "made";
pub const EXAMPLES: &str = "Examples";
pub const HELD_OUT: &str = "Right on held-out cases";
pub const SINCE_KEPT: &str = "Right since then";
pub const STAGE: &str = "Stage";
pub const PROMOTE_LEAD: &str = "Promoting a model is a decision like any other: a case in the queue with the evidence attached, signed by a person, in the ledger. \
     Promoting an older version rolls back.";
pub const PROMOTE: &str = "Ask for its promotion";
pub const SHADOW_BEGIN: &str = "Run in the shadow";
pub const SHADOW_END: &str = "End the shadow";
pub const RETIRE: &str = "Ask that no model advises";
pub const CARD: &str = "Card of";
pub const COMMONEST: &str = "Always the commonest answer";
pub const CALIBRATION: &str = "Calibration error";
pub const LEARNED_FROM: &str = "Learned from";
pub const FILE: &str = "File (SHA-256)";
pub const DATA: &str = "Data (SHA-256)";
pub const RECOGNISED: &str = "Recognised";
pub const ELSEWHERE: &str = "Elsewhere";
pub const IMPORTED_LEAD: &str =
    "It was trained elsewhere, on what is not known here, and nothing was held out: how good it is only the shadow says.";
pub const COLUMNS: &str = "Columns";
pub const SEES: &str = "Sees a picture of";
pub const TRIED: &str = "Tried when it came";
pub const GROUPS: &str = "Audited field";
pub const GROUP: &str = "Group";
pub const GROUP_CASES: &str = "Held-out cases";
pub const GROUP_ERROR: &str = "Wrong";
pub const CURVE: &str = "What more examples bring";

/// What was done just now.
#[must_use]
pub fn said(word: &str) -> Option<&'static str> {
    match word {
        "trained" => Some("A model was trained and kept. Its card is below; nobody sees its advice yet."),
        "shadow" => Some("The shadow was changed. What runs there looks at new cases, and nobody sees what it says."),
        _ => None,
    }
}

/// A share with its interval.
#[must_use]
pub fn share(e: &Estimate) -> String {
    format!("{:.1} % ({:.1} to {:.1} %, n = {})", e.value * 100.0, e.low * 100.0, e.high * 100.0, e.n)
}

/// The other model that was tried.
#[must_use]
pub fn beside(of: &Beside) -> String {
    if of.kind == "trees" { "Trees on the same cases".into() } else { "Text on the same cases".into() }
}

/// By how much this one is better.
#[must_use]
pub fn difference(of: &Beside) -> String {
    let by = &of.difference;
    format!("this one right more often by {:+.1} points ({:+.1} to {:+.1})", by.value * 100.0, by.low * 100.0, by.high * 100.0)
}

/// What a model sees of a picture.
#[must_use]
pub fn sees(width: u64, height: u64) -> String {
    format!("{width} × {height} points")
}

/// What a version is like for each answer.
#[must_use]
pub fn by_answer(version: &str) -> String {
    format!("Version {version} by answer")
}

/// What became of trying it.
#[must_use]
pub fn tried(known: &Imported) -> String {
    let why = known.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("on {} cases, with no answer on {}{why}", known.tried, known.no_advice)
}

/// A group's name, or how many small ones stand together.
#[must_use]
pub fn group(group: &GroupReport) -> String {
    match (&group.group, group.groups) {
        (Some(name), _) => name.clone(),
        (None, 1) => "one small group".to_owned(),
        (None, many) => format!("{many} small groups together"),
    }
}

/// What the figures by group say and do not.
#[must_use]
pub fn groups_lead() -> String {
    format!(
        "The model sees none of these fields. Groups with fewer than {GROUP_CASES_MIN} held-out cases stand together. Where it errs more often in one \
         than in the others, beyond chance, a warning stands above."
    )
}

/// What a version is like for each group.
#[must_use]
pub fn by_group(version: &str) -> String {
    format!("Version {version} by group")
}

/// A share alone; its interval stands below it.
#[must_use]
pub fn value(e: &Estimate) -> String {
    format!("{:.1} %", e.value * 100.0)
}

/// The interval of a share, and what it rests on.
#[must_use]
pub fn interval(e: &Estimate) -> String {
    format!("[{:.1}, {:.1}], n = {}", e.low * 100.0, e.high * 100.0, whole(e.n))
}

/// An error with its interval.
#[must_use]
pub fn error(e: &Estimate) -> String {
    format!("{:.3} ({:.3} to {:.3}, n = {})", e.value, e.low, e.high, e.n)
}

/// A stage.
#[must_use]
pub fn stage(stage: Option<&str>) -> &'static str {
    match stage {
        Some("champion") => "advises people",
        Some("shadow") => "in the shadow",
        _ => "kept",
    }
}

/// How much it looked at.
#[must_use]
pub fn looked(n: u64, none: u64) -> String {
    match none {
        0 => format!("looked at {n} new cases"),
        none => format!("looked at {n} new cases, and had no advice for {none} of them"),
    }
}

/// What it learned from.
#[must_use]
pub fn learned(card: &Report) -> String {
    let people = if card.people == 1 { "one person".to_owned() } else { format!("{} people", card.people) };
    let sought = match card.sought {
        0 => String::new(),
        sought => format!("; {sought} came sooner because a model learns from them, and no figure rests on these"),
    };
    format!(
        "{} examples of {} cases: answers of {people} without advice, and {} outcomes{sought}",
        card.examples, card.cases, card.outcomes
    )
}

/// A point of the learning curve.
#[must_use]
pub fn point(point: &CurvePoint) -> String {
    format!("{} examples: {} right", point.examples, share(&point.accuracy))
}

/// That somebody's answers weigh less.
#[must_use]
pub fn capped(given: f64, counted: f64) -> String {
    format!("One person gave {:.0} % of the answers; together they count as {:.0} %.", given * 100.0, counted * 100.0)
}

/// A whole number.
#[must_use]
pub fn whole(n: u64) -> String {
    super::thousands(n)
}
