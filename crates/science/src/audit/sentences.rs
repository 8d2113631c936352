//! Findings of an audit in plain sentences. Computes no figure: whatever is said here stands as a number beside it.

use super::{Audit, ClassFinding, FALSE_ALARM_MAX, Finding, Partition, macro_rates::MacroPartition};
use crate::{
    Estimate,
    fairness::{Chance, Comparison, Decider, Metric, Smallest, listed},
};

/// Findings that the headline tells; the list has all.
const TOLD_MAX: usize = 3;

fn percent(value: f64) -> String {
    format!("{:.1} %", 100.0 * value)
}

fn points(value: f64) -> String {
    format!("{:.1}", 100.0 * value)
}

fn range(estimate: &Estimate) -> String {
    format!("[{}, {}]", points(estimate.low), points(estimate.high))
}

fn ratio_text(estimate: &Estimate) -> String {
    format!("{:.2} [{:.2}, {:.2}]", estimate.value, estimate.low, estimate.high)
}

fn p_text(p: f64) -> String {
    if p < 0.001 { "< .001".into() } else { format!("= {p:.3}") }
}

/// What a rate means, for a reader who does not know its name.
fn meaning(metric: Metric) -> &'static str {
    match metric {
        Metric::BaseRate => "truly positive",
        Metric::SelectionRate => "selected",
        Metric::TruePositiveRate => "selected where that is right (true positive rate)",
        Metric::FalsePositiveRate => "selected where that is wrong (false positive rate)",
        Metric::FalseNegativeRate => "missed where selecting is right (false negative rate)",
        Metric::PositivePredictiveValue => "rightly selected, of those selected (positive predictive value)",
        Metric::NegativePredictiveValue => "rightly passed over, of those not selected (negative predictive value)",
        Metric::Accuracy => "decided rightly (accuracy)",
    }
}

/// One surviving test.
pub(super) fn of_finding(finding: &Finding) -> String {
    let more = if finding.difference.value >= 0.0 { "more" } else { "less" };
    let far = Estimate {
        value: finding.difference.value.abs(),
        low: finding.difference.low.abs().min(finding.difference.high.abs()),
        high: finding.difference.low.abs().max(finding.difference.high.abs()),
        n: finding.difference.n,
    };
    format!(
        "{}, by {}: {} % {} of {:?} are {}, n = {}; {} points {} {more} than of all others.",
        finding.decider,
        finding.by,
        points(finding.rate.value),
        range(&finding.rate),
        finding.group,
        meaning(finding.metric),
        finding.rate.n,
        points(far.value),
        range(&far),
    )
}

/// What a reader should know of one partition.
pub(super) fn of_partition(partition: &Partition) -> Vec<String> {
    let mut out = Vec::new();
    for decider in &partition.fairness.deciders {
        out.extend(impact(partition, decider));
        out.extend(too_small(decider));
        for metric in [Metric::FalsePositiveRate, Metric::TruePositiveRate, Metric::Accuracy] {
            if let Some(comparison) = decider.comparisons.iter().find(|comparison| comparison.metric == metric) {
                out.push(gap(decider, comparison, partition));
            }
        }
    }
    out.extend(scoring(partition));
    out.extend(contrasts(partition));
    out.extend(base_rates(partition));
    out.extend(calibration(partition));
    out
}

/// The smallest impact ratio among groups with enough rows, with what chance does to it; and the law's own figure where a group that
/// is too small to compare makes it another one.
fn impact(partition: &Partition, decider: &Decider) -> Option<String> {
    let smallest = decider.impact.among_compared?;
    let chance = decider.comparisons.iter().find(|comparison| comparison.metric == Metric::SelectionRate)?.chance;
    Some(format!("{}: {}", decider.name, smallest_ratio(partition, &smallest, chance.as_ref(), "smallest impact ratio")))
}

