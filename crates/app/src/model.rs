//! Models of a workspace: trained from people's own answers and outcomes or taken in from elsewhere, run in the shadow, and let to
//! advise people by a decision that people sign. A model decides nothing, and one that nobody promoted is never shown.
//!
//! [`learn`] makes the examples and trains, [`elsewhere`] takes in what others trained, [`registry`] keeps versions and stages,
//! [`promotion`] turns a wish into a case and a decision into a champion, [`advice`] lets the champion speak when a case comes in,
//! [`job`] lets shadows run and sees what turns out. [`tried`] holds what is in a stage against
//! each new version of its playbook. Before any advises, `young` orders the queue by what one learns from, where a playbook says so.

pub mod advice;
pub mod ask;
pub mod elsewhere;
pub mod file;
pub mod job;
pub mod kind;
pub mod learn;
mod look;
pub mod promotion;
pub mod registry;
mod tried;
mod young;

use countersign_core::content::Digest;
pub use countersign_models::text::{
    GROUP_CASES_MIN, GroupReport, Report,
    train::{Beside, CurvePoint},
};
pub use countersign_science::estimate::Estimate;
pub use elsewhere::Imported;
pub use kind::{BUILT_IN, Model, ONNX, TREES, VISION};
pub use learn::{Progress, Trained, Way};
pub use registry::{ModelView, ModelsView, StageView};

/// The stage whose advice people see.
pub(crate) const CHAMPION: &str = "champion";
/// The stage whose advice nobody sees.
pub(crate) const SHADOW: &str = "shadow";
/// Hex digits of a model's digest that name it as a version.
const VERSION_DIGITS: usize = 16;

/// A model's name as a version: the first digits of the digest of its file.
#[must_use]
pub fn version_of(digest: &str) -> &str {
    digest.get(..VERSION_DIGITS).unwrap_or(digest)
}

/// The same from the digest's bytes.
pub(crate) fn version_of_bytes(digest: &[u8]) -> String {
    version_of(&digits(digest)).to_owned()
}

/// The hex digits of a digest that is stored; none where it is no digest.
pub(crate) fn digits(digest: &[u8]) -> String {
    <[u8; 32]>::try_from(digest).map(|bytes| Digest(bytes).to_string()).unwrap_or_default()
}
