//! Findings in plain sentences: the headline, what the data cannot say, why a figure is absent. Computes no figure of its own
//! but the limit of complementarity.

use crate::{
    Estimate, combination, complementarity,
    rehearsal::{
        compose::Figures,
        data::{Data, NONE, Options},
        equity,
        findings::{Automation, Comparison, Findings, Member, Verdict, Who},
        policies::percent,
        sheet::{Drawn, Figure},
    },
};
use std::collections::BTreeMap;

/// People of whom an interval over people is a rough one.
const PEOPLE_FEW: usize = 20;
/// Share of one class above which accuracy misleads.
const BASE_RATE_HIGH: f64 = 0.8;
/// Gaps that the headline names.
const GAPS_TOLD: usize = 2;

/// `61.8 % [60.0, 63.6]`.
#[must_use]
pub(super) fn share(e: &Estimate) -> String {
    format!("{:.1} % [{:.1}, {:.1}]", 100.0 * e.value, 100.0 * e.low, 100.0 * e.high)
}

/// `3.9 points [1.3, 6.5]`, without its sign.
fn points(e: &Estimate) -> String {
    let (low, high) = if e.value < 0.0 { (-e.high, -e.low) } else { (e.low, e.high) };
    format!("{:.1} points [{low:.1}, {high:.1}]", 100.0 * e.value.abs(), low = 100.0 * low, high = 100.0 * high)
}

/// A comparison that cannot be made.
#[must_use]
pub(super) fn comparison_absent(reason: &str) -> Comparison {
    Comparison { reason: Some(reason.to_owned()), ..Comparison::default() }
}

const WITHOUT_PROBABILITIES: &str =
    "these answers are labels without probabilities, so Brier score, log loss and calibration error are undefined";

const NOT_ALL_PROBABILITIES: &str =
    "not every answer of this pair comes with probabilities, so Brier score, log loss or calibration error are undefined";

fn because(mut member: Member) -> Member {
    if member.brier.is_none() && member.accuracy.is_some() {
        member.reason = Some(WITHOUT_PROBABILITIES.to_owned());
    }
    member
}

/// People alone.
pub(super) fn human(member: Member) -> Member {
    because(member)
}

/// The AI alone.
pub(super) fn ai(member: Member, data: &Data) -> Member {
    let mut member = because(member);
    if data.ai_probabilities.is_none() {
        member.reason = Some(format!("{WITHOUT_PROBABILITIES}; name probabilities with --ai-probs where the AI gives them"));
    }
    member
}

/// The observed pair.
pub(super) fn observed(member: Member) -> Member {
    because(member)
}

/// The achievable pair with its method.
pub(super) fn achieved(member: Member, chosen: &BTreeMap<combination::Method, usize>) -> Member {
    let total: usize = chosen.values().sum();
    let mut by_count: Vec<(&combination::Method, &usize)> = chosen.iter().collect();
    by_count.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let words = match by_count.as_slice() {
        [(one, _)] => one.title().to_owned(),
        many => many.iter().map(|(method, count)| format!("{} ({count} of {total} parts)", method.title())).collect::<Vec<_>>().join(", "),
    };
    let whole = member.brier.is_some() && member.log_loss.is_some() && member.ece.is_some();
    let reason = member.reason.clone().or_else(|| (!whole && member.accuracy.is_some()).then(|| NOT_ALL_PROBABILITIES.to_owned()));
    Member { method: Some(words), reason, ..member }
}