fn smallest_ratio(partition: &Partition, smallest: &Smallest, chance: Option<&Chance>, what: &str) -> String {
    let name = |at: usize| partition.fairness.groups.get(at).map_or("?", |group| group.name.as_str());
    let below = if smallest.below_four_fifths { "below" } else { "not below" };
    let chance = chance
        .map(|chance| {
            format!(
                " If no group differed, {} of audits of this size would find a ratio below four fifths, and 1 in 20 one below {:.2}.",
                percent(chance.rule_broken),
                chance.ratio_05
            )
        })
        .unwrap_or_default();
    format!(
        "the {what} is {} ({:?} against {:?}), {below} four fifths.{chance}",
        ratio_text(&smallest.ratio),
        name(smallest.lowest),
        name(smallest.highest)
    )
}

/// Groups whose ratios stand in the table only.
fn too_small(decider: &Decider) -> Option<String> {
    let small: Vec<&str> = decider
        .impact
        .categories
        .iter()
        .filter(|category| category.too_small && category.impact_ratio.is_some())
        .map(|category| category.name.as_str())
        .collect();
    if small.is_empty() {
        return None;
    }
    let law = match (decider.impact.smallest_ratio, decider.impact.among_compared) {
        (Some(law), Some(own)) if law.value != own.ratio.value => format!(" With them the law's figure is {}.", ratio_text(&law)),
        (Some(law), None) => format!(" The law's figure is {}.", ratio_text(&law)),
        _ => String::new(),
    };
    Some(format!(
        "{}: impact ratios rest on too few rows to compare in {}; they stand in the table only.{law}",
        decider.name,
        listed(&small)
    ))
}

/// Scoring rates (6 RCNY 5-301(c)).
fn scoring(partition: &Partition) -> Option<String> {
    let scoring = partition.scoring.as_ref()?;
    let smallest = scoring.among_compared?;
    let told = smallest_ratio(
        partition,
        &smallest,
        scoring.chance.as_ref(),
        "smallest impact ratio of scoring rates (shares above the median score)",
    );
    Some(format!("Score: {told}"))
}

fn gap(decider: &Decider, comparison: &Comparison, partition: &Partition) -> String {
    let name = |at: usize| partition.fairness.groups.get(at).map_or("?", |group| group.name.as_str());
    let mut text = format!(
        "{}: the {} lies between {} ({:?}) and {} ({:?}), a gap of {} points {}",
        decider.name,
        comparison.metric.name(),
        percent(rate(decider, comparison.lowest, comparison.metric)),
        name(comparison.lowest),
        percent(rate(decider, comparison.highest, comparison.metric)),
        name(comparison.highest),
        points(comparison.difference.value),
        range(&comparison.difference),
    );
    if let Some(chance) = comparison.chance {
        let verdict = if chance.p <= FALSE_ALARM_MAX { "the groups differ by more than chance" } else { "chance can do that" };
        text += &format!(
            "; chance alone reaches {} points in 1 of 20 audits of this size, and {verdict} (p {})",
            points(chance.gap_95),
            p_text(chance.p)
        );
    }
    text.push('.');
    match comparison.detectable_gap {
        Some(gap) => text += &format!(" A group would have to differ by {} points to be found with 80 % certainty.", points(gap)),
        None => text += " For the smallest group no difference, however large, could be found with 80 % certainty.",
    }
    text
}

fn rate(decider: &Decider, group: usize, metric: Metric) -> f64 {
    decider.groups.get(group).and_then(|rates| rates.get(&metric)).copied().flatten().map_or(f64::NAN, |rate| rate.estimate.value)
}

