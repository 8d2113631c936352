//! The desk as a browser without script meets it: pages, and forms filled in and posted with what stands in them.

mod browser;
mod flow;
mod guard;
mod independence;
mod look;
mod moved;
mod passkeys;
mod refused;
mod signed;
mod webhooks;
