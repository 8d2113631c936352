//! The built-in text model: hashed words, pairs of words and pieces of words, weighed by how rare they are (TF-IDF), and
//! multinomial logistic regression over them, calibrated on rows that it had not seen. It is small, trains in seconds on this
//! machine, says which words led to its answer, and gives the same bits for the same rows and seed, whatever the number of
//! threads.
//!
//! Start at [`train`](mod@train); [`model`] is what comes out, [`file`](mod@file) how it is kept.

pub(crate) mod feature;
pub mod file;
pub(crate) mod fit;
mod groups;
pub mod model;
mod report;
mod rows;
pub mod seek;
#[cfg(test)]
mod tests;
pub mod train;
mod way;

pub use groups::{GROUP_CASES_MIN, GroupReport};
pub use model::TextModel;
pub use seek::Pool;
pub use train::{Example, Report, TrainError, train};