/// How far the errors of both go together, and what that leaves room for: [`complementarity::Limit`], on the draws of the others.
pub(super) fn limit(drawn: &Drawn, figures: &Figures) -> Option<String> {
    let (human, ai, both) = (figures.human.as_ref()?.right, figures.ai.right, figures.both_wrong?);
    let n = drawn.n(both);
    let shares = |get: &dyn Fn(Figure) -> Option<f64>| {
        let (human, ai, wrong) = (get(human)?, get(ai)?, get(both)?);
        Some((human, ai, complementarity::tetrachoric(human, ai, human + ai - 1.0 + wrong)?))
    };
    let correlation = drawn.statistic(n, |get| Some(shares(get)?.2))?;
    let most = drawn.statistic(n, |get| {
        let (human, ai, correlation) = shares(get)?;
        Some(complementarity::gap_max(human.max(ai), correlation))
    })?;
    let (human, ai, both) = (drawn.point(human)?, drawn.point(ai)?, drawn.point(both)?);
    let gap = (human - ai).abs();
    let possible = if gap < most.value { "a gain is possible" } else { "a gain is not to be expected" };
    Some(format!(
        "what makes people and AI right correlates at {:.2} [{:.2}, {:.2}]; by the latent model of Steyvers et al. (2022) the two together \
         gain only while their accuracies are less than {} apart, and they are {:.1} points apart: {possible}. In {:.1} % of the cases both are \
         wrong, so that no way of choosing between them can gain more than {:.1} points over the better one",
        correlation.value,
        correlation.low,
        correlation.high,
        points(&most),
        100.0 * gap,
        100.0 * both,
        100.0 * (1.0 - human.max(ai) - both)
    ))
}

