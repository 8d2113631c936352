//! The order in which waiting cases are served: by what a person's look is worth and by when it is due, as one number a case that never
//! has to be written again. Pure, in whole numbers. It never reads a proposal: the place of a case must not tell what the AI said.
//!
//! A case is served as if it were due at
//!
//! ```text
//! key = opened + (due - opened) * mean / (mean + here)
//! ```
//!
//! where `here` is what a look is worth in its kind of case and `mean` what it is worth on average ([`RouteWorth`]): a kind of which
//! nothing can go wrong waits until it is due, an average one half of that time, one that is nine times worth the average a tenth of it.
//! Where nothing is known, the key is when the case is due.
//!
//! While a model is young, cases may be placed by what it learns from them instead, or by lot ([`Haste`]): `key = opened + (due - opened) *
//! (1 - haste)`. Both lie between the same bounds, and the lot is even over all of them, so that at any time what is served by lot is a random
//! sample of what came.
//!
//! **Nothing starves.** A key is never before the opening of its case and never after it is due, so that no case is ever passed by one
//! that was opened after it was due itself. Waiting makes a case come nearer to the front without its key changing: whoever opens later
//! gets later keys. How long a case waits at most is therefore its own time plus the time that it takes to serve what was opened before
//! its end. (The same idea as in deadline scheduling by virtual times: Liu and Layland 1973; Zhang 1990.)

use crate::{
    route::DRAW_LEARN,
    sabotage::{Sabotage, on},
};
use countersign_core::{
    event::{CaseRouted, RouteWorth},
    number::{MicroUnits, Micros, ONE_BILLIONTHS},
};

/// How long a case without a deadline may wait before it counts as due.
pub const PATIENCE_MICROS: Micros = 24 * 3_600 * 1_000_000;
/// The last part of the time to decide in which people are warned: one part in so many.
const WARNED_PART: Micros = 4;

/// When a case is due: at its deadline, or a day after it was opened. Never before it was opened.
#[must_use]
pub fn due(opened_at: Micros, deadline_at: Option<Micros>) -> Micros {
    deadline_at.unwrap_or_else(|| opened_at.saturating_add(PATIENCE_MICROS)).max(opened_at)
}

/// How much sooner than it is due a case is served while a model is young.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Haste {
    /// The share of its time that is taken off, in billionths.
    pub share: u32,
    /// Drawn by lot; otherwise it is there because the model learns from it, and no figure may rest on its label.
    pub by_lot: bool,
}

/// The place that a route gives a case for the sake of a young model, by its frozen score or by its draw.
#[must_use]
pub fn haste(routed: &CaseRouted) -> Option<Haste> {
    let learning = routed.inputs.as_ref()?.learning.as_ref()?;
    let draw = routed.draws.iter().find(|draw| draw.purpose == DRAW_LEARN)?;
    let lot = u64::from(draw.value) * u64::from(ONE_BILLIONTHS) / u64::from(draw.share.max(1));
    Some(match draw.value < draw.share {
        // INVARIANT: below 10^9, since the value is below the share.
        true => Haste { share: u32::try_from(lot).unwrap_or(ONE_BILLIONTHS), by_lot: true },
        false => Haste { share: learning.score.min(ONE_BILLIONTHS), by_lot: on(Sabotage::SoughtPassesForLot) },
    })
}

/// What cases are served by, the smallest first: from when the case was opened to when it is due.
#[must_use]
pub fn key(opened_at: Micros, deadline_at: Option<Micros>, worth: Option<RouteWorth>, haste: Option<Haste>) -> Micros {
    let due = due(opened_at, deadline_at);
    let slack = i128::from(due) - i128::from(opened_at);
    if let Some(haste) = haste {
        let one = i128::from(ONE_BILLIONTHS);
        let kept = slack * (one - i128::from(haste.share.min(ONE_BILLIONTHS))) / one;
        return i64::try_from(i128::from(opened_at) + kept).unwrap_or(due);
    }
    let Some(RouteWorth { here: here @ 1.., mean }) = worth else { return due };
    let (here, mean) = (i128::from(here), i128::from(mean.max(0)));
    // INVARIANT: from 0 to the slack, and so the sum is no later than `due`.
    let kept = slack * mean / (mean + here);
    i64::try_from(i128::from(opened_at) + kept).unwrap_or(due)
}

/// From when on people are warned that a deadline comes near: the last quarter of the time that there was.
#[must_use]
pub fn warned_from(opened_at: Micros, deadline_at: Micros) -> Micros {
    deadline_at.saturating_sub(deadline_at.saturating_sub(opened_at).max(0) / WARNED_PART)
}

