//! Why something cannot be computed, in sentences that a reader of a report can act on.

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something cannot be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The input is not of the shape that the function states: lengths that differ, a class out of range, NaN.
    #[error("{what}: {why}")]
    Input {
        /// Which argument.
        what: &'static str,
        /// What is wrong with it, with the place where there is one.
        why: String,
    },
    /// The input is sound, but cannot say what was asked: no rows, one class only, too few clusters.
    #[error("{0}")]
    CannotSay(String),
}

impl Error {
    /// [`Error::Input`].
    pub fn input(what: &'static str, why: impl Into<String>) -> Self {
        Self::Input { what, why: why.into() }
    }

    /// [`Error::CannotSay`].
    pub fn cannot_say(why: impl Into<String>) -> Self {
        Self::CannotSay(why.into())
    }
}
