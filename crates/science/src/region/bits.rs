//! Sets of rows as bits. Knows nothing of what a row is.

/// A set of rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// The rows for which something holds, of so many.
    pub(super) fn of(rows: usize, mut holds: impl FnMut(usize) -> bool) -> Self {
        let words = (0..rows.div_ceil(64)).map(|word| {
            (word * 64..rows.min(word * 64 + 64)).enumerate().fold(0u64, |bits, (at, row)| bits | (u64::from(holds(row)) << at))
        });
        Self(words.collect())
    }

    pub(super) fn len(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    /// Rows in this set and in `other`.
    pub(super) fn common(&self, other: &Self) -> u64 {
        self.0.iter().zip(&other.0).map(|(a, b)| u64::from((a & b).count_ones())).sum()
    }

    /// Rows in this set and `other`, and of those the ones in `third` and in `fourth`, in one pass.
    pub(super) fn common_of(&self, other: &Self, third: &Self, fourth: &Self) -> (u64, u64, u64) {
        let (mut all, mut with_third, mut with_fourth) = (0u64, 0u64, 0u64);
        for (((a, b), c), d) in self.0.iter().zip(&other.0).zip(&third.0).zip(&fourth.0) {
            let both = a & b;
            all += u64::from(both.count_ones());
            with_third += u64::from((both & c).count_ones());
            with_fourth += u64::from((both & d).count_ones());
        }
        (all, with_third, with_fourth)
    }
}
