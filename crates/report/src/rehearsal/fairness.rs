//! Who is treated worse: by the AI, by people and by the pair, beside what chance alone would do. Never drops a small group
//! silently.

use countersign_science::rehearsal::findings::{Findings, GroupedMember, Grouping, Who};
use maud::{Markup, html};

use super::{name, reason, tone};
use crate::format;
use crate::grouping::{GAPS_EXPLAINED, Named, PANELS_EXPLAINED, gaps, in_sentence, panels};
use crate::page::{self, Section};

/// More notes than these would bury what follows.
const NOTES_OPEN_MAX: usize = 2;

pub(super) fn section(findings: &Findings) -> Option<Section> {
    let fairness = &findings.fairness;
    if fairness.groupings.is_empty() {
        return None;
    }
    let body = html! {
        @for grouping in &fairness.groupings { (one(grouping)) }
        (reason(fairness.reason.as_ref()))
        p.small.soft { (GAPS_EXPLAINED) }
    };
    Some(Section { id: "fairness".into(), title: "Who is treated worse?".into(), body })
}

fn one(grouping: &Grouping) -> Markup {
    let named = |member: &GroupedMember| Named {
        name: name(member.who).to_owned(),
        tone: tone(member.who),
        hollow: member.who == Who::AchievablePair,
    };
    let names: Vec<Named> = grouping.members.iter().map(named).collect();
    html! {
        h3 { "By " (grouping.by) }
        p { (in_words(grouping)) }
        (page::figure(&panels(grouping, &names), PANELS_EXPLAINED))
        (gaps(grouping, &names))
        @if grouping.notes.len() > NOTES_OPEN_MAX { (page::folded("In words", &grouping.notes)) } @else { (page::notes(&grouping.notes)) }
    }
}

/// What survives, in a sentence.
fn in_words(grouping: &Grouping) -> String {
    let found = |member: &GroupedMember| {
        let gaps: Vec<String> = member.gaps.iter().filter(|gap| gap.survives).map(|gap| in_sentence(&gap.metric)).collect();
        (!gaps.is_empty()).then(|| format!("{} in {}", subject(member.who), format::list(&gaps)))
    };
    let all: Vec<String> = grouping.members.iter().filter_map(found).collect();
    if all.is_empty() {
        format!(
            "No difference by {} survives the correction for all that was tested. The table says how large one would have to be to be seen.",
            grouping.by
        )
    } else {
        format!("Groups differ by more than chance would do: {}.", all.join("; "))
    }
}

fn subject(who: Who) -> &'static str {
    match who {
        Who::Human => "with people",
        Who::Ai => "with the AI",
        Who::ObservedPair => "with the pair as observed",
        Who::AchievablePair => "with the achievable pair",
    }
}
