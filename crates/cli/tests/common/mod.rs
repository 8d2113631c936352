//! The real binary in a scratch directory, and what its exports say.

#![expect(dead_code, reason = "each test file uses a part of it")]

use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};
use tempfile::TempDir;

/// A scratch directory with a data directory inside.
pub struct Bench {
    pub folder: TempDir,
}

/// What a command left behind.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Bench {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With a workspace.
    pub fn initialised() -> Self {
        let bench = Self::new();
        bench.good(&["init", "--name", "test"]);
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(arguments).current_dir(self.folder.path());
        // What the developer has set must not reach a test.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("COUNTERSIGN_")) {
            command.env_remove(name);
        }
        command.env("COUNTERSIGN_DATA", "data");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    /// Runs and expects success.
    pub fn good(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}{}", ran.out, ran.err);
        ran.out
    }

    /// Runs with `--json` and expects success.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let out = self.good(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).unwrap()
    }

    /// Runs and expects an exit code and a word on standard error.
    pub fn bad(&self, arguments: &[&str], code: i32, word: &str) {
        let ran = self.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains(word), "{arguments:?}: {}", ran.err);
    }

    /// All cases, as `export` writes them.
    pub fn cases(&self) -> Vec<Value> {
        self.good(&["export", "cases", "--quiet"]).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A file of these tests.
pub fn data(name: &str) -> String {
    path(&format!("tests/data/{name}"))
}

/// A file of the repository, seen from this crate.
pub fn path(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name).to_string_lossy().into_owned()
}

/// A file of the data beside the repository; nothing, with a word, where it is absent.
pub fn shared(name: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if path.is_file() {
        return Some(path.to_string_lossy().into_owned());
    }
    eprintln!("passed over: there is no {}", path.display());
    None
}

/// The value of a field in an exported case.
pub fn field<'a>(case: &'a Value, name: &str) -> &'a Value {
    let fields = case["fields"].as_array().unwrap();
    &fields.iter().find(|field| field["name"] == name).unwrap()["value"]
}

/// What a proposer answered in an exported case.
pub fn proposed<'a>(case: &'a Value, proposer: &str) -> &'a Value {
    case["proposals"].as_array().unwrap().iter().find(|p| p["proposer"] == proposer).unwrap()
}

/// The share of cases for which something holds.
pub fn share(cases: &[&Value], holds: impl Fn(&Value) -> bool) -> f64 {
    mean(cases, |case| if holds(case) { 1.0 } else { 0.0 })
}

pub fn mean(cases: &[&Value], of: impl Fn(&Value) -> f64) -> f64 {
    cases.iter().map(|case| of(case)).sum::<f64>() / cases.len() as f64
}
