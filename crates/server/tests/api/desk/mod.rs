//! The desk as a browser without script meets it: pages, and forms filled in and posted with what stands in them.

pub mod browser;
mod bulk;
pub mod flow;
pub mod guard;
mod hands;
mod independence;
mod look;
mod moved;
mod own;
mod passkeys;
mod passwords;
mod providers;
mod refused;
mod signed;
mod team;
mod webhooks;
