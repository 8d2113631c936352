//! [`Labels`]: the different texts of a column, each with a code. Texts lie end to end in one string, so that ten million
//! keys cost little more than their bytes.

use crate::limits::{LABEL_BYTES_MAX, LABELS_BYTES_MAX};
use std::str;

/// Free slots of the table hold this; codes stay below.
const FREE: u32 = u32::MAX;
const SLOTS_MIN: usize = 16;

/// Different texts, numbered in the order in which they were first met.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    text: String,
    /// Where each label ends in `text`.
    ends: Vec<u32>,
    /// Open addressing with linear probing; a power of two, at most half full.
    slots: Vec<u32>,
}

/// Why a text got no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    NotUtf8,
    Long,
    Full,
}

impl Labels {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of a code.
    #[must_use]
    pub fn get(&self, code: u32) -> Option<&str> {
        let code = code as usize;
        let end = *self.ends.get(code)? as usize;
        let start = if code == 0 { 0 } else { *self.ends.get(code - 1)? as usize };
        self.text.get(start..end)
    }

    /// The code of a text.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<u32> {
        self.probe(text.as_bytes()).and_then(Result::ok)
    }

    /// All texts, by code.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.ends.len()).map(|code| self.get(code as u32).unwrap_or_default())
    }

    /// The code of a text, which is added where it is new and fewer than `max` are there.
    pub(crate) fn code(&mut self, bytes: &[u8], max: usize) -> Result<u32, Refused> {
        if let Some(Ok(code)) = self.probe(bytes) {
            return Ok(code);
        }
        let text = str::from_utf8(bytes).map_err(|_| Refused::NotUtf8)?;
        if text.len() > LABEL_BYTES_MAX {
            return Err(Refused::Long);
        }
        if self.ends.len() >= max.min(FREE as usize - 1) || self.text.len() + text.len() > LABELS_BYTES_MAX {
            return Err(Refused::Full);
        }
        if (self.ends.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let code = self.ends.len() as u32;
        // After growing there is a free slot.
        if let Some(Err(slot)) = self.probe(bytes)
            && let Some(slot) = self.slots.get_mut(slot)
        {
            *slot = code;
        }
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
        Ok(code)
    }

    /// The code of a text, or the slot where it would stand. `None` where there are no slots yet.
    fn probe(&self, bytes: &[u8]) -> Option<Result<u32, usize>> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut slot = hash(bytes) as usize & mask;
        loop {
            let code = *self.slots.get(slot)?;
            if code == FREE {
                return Some(Err(slot));
            }
            if self.get(code).is_some_and(|label| label.as_bytes() == bytes) {
                return Some(Ok(code));
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let len = (self.slots.len() * 2).max(SLOTS_MIN);
        let mut slots = vec![FREE; len];
        for (code, label) in self.iter().enumerate() {
            let mut slot = hash(label.as_bytes()) as usize & (len - 1);
            while slots.get(slot).is_some_and(|taken| *taken != FREE) {
                slot = (slot + 1) & (len - 1);
            }
            if let Some(free) = slots.get_mut(slot) {
                *free = code as u32;
            }
        }
        self.slots = slots;
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.ends == other.ends
    }
}

/// A quick hash by folded multiplication (as in wyhash). Without a secret seed: whoever crafts a file that collides slows
/// the reading of that file only.
fn hash(bytes: &[u8]) -> u64 {
    const ODD: [u64; 2] = [0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db];
    let fold = |x: u64, y: u64| {
        let wide = u128::from(x) * u128::from(y);
        (wide as u64) ^ ((wide >> 64) as u64)
    };
    let mut state = ODD[1] ^ bytes.len() as u64;
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        let word = word.try_into().map_or(0, u64::from_le_bytes);
        state = fold(state ^ word, ODD[0]);
    }
    let last = words.remainder().iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    fold(state ^ last ^ ODD[0], ODD[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_their_codes_while_the_table_grows() {
        let mut labels = Labels::default();
        for i in 0..10_000u32 {
            assert_eq!(labels.code(format!("label {i}").as_bytes(), 10_000), Ok(i));
        }
        for i in 0..10_000u32 {
            assert_eq!(labels.code(format!("label {i}").as_bytes(), 10_000), Ok(i));
            assert_eq!(labels.get(i), Some(format!("label {i}").as_str()));
        }
        assert_eq!(labels.code(b"one more", 10_000), Err(Refused::Full));
        assert_eq!((labels.find("label 77"), labels.find("label"), labels.get(10_000)), (Some(77), None, None));
        assert_eq!(labels.iter().nth(9_999), Some("label 9999"));
    }

    #[test]
    fn what_is_no_text_or_too_long_is_refused() {
        let mut labels = Labels::default();
        assert_eq!(labels.code(b"\xff", 9), Err(Refused::NotUtf8));
        assert_eq!(labels.code(&vec![b'x'; LABEL_BYTES_MAX + 1], 9), Err(Refused::Long));
        assert_eq!((labels.code(b"", 9), labels.code("é".as_bytes(), 9), labels.len()), (Ok(0), Ok(1), 2));
    }
}
