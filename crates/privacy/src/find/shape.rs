//! The text as the finders look at it: words, their boundaries, and shapes of digits and letters with separators. Every look is
//! bounded by the shape's length.

/// A text under search.
pub(super) struct Source<'t> {
    text: &'t str,
}

/// The digits and letters of what fitted a shape, without separators and in upper case.
pub(super) struct Fit {
    compact: [u8; SHAPE_CHARS_MAX],
    len: usize,
    /// One past its last byte.
    pub end: usize,
}

/// The longest shape.
pub(super) const SHAPE_CHARS_MAX: usize = 40;

impl Fit {
    pub(super) fn bytes(&self) -> &[u8] {
        self.compact.get(..self.len).unwrap_or_default()
    }
}

impl<'t> Source<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text }
    }

    pub(super) fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes()
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.bytes().get(at).copied()
    }

    /// The end of the run of ASCII letters and digits at `at`.
    pub(super) fn word_end(&self, at: usize) -> usize {
        let rest = self.bytes().get(at..).unwrap_or_default();
        at + rest.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len())
    }

    /// Whether the character before `at` belongs to a word.
    pub(super) fn word_before(&self, at: usize) -> bool {
        match at.checked_sub(1).and_then(|before| self.byte(before)) {
            None => false,
            Some(b) if b.is_ascii() => b.is_ascii_alphanumeric() || b == b'_',
            Some(_) => self.text.get(..at).and_then(last_char).is_some_and(char::is_alphanumeric),
        }
    }

    /// Whether the character at `at` belongs to a word.
    pub(super) fn word_at(&self, at: usize) -> bool {
        match self.byte(at) {
            None => false,
            Some(b) if b.is_ascii() => b.is_ascii_alphanumeric() || b == b'_',
            Some(_) => self.text.get(at..).and_then(|rest| rest.chars().next()).is_some_and(char::is_alphanumeric),
        }
    }

    /// What fits the shape at `at` and ends with the word. In a shape `d` is a digit, `a` a letter, `n` either; `_` may be a space
    /// or a hyphen, `.` a space, a hyphen or a full stop, `-` a hyphen, `s` a space; `=` must be a hyphen, `~` a space, hyphen or
    /// full stop.
    pub(super) fn fit(&self, at: usize, shape: &str) -> Option<Fit> {
        let mut fit = Fit { compact: [0; SHAPE_CHARS_MAX], len: 0, end: at };
        for symbol in shape.bytes() {
            let byte = self.byte(fit.end).unwrap_or(0);
            let (ok, kept, optional) = match symbol {
                b'd' => (byte.is_ascii_digit(), true, false),
                b'a' => (byte.is_ascii_alphabetic(), true, false),
                b'n' => (byte.is_ascii_alphanumeric(), true, false),
                b'_' => (matches!(byte, b' ' | b'-'), false, true),
                b'.' => (matches!(byte, b' ' | b'-' | b'.'), false, true),
                b'-' => (byte == b'-', false, true),
                b's' => (byte == b' ', false, true),
                b'=' => (byte == b'-', false, false),
                _ => (matches!(byte, b' ' | b'-' | b'.'), false, false),
            };
            match (ok, optional) {
                (true, _) => {
                    if kept {
                        *fit.compact.get_mut(fit.len)? = byte.to_ascii_uppercase();
                        fit.len += 1;
                    }
                    fit.end += 1;
                }
                (false, true) => {}
                (false, false) => return None,
            }
        }
        (!self.word_at(fit.end)).then_some(fit)
    }
}

/// The last character, looking at no more than its own bytes.
fn last_char(text: &str) -> Option<char> {
    text.chars().next_back()
}
