//! Multi-row inserts: one statement for many rows, in a few fixed sizes so that every statement stays prepared. Row by row is
//! more than ten times slower. Knows no table.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
};

/// Rows of one statement. Largest first; with the widest table this stays far below the engines' limits on parameters.
pub const SIZES: [usize; 4] = [64, 16, 4, 1];

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

/// The text `{head} values ($1, ..), (..) {tail}` for so many rows, made once and kept.
///
/// Only constants come in here, never anything from a user; there are a few dozen such texts, so they are never freed.
pub fn insert(head: &'static str, columns: usize, rows: usize, tail: &'static str) -> &'static str {
    type Texts = Mutex<HashMap<(&'static str, usize), &'static str>>;
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    let mut texts = TEXTS.get_or_init(Texts::default).lock().unwrap_or_else(PoisonError::into_inner);
    texts.entry((head, rows)).or_insert_with(|| {
        let tuples: Vec<String> = (0..rows)
            .map(|row| {
                let parameters: Vec<String> = (1..=columns).map(|c| format!("${}", row * columns + c)).collect();
                format!("({})", parameters.join(", "))
            })
            .collect();
        Box::leak(format!("{head} values {} {tail}", tuples.join(", ")).into_boxed_str())
    })
}

/// The text `{head} ($1, $2, ..) {tail}` for so many keys after the first `before` parameters. The number of keys is rounded up
/// to a power of two by repeating the last, so that there are few texts.
pub fn in_list(head: &'static str, before: usize, keys: usize, tail: &'static str) -> &'static str {
    type Texts = Mutex<HashMap<(&'static str, usize), &'static str>>;
    static TEXTS: OnceLock<Texts> = OnceLock::new();
    let mut texts = TEXTS.get_or_init(Texts::default).lock().unwrap_or_else(PoisonError::into_inner);
    texts.entry((head, keys)).or_insert_with(|| {
        let parameters: Vec<String> = (1..=keys).map(|k| format!("${}", before + k)).collect();
        Box::leak(format!("{head} ({}) {tail}", parameters.join(", ")).into_boxed_str())
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
        assert_eq!(insert("insert into t (a, b)", 2, 2, "on conflict do nothing"), "insert into t (a, b) values ($1, $2), ($3, $4) on conflict do nothing");
        assert_eq!(in_list("select a from t where w = $1 and k in", 1, 2, ""), "select a from t where w = $1 and k in ($2, $3) ");
        assert_eq!(padded(&[1, 2, 3]), [1, 2, 3, 3]);
    }
}
