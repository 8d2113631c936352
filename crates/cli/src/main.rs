//! The `countersign` command: commands, configuration and wiring. Holds no logic of the product.
//!
//! [`arguments`] says what can be typed, [`command`] has a file for each command. The real clock and real randomness are in
//! [`reality`] and nowhere else. Data goes to standard output, talk to standard error; [`exit`] tells the exit codes.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

mod arguments;
mod command;
mod configuration;
mod exit;
mod import_flags;
mod node;
mod out;
mod reality;
mod secret;
#[cfg(test)]
mod tests;

use clap::Parser as _;
use std::process::ExitCode;

/// Many small pieces of memory live from intake to commit, and are freed by another thread than the one that asked for them.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = arguments::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return exit::report(&anyhow::Error::new(error).context("start the runtime"), false);
        }
    };
    let json = arguments.global.json;
    match runtime.block_on(command::run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error, json),
    }
}
