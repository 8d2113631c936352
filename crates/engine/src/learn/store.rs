//! Rows by their place and by their case, in little memory: in pieces, so that many are never copied to make room for one more, and
//! with one number a row to find it by. Knows nothing of what stands in a row.

use super::row::Row;
use countersign_core::id::CaseId;
use hashbrown::HashTable;
use std::hash::{BuildHasher as _, RandomState};

/// Rows in one piece.
const PIECE: usize = 4_096;

/// Rows in the order in which they were added.
#[derive(Default)]
pub(super) struct Store {
    pieces: Vec<Vec<Row>>,
    /// Places by case.
    places: HashTable<u32>,
    hasher: RandomState,
}

impl Store {
    pub(super) fn get(&self, at: usize) -> Option<&Row> {
        at_place(&self.pieces, at)
    }

    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut Row> {
        self.pieces.get_mut(at / PIECE)?.get_mut(at % PIECE)
    }

    /// The place of a case's row.
    pub(super) fn find(&self, case: CaseId) -> Option<usize> {
        let same = |at: &u32| at_place(&self.pieces, *at as usize).is_some_and(|row| row.case == case);
        self.places.find(self.hasher.hash_one(case), same).map(|at| *at as usize)
    }

    /// Adds the row of a case that has none.
    pub(super) fn push(&mut self, row: Row) {
        let next = self.pieces.len().saturating_sub(1) * PIECE + self.pieces.last().map_or(0, Vec::len);
        // INVARIANT: a log has fewer cases of a playbook than this; what came after could not be found by its case.
        let Ok(place) = u32::try_from(next) else { return };
        let hash = self.hasher.hash_one(row.case);
        match self.pieces.last_mut().filter(|piece| piece.len() < PIECE) {
            Some(piece) => piece.push(row),
            None => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(row);
                self.pieces.push(piece);
            }
        }
        let (pieces, hasher) = (&self.pieces, &self.hasher);
        let again = |at: &u32| at_place(pieces, *at as usize).map_or(0, |row| hasher.hash_one(row.case));
        self.places.insert_unique(hash, place, again);
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Row> {
        self.pieces.iter().flatten()
    }
}

fn at_place(pieces: &[Vec<Row>], at: usize) -> Option<&Row> {
    pieces.get(at / PIECE)?.get(at % PIECE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn every_row_is_found_by_its_place_and_by_its_case() {
        let case = |n: usize| CaseId(Uuid::from_u128(n as u128 * 7_919));
        let mut store = Store::default();
        let count = PIECE * 2 + 3;
        for n in 0..count {
            assert_eq!(store.find(case(n)), None);
            store.push(Row::new(case(n), n as i64, 1, 0));
        }
        assert_eq!(store.iter().count(), count);
        assert!(store.iter().map(|row| row.opened_at).eq(0..count as i64));
        for n in [0, 1, PIECE - 1, PIECE, count - 1] {
            assert_eq!(store.find(case(n)), Some(n));
            assert_eq!(store.get(n).map(|row| row.case), Some(case(n)));
        }
        assert!(store.get(count).is_none() && store.get_mut(count).is_none());
    }

    #[test]
    fn a_case_that_waits_takes_little_memory() {
        assert!(size_of::<Row>() <= 64, "{} bytes a row", size_of::<Row>());
    }
}
