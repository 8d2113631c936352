//! The command line as a whole: it is consistent, and everything in it is documented.

use crate::{arguments::Arguments, exit::Exit};
use clap::CommandFactory as _;

#[test]
fn the_command_line_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn every_command_and_flag_is_in_the_documentation() {
    let documentation = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/cli.md")).unwrap();
    let mut missing = Vec::new();
    collect(&Arguments::command(), "", &documentation, &mut missing);
    assert!(missing.is_empty(), "docs/cli.md does not mention {missing:?}");
}

fn collect(command: &clap::Command, path: &str, documentation: &str, missing: &mut Vec<String>) {
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let name = format!("{path}{}", sub.get_name());
        if !documentation.contains(&format!("`{name}")) && !documentation.contains(&format!("countersign {name}")) {
            missing.push(name.clone());
        }
        for argument in sub.get_arguments().filter_map(clap::Arg::get_long) {
            if !documentation.contains(&format!("--{argument}")) {
                missing.push(format!("{name} --{argument}"));
            }
        }
        collect(sub, &format!("{name} "), documentation, missing);
    }
}

#[test]
fn exit_codes_follow_the_cause() {
    use countersign_app::{Error, import};
    use countersign_core::refusal::{Code, Refusal};
    for (error, wanted) in [
        (anyhow::anyhow!("anything"), Exit::Failed),
        (Exit::Usage.because("x").context("more"), Exit::Usage),
        (Error::Refused(Refusal::new(Code::Conflict, "x")).into(), Exit::Refused),
        (Error::Refused(Refusal::new(Code::Storage, "x")).into(), Exit::Storage),
        (Error::Damaged("x".into()).into(), Exit::Storage),
        (import::Error::Mapping("x".into()).into(), Exit::Usage),
        (import::Error::Source { line: 1, detail: "x".into() }.into(), Exit::Refused),
        (anyhow::Error::new(import::Error::App(Error::Damaged("x".into()))).context("import"), Exit::Storage),
    ] {
        assert_eq!(Exit::of(&error), wanted, "{error:#}");
    }
    for (exit, code) in [(Exit::Failed, 1), (Exit::Usage, 2), (Exit::Refused, 3), (Exit::Unverified, 4), (Exit::Storage, 5)] {
        assert_eq!(exit as u8, code);
    }
}
