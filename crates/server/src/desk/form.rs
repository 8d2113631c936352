//! Forms as browsers post them (`application/x-www-form-urlencoded`), names in the order in which they came. Checks no meaning.

use crate::{
    extract::{body_whole, media_type},
    limits::{FORM_BYTES_MAX, FORM_PAIRS_MAX},
    problem::{Kind, Problem},
};
use axum::extract::Request;
use countersign_core::refusal::Code;

/// What was posted.
#[derive(Debug, Clone, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a form from its text.
    ///
    /// # Errors
    /// `too-large` beyond [`FORM_PAIRS_MAX`] names.
    pub fn parse(text: &[u8]) -> Result<Self, Problem> {
        let pairs: Vec<_> = form_urlencoded::parse(text).take(FORM_PAIRS_MAX + 1).map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
        if pairs.len() > FORM_PAIRS_MAX {
            return Err(Problem::new(Code::TooLarge, format!("a form has at most {FORM_PAIRS_MAX} values")));
        }
        Ok(Self(pairs))
    }

    /// A form that holds these.
    #[must_use]
    pub fn of<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
    }

    /// Reads the body of a request.
    ///
    /// # Errors
    /// Where it is no form, too large, or does not come.
    pub async fn read(request: Request) -> Result<Self, Problem> {
        if media_type(request.headers()).as_deref() != Some("application/x-www-form-urlencoded") {
            return Err(Problem::new(Kind::UnsupportedMediaType, "the desk takes forms as its own pages post them"));
        }
        Self::parse(&body_whole(request, FORM_BYTES_MAX).await?)
    }

    /// The first value of a name, as it was typed.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a name without white space around it; `None` where nothing is left.
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// The same with another value of a name, in the place of all that it had.
    #[must_use]
    pub fn with(mut self, name: &str, value: String) -> Self {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value));
        self
    }

    /// Every name with its value.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// What somebody typed before, to be put into the controls again.
pub type Draft = Form;

/// What is wrong with one control of a form, for whoever filled it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The control's name.
    pub name: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl FieldProblem {
    /// A problem with a control.
    pub fn new(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), detail: detail.into() }
    }
}
