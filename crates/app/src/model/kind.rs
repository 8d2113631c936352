//! The kinds of models that a workspace keeps: those that learned here, and those that were trained elsewhere, over tables or pictures. What a file is says its
//! first bytes; none opens anything.

use countersign_models::{Advice, Input, NoAdvice, Proposer, TextModel, TreesModel, trees};
use countersign_onnx::OnnxModel;
use countersign_vision::VisionModel;

/// The built-in text model as a proposer.
pub const BUILT_IN: &str = "built-in-text";
/// The built-in trees as a proposer.
pub const TREES: &str = "built-in-trees";
/// A model from an ONNX file as a proposer.
pub const ONNX: &str = "onnx";
/// A model of pictures from an ONNX file as a proposer.
pub const VISION: &str = "onnx-image";

/// A model that is ready to run.
#[derive(Debug)]
pub enum Model {
    /// It learned here, from words above all.
    Text(Box<TextModel>),
    /// It learned here, from numbers and facts above all.
    Trees(Box<TreesModel>),
    /// It was trained elsewhere.
    Onnx(Box<OnnxModel>),
    /// It was trained elsewhere, on pictures.
    Vision(Box<VisionModel>),
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
        if bytes.starts_with(trees::file::MAGIC) {
            return TreesModel::from_bytes(bytes).map(|model| Self::Trees(Box::new(model))).map_err(|error| error.to_string());
        }
        if bytes.starts_with(countersign_vision::MAGIC) {
            return VisionModel::from_bytes(bytes).map(|model| Self::Vision(Box::new(model))).map_err(|error| error.to_string());
        }
        TextModel::from_bytes(bytes).map(|model| Self::Text(Box::new(model))).map_err(|error| error.to_string())
    }

    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(model) => model.to_bytes(),
            Self::Trees(model) => model.to_bytes(),
            Self::Onnx(model) => model.to_bytes(),
            Self::Vision(model) => model.to_bytes(),
        }
    }

    /// The answers that it tells apart.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        match self {
            Self::Text(model) => model.classes(),
            Self::Trees(model) => model.classes(),
            Self::Onnx(model) => model.classes(),
            Self::Vision(model) => model.classes(),
        }
    }

    /// The field whose picture it looks at, if it does.
    #[must_use]
    pub fn picture(&self) -> Option<&str> {
        match self {
            Self::Text(_) | Self::Trees(_) | Self::Onnx(_) => None,
            Self::Vision(model) => Some(model.picture()),
        }
    }

    /// What it proposes where nobody is told why: of pictures that is one look instead of a hundred.
    pub(super) fn answer(&self, input: &Input) -> Result<Advice, NoAdvice> {
        match self {
            Self::Text(_) | Self::Trees(_) | Self::Onnx(_) => self.propose(input),
            Self::Vision(model) => model.look(input, false),
        }
    }

    /// Its name as a proposer.
    #[must_use]
    pub fn proposer(&self) -> &'static str {
        match self {
            Self::Text(_) => BUILT_IN,
            Self::Trees(_) => TREES,
            Self::Onnx(_) => ONNX,
            Self::Vision(_) => VISION,
        }
    }
}

impl Proposer for Model {
    fn version(&self) -> &str {
        match self {
            Self::Text(model) => model.version(),
            Self::Trees(model) => model.version(),
            Self::Onnx(model) => model.version(),
            Self::Vision(model) => model.version(),
        }
    }

    fn propose(&self, input: &Input) -> Result<Advice, NoAdvice> {
        match self {
            Self::Text(model) => model.propose(input),
            Self::Trees(model) => model.propose(input),
            Self::Onnx(model) => model.propose(input),
            Self::Vision(model) => model.propose(input),
        }
    }
}