/// What a look is worth: what an error costs, times how often the AI errs in such cases, in micro-units; never below 0.
#[must_use]
pub fn worth(error: MicroUnits, chance: u32) -> MicroUnits {
    let worth = i128::from(error.max(0)) * i128::from(chance) / i128::from(countersign_core::number::ONE_BILLIONTHS);
    i64::try_from(worth).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: Micros = 3_600 * 1_000_000;

    fn known(here: MicroUnits, mean: MicroUnits) -> Option<RouteWorth> {
        Some(RouteWorth { here, mean })
    }

    #[test]
    fn the_formula_as_it_is_documented() {
        assert_eq!(key(0, Some(4 * HOUR), None, None), 4 * HOUR, "nothing is known: by the deadline");
        assert_eq!(key(0, Some(4 * HOUR), known(0, 500), None), 4 * HOUR, "nothing can go wrong");
        assert_eq!(key(0, Some(4 * HOUR), known(500, 500), None), 2 * HOUR, "average");
        assert_eq!(key(0, Some(10 * HOUR), known(4_500, 500), None), HOUR, "nine times the average");
        assert_eq!(key(7, None, None, None), 7 + PATIENCE_MICROS, "no deadline");
        assert_eq!(key(7, Some(3), known(1, 1), None), 7, "due before it came: at once, and no sooner than that");
        let haste = |share| Some(Haste { share, by_lot: false });
        assert_eq!(key(0, Some(4 * HOUR), known(500, 500), haste(0)), 4 * HOUR, "a young model learns nothing from it");
        assert_eq!(key(0, Some(4 * HOUR), None, haste(250_000_000)), 3 * HOUR);
        assert_eq!(key(5, Some(4 * HOUR), None, haste(ONE_BILLIONTHS)), 5, "from nothing it learns more");
        assert_eq!(warned_from(0, 4 * HOUR), 3 * HOUR);
        assert_eq!(warned_from(5, 3), 3);
        assert_eq!(worth(20_000_000, 250_000_000), 5_000_000);
        assert_eq!(worth(-1, 5), 0);
    }

    #[derive(Debug, Clone, Copy)]
    struct Case {
        opened: Micros,
        deadline: Option<Micros>,
        worth: Option<RouteWorth>,
        haste: Option<Haste>,
    }

    impl Case {
        fn key(self) -> Micros {
            key(self.opened, self.deadline, self.worth, self.haste)
        }

        fn due(self) -> Micros {
            due(self.opened, self.deadline)
        }
    }

    fn a_case() -> impl Strategy<Value = Case> {
        let time = 0..40 * HOUR;
        let worth = prop::option::of((0..1_000_000_000_i64, 0..1_000_000_000_i64));
        let haste = prop::option::of((0..=ONE_BILLIONTHS, any::<bool>()));
        (time.clone(), prop::option::of(time), worth, haste).prop_map(|(opened, deadline, worth, haste)| Case {
            opened,
            deadline,
            worth: worth.map(|(here, mean)| RouteWorth { here, mean }),
            haste: haste.map(|(share, by_lot)| Haste { share, by_lot }),
        })
    }

    proptest! {
        #[test]
        fn no_case_is_passed_by_one_that_was_opened_after_it_was_due(a in a_case(), b in a_case()) {
            prop_assert!(a.opened <= a.key() && a.key() <= a.due());
            if b.opened > a.due() {
                prop_assert!(a.key() < b.key(), "whatever the later one is worth");
            }
        }

        #[test]
        fn a_look_that_is_worth_more_or_due_sooner_never_comes_later(case in a_case(), more in 0..1_000_000_i64, sooner in 0..HOUR) {
            let worth = case.worth.map(|w| RouteWorth { here: w.here + more, ..w });
            let worthier = Case { worth, ..case };
            prop_assert!(worthier.key() <= case.key());
            let deadline = case.deadline.map(|at| at - sooner);
            let nearer = Case { deadline, ..case };
            prop_assert!(case.deadline.is_none() || nearer.key() <= case.key());
        }

        #[test]
        fn the_unit_of_costs_changes_nothing(case in a_case(), unit in 1..1_000_i64) {
            let worth = case.worth.map(|w| RouteWorth { here: w.here * unit, mean: w.mean * unit });
            prop_assert_eq!(Case { worth, ..case }.key(), case.key());
        }

        #[test]
        fn extremes_do_not_overflow(opened in any::<i64>(), deadline in any::<i64>(), here in any::<i64>(), mean in any::<i64>()) {
            let key = key(opened, Some(deadline), known(here, mean), None);
            prop_assert!(opened <= key && key <= due(opened, Some(deadline)));
            let _ = warned_from(opened, deadline);
        }

        /// A desk that is always too busy: cases come faster than they are served, the later the more worthwhile. Whatever was opened is
        /// served before everything that was opened after it was due.
        #[test]
        fn at_a_desk_that_never_catches_up_the_worthless_are_served_too(
            cases in prop::collection::vec((0..4_i64, 1..30 * HOUR, 0..1_000_000_i64), 2..60),
        ) {
            let mut now = 0;
            let (mut queue, mut served): (Vec<Case>, Vec<Case>) = (Vec::new(), Vec::new());
            for (at, (gap, time, here)) in cases.iter().enumerate() {
                now += gap * HOUR;
                queue.push(Case { opened: now, deadline: Some(now + time), worth: known(*here, 1_000), haste: None });
                if at % 2 == 0 {
                    queue.sort_by_key(|case| case.key());
                    served.push(queue.remove(0));
                }
            }
            queue.sort_by_key(|case| case.key());
            served.extend(queue);
            for (at, case) in served.iter().enumerate() {
                let passed = served.iter().skip(at + 1).any(|later| later.due() < case.opened);
                prop_assert!(!passed, "{case:?} was served before one that was due when it was opened");
            }
        }
    }
}
