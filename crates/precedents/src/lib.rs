//! Which cases are like a case, by their words and values. Numbers only: it knows no case, no person and no file, and decides nothing.
//!
//! A [`Bag`] is what a case says, as terms: words, pairs of neighbouring words, and values of fields. A [`Sketch`] is a bounded sample
//! of its terms as hashes, drawn alike from every bag, so that what two cases share is likely in both samples (bottom-k sketches,
//! Cohen and Kaplan 2007). An [`Index`] finds, among many sketches, those that are most like one: the cosine of their terms, each
//! weighted by how rare it is (tf-idf with binary counts: Salton and Buckley 1988), over an inverted index.

mod bag;
mod index;

pub use bag::{Bag, SKETCH_TERMS_MAX, Sketch};
pub use index::{Index, Like, ONE};
