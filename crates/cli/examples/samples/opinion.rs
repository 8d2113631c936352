//! What a proposer says of a case, for the samples.

use countersign_demo::dice::Dice;

/// What a proposer says of `options` where `truth` is right: its favourite, and thousandths that sum to 1000. `skill` is how
/// often, in percent, the likeliest option is the truth.
pub fn opinion(dice: &mut Dice, options: usize, truth: usize, skill: u64) -> (usize, Vec<u64>) {
    let right = dice.chance(skill);
    let others: Vec<usize> = (0..options).filter(|o| *o != truth).collect();
    let top = if right { truth } else { others[dice.index(others.len())] };
    // Whoever is wrong is mostly less sure.
    let sure = if right { 520 + dice.below(470) } else { 420 + dice.below(380) };
    let mut rest = 1_000 - sure;
    let mut parts = vec![0; options];
    parts[top] = sure;
    for option in (0..options).filter(|o| *o != top) {
        let part = dice.below(rest / 2 + 1).min(sure - 1);
        parts[option] = part;
        rest -= part;
    }
    parts[top] += rest;
    (top, parts)
}
