//! `cargo xtask test`: the steps, each with its time, and a verdict. Never stops at the first failure: a run tells all.

use std::{
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};

use crate::{USAGE, browser, cargo, classifier, postgres, root};

/// What to check.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// One package instead of the whole workspace.
    package: Option<String>,
    /// Leave PostgreSQL out, even in continuous integration.
    no_postgres: bool,
    /// Leave the browser out, even in continuous integration.
    no_browser: bool,
}

impl Options {
    /// Reads the arguments after `test`.
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--no-postgres" => options.no_postgres = true,
                "--no-browser" => options.no_browser = true,
                "--package" | "-p" => {
                    options.package = Some(arguments.next().context("say which package after --package")?.clone());
                }
                other => bail!("test does not know {other:?}\n\n{USAGE}"),
            }
        }
        Ok(options)
    }

    /// `--workspace`, or `--package X`.
    fn scope(&self) -> Vec<&str> {
        match &self.package {
            Some(package) => vec!["--package", package],
            None => vec!["--workspace"],
        }
    }

    /// Whether the tests to run need a browser.
    fn browses(&self) -> bool {
        !self.no_browser && self.package.as_deref().is_none_or(|package| package == browser::PACKAGE)
    }

    /// Whether cargo has a library to take documentation tests from; asked of a package without one, it fails.
    fn has_library(&self) -> bool {
        let Some(package) = &self.package else {
            return true;
        };
        let folder = match package.strip_prefix("countersign") {
            Some("") => "crates/cli".to_owned(),
            Some(rest) => format!("crates/{}", rest.trim_start_matches('-')),
            None => package.clone(),
        };
        root().join(folder).join("src/lib.rs").is_file()
    }
}

/// How a step ended.
enum End {
    Passed,
    /// Something that the machine lacks: what it is and how to get it.
    Missing(String),
    Failed(String),
}

/// Runs every step and says what came of it.
pub fn run(options: &Options) -> Result<ExitCode> {
    let strict = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    let mut report = Report { strict, failed: Vec::new(), missing: Vec::new() };
    let scope = options.scope();

    report.step("formatting", || match tool("fmt", "rustfmt") {
        Some(missing) => missing,
        None => match &options.package {
            Some(package) => finish(cargo().args(["fmt", "--check", "--package", package])),
            None => finish(cargo().args(["fmt", "--all", "--check"])),
        },
    });
    report.step("lints", || match tool("clippy", "clippy") {
        Some(missing) => missing,
        None => finish(cargo().arg("clippy").args(&scope).args(["--all-targets", "--", "-D", "warnings"])),
    });

    let mut server = None;
    if options.no_postgres {
        eprintln!("-- PostgreSQL: left out as asked; tests that need it say so and pass over");
    } else {
        report.step("PostgreSQL", || match postgres::Server::find_or_start() {
            Ok(started) => {
                eprintln!("   {}", started.describe());
                server = Some(started);
                End::Passed
            }
            Err(error) => End::Missing(format!("{error:#}; tests that need it say so and pass over")),
        });
    }
    if options.browses() {
        report.step("browser", || browser::find_or_install().map_or_else(End::Missing, |()| End::Passed));
        report.step("axe-core", || browser::fetch_axe().map_or_else(End::Missing, |()| End::Passed));
        report.step("oidc-provider", || browser::fetch_provider().map_or_else(End::Missing, |()| End::Passed));
    }
    if options.package.as_deref().is_none_or(|package| package == classifier::PACKAGE)
        && let Err(why) = classifier::fetch()
    {
        // What somebody else publishes is no part of a check, even in continuous integration.
        eprintln!("-- image classifier of a package registry\n   LEFT OUT: {why}; the test that runs it says so and passes over");
        report.missing.push("image classifier of a package registry".to_owned());
    }
    let with_server = |command: &mut Command| {
        match &server {
            Some(server) => command.env(postgres::VARIABLE, server.url()),
            None => command.env_remove(postgres::VARIABLE),
        };
        let axe = browser::axe();
        if axe.is_file() {
            command.env(browser::VARIABLE, axe);
        }
        if classifier::place().is_file() {
            command.env(classifier::VARIABLE, classifier::place());
        }
        if browser::has_provider() {
            command.env(browser::PROVIDER_VARIABLE, browser::provider());
        }
        finish(command)
    };

    let without: &[&str] = if options.no_browser && options.package.is_none() { &["--exclude", browser::PACKAGE] } else { &[] };
    if installed("nextest") {
        report.step("tests (nextest)", || {
            with_server(cargo().args(["nextest", "run", "--no-fail-fast", "--no-tests=pass"]).args(&scope).args(without))
        });
    } else {
        report.step("tests (cargo test; cargo-nextest is quicker)", || {
            with_server(cargo().args(["test", "--no-fail-fast", "--all-targets"]).args(&scope).args(without))
        });
    }
    if options.has_library() {
        report.step("documentation tests", || with_server(cargo().args(["test", "--doc"]).args(&scope)));
    }
    drop(server);
    Ok(report.close())
}

