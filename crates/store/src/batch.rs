//! Multi-row inserts: one statement for many rows, in a few fixed sizes so that every statement stays prepared. Row by row is
//! more than ten times slower. Knows no table.
//!
//! The texts differ between the engines where time does. SQLite looks a numbered parameter up by its name in time linear in their
//! number, so there they are plain question marks, and a statement costs little: rows are cut into the sizes that add up to them.
//! PostgreSQL is a round trip away: rows that fill no size are one statement of the next larger one, whose last places repeat the
//! last row and are cut off by a limit.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
};

/// Rows of one statement. Largest first; with the widest table this stays far below the engines' limits on parameters.
pub const SIZES: [usize; 9] = [256, 128, 64, 32, 16, 8, 4, 2, 1];

/// Keys of one statement at most.
pub(crate) const KEYS_AT_ONCE: usize = 256;

/// Rows that one statement writes.
#[derive(Debug)]
pub struct Chunk<'r, T> {
    rows: &'r [T],
    size: usize,
    postgres: bool,
}

impl<'r, T> Chunk<'r, T> {
    /// The rows whose columns are to be bound, in order: as many as the statement has places.
    pub fn bound(&self) -> impl Iterator<Item = &'r T> + use<'r, T> {
        self.rows.iter().chain(std::iter::repeat_n(self.rows.last(), self.size - self.rows.len()).flatten())
    }

    /// How many of them count, where the statement has to be told; bound last.
    #[must_use]
    pub fn limit(&self) -> Option<i64> {
        self.postgres.then(|| i64::try_from(self.rows.len()).unwrap_or(i64::MAX))
    }

    /// The statement's text: `{head} values (..), (..) {tail}`, or what does the same for a part of the places.
    #[must_use]
    pub fn insert(&self, head: &'static str, columns: usize, tail: &'static str) -> &'static str {
        insert(self.postgres, head, columns, self.size, tail)
    }
}

/// Cuts rows into what single statements write.
pub fn chunks<T>(postgres: bool, rows: &[T]) -> impl Iterator<Item = Chunk<'_, T>> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let fits = SIZES.into_iter().find(|n| *n <= rest.len())?;
        let larger = SIZES.into_iter().rev().find(|n| *n >= rest.len());
        let size = larger.filter(|_| postgres).unwrap_or(fits);
        let (chunk, tail) = rest.split_at(size.min(rest.len()));
        rest = tail;
        Some(Chunk { rows: chunk, size, postgres })
    })
}

type Texts = Mutex<HashMap<(bool, &'static str, usize), &'static str>>;

/// The text made by `make`, which is done once and kept. Only constants come in here, never anything from a user, and there are a
/// few hundred such texts at most, so they are never freed.
fn kept(postgres: bool, head: &'static str, count: usize, make: impl FnOnce() -> String) -> &'static str {
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    let mut texts = TEXTS.get_or_init(Texts::default).lock().unwrap_or_else(PoisonError::into_inner);
    texts.entry((postgres, head, count)).or_insert_with(|| Box::leak(make().into_boxed_str()))
}

/// `$3, $4, ..` or `?, ?, ..`
fn parameters(postgres: bool, numbers: std::ops::RangeInclusive<usize>) -> String {
    let texts: Vec<String> = numbers.map(|n| if postgres { format!("${n}") } else { "?".to_owned() }).collect();
    texts.join(", ")
}

fn insert(postgres: bool, head: &'static str, columns: usize, rows: usize, tail: &'static str) -> &'static str {
    kept(postgres, head, rows, || {
        let tuples: Vec<String> =
            (0..rows).map(|row| format!("({})", parameters(postgres, row * columns + 1..=row * columns + columns))).collect();
        let values = tuples.join(", ");
        if postgres {
            format!("{head} select * from (values {values}) as given limit ${} {tail}", rows * columns + 1)
        } else {
            format!("{head} values {values} {tail}")
        }
    })
}

/// The text `{head} (..) {tail}` for so many keys; parameters inside `head` are bound before them.
pub fn in_list(postgres: bool, head: &'static str, before: usize, keys: usize, tail: &'static str) -> &'static str {
    kept(postgres, head, keys, || {
        let numbered =
            if postgres { head.to_owned() } else { (1..=before).fold(head.to_owned(), |text, n| text.replace(&format!("${n}"), "?")) };
        format!("{numbered} ({}) {tail}", parameters(postgres, before + 1..=before + keys))
    })
}

/// Pads keys for [`in_list`] by repeating the last.
pub fn padded<T: Clone>(keys: &[T]) -> Vec<T> {
    let mut padded = keys.to_vec();
    if let Some(last) = keys.last() {
        padded.resize(keys.len().next_power_of_two(), last.clone());
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_all_rows_in_order() {
        let rows: Vec<usize> = (0..213).collect();
        for postgres in [false, true] {
            let again: Vec<usize> = chunks(postgres, &rows).flat_map(|c| c.rows.to_vec()).collect();
            assert_eq!(again, rows);
            assert!(chunks(postgres, &rows).all(|c| SIZES.contains(&c.size) && c.bound().count() == c.size));
            assert_eq!(chunks::<u8>(postgres, &[]).count(), 0);
        }
        assert_eq!(chunks(false, &rows).count(), 5, "128 + 64 + 16 + 4 + 1");
        assert!(chunks(false, &rows).all(|c| c.limit().is_none() && c.rows.len() == c.size));
    }

    #[test]
    fn what_is_a_round_trip_away_is_one_statement() {
        let rows: Vec<usize> = (0..300).collect();
        let sizes: Vec<_> = chunks(true, &rows).map(|c| (c.size, c.limit())).collect();
        assert_eq!(sizes, [(256, Some(256)), (64, Some(44))]);
        assert_eq!(chunks(true, &rows[..3]).flat_map(|c| c.bound()).copied().collect::<Vec<_>>(), [0, 1, 2, 2]);
    }

    #[test]
    fn texts_number_their_parameters() {
        assert_eq!(
            insert(true, "insert into t (a, b)", 2, 2, "on conflict do nothing"),
            "insert into t (a, b) select * from (values ($1, $2), ($3, $4)) as given limit $5 on conflict do nothing"
        );
        assert_eq!(insert(false, "insert into t (a, b)", 2, 2, ""), "insert into t (a, b) values (?, ?), (?, ?) ");
        assert_eq!(in_list(true, "select a from t where w = $1 and k in", 1, 2, ""), "select a from t where w = $1 and k in ($2, $3) ");
        assert_eq!(in_list(false, "select a from t where w = $1 and k in", 1, 2, ""), "select a from t where w = ? and k in (?, ?) ");
        assert_eq!(padded(&[1, 2, 3]), [1, 2, 3, 3]);
    }
}
