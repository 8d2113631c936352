//! The words of the page that tells what was learned.

use countersign_app::{
    recent::TurnedOut,
    track::{DriftView, Figure, KindView, LikeView, TrackView},
};

pub const TITLE: &str = "What was learned, and what may be automated";
pub const AUTOMATION: &str = "Automation";
pub const NOTHING: &str = "Nothing was learned yet";
pub const NOTHING_LEAD: &str =
    "As soon as cases are decided and their outcomes come in, this page tells how often the AI and people are right.";
pub const NOT_ALLOWED: &str = "The playbook allows no automation: people decide every case.";
pub const STOPPED: &str = "Stopped. People decide every case until it is resumed.";
pub const NONE_CERTIFIED: &str = "Nothing is automated: no certificate is in force. People decide every case.";
pub const STOP_HEAD: &str = "Automation is stopped";
pub const STOP: &str = "Stop automation";
pub const STOP_HINT: &str = "Why, for the record";
pub const STOP_REASON: &str = "stopped at the desk";
pub const RESUME_HINT: &str = "What was looked at, and why it may go on";
pub const NOT_IN_FORCE: &str = "not in force";
pub const PROMISE: &str = "Promise";
pub const EVIDENCE: &str = "Evidence";
pub const COVERS: &str = "Covers";
pub const AUDITS: &str = "Blind audits";
pub const DELAY: &str = "A break shows after";
pub const MOVED: &str = "What has moved";
pub const MOVED_LEAD: &str = "The last 7 days beside the 28 before, and the later half of the truths beside the earlier. A warning says where, not why, and stops nothing.";
pub const RESTS: &str = "rests: errors in all that it covers would cost more than people's time";
pub const UNTIL: &str = "Until";
pub const TAKES: &str = "What the promise takes";
pub const TEST_LEAD: &str = "Fixed before its cases came in: these kinds, these thresholds, this many labels. It is looked at once.";
pub const KIND: &str = "Kind of case";
pub const AI: &str = "AI";
pub const ALONE: &str = "People alone";
pub const ADVISED: &str = "People with advice";
pub const ADVICE: &str = "Advice";
pub const NOTHING_FURTHER: &str = "No further kind of case looks good enough to be tested for this promise.";
pub const PINNED: &str = "pinned by a person";

/// How much is automated.
#[must_use]
pub fn runs(certificates: usize) -> String {
    match certificates {
        1 => "Runs under one certificate. A share of what is automated goes to people, blind.".into(),
        n => format!("Runs under {n} certificates. A share of what is automated goes to people, blind."),
    }
}

/// What a certificate is about.
#[must_use]
pub fn certified(region: &str) -> String {
    format!("Certificate for {region}")
}

/// Whether right means as people answered without advice, because nothing tells the truth.
#[must_use]
pub fn judged(against: &str) -> bool {
    against == "judgments"
}

/// What is wrong with an answer that is counted as an error.
fn wrong(against: &str) -> &'static str {
    if judged(against) { "other than what a person answers without advice" } else { "wrong" }
}

/// What is told of each.
#[must_use]
pub fn learned(labels: &str) -> &'static str {
    if judged(labels) { "How often the AI answers as people do" } else { "How often each is right" }
}

/// A promise.
#[must_use]
pub fn promise(error: f64, certainty: f64, against: &str) -> String {
    let wrong = wrong(against);
    format!("at most {} of what is automated is {wrong}, with a certainty of {}", share(error), share(certainty))
}

/// What it rests on.
#[must_use]
pub fn evidence((errors, n): (u64, u64), upper: f64, against: &str) -> String {
    let (n, upper) = (super::thousands(n), share(upper));
    if judged(against) {
        return format!(
            "{errors} answered otherwise by a person without advice in {n} cases drawn by lot after the test was fixed: at most {upper}"
        );
    }
    format!("{errors} wrong in {n} cases that came in after the test was fixed: at most {upper}")
}

/// A threshold.
#[must_use]
pub fn at_least(threshold: f64) -> String {
    format!("where it is at least {} sure", share(threshold))
}

/// How many audits.
#[must_use]
pub fn audits(drawn: u64, settled: u64) -> String {
    format!("{} drawn, {} settled", super::thousands(drawn), super::thousands(settled))
}

/// What they came to.
#[must_use]
pub fn audited(upper: f64) -> String {
    format!("errors at most {} by them", share(upper))
}

/// How long a break stays unnoticed.
#[must_use]
pub fn delay(audits: u64) -> String {
    format!("{audits} audits in the mean, if errors become twice what is promised")
}

/// Something that has moved.
#[must_use]
pub fn moved(drift: &DriftView) -> String {
    let (before, after) = (super::percent(drift.before), super::percent(drift.after));
    match drift.of.as_str() {
        "field" => {
            format!("{} is now {} in {after} of {} cases; it was {before}", drift.name, drift.part, super::thousands(drift.cases))
        }
        _ => format!("{}, {}: {after} of {} were wrong; usual were at most {before}", drift.name, drift.part, drift.cases),
    }
}