/// What came of the steps so far.
struct Report {
    strict: bool,
    failed: Vec<String>,
    missing: Vec<String>,
}

impl Report {
    #[expect(clippy::disallowed_methods, reason = "a development command that says how long each step took")]
    fn step(&mut self, name: &str, work: impl FnOnce() -> End) {
        eprintln!("-- {name}");
        let started = Instant::now();
        let end = work();
        let seconds = started.elapsed().as_secs_f64();
        match end {
            End::Passed => eprintln!("   ok: {name}, {seconds:.1} s"),
            End::Missing(what) if self.strict => {
                eprintln!("   FAILED: {name}, {seconds:.1} s: {what}");
                self.failed.push(format!("{name} (missing, and CI=true wants every part)"));
            }
            End::Missing(what) => {
                eprintln!("   LEFT OUT: {name}: {what}");
                self.missing.push(name.to_owned());
            }
            End::Failed(why) => {
                eprintln!("   FAILED: {name}, {seconds:.1} s: {why}");
                self.failed.push(name.to_owned());
            }
        }
    }

    fn close(self) -> ExitCode {
        let left_out = match self.missing.as_slice() {
            [] => String::new(),
            missing => format!("; left out: {}", missing.join(", ")),
        };
        if self.failed.is_empty() {
            eprintln!("== passed{left_out}");
            ExitCode::SUCCESS
        } else {
            eprintln!("== FAILED: {}{left_out}", self.failed.join(", "));
            ExitCode::FAILURE
        }
    }
}

/// Runs a command to its end, its output going where ours goes.
fn finish(command: &mut Command) -> End {
    match command.status() {
        Ok(status) if status.success() => End::Passed,
        Ok(status) => End::Failed(format!("{} gave {status}", describe(command))),
        Err(error) => End::Failed(format!("{} could not be run: {error}", describe(command))),
    }
}

fn describe(command: &Command) -> String {
    let words = command.get_args().map(|argument| argument.to_string_lossy());
    std::iter::once("cargo".into()).chain(words).collect::<Vec<_>>().join(" ")
}

/// `None` when the cargo command is there, else how to get it.
fn tool(subcommand: &str, component: &str) -> Option<End> {
    (!installed(subcommand)).then(|| End::Missing(format!("{component} is not installed; get it by: rustup component add {component}")))
}

fn installed(subcommand: &str) -> bool {
    let version = cargo().args([subcommand, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn arguments() {
        assert_eq!(parse("").unwrap(), Options::default());
        let options = parse("--no-postgres --package countersign-core").unwrap();
        assert!(options.no_postgres && !options.browses());
        assert!(
            parse("").unwrap().browses()
                && parse("-p countersign-journeys").unwrap().browses()
                && !parse("--no-browser").unwrap().browses()
        );
        assert_eq!(options.scope(), ["--package", "countersign-core"]);
        assert!(parse("--package").is_err());
        assert!(parse("--pakage x").unwrap_err().to_string().contains("--pakage"));
    }

    #[test]
    fn packages_without_a_library_are_known() {
        assert!(parse("").unwrap().has_library());
        assert!(parse("-p countersign-core").unwrap().has_library());
        assert!(!parse("-p xtask").unwrap().has_library());
        assert!(!parse("-p countersign").unwrap().has_library());
    }

    #[test]
    fn a_missing_part_fails_only_when_strict() {
        for (strict, failed) in [(false, 0), (true, 1)] {
            let mut report = Report { strict, failed: Vec::new(), missing: Vec::new() };
            report.step("PostgreSQL", || End::Missing("nothing found".to_owned()));
            report.step("lints", || End::Passed);
            assert_eq!(report.failed.len(), failed);
            assert_eq!(report.missing.len(), 1 - failed);
        }
    }
}
