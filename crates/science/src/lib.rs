//! The statistics of people and AI deciding together: slices in, structs out. Knows no case, no person, no file and no clock.
//!
//! Transcendental functions come from [`math`] only, random draws from [`random`] only, and sums run in a fixed order, so
//! that the same input gives the same bits on every machine and with any number of threads. Every figure for a reader is an
//! [`Estimate`]: a value with its interval and its n. Data that cannot say something is an [`Error`] with a sentence, never
//! a number out of nothing. Start at the module of the family that you need.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

pub mod agreement;
pub mod arms;
pub mod audit;
pub mod bootstrap;
pub mod calibration;
pub mod combination;
pub mod complementarity;
pub mod conformal;
pub mod cost;
pub mod deferral;
pub mod drift;
pub mod error;
pub mod estimate;
pub mod experiment;
pub mod fairness;
pub mod fitted;
pub mod interval;
pub mod logistic;
pub mod math;
pub mod monitor;
mod optimise;
pub mod policy_value;
pub mod probabilities;
pub mod random;
pub mod region;
pub mod rehearsal;
pub mod reliance;
pub mod risk;
pub mod sample;
pub mod score;
pub mod skill;
pub mod special;
pub mod suggestion;

pub use error::Error;
pub use estimate::Estimate;
pub use probabilities::{Probabilities, ProbabilityTable};
