//! Simulates every kind of interval, certificate and alarm of this crate in worlds with known truth, and prints a Markdown table:
//! what each claims, what it came to, within which tolerance. Exits with 1 if any is outside. Never part of a build.
//!
//! `cargo run -p countersign-science --example coverage`; a number after `--` sets the runs (1,000), and a
//! word after that names the checks.
#![expect(clippy::unwrap_used, reason = "a simulation that cannot go on should panic")]

mod checks;

use std::process::ExitCode;

fn main() -> ExitCode {
    let runs = std::env::args().nth(1).and_then(|runs| runs.parse().ok()).unwrap_or(1_000);
    let only = std::env::args().nth(2).unwrap_or_default();
    let rows = checks::run_all(runs, &only);
    println!("{}", checks::table(&rows));
    if rows.iter().all(checks::Row::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
