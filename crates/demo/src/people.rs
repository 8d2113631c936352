//! Who takes part: five people and two proposers, each with a known skill and known flaws. Documented in docs/demo.md; a test
//! holds what the generator makes against what is stated here.

use crate::dice::Dice;

/// A simulated person. Chances are percent.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    /// The name.
    pub name: &'static str,
    /// Who they are, in a few words.
    pub about: &'static str,
    /// How often their own answer is right on an ordinary case, by [`Kind`].
    pub skill: [u64; 3],
    /// How often they take over advice that differs from their own answer, where it is right.
    pub follow_right: u64,
    /// The same where it is wrong.
    pub follow_wrong: u64,
    /// Seconds for an ordinary case without advice; with advice a third less.
    pub seconds: u64,
}

/// What kind of decision a case is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A support ticket.
    Ticket,
    /// A security alert.
    Alert,
    /// A change to code, written by an AI.
    Change,
}

/// By how much a person is right less often on a hard case, in percent.
pub const HARD_LESS: u64 = 14;

/// The five people.
pub const PEOPLE: [Person; 5] = [
    Person {
        name: "Ada Brandt",
        about: "careful, and weighs advice",
        skill: [95, 90, 90],
        follow_right: 70,
        follow_wrong: 22,
        seconds: 46,
    },
    Person {
        name: "Ben Okafor",
        about: "quick, and follows too easily",
        skill: [88, 86, 82],
        follow_right: 92,
        follow_wrong: 74,
        seconds: 24,
    },
    Person {
        name: "Chloé Martin", about: "good, and follows nobody", skill: [93, 84, 91], follow_right: 24, follow_wrong: 8, seconds: 52
    },
    Person { name: "Dilan Kaya", about: "new here", skill: [81, 78, 79], follow_right: 68, follow_wrong: 48, seconds: 60 },
    Person {
        name: "Emma Lindqvist",
        about: "an expert for security",
        skill: [90, 96, 92],
        follow_right: 60,
        follow_wrong: 18,
        seconds: 40,
    },
];

/// A proposer.
#[derive(Debug, Clone, Copy)]
pub struct Proposer {
    /// The name.
    pub name: &'static str,
    /// The version.
    pub version: &'static str,
    /// Thousandths of its true chance to be wrong that it admits: 1,000 is honest, less is overconfident.
    pub admits: u64,
    /// Its chance to be right by the ease of a case for it: plain, middling, weak spot. In percent.
    pub skill: [u64; 3],
}

/// A language model: strong, too sure of itself, and with weak spots (see [`crate::ticket`], [`crate::alert`], [`crate::change`]).
pub const ATLAS: Proposer = Proposer { name: "atlas", version: "2026-10-01", admits: 350, skill: [99, 88, 58] };
/// Hand-written rules: plainer, and honest about how sure they are.
pub const RULES: Proposer = Proposer { name: "rules", version: "41", admits: 1_000, skill: [86, 72, 66] };

/// How easy a case is for a proposer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ease {
    /// Most cases.
    Plain,
    /// Two topics at once, or little to go by.
    Middling,
    /// Where this proposer fails.
    Weak,
}

/// What a proposer says: its favourite, and thousandths by option that sum to 1,000.
#[derive(Debug, Clone)]
pub struct Opinion {
    /// The likeliest option.
    pub top: usize,
    /// Thousandths by option.
    pub thousandths: Vec<u64>,
}

impl Proposer {
    /// Its opinion on a case of `options` answers of which `truth` is right.
    pub fn opinion(&self, dice: &mut Dice, options: usize, truth: usize, ease: Ease) -> Opinion {
        let skill = self.skill[ease as usize] * 10;
        // How sure it may be varies from case to case around its skill, and it is right just as often as it may be sure.
        let spread = (1_000 - skill) / 2 + 4;
        let sure = dice.between(skill - spread, (skill + spread).min(998));
        let top = if dice.likely(sure) { truth } else { dice.other(options, truth) };
        let said = 1_000 - (1_000 - sure) * self.admits / 1_000;
        let mut thousandths = vec![0; options];
        let mut rest = 1_000 - said;
        for (option, part) in thousandths.iter_mut().enumerate().filter(|(option, _)| *option != top) {
            let last = option + 1 == options || (option + 2 == options && top + 1 == options);
            *part = if last { rest } else { dice.below(rest + 1) };
            rest -= *part;
        }
        thousandths[top] = 1_000 - thousandths.iter().sum::<u64>();
        // Its favourite is the likeliest, whatever the dice gave to the others.
        if let Some(most) = thousandths.iter().copied().max()
            && thousandths[top] < most
        {
            let at = thousandths.iter().position(|p| *p == most).unwrap_or(top);
            thousandths.swap(top, at);
        }
        Opinion { top, thousandths }
    }
}

impl Person {
    /// What they answer by themselves.
    pub fn own(&self, dice: &mut Dice, kind: Kind, options: usize, truth: usize, hard: bool) -> usize {
        let skill = self.skill[kind as usize] - if hard { HARD_LESS } else { 0 };
        if dice.chance(skill) { truth } else { dice.other(options, truth) }
    }

    /// What they answer after seeing advice.
    pub fn advised(&self, dice: &mut Dice, own: usize, advice: usize, truth: usize) -> usize {
        let follow = if advice == truth { self.follow_right } else { self.follow_wrong };
        if own != advice && dice.chance(follow) { advice } else { own }
    }

    /// How long they take, in tenths of seconds.
    pub fn tenths(&self, dice: &mut Dice, kind: Kind, advised: bool) -> u64 {
        let usual = self.seconds * 10 * [1, 2, 4][kind as usize];
        let usual = if advised { usual * 2 / 3 } else { usual };
        dice.between(usual / 2, usual * 8 / 5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opinions_sum_to_one_and_are_right_as_often_as_stated() {
        let mut dice = Dice::new(5);
        for proposer in [ATLAS, RULES] {
            for ease in [Ease::Plain, Ease::Middling, Ease::Weak] {
                let mut right = 0;
                for n in 0..4_000 {
                    let (options, truth) = (2 + n % 4, n % 2);
                    let opinion = proposer.opinion(&mut dice, options, truth, ease);
                    assert_eq!(opinion.thousandths.iter().sum::<u64>(), 1_000);
                    assert!(opinion.thousandths.iter().all(|p| *p <= opinion.thousandths[opinion.top]), "{opinion:?}");
                    right += u64::from(opinion.top == truth);
                }
                let stated = proposer.skill[ease as usize];
                assert!((right / 40).abs_diff(stated) <= 3, "{} {ease:?}: {} of 4,000, stated {stated} %", proposer.name, right);
            }
        }
    }

    #[test]
    fn whoever_follows_changes_only_to_the_advice() {
        let mut dice = Dice::new(6);
        for person in PEOPLE {
            for _ in 0..500 {
                let (own, advice) = (dice.index(4), dice.index(4));
                let after = person.advised(&mut dice, own, advice, 0);
                assert!(after == own || after == advice);
            }
        }
    }
}
