//! How a picture becomes the numbers that a model wants, and which answer each class is: a small TOML file that a person writes, as the model
//! was trained. Never guesses what it was trained on: sizes, mean and spread have to be said.

use crate::Error;
use countersign_core::playbook::{FieldKind, Playbook};
use countersign_models::{Reach, input::may_see};
use countersign_onnx::{MAPPING_BYTES_MAX, answers_fault};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Height and width of what a model sees, at most.
pub(crate) const SIDE_MAX: usize = 1_024;

/// A mapping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisionMapping {
    /// The field: an image.
    pub picture: String,
    /// Width of what the model sees.
    pub width: usize,
    /// Height of it.
    pub height: usize,
    /// What is done where the picture has another shape.
    #[serde(default)]
    pub fit: Fit,
    /// In which order colours come.
    #[serde(default)]
    pub colours: Colours,
    /// What is taken off each colour after it was brought to 0 to 1: one number for all, or one a colour in the model's order.
    pub mean: Vec<f32>,
    /// What it is divided by then.
    pub spread: Vec<f32>,
    /// What the model's output is.
    #[serde(default)]
    pub scores: Scores,
    /// The output that holds the scores, where the file leaves that open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// What the classes are called, in the model's order: its file does not say it.
    pub classes: Vec<String>,
    /// The answer that each class stands for; a class that is not named stands for the answer of the same name.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
}

/// What is done where a picture has another shape than the model's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// It is stretched.
    #[default]
    Stretch,
    /// It keeps its shape at the model's height, cut to its width; what is left over on the right says nothing (0 after `mean` and `spread`).
    Height,
    /// It keeps its shape so that all of it is covered, and the middle is taken.
    Crop,
}

/// In which order colours come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colours {
    /// Red, green, blue.
    #[default]
    Rgb,
    /// Blue, green, red.
    Bgr,
    /// One: how light it is (ITU-R BT.601).
    Grey,
}

impl Colours {
    /// How many numbers a point has.
    #[must_use]
    pub fn channels(self) -> usize {
        match self {
            Self::Rgb | Self::Bgr => 3,
            Self::Grey => 1,
        }
    }
}

/// What a model's output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scores {
    /// Probabilities that sum to one.
    #[default]
    Probabilities,
    /// Scores that a softmax makes probabilities of.
    Logits,
}

impl VisionMapping {
    /// Whether a source is a mapping of pictures, and not one of columns.
    #[must_use]
    pub fn is_one(source: &str) -> bool {
        source.parse::<toml::Table>().is_ok_and(|table| table.contains_key("picture"))
    }

    /// Reads a mapping.
    ///
    /// # Errors
    /// Where it is no TOML, says what no mapping does, with the line, or has numbers that cannot be.
    pub fn parse(source: &str) -> Result<Self, Error> {
        if source.len() > MAPPING_BYTES_MAX {
            return Err(Error::Mapping(format!("it has more than {MAPPING_BYTES_MAX} bytes")));
        }
        let mapping: Self = toml::from_str(source).map_err(|error| Error::Mapping(error.to_string()))?;
        mapping.sound()?;
        Ok(mapping)
    }

    /// Whether its numbers can be.
    pub(crate) fn sound(&self) -> Result<(), Error> {
        let wrong = |detail: String| Err(Error::Mapping(detail));
        for (name, side) in [("width", self.width), ("height", self.height)] {
            if !(1..=SIDE_MAX).contains(&side) {
                return wrong(format!("`{name}` is {side}: 1 to {SIDE_MAX} can be"));
            }
        }
        let channels = self.colours.channels();
        for (name, numbers) in [("mean", &self.mean), ("spread", &self.spread)] {
            if numbers.len() != 1 && numbers.len() != channels {
                return wrong(format!("`{name}` has {} numbers: one, or one for each of {channels} colours", numbers.len()));
            }
            if numbers.iter().any(|number| !number.is_finite() || (name == "spread" && *number <= 0.0)) {
                return wrong(format!("`{name}` holds what cannot be: finite numbers, and those of `spread` above 0"));
            }
        }
        Ok(())
    }

    /// Everything by which the model does not fit a playbook: a sentence each.
    #[must_use]
    pub fn faults(&self, playbook: &Playbook) -> Vec<String> {
        let field = playbook.fields.iter().find(|field| field.name == self.picture);
        let of_field = match field {
            None => Some(format!("picture ({}): playbook {:?} has no such field", self.picture, playbook.name)),
            Some(field) if !matches!(field.kind, FieldKind::Image) => Some(format!("picture ({}): the field is no image", self.picture)),
            Some(field) if !may_see(field, Reach::InProcess) => Some(format!(
                "picture ({}): no model sees this field: it is audited, says whose data the case is, or is shared with none",
                self.picture
            )),
            Some(_) => None,
        };
        of_field.into_iter().chain(answers_fault(&self.answers, &self.classes, playbook)).collect()
    }

    /// The answers that classes stand for.
    #[must_use]
    pub fn answers_of(&self) -> Vec<String> {
        self.classes.iter().map(|class| self.answers.get(class).unwrap_or(class).clone()).collect()
    }

    /// A number of `mean` or `spread` for a colour.
    pub(crate) fn of(numbers: &[f32], channel: usize) -> f32 {
        numbers.get(channel).or(numbers.first()).copied().unwrap_or(0.0)
    }
}
