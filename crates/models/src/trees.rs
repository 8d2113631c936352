//! The built-in trees: gradient-boosted decision trees (Friedman 2001) over numbers, categories, flags and single words, grown by histograms of
//! gradients (Chen and Guestrin 2016; Ke and others 2017), calibrated on rows that they had not seen. Where an answer hangs on a number being between two
//! others, or on two facts together, a weighted sum of words cannot say it, and trees can. They learn on this machine, say what
//! every field adds to the answer, and give the same bits for the same rows and seed, whatever the number of threads.
//!
//! Start at [`train_trees`](crate::text::train::train_trees), or [`train_best`](crate::text::train::train_best), which holds them against the text
//! model on the same held-out cases; [`model`] is what comes out, [`file`](mod@file) how it is kept.

pub(crate) mod columns;
pub mod file;
pub(crate) mod grow;
pub mod model;
#[cfg(test)]
mod tests;

pub use model::TreesModel;