/// Probabilities that are left to people.
#[must_use]
pub fn left(from: f64, below: f64) -> String {
    format!("not from {} to {}: errors there would cost more than people", super::percent(from), super::percent(below))
}

/// Other certificates whose cases it does not speak of.
#[must_use]
pub fn beside(certificates: u64) -> String {
    if certificates == 1 { "not what another certificate covers".into() } else { format!("not what {certificates} others cover") }
}

/// A test that waits.
#[must_use]
pub fn test(attempt: u64) -> String {
    format!("Test {attempt} is under way")
}

/// For what it waits.
#[must_use]
pub fn waits(region: &str, rows: u64, labels: &str) -> String {
    let of = if judged(labels) { "answers without advice" } else { "outcomes" };
    format!("{region}: {} {of}", super::thousands(rows))
}

/// What a promise takes at the least.
#[must_use]
pub fn takes((error, certainty): (f64, f64), labels: u64, against: &str) -> String {
    let (error, certainty, labels) = (share(error), share(certainty), super::thousands(labels));
    if judged(against) {
        return format!(
            "Nothing tells the truth here, so that the promise is about people: at most {error} answered otherwise than a person without advice \
             would, with a certainty of {certainty}. It takes {labels} cases of one kind at the least that are drawn by lot and answered \
             without advice, if all agree. What people and the AI both get wrong it does not see."
        );
    }
    format!(
        "At most {error} wrong with a certainty of {certainty} takes {labels} outcomes of one kind of case at the least, if none of them is wrong."
    )
}

/// What it takes if something is wrong.
#[must_use]
pub fn takes_half(labels: u64, against: &str) -> String {
    let wrong = if judged(against) { "as many differ" } else { "as much is wrong" };
    format!("If half {wrong} as is promised, it takes {}.", super::thousands(labels))
}

/// How long that is.
#[must_use]
pub fn takes_days(per_day: f64, days: f64, against: &str) -> String {
    let mature = if judged(against) { "such answers come in a day" } else { "outcomes a day mature" };
    format!("Here {per_day:.0} {mature}, so that this is about {days:.0} days.")
}

/// What the record rests on.
#[must_use]
pub fn basis(track: &TrackView) -> String {
    let decided = super::thousands(track.decided);
    let matured = super::thousands(track.matured);
    if judged(&track.labels) {
        return format!(
            "From {decided} decided cases, {matured} of them drawn by lot and answered by a person without advice: nothing tells the truth \
             here, so that right means as that person answered. Who of people is right is not known. 95 % intervals."
        );
    }
    let proxy = if track.proxy { " The outcome is a proxy: right means right by it." } else { "" };
    let corrected = match track.corrected {
        0 => String::new(),
        n => format!(" {n} outcomes were corrected since they came, and are counted as they are now."),
    };
    format!(
        "From {decided} decided cases, {matured} of them with a matured outcome.{corrected}{proxy} 95 % intervals; people alone are judged by answers that they gave without advice."
    )
}

/// How often proposals like this one were right.
#[must_use]
pub fn like(like: &LikeView) -> String {
    let of = like.region.as_ref().map_or_else(String::new, |region| format!(" ({region})"));
    let right = if judged(&like.against) { "a person without advice answered the same" } else { "it was right" };
    format!("Of {} like this{of} {right} in {}.", super::thousands(like.figure.n), rate(&like.figure))
}

/// A share with its interval, in percent: with a decimal, for promises are about tenths.
#[must_use]
pub fn rate(figure: &Figure) -> String {
    format!("{:.1} % [{:.1}, {:.1}]", 100.0 * figure.value, 100.0 * figure.low, 100.0 * figure.high)
}

/// How many are behind it.
#[must_use]
pub fn of(n: u64) -> String {
    format!("n = {}", super::thousands(n))
}

/// What turned out, beside what was answered.
#[must_use]
pub fn turned_out(out: &TurnedOut) -> String {
    let you = if out.right { "You were right" } else { "You were wrong" };
    let ai = match (out.ai_right, out.right) {
        (None, _) => "",
        (Some(true), true) | (Some(false), false) => ", and so was the AI",
        (Some(true), false) => ", the AI was right",
        (Some(false), true) => ", the AI was wrong",
    };
    if out.right { format!("{you}{ai}.") } else { format!("{you}{ai}: it was {}.", out.truth) }
}

/// Who tends to be right.
#[must_use]
pub fn tends(kind: &KindView) -> String {
    let told = |f: &Figure| format!("{}, {}", rate(f), of(f.n));
    format!("In such cases ({}) the AI was right in {}; people alone in {}.", kind.region, told(&kind.ai), told(&kind.people))
}

/// What advice does.
#[must_use]
pub fn advice(word: &str) -> &'static str {
    match word {
        "helps" => "helps",
        "harms" => "harms",
        "not_shown" => "no difference shown",
        _ => "not enough yet",
    }
}

fn share(value: f64) -> String {
    let percent = value * 100.0;
    let text = format!("{percent:.2}");
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}
