//! Combination and deferral on the public data sets beside the project, against their published or re-computed figures.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod shared;

#[path = "combination/binary.rs"]
mod binary;
#[path = "combination/cifar10h.rs"]
mod cifar10h;
#[path = "combination/moderation.rs"]
mod moderation;
