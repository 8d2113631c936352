//! Proposers that were trained elsewhere and come as ONNX files: classifiers over tables, as scikit-learn's are exported by skl2onnx. The
//! operators are few and are run here, in plain arithmetic that gives the same bits on every machine and has no loops: a file from elsewhere
//! can be wrong, and can neither hang a server nor read anything.
//!
//! The kept runtime in Rust, `tract-onnx` (0.23), runs networks and not these: it has neither `Scaler` nor `ZipMap` and refuses classifiers whose
//! labels are texts, so that it read two of the six models of `tests/fixtures`. Hence the few pages of arithmetic here, held to what scikit-learn and
//! onnxruntime say of the same rows.
//!
//! Start at [`Mapping`], which says what a model sees of a case, and [`OnnxModel`].
//!
//! **Architecture invariant:** opens no file, reads no clock, and never runs an operator that it does not know by name.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

mod graph;
mod mapping;
mod model;
#[cfg(test)]
mod tests;
mod trees;
pub mod wire;

pub use graph::{CLASSES_MAX, COLUMNS_MAX};
pub use mapping::{Column, MAPPING_BYTES_MAX, Mapping, answers_fault};
pub use model::{MAGIC, ONNX_BYTES_MAX, OnnxModel};

use countersign_models::file::FileError;

/// Why a file is no model that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not whole, or no ONNX file.
    #[error("this model cannot be read: {0}")]
    Damaged(&'static str),
    /// It is whole, and cannot be used here.
    #[error("this model cannot be used: {0}")]
    Refused(String),
    /// The mapping does not fit it, or the playbook.
    #[error("the mapping does not fit: {0}")]
    Mapping(String),
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        Self::Damaged(match error {
            FileError::Foreign => "it is no such model of Countersign's",
            FileError::Version { .. } => "it is of another version of the format: make it again with this release",
            FileError::Damaged(what) => what,
        })
    }
}
