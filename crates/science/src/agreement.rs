//! Agreement of people beyond chance: Cohen's kappa for two, Fleiss' kappa for equally many answers an item, Krippendorff's
//! alpha for any number of them, with missing ones. Says nothing about who is right: people can agree on what is wrong.
//!
//! 1 is full agreement, 0 is what chance gives, below 0 is less than chance. Krippendorff asks for .8 to rely on labels, and
//! for .667 where conclusions may be tentative (Content Analysis, 2004).

mod alpha;
mod jackknife;
mod kappa;
#[cfg(test)]
mod tests;

pub use alpha::{ORDINAL_CLASSES_MAX, alpha_interval, alpha_nominal, alpha_ordinal};
pub use kappa::{Weights, cohen, fleiss, observed};
