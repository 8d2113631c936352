//! Support for journeys: a desk with cases of every kind, and a real browser that sits at it. For tests only; never part of the
//! product.
//!
//! [`Desk`] is a workspace served on loopback, [`Browser`] a Chromium driven over WebDriver, [`Line`] a connection between the two that
//! can be cut, [`cases`] what there is to decide. The journeys themselves are in `tests/desk`.

#![expect(clippy::expect_used, reason = "test support: a setup that fails should panic and say where")]

mod axe;
mod browser;
pub mod cases;
mod desk;
mod driver;
mod line;
mod provider;

pub use browser::{Browser, Screen};
pub use desk::Desk;
pub use line::{Carries, Line};
pub use provider::Provider;

use std::path::PathBuf;

/// Whether everything must be there, as in continuous integration.
#[must_use]
pub fn strict() -> bool {
    std::env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// Says why something is left out; in continuous integration that is a failure.
pub fn leave_out(why: &str) {
    assert!(!strict(), "{why} (CI=true wants every part)");
    println!("left out: {why}");
}

/// Where screenshots are kept: `target/screenshots`.
#[must_use]
pub fn screenshots() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target"), PathBuf::from);
    let folder = target.join("screenshots");
    std::fs::create_dir_all(&folder).expect("a folder for screenshots");
    folder
}