/// Whose gap is wider, where that is shown.
fn contrasts(partition: &Partition) -> Vec<String> {
    let name = |at: usize| partition.fairness.deciders.get(at).map_or("?", |decider| decider.name.as_str());
    partition
        .fairness
        .contrasts
        .iter()
        .filter(|contrast| {
            matches!(contrast.metric, Metric::SelectionRate | Metric::TruePositiveRate | Metric::FalsePositiveRate | Metric::Accuracy)
        })
        .filter(|contrast| contrast.difference.low > 0.0 || contrast.difference.high < 0.0)
        .map(|contrast| {
            let (wide, narrow) =
                if contrast.difference.value > 0.0 { (contrast.first, contrast.second) } else { (contrast.second, contrast.first) };
            let (low, high) = (contrast.difference.low.abs(), contrast.difference.high.abs());
            format!(
                "The gap in {} is wider with {} than with {}, by {} points [{}, {}].",
                contrast.metric.name(),
                name(wide),
                name(narrow),
                points(contrast.difference.value.abs()),
                points(low.min(high)),
                points(low.max(high)),
            )
        })
        .collect()
}

/// Where base rates differ, some fairness is out of reach (Kleinberg, Mullainathan and Raghavan 2016; Chouldechova 2017).
fn base_rates(partition: &Partition) -> Option<String> {
    let decider = partition.fairness.deciders.first()?;
    let comparison = decider.comparisons.iter().find(|comparison| comparison.metric == Metric::BaseRate)?;
    let chance = comparison.chance.filter(|chance| chance.p <= FALSE_ALARM_MAX)?;
    let name = |at: usize| partition.fairness.groups.get(at).map_or("?", |group| group.name.as_str());
    Some(format!(
        "The truth itself differs: {} of {:?} and {} of {:?} are positive (chance alone: {} points). Then no decider short of a perfect one can have both equal error rates and equal predictive values; say which of them matters here.",
        percent(rate(decider, comparison.lowest, Metric::BaseRate)),
        name(comparison.lowest),
        percent(rate(decider, comparison.highest, Metric::BaseRate)),
        name(comparison.highest),
        points(chance.gap_95),
    ))
}

fn calibration(partition: &Partition) -> Vec<String> {
    let off = partition.calibration.iter().zip(&partition.fairness.groups).filter_map(|(calibration, group)| {
        let calibration = calibration.as_ref()?;
        let excess = calibration.excess;
        (group.compared() && (excess.low > 0.0 || excess.high < 0.0)).then(|| {
            let side = if excess.value > 0.0 { "too little" } else { "too much" };
            format!(
                "The score promises {side} for {:?}: it says {} on average, {} came true ({} points {}).",
                group.name,
                percent(calibration.expected),
                percent(calibration.observed.value),
                points(excess.value.abs()),
                range(&Estimate { low: excess.low.abs().min(excess.high.abs()), high: excess.low.abs().max(excess.high.abs()), ..excess }),
            )
        })
    });
    off.collect()
}

/// The most important sentences first.
pub(super) fn headline(audit: &Audit) -> Vec<String> {
    let mut out = Vec::new();
    out.push(if audit.tests == 0 {
        format!("{} rows, and no two groups with enough rows to compare.", audit.n)
    } else {
        format!(
            "{} rows; {} comparisons of a group with all others were made, and {} of them {} the correction for that many (Holm, 5 %).",
            audit.n,
            audit.tests,
            audit.surviving.len(),
            if audit.surviving.len() == 1 { "survives" } else { "survive" }
        )
    });
    // Wrong decisions first: who is selected more may deserve it, who is wrongly selected does not.
    let harm = |metric: Metric| match metric {
        Metric::FalsePositiveRate | Metric::TruePositiveRate => 0,
        Metric::Accuracy => 1,
        _ => 2,
    };
    for decider in &audit.deciders {
        let mut own: Vec<&Finding> =
            audit.surviving.iter().filter(|finding| finding.decider == *decider && !finding.by.contains(" x ")).collect();
        own.sort_by_key(|finding| harm(finding.metric));
        out.extend(own.iter().take(TOLD_MAX).map(|finding| finding.sentence.clone()));
    }
    // Intersections have their own section: with many small groups they would drown the rest.
    for partition in audit.partitions.iter().filter(|partition| partition.attributes.len() == 1) {
        out.extend(
            partition.fairness.deciders.iter().filter_map(|decider| Some(format!("By {}, {}", partition.by, impact(partition, decider)?))),
        );
        out.extend(scoring(partition).map(|sentence| format!("By {}, {sentence}", partition.by)));
        out.extend(contrasts(partition).into_iter().map(|sentence| format!("By {}: {sentence}", partition.by)));
    }
    out
}

