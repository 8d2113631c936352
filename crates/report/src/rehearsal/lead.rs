//! The first paragraph: what somebody who has to decide must know, in plain sentences. Says only what the findings' own
//! verdicts say, and puts no figure into other words than theirs.

use countersign_science::rehearsal::findings::{Comparison, Findings, Verdict};

use super::promise;
use crate::format::{self, Unit};

/// Steps that the first paragraph names; the section on what to change has all.
const NEXT_MAX: usize = 2;

/// The paragraphs: the answer, its figures, and what to do next.
pub(super) fn paragraphs(findings: &Findings) -> Vec<String> {
    let next: Vec<String> = findings
        .recommended
        .actions
        .iter()
        .filter(|action| !action.starts_with("look at the cases"))
        .take(NEXT_MAX)
        .map(|action| format::sentence(action))
        .collect();
    let next = if next.is_empty() { String::new() } else { format!("*Next:* {}", next.join(" ")) };
    [answer(findings), findings.headline.iter().map(|text| format::sentence(text)).collect::<Vec<_>>().join(" "), next]
        .into_iter()
        .filter(|paragraph| !paragraph.is_empty())
        .collect()
}

/// Does the pair beat either alone, what may go unreviewed, who trusts too much: a short sentence each.
fn answer(findings: &Findings) -> String {
    if let Some(only) = &findings.suggestion_only {
        let rate = only.override_rate.map_or_else(String::new, |rate| {
            format!("People overrode {} of the AI's suggestions. ", Unit::Share.with_decimals(rate.value, 0))
        });
        return format!("{rate}Who was right is not in these data; a share of cases answered blind would tell.");
    }
    [pair(findings), unreviewed(findings), trust(findings)].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

fn pair(findings: &Findings) -> Option<String> {
    let (observed, achievable) = (&findings.complementarity.observed, &findings.complementarity.achievable);
    let worse = |comparison: &Comparison| {
        let below = |gain: &Option<countersign_science::Estimate>| gain.is_some_and(|gain| gain.high < 0.0);
        match (below(&comparison.over_human), below(&comparison.over_ai)) {
            (true, true) => "worse than either alone",
            (true, false) => "worse than people without it",
            (false, _) => "worse than the AI alone",
        }
    };
    let text = match (observed.verdict, achievable.verdict) {
        (Some(Verdict::Complementary), _) => "With the AI's advice, people do better than either alone.".to_owned(),
        (Some(Verdict::Harmful), Some(Verdict::Complementary)) => {
            format!("With the AI's advice people do {}; put together well, both would beat either alone.", worse(observed))
        }
        (Some(Verdict::Harmful), _) => format!("With the AI's advice people do {}.", worse(observed)),
        (Some(Verdict::NotShown), _) => "That people with the AI's advice beat the better of the two alone is not shown.".to_owned(),
        (None, Some(Verdict::Complementary)) => "Put together well, people and AI beat either alone.".to_owned(),
        (None, Some(Verdict::NotShown)) => "That people and AI together beat the better of the two alone is not shown.".to_owned(),
        (None, Some(Verdict::Harmful)) => "People and AI put together do worse than the better of the two alone.".to_owned(),
        (None, None) => return None,
    };
    Some(text)
}

fn unreviewed(findings: &Findings) -> Option<String> {
    if findings.automation.is_empty() {
        return None;
    }
    // The strictest promise under which anything may go unreviewed: the one that is easiest to accept.
    let able = findings.automation.iter().filter(|one| one.kept()).find_map(|one| one.share.map(|share| (one, share)));
    Some(able.map_or_else(
        || "No case may go unreviewed yet.".to_owned(),
        |(one, share)| {
            format!(
                "At a promise of at most {} error, {} of cases may go unreviewed.",
                promise(one.alpha),
                Unit::Share.with_decimals(share.value, 0)
            )
        },
    ))
}

fn trust(findings: &Findings) -> Option<String> {
    let (rair, rsr) = (findings.reliance.rair?, findings.reliance.rsr?);
    if rair.high < rsr.low {
        Some("People trust the AI too little rather than too much.".to_owned())
    } else if rsr.high < rair.low {
        Some("People trust the AI too much rather than too little.".to_owned())
    } else {
        None
    }
}
