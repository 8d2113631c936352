//! Proposers from ONNX files that were trained elsewhere to tell images apart: a picture is decoded within limits, brought to the size and the
//! numbers that the model wants, and run through a convolutional network of operators that are known here by name. Why is told by what the
//! probability loses when a part of the picture is covered ([`saliency`](mod@saliency)).
//!
//! The arithmetic is plain and in a fixed order, so that the same file says the same of the same picture on every machine; there are no loops
//! in a graph, every operator is paid for out of a budget before it runs, and the first run is made when the file is read. A runtime such as
//! `tract-onnx` does more operators, faster, and brings some seventy packages: the dozen operators that small classifiers are made of are a few pages.
//!
//! Start at [`VisionMapping`], which says what a model sees of a picture, and [`VisionModel`].
//!
//! **Architecture invariant:** opens no file, reads no clock, never runs an operator that it does not know by name, and never decodes what
//! says of itself that it is too large.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

mod file;
mod mapping;
mod network;
mod operator;
mod picture;
mod saliency;
mod tensor;
#[cfg(test)]
mod tests;

pub use countersign_onnx::Error;
pub use file::{MAGIC, VISION_BYTES_MAX, VisionModel};
pub use mapping::{Colours, Fit, Scores, VisionMapping};
pub use picture::{PIXELS_MAX, Picture};
