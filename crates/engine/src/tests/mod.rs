//! Tests of the verbs: scenarios in a tiny language, and the laws over random command sequences.

mod asked;
mod edges;
mod experiments;
mod hands;
mod laws;
mod routes;
mod scenarios;
mod script;
mod workspace;
pub(crate) mod world;
