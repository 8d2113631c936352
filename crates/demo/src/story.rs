//! What became of a case: who looked at it, with or without advice, what they answered, and what the world said later. Never
//! decides what is right: the caller knows the truth.

use crate::{
    Story,
    dice::{Dice, decimal},
    people::{Kind, Opinion, PEOPLE},
};
use countersign_core::time::format_rfc3339;
use serde_json::{Map, Value, json};

/// A minute.
pub const MINUTE: i64 = 60_000_000;
/// A day.
pub const DAY: i64 = 24 * 60 * MINUTE;

/// Of 100 cases so many were answered before the advice was shown, and so many without any.
const BLIND_SHARE: u64 = 25;
const UNAIDED_SHARE: u64 = 20;

/// When it is told.
#[derive(Debug, Clone, Copy)]
pub struct Telling {
    /// Now, in microseconds.
    pub now: i64,
    /// Whether these cases are still to be decided.
    pub open: bool,
}

impl Telling {
    /// The case with its history, and with its truth. An outcome that would be known only after now, or never, is left out.
    #[expect(clippy::too_many_arguments, reason = "all that is known of a case, once")]
    pub fn finish(
        &self,
        dice: &mut Dice,
        kind: Kind,
        mut case: Value,
        options: &[&str],
        truth: usize,
        hard: bool,
        advice: usize,
        opened: i64,
        known_after_days: Option<u64>,
    ) -> Story {
        let option = |i: usize| options.get(i).copied().unwrap_or_default();
        let person = &PEOPLE[dice.index(PEOPLE.len())];
        let own = person.own(dice, kind, options.len(), truth, hard);
        let advised = person.advised(dice, own, advice, truth);
        let way = dice.weighted(&[BLIND_SHARE, UNAIDED_SHARE, 100 - BLIND_SHARE - UNAIDED_SHARE]);
        let waited = dice.between(4, 100);
        let at = opened + i64::try_from(waited).unwrap_or_default() * MINUTE;
        let judgment = |dice: &mut Dice, answer: usize, phase: &str, seen: bool, at: i64| {
            let tenths = person.tenths(dice, kind, seen);
            let confidence = if answer == truth { dice.between(700, 999) } else { dice.between(520, 930) };
            json!({
                "person": person.name, "answer": option(answer), "phase": phase, "advice_seen": if seen { "yes" } else { "no" },
                "confidence": confidence as f64 / 1_000.0, "seconds": tenths as f64 / 10.0, "tool": "the old desk", "at": format_rfc3339(at),
            })
        };
        let (answer, judgments) = match way {
            0 => (advised, vec![judgment(dice, own, "first", false, at), judgment(dice, advised, "final", true, at + MINUTE)]),
            1 => (own, vec![judgment(dice, own, "only", false, at)]),
            _ => (advised, vec![judgment(dice, advised, "only", true, at)]),
        };
        let story = Story { case: Value::Null, truth: option(truth).to_owned(), hard };
        if self.open {
            return Story { case, ..story };
        }
        let mut history = json!({
            "opened_at": format_rfc3339(opened),
            "judgments": judgments,
            "decision": { "answer": option(answer), "at": format_rfc3339(at + MINUTE), "persons": [person.name] },
        });
        // Nobody looks into an alert that was closed as harmless.
        let observable = kind != Kind::Alert || answer != 0;
        let known = known_after_days
            .map(|days| at + i64::try_from(days).unwrap_or_default() * DAY - i64::try_from(dice.below(600)).unwrap_or_default() * MINUTE);
        if let Some(known) = known.filter(|known| observable && *known > at && *known < self.now) {
            history["outcome"] = json!({ "value": option(truth), "at": format_rfc3339(known) });
        }
        case["history"] = history;
        Story { case, ..story }
    }
}

/// Probabilities by option, as a case is handed in.
pub fn probabilities(options: &[&str], opinion: &Opinion) -> Value {
    options.iter().zip(&opinion.thousandths).map(|(option, p)| ((*option).to_owned(), json!(decimal(*p)))).collect::<Map<_, _>>().into()
}
