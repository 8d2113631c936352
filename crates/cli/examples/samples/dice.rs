//! Dice that fall the same way everywhere: SplitMix64 (Steele, Lea, Flood 2014) and whole numbers only.

/// The dice.
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `sides`.
    pub fn below(&mut self, sides: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(sides)) >> 64) as u64
    }

    /// True in `percent` of all throws.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of some things.
    pub fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len() as u64) as usize]
    }

    /// An index by weights.
    pub fn weighted(&mut self, weights: &[u64]) -> usize {
        let mut left = self.below(weights.iter().sum());
        weights.iter().position(|w| left.checked_sub(*w).map(|l| left = l).is_none()).unwrap_or(0)
    }

    /// What a proposer says of `options` where `truth` is right: thousandths that sum to 1000. `skill` is how often, in percent,
    /// the likeliest option is the truth.
    pub fn opinion(&mut self, options: usize, truth: usize, skill: u64) -> (usize, Vec<u64>) {
        let right = self.chance(skill);
        let others: Vec<usize> = (0..options).filter(|o| *o != truth).collect();
        let top = if right { truth } else { others[self.below(others.len() as u64) as usize] };
        // Whoever is wrong is mostly less sure.
        let sure = if right { 520 + self.below(470) } else { 420 + self.below(380) };
        let mut rest = 1_000 - sure;
        let mut parts = vec![0; options];
        parts[top] = sure;
        for option in (0..options).filter(|o| *o != top) {
            let part = self.below(rest / 2 + 1).min(sure - 1);
            parts[option] = part;
            rest -= part;
        }
        parts[top] += rest;
        (top, parts)
    }
}

/// Thousandths as a decimal.
pub fn decimal(thousandths: u64) -> String {
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}