/// Methods with their sources.
#[must_use]
pub(super) fn sources() -> Vec<String> {
    [
        "Shares: Wilson's score interval (JASA 1927) on the effective number of rows; differences: percentile bootstrap over clusters (two ways: Owen, Annals of Applied Statistics 2007)",
        "Recalibration: temperature scaling (Guo et al., ICML 2017); for two classes Platt scaling (1999)",
        "Achievable pair: inside of the fitted rows, the simplest within a standard error of the least log loss, of the AI alone, calibrated probabilities times the person's smoothed confusion matrix (Kerrigan, Smyth, Steyvers, NeurIPS 2021), a conditional logit around that product, and for two classes a regression on the signed confidences of both (Yanez et al., Patterns 2025)",
        "Deferral: fitted confidence threshold; compare-confidence (Raghu et al. 2019); one-vs-all rejector (Verma and Nalisnick, ICML 2022); CoDoC (Dvijotham et al., Nature Medicine 2023); arms by expected cost, counted in bins of the score",
        "Prediction sets: split conformal prediction by 1 - p (Sadinle, Lei, Wasserman, JASA 2019)",
        "Skill of people: shares shrunken to the pool by as much as people are alike (Christiansen and Morris, JASA 1997)",
        "Complementarity: the pair against the better member, picked again in each draw (Vaccaro et al., Nature Human Behaviour 2024)",
        "Reliance: Schemmer et al. (IUI 2023)",
        "Automation: Learn-then-Test with exact binomial tests in fixed sequence (Angelopoulos et al. 2021), certified on rows that made neither score nor grid, judged on others",
        "Fairness: Wilson intervals, gaps with intervals for all pairs at once, permutation band under no difference, Holm's correction",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Adds headline and what cannot be said.
pub(super) fn add(data: &Data, options: &Options, findings: &mut Findings) {
    findings.headline = headline(findings);
    findings.cannot_say = cannot_say(data, options, findings);
}

fn headline(f: &Findings) -> Vec<String> {
    let mut out = Vec::new();
    match (&f.human.accuracy, &f.ai.accuracy) {
        (Some(human), Some(ai)) => {
            out.push(format!("People alone are right in {} of the cases, the AI alone in {}.", share(human), share(ai)));
        }
        (None, Some(ai)) => {
            out.push(format!("The AI alone is right in {} of the cases; how people do without it is not known.", share(ai)))
        }
        _ => {}
    }
    out.extend(observed_sentence(f));
    out.extend(achievable_sentence(f));
    out.extend(automation_sentence(f));
    out.extend(reliance_sentence(f));
    out.extend(fairness_sentence(f));
    out
}

fn observed_sentence(f: &Findings) -> Option<String> {
    let pair = f.observed_pair.accuracy.as_ref()?;
    let c = &f.complementarity.observed;
    let start = format!("With the AI's advice people were right in {}", share(pair));
    Some(match (c.verdict, &c.ctp, &c.over_ai, &c.over_human) {
        (Some(Verdict::Complementary), Some(ctp), ..) => format!("{start}: better than either alone, by {}.", points(ctp)),
        (Some(Verdict::Harmful), _, Some(ai), _) if ai.high < 0.0 => format!("{start}: worse than the AI alone, by {}.", points(ai)),
        (Some(Verdict::Harmful), _, _, Some(human)) => format!("{start}: worse than people alone, by {}.", points(human)),
        (Some(Verdict::NotShown), Some(ctp), ..) => {
            format!(
                "{start}: a gain over the better of the two is not shown ({:+.1} points [{:+.1}, {:+.1}]).",
                100.0 * ctp.value,
                100.0 * ctp.low,
                100.0 * ctp.high
            )
        }
        (None, _, Some(ai), _) if ai.low > 0.0 => {
            format!("{start}, {} more than the AI alone; how people do without it is not known.", points(ai))
        }
        _ => format!("{start}."),
    })
}

fn achievable_sentence(f: &Findings) -> Option<String> {
    let pair = f.achievable_pair.accuracy.as_ref()?;
    let c = &f.complementarity.achievable;
    let start = format!("Put together as well as these data teach it, both would be right in {}", share(pair));
    let ctp = c.ctp.as_ref()?;
    Some(match c.verdict? {
        Verdict::Complementary => format!("{start}: better than either alone, by {}.", points(ctp)),
        Verdict::NotShown => format!(
            "{start}: a gain over the better of the two is not shown ({:+.1} points [{:+.1}, {:+.1}]).",
            100.0 * ctp.value,
            100.0 * ctp.low,
            100.0 * ctp.high
        ),
        Verdict::Harmful => format!("{start}: worse than the better of the two alone, by {}.", points(ctp)),
    })
}

/// The strictest promise that can be certified and held on fresh rows: one that broke is never offered.
fn automation_sentence(f: &Findings) -> Option<String> {
    if f.automation.is_empty() {
        return None;
    }
    let broken = f.automation.iter().filter(|a| a.broken()).map(|a| {
        let error = a.error.as_ref().map(share).unwrap_or_default();
        format!(
            "A promise of at most {} % could be certified and did not hold: on fresh cases {error} of those were wrong. Do not automate on it.",
            percent(a.alpha)
        )
    });
    let kept = f.automation.iter().find(|a| a.kept()).and_then(|a| {
        let error = a.error.as_ref().map(|e| format!("; on fresh cases {} of those were wrong", share(e))).unwrap_or_default();
        Some(format!(
            "The AI could decide {} of the cases alone at a promised error of at most {} % (certainty {} %){error}.",
            share(a.share.as_ref()?),
            percent(a.alpha),
            percent(1.0 - a.delta)
        ))
    });
    let first = kept.unwrap_or_else(|| {
        if f.automation.iter().any(Automation::broken) {
            "Nothing may be automated yet: no promise that was asked for held.".to_owned()
        } else {
            "Nothing may be automated yet: no promise that was asked for can be certified on these cases.".to_owned()
        }
    });
    Some(std::iter::once(first).chain(broken).collect::<Vec<_>>().join(" "))
}

fn reliance_sentence(f: &Findings) -> Option<String> {
    let (rair, rsr) = (f.reliance.rair.as_ref()?, f.reliance.rsr.as_ref()?);
    let lean = if rair.high < rsr.low {
        "they trust it too little rather than too much"
    } else if rsr.high < rair.low {
        "they trust it too much rather than too little"
    } else {
        "neither too much nor too little trust stands out"
    };
    Some(format!(
        "Where people were wrong and the AI right they took its answer in {}; where they were right and it was wrong they kept theirs in {}: {lean}.",
        share(rair),
        share(rsr)
    ))
}

fn fairness_sentence(f: &Findings) -> Option<String> {
    let mut told: Vec<(f64, String)> = Vec::new();
    let mut looked = false;
    for grouping in &f.fairness.groupings {
        for member in grouping.members.iter().filter(|m| m.who != Who::AchievablePair) {
            looked = true;
            for gap in member.gaps.iter().filter(|gap| gap.survives) {
                let Some(e) = &gap.difference else { continue };
                told.push((
                    e.value,
                    format!("{} of {} differs by {} by {}", metric_words(&gap.metric), equity::words(member.who), points(e), grouping.by),
                ));
            }
        }
    }
    told.sort_by(|a, b| b.0.total_cmp(&a.0));
    if told.is_empty() {
        return looked.then(|| "No gap between the groups is larger than chance alone would give.".to_owned());
    }
    let more = told.len().saturating_sub(GAPS_TOLD);
    let some: Vec<String> = told.into_iter().take(GAPS_TOLD).map(|(_, text)| text).collect();
    let rest = if more > 0 { format!(", and {more} more gaps are larger than chance") } else { String::new() };
    Some(format!("Groups are treated differently: the {}{rest}.", some.join("; the ")))
}

/// A metric for a reader.
#[must_use]
pub(super) fn metric_words(metric: &str) -> &str {
    match metric {
        "selection_rate" => "share of positive answers",
        "tpr" => "true positive rate",
        "fpr" => "false positive rate",
        "fnr" => "false negative rate",
        "ppv" => "positive predictive value",
        "npv" => "negative predictive value",
        other => other,
    }
}

fn cannot_say(data: &Data, options: &Options, f: &Findings) -> Vec<String> {
    let mut out = Vec::new();
    let mut say = |text: String| {
        if !out.contains(&text) {
            out.push(text);
        }
    };
    let reasons = [&f.complementarity.observed.reason, &f.complementarity.achievable.reason, &f.reliance.reason, &f.fairness.reason];
    for reason in reasons.into_iter().flatten() {
        say(sentence(reason));
    }
    people(data, &mut say);
    scores(data, &mut say);
    if let Some((class, rate)) = base_rate(data)
        && rate > BASE_RATE_HIGH
    {
        say(format!(
            "{:.0} % of the cases are {class:?}: always answering so would be right that often. Accuracy says little here; look at the Brier score and at cost.",
            100.0 * rate
        ));
    }
    if data.seconds.is_none() {
        let price = if options.minute_cost > 0.0 { " A look is counted as one minute." } else { "" };
        say(format!("How long people took is not known (--seconds), so minutes saved cannot be stated.{price}"));
    }
    if options.costs.is_empty() {
        say("Every error counts the same: say what errors cost with --cost, or the cheapest policy is the one with the fewest errors."
            .to_owned());
    }
    say("If what is called the truth was made out of these people's own answers, people look better here than they are.".to_owned());
    out
}

fn people(data: &Data, say: &mut impl FnMut(String)) {
    match &data.person {
        None => say("Who answered is not known (--person): if some people answered many rows, the intervals are too narrow.".to_owned()),
        Some(codes) if codes.names.len() == 1 => {
            say("All answers are of one person: nothing here can be said about other people.".to_owned());
        }
        Some(codes) if codes.names.len() < PEOPLE_FEW => {
            say(format!("Only {} people answered: how much people differ is known roughly.", codes.names.len()));
        }
        Some(_) => {}
    }
}

fn scores(data: &Data, say: &mut impl FnMut(String)) {
    let Some(p) = &data.ai_probabilities else {
        say("The AI's answers come without probabilities: how sure it is in a single case is not known, so cases cannot be told apart by it (--ai-probs).".to_owned());
        return;
    };
    let classes = data.classes.len();
    let first = p.get(..classes).unwrap_or_default();
    if p.chunks_exact(classes.max(1)).all(|row| row == first) {
        say("The AI's probabilities are the same in every row: they cannot tell an easy case from a hard one.".to_owned());
    }
}

fn base_rate(data: &Data) -> Option<(&str, f64)> {
    let truth = data.truth.as_ref()?;
    let mut counts = vec![0u64; data.classes.len()];
    for label in truth.iter().filter(|l| **l != NONE) {
        if let Some(count) = counts.get_mut(*label as usize) {
            *count += 1;
        }
    }
    let (class, most) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    Some((data.classes.get(class)?.as_str(), *most as f64 / truth.len().max(1) as f64))
}

/// A reason as a sentence of its own.
fn sentence(reason: &str) -> String {
    let mut chars = reason.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let end = if reason.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}
