//! Development commands, run as `cargo xtask <command>`. Knows cargo, PostgreSQL, browsers and registries, and nothing of the product.
//!
//! [`check`] is what `cargo xtask test` does step by step, [`postgres`] finds, starts and removes a throw-away
//! PostgreSQL, [`browser`] a Chromium and axe-core, [`classifier`] a model of images. The rules of the house that are tests themselves lie in `tests/house.rs`. Unix only.

mod browser;
mod check;
mod classifier;
mod postgres;

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode, ExitStatus},
};

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
cargo xtask test [--package NAME] [--no-postgres] [--no-browser]
    Formatting, lints and every test, with a throw-away PostgreSQL beside the embedded database, and the desk in a browser.
    A part that is missing on this machine is named and left out; with CI=true in the environment it fails instead.
cargo xtask postgres -- COMMAND [ARGUMENT]..
    Runs a command with COUNTERSIGN_TEST_POSTGRES set to a throw-away PostgreSQL, as in
    cargo xtask postgres -- cargo nextest run -p countersign-store
cargo xtask bench [NAME] [ARGUMENT]..
    Builds the benchmarks in release mode and runs them, PostgreSQL included.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode> {
    match arguments.split_first() {
        Some((command, rest)) if command == "test" => check::run(&check::Options::parse(rest)?),
        Some((command, rest)) if command == "postgres" => with_postgres(rest),
        Some((command, rest)) if command == "bench" => bench(rest),
        Some((command, _)) if command == "help" || command == "--help" || command == "-h" => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        Some((command, _)) => bail!("there is no command {command:?}\n\n{USAGE}"),
        None => bail!("say which command\n\n{USAGE}"),
    }
}

/// Runs the command after `--` with a throw-away PostgreSQL; its exit code is ours.
fn with_postgres(arguments: &[String]) -> Result<ExitCode> {
    let command = arguments.strip_prefix(&["--".to_owned()]).unwrap_or(arguments);
    let Some((program, rest)) = command.split_first() else {
        bail!("say which command is to run with a PostgreSQL\n\n{USAGE}");
    };
    let server = postgres::Server::find_or_start()?;
    let mut command = Command::new(program);
    forget_this_package(&mut command);
    let status = command.args(rest).env(postgres::VARIABLE, server.url()).status().with_context(|| format!("run {program}"))?;
    drop(server);
    Ok(exit_code(status))
}

/// Builds and runs the benchmarks of the package `countersign-bench`.
fn bench(arguments: &[String]) -> Result<ExitCode> {
    if !root().join("crates/bench/Cargo.toml").is_file() {
        bail!("there are no benchmarks to run: the package countersign-bench (crates/bench) is not in this tree");
    }
    let mut command = cargo();
    command.args(["run", "--release", "--package", "countersign-bench", "--"]).args(arguments);
    let server = match postgres::Server::find_or_start() {
        Ok(server) => {
            command.env(postgres::VARIABLE, server.url());
            Some(server)
        }
        Err(error) => {
            eprintln!("xtask: no PostgreSQL, so its figures are left out: {error:#}");
            None
        }
    };
    let status = command.status().context("run cargo")?;
    drop(server);
    Ok(exit_code(status))
}

/// The cargo that runs us, in the root of the workspace.
fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    forget_this_package(&mut command);
    command
}

/// Takes out what `cargo run` told us about our own package: build scripts of dependencies watch these names, so that the same
/// build inside and outside of us would each throw away what the other made.
fn forget_this_package(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let told = name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if told {
            command.env_remove(&name);
        }
    }
}

/// The root of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// The exit code of a child, as far as a code of ours can say it (a child that a signal ended has none).
fn exit_code(status: ExitStatus) -> ExitCode {
    match status.code().map(u8::try_from) {
        Some(Ok(code)) => ExitCode::from(code),
        _ => ExitCode::FAILURE,
    }
}
