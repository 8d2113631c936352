//! The two kinds of models that a workspace keeps: those that learned here, and those that were trained elsewhere. What a file is says its
//! first bytes; neither kind opens anything.

use countersign_models::{Advice, Input, NoAdvice, Proposer, TextModel};
use countersign_onnx::OnnxModel;

/// The built-in text model as a proposer.
pub const BUILT_IN: &str = "built-in-text";
/// A model from an ONNX file as a proposer.
pub const ONNX: &str = "onnx";

/// A model that is ready to run.
#[derive(Debug)]
pub enum Model {
    /// It learned here.
    Text(Box<TextModel>),
    /// It was trained elsewhere.
    Onnx(Box<OnnxModel>),
}

impl Model {
    /// A model from its file.
    ///
    /// # Errors
    /// Where it is none, or of another version: why, in a sentence.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        if bytes.starts_with(countersign_onnx::MAGIC) {
            return OnnxModel::from_bytes(bytes).map(|model| Self::Onnx(Box::new(model))).map_err(|error| error.to_string());
        }
        TextModel::from_bytes(bytes).map(|model| Self::Text(Box::new(model))).map_err(|error| error.to_string())
    }

    /// The answers that it tells apart.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        match self {
            Self::Text(model) => model.classes(),
            Self::Onnx(model) => model.classes(),
        }
    }

    /// Its name as a proposer.
    #[must_use]
    pub fn proposer(&self) -> &'static str {
        match self {
            Self::Text(_) => BUILT_IN,
            Self::Onnx(_) => ONNX,
        }
    }
}

impl Proposer for Model {
    fn version(&self) -> &str {
        match self {
            Self::Text(model) => model.version(),
            Self::Onnx(model) => model.version(),
        }
    }

    fn propose(&self, input: &Input) -> Result<Advice, NoAdvice> {
        match self {
            Self::Text(model) => model.propose(input),
            Self::Onnx(model) => model.propose(input),
        }
    }
}