/// The most important sentences of an audit of many classes.
pub(super) fn of_classes(n: u64, classes: &[String], tests: u64, partitions: &[MacroPartition], surviving: &[ClassFinding]) -> Vec<String> {
    let averages: Vec<String> = partitions.iter().flat_map(of_averages).collect();
    let survive = surviving.len() + averages.len();
    let verb = if survive == 1 { "survives" } else { "survive" };
    let mut out = vec![format!(
        "{n} rows with {} answers; {tests} comparisons of a group with all others were made, of averages over the answers and of each answer, and {survive} of them {verb} the correction for that many (Holm, 5 %).",
        classes.len(),
    )];
    let told = TOLD_MAX * partitions.first().map_or(1, |partition| partition.deciders.len());
    out.extend(averages.into_iter().take(told));
    let single = surviving.iter().filter(|found| !found.finding.by.contains(" x ")).take(TOLD_MAX);
    out.extend(single.map(|found| format!("Answer {:?}: {}", found.class, found.finding.sentence)));
    out
}

/// Averages of groups that differ from all others.
fn of_averages(partition: &MacroPartition) -> Vec<String> {
    let mut out = Vec::new();
    for decider in &partition.deciders {
        for rate in &decider.rates {
            let what = match rate.metric {
                Metric::TruePositiveRate => "macro recall",
                Metric::PositivePredictiveValue => "macro precision",
                _ => "share of right answers",
            };
            for test in rate.tests.iter().filter(|test| test.p_holm <= FALSE_ALARM_MAX) {
                let (Some(group), Some(own)) = (partition.groups.get(test.group), rate.groups.get(test.group).copied().flatten()) else {
                    continue;
                };
                let more = if test.difference.value >= 0.0 { "more" } else { "less" };
                let (low, high) = (test.difference.low.abs(), test.difference.high.abs());
                out.push(format!(
                    "{}, by {}: the {what} of {:?} is {} % {}, n = {}; {} points [{}, {}] {more} than of all others.",
                    decider.name,
                    partition.by,
                    group.name,
                    points(own.value),
                    range(&own),
                    own.n,
                    points(test.difference.value.abs()),
                    points(low.min(high)),
                    points(low.max(high)),
                ));
            }
        }
    }
    out
}

/// What the data cannot say.
pub(super) fn cannot_say(audit: &Audit, scores_outside: u64) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for partition in &audit.partitions {
        for sentence in &partition.fairness.cannot_say {
            let sentence = format!("By {}: {sentence}", partition.by);
            if !out.contains(&sentence) {
                out.push(sentence);
            }
        }
    }
    let truth = audit
        .partitions
        .iter()
        .flat_map(|partition| &partition.fairness.deciders)
        .any(|decider| decider.overall.get(&Metric::Accuracy).is_some_and(Option::is_some));
    if truth {
        out.push("Whether the truth was recorded alike for all groups: where it was not (arrests for offences, approvals for worth), every rate against it inherits that.".into());
    }
    if audit.partitions.iter().any(|partition| partition.scoring.as_ref().is_some_and(|scoring| scoring.rounded_bits > 0)) {
        out.push("There are more different scores than can be held apart: those nearest to the median were rounded together, and count as not above it.".into());
    }
    if scores_outside > 0 {
        out.push(format!(
            "{scores_outside} scores lie outside of 0 to 1 and are no probabilities: calibration leaves them out. Turn logits or ranks into probabilities first."
        ));
    }
    out.push("Whether a positive answer is good or bad for people. Impact ratios and the four-fifths rule are written for what people want; where the positive answer is a burden, audit the other one (--positive).".into());
    out.push("Why groups differ: these are associations, and a group can differ by what else is different in its cases.".into());
    out
}
