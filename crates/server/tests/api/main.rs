//! The API as a client meets it: the whole service in process, on a fresh SQLite file, with a clock and randomness of the test.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should panic")]

mod access;
mod authenticator;
mod desk;
mod document;
mod guide;
mod hostile;
mod intake;
mod letters;
mod life;
mod live;
mod masks;
mod problems;
mod provider;
mod rehearsal;
mod rules;
mod search;
mod world;
