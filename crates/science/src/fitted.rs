//! [`Fitted`]: the envelope in which whatever was fitted is kept, and the exact notation of its numbers. Fits nothing.
//!
//! A number is written as the 16 hexadecimal digits of its bits, because default JSON parsing alters about one random double
//! in ten on a round trip, and a route must be re-derived to the last bit years later.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Something fitted that can be kept: its name and the version of its meaning.
pub trait Versioned {
    /// What it is, as the envelope says it.
    const KIND: &'static str;
    /// Version of the meaning of its members. A new one where the same members would predict otherwise.
    const VERSION: u32;
}

/// The envelope of something fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fitted<T> {
    kind: String,
    version: u32,
    model: T,
}

impl<T: Versioned> Fitted<T> {
    /// Puts a model into its envelope.
    pub fn seal(model: T) -> Self {
        Self { kind: T::KIND.to_owned(), version: T::VERSION, model }
    }

    /// Takes the model out.
    ///
    /// # Errors
    /// [`Error::Input`] where the envelope is of another kind or version than this code knows.
    pub fn open(self) -> Result<T> {
        if self.kind != T::KIND || self.version != T::VERSION {
            return Err(Error::input(
                "fitted model",
                format!(
                    "this is {} version {}, and {} version {} was expected; fit it again with this release",
                    self.kind,
                    self.version,
                    T::KIND,
                    T::VERSION
                ),
            ));
        }
        Ok(self.model)
    }
}

/// One number by its bits: `#[serde(with = "crate::fitted::bits")]`.
pub(crate) mod bits {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub(crate) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::text(*value))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        super::number(&text).ok_or_else(|| D::Error::custom(super::EXPECTED))
    }
}

/// Numbers by their bits, in one string: `#[serde(with = "crate::fitted::bits_all")]`.
pub(crate) mod bits_all {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&values.iter().map(|value| super::text(*value)).collect::<String>())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        text.as_bytes()
            .chunks(super::DIGITS)
            .map(|digits| std::str::from_utf8(digits).ok().and_then(super::number).ok_or_else(|| D::Error::custom(super::EXPECTED)))
            .collect()
    }
}

/// Hexadecimal digits of a number.
const DIGITS: usize = 16;
const EXPECTED: &str = "a number is written as 16 hexadecimal digits, its bits";

fn text(value: f64) -> String {
    format!("{:016x}", value.to_bits())
}

fn number(text: &str) -> Option<f64> {
    let sound = text.len() == DIGITS && text.bytes().all(|b| b.is_ascii_hexdigit());
    if sound { u64::from_str_radix(text, 16).ok().map(f64::from_bits) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Line {
        #[serde(with = "bits")]
        slope: f64,
        #[serde(with = "bits_all")]
        rest: Vec<f64>,
    }

    impl Versioned for Line {
        const KIND: &'static str = "line";
        const VERSION: u32 = 3;
    }

    #[test]
    fn every_bit_survives_and_another_version_is_refused() {
        let line = Line { slope: 0.1 + 0.2, rest: vec![-0.0, f64::INFINITY, 5e-324, 1.0 / 3.0] };
        let json = serde_json::to_string(&Fitted::seal(line.clone())).unwrap();
        let back: Fitted<Line> = serde_json::from_str(&json).unwrap();
        let back = back.open().unwrap();
        assert_eq!(back.slope.to_bits(), line.slope.to_bits());
        assert!(back.rest.iter().zip(&line.rest).all(|(a, b)| a.to_bits() == b.to_bits()));

        let old: Fitted<Line> = serde_json::from_str(&json.replace(":3", ":2")).unwrap();
        assert!(old.open().unwrap_err().to_string().contains("fit it again"));
        assert!(serde_json::from_str::<Line>(r#"{"slope":"xyz","rest":""}"#).is_err());
        assert!(serde_json::from_str::<Line>(r#"{"slope":"3ff0000000000000","rest":"3ff"}"#).is_err());
    }
}
