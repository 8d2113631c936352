//! Features of an input: words, pairs of neighbouring words, pieces of three to five letters, and facts (`field=value`), each
//! hashed into one of [`BUCKETS`] numbers. A hash is not reversed: what an explanation quotes is the text itself.

use crate::input::{Input, Value};

/// Buckets that features are hashed into.
pub(crate) const BUCKETS: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 20;
/// Lengths of the pieces of a word, its edges counted as letters.
const PIECES: std::ops::RangeInclusive<usize> = 3..=5;
/// Letters of a word that are cut into pieces.
const PIECED_CHARS_MAX: usize = 40;

/// The three kinds of features; each is brought to length 1 by itself, so that none drowns another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Block {
    Words = 0,
    Pieces = 1,
    Facts = 2,
}

/// How many blocks there are.
pub(crate) const BLOCKS: usize = 3;

/// One occurrence of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occurrence {
    pub bucket: u32,
    pub block: Block,
    /// The token it belongs to; for a pair the second of both.
    pub token: u32,
    /// Whether the token before has a part in it.
    pub pair: bool,
}

/// Where a token lies: the field's place in the input, and code points in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub field: u32,
    pub start: u32,
    pub end: u32,
}

/// What was found in one input; used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct Features {
    pub occurrences: Vec<Occurrence>,
    pub tokens: Vec<Token>,
    word: Vec<u8>,
    offsets: Vec<u32>,
}

/// Mixes eight bytes into a state (the multiplication of the murmur family, folded).
fn mix(state: u64, value: u64) -> u64 {
    let product = u128::from(state ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    (product as u64) ^ ((product >> 64) as u64)
}

fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let mut state = mix(seed, bytes.len() as u64 | 0x5851_f42d_4c95_7f2d);
    for chunk in bytes.chunks(8) {
        let mut value = [0; 8];
        value.iter_mut().zip(chunk).for_each(|(slot, byte)| *slot = *byte);
        state = mix(state, u64::from_le_bytes(value));
    }
    state
}

fn bucket(hash: u64) -> u32 {
    (mix(hash, 0x2545_f491_4f6c_dd1d) >> (64 - BUCKET_BITS)) as u32
}

const SEED_WORD: u64 = 0x1111;
const SEED_PAIR: u64 = 0x2222;
const SEED_PIECE: u64 = 0x3333;
const SEED_FACT: u64 = 0x4444;

impl Features {
    /// Reads an input.
    pub(crate) fn read(&mut self, input: &Input) {
        self.occurrences.clear();
        self.tokens.clear();
        for (at, field) in input.fields.iter().enumerate() {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            match &field.value {
                Value::Text(text) | Value::Gathered(text) => self.text(at, text),
                Value::Word(word) => self.fact(at, &field.name, word),
                Value::Picture(_) => {}
                Value::Flag(flag) => self.fact(at, &field.name, if *flag { "true" } else { "false" }),
                Value::Number(number) => {
                    let (coarse, fine) = steps(*number);
                    self.fact(at, &field.name, &coarse);
                    self.fact(at, &field.name, &fine);
                }
            }
        }
    }

    fn fact(&mut self, field: u32, name: &str, value: &str) {
        let token = self.token(field, 0, 0);
        let hash = hash(hash(SEED_FACT, name.as_bytes()), value.as_bytes());
        self.occurrences.push(Occurrence { bucket: bucket(hash), block: Block::Facts, token, pair: false });
    }

    fn token(&mut self, field: u32, start: u32, end: u32) -> u32 {
        self.tokens.push(Token { field, start, end });
        u32::try_from(self.tokens.len() - 1).unwrap_or(u32::MAX)
    }

    /// Words are runs of letters and digits; a run of other signs is a word without pieces.
    fn text(&mut self, field: u32, text: &str) {
        let mut before: Option<u64> = None;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((start, first)) = chars.next() {
            if first.is_whitespace() || first.is_control() {
                continue;
            }
            let letters = first.is_alphanumeric();
            self.word.clear();
            self.offsets.clear();
            self.word.push(b'<');
            self.offsets.push(0);
            self.push(first);
            let mut end = start + 1;
            while let Some((at, next)) = chars.next_if(|(_, c)| !c.is_whitespace() && !c.is_control() && c.is_alphanumeric() == letters) {
                self.push(next);
                end = at + 1;
            }
            self.offsets.push(self.word.len() as u32);
            self.word.push(b'>');
            self.offsets.push(self.word.len() as u32);
            let token = self.token(field, start as u32, end as u32);
            let word = hash(SEED_WORD, &self.word);
            self.occurrences.push(Occurrence { bucket: bucket(word), block: Block::Words, token, pair: false });
            if let Some(before) = before {
                let pair = mix(mix(SEED_PAIR, before), word);
                self.occurrences.push(Occurrence { bucket: bucket(pair), block: Block::Words, token, pair: true });
            }
            if letters {
                self.pieces(token);
            }
            before = Some(word);
        }
    }

    fn push(&mut self, c: char) {
        self.offsets.push(self.word.len() as u32);
        if c.is_ascii() {
            self.word.push(c.to_ascii_lowercase() as u8);
            return;
        }
        let mut buffer = [0; 4];
        for lower in c.to_lowercase() {
            self.word.extend_from_slice(lower.encode_utf8(&mut buffer).as_bytes());
        }
    }

    fn pieces(&mut self, token: u32) {
        // Offsets hold where each letter begins, and the end.
        let letters = (self.offsets.len() - 1).min(PIECED_CHARS_MAX);
        for length in PIECES {
            for from in 0..(letters + 1).saturating_sub(length) {
                let (Some(start), Some(end)) = (self.offsets.get(from), self.offsets.get(from + length)) else { continue };
                let piece = self.word.get(*start as usize..*end as usize).unwrap_or_default();
                let hash = hash(SEED_PIECE, piece);
                self.occurrences.push(Occurrence { bucket: bucket(hash), block: Block::Pieces, token, pair: false });
            }
        }
    }
}

/// A number as two words: its order of magnitude, and that with its first digit.
fn steps(number: f64) -> (String, String) {
    if number == 0.0 {
        return ("0".into(), "0".into());
    }
    // Scientific notation is exact arithmetic, the same on every machine; a logarithm would not be.
    let written = format!("{:e}", number.abs());
    let (mantissa, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let sign = if number < 0.0 { "-" } else { "" };
    let first = mantissa.get(..1).unwrap_or("1");
    (format!("{sign}e{exponent}"), format!("{sign}{first}e{exponent}"))
}
