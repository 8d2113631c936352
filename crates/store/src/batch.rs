//! Multi-row inserts: one statement for many rows, in a few fixed sizes so that every statement stays prepared. Row by row is
//! more than ten times slower. Knows no table.
//!
//! The texts are the same for both engines but for the parameters: PostgreSQL wants them numbered, and SQLite looks a numbered one
//! up by its name in time linear in their number, so there they are plain question marks.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
};

/// Rows of one statement. Largest first; with the widest table this stays far below the engines' limits on parameters.
pub const SIZES: [usize; 9] = [256, 128, 64, 32, 16, 8, 4, 2, 1];

/// Cuts rows into the fixed sizes.
pub fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|n| *n <= rest.len())?;
        let (chunk, tail) = rest.split_at(size);
        rest = tail;
        Some(chunk)
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

/// The text `{head} values (..), (..) {tail}` for so many rows.
pub fn insert(postgres: bool, head: &'static str, columns: usize, rows: usize, tail: &'static str) -> &'static str {
    kept(postgres, head, rows, || {
        let tuples: Vec<String> =
            (0..rows).map(|row| format!("({})", parameters(postgres, row * columns + 1..=row * columns + columns))).collect();
        format!("{head} values {} {tail}", tuples.join(", "))
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
        let again: Vec<usize> = chunks(&rows).flatten().copied().collect();
        assert_eq!(again, rows);
        assert!(chunks(&rows).all(|c| SIZES.contains(&c.len())));
        assert_eq!(chunks::<u8>(&[]).count(), 0);
    }

    #[test]
    fn texts_number_their_parameters() {
        assert_eq!(
            insert(true, "insert into t (a, b)", 2, 2, "on conflict do nothing"),
            "insert into t (a, b) values ($1, $2), ($3, $4) on conflict do nothing"
        );
        assert_eq!(insert(false, "insert into t (a, b)", 2, 2, ""), "insert into t (a, b) values (?, ?), (?, ?) ");
        assert_eq!(in_list(true, "select a from t where w = $1 and k in", 1, 2, ""), "select a from t where w = $1 and k in ($2, $3) ");
        assert_eq!(in_list(false, "select a from t where w = $1 and k in", 1, 2, ""), "select a from t where w = ? and k in (?, ?) ");
        assert_eq!(padded(&[1, 2, 3]), [1, 2, 3, 3]);
    }
}
