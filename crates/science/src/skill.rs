//! Skill of people, and labels out of many answers: majority vote, Dawid and Skene's confusion matrices, one coin a person,
//! GLAD, and with known truth Dirichlet-multinomial confusion matrices. Never knows who the people are: they are codes.
//!
//! Start at [`Answers`]. [`dawid_skene`] is the default: where errors mostly go one way (a bird is missed more often than
//! made up), models with one number a person fall below the majority vote. An AI must not be one of the people: a confident
//! member that is wrong alike everywhere draws the crowd after it.

mod answers;
mod confusion;
mod dawid_skene;
mod glad;
mod majority;
mod modelled;
mod numeric;
mod score;
mod shrink;
mod streaming;
#[cfg(test)]
mod tests;
mod track;

pub use answers::{Answers, Posterior};
pub use confusion::{ConfusionMatrices, ConfusionMatrix, confusion_matrices};
pub use dawid_skene::{DawidSkene, OneCoin, Settings, dawid_skene, one_coin};
pub use glad::{Glad, glad};
pub use majority::{Majority, majority};
pub use modelled::modelled_shares;
pub use numeric::{NumericAnswers, NumericLabels, distance, numeric_labels, root_mean_square};
pub use score::{accuracy, expected_accuracy, macro_f1};
pub use shrink::{Shrunk, shrunk_shares};
pub use streaming::StreamingDawidSkene;
pub use track::Track;

/// Version of what is fitted here and stored: a new one where a member changes its meaning.
pub const SKILL_VERSION: u32 = 1;
/// Numbers that confusion matrices may hold in all (people x classes x classes): 1 GiB.
pub const MATRIX_CELLS_MAX: usize = 1 << 27;
/// Rows that one task of a parallel step handles; fixed, so that sums do not depend on the number of threads.
pub(crate) const CHUNK_ROWS: usize = 4_096;
