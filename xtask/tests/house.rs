//! The rules of the house that a machine can hold: the crate table in ARCHITECTURE.md, file headers and sizes, no
//! `allow` attributes, dependencies declared once. Each check is a function over text, tried on bad text as well.
#![cfg_attr(test, expect(clippy::unwrap_used, reason = "tests may panic"))]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A file beyond this asks to be split; one of about 500 lines already should be.
const FILE_LINES_MAX: usize = 800;

type Uses = BTreeMap<String, BTreeSet<String>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

// ---- The crate table ----

/// One row of the table in ARCHITECTURE.md.
struct Row {
    name: String,
    planned: bool,
    may_use: BTreeSet<String>,
}

/// The table with the columns `crate | role | may use | never`. A row whose role starts with "planned" names a crate
/// that is yet to come.
fn table(markdown: &str) -> Vec<Row> {
    let cells = |line: &str| -> Vec<String> { line.trim().trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect() };
    markdown
        .lines()
        .skip_while(|line| cells(line) != ["crate", "role", "may use", "never"])
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells = cells(line);
            let [name, role, may_use, _never] = cells.as_slice() else { panic!("not four cells: {line}") };
            let words = may_use.split(',').map(str::trim).filter(|word| *word != "nothing of ours");
            Row {
                name: name.split_whitespace().next().unwrap().to_owned(),
                planned: role.starts_with("planned"),
                may_use: words.map(str::to_owned).collect(),
            }
        })
        .collect()
}

/// Which crates of ours each crate of ours depends on, development dependencies not counted. A crate goes by the name
/// of its folder.
fn uses() -> Uses {
    let output = Command::new(env!("CARGO")).args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let folder = |path: &str| Path::new(path).file_name().unwrap().to_str().unwrap().to_owned();
    let package = |package: &serde_json::Value| {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        let ours = package["dependencies"].as_array().unwrap().iter();
        let ours = ours.filter(|dependency| dependency["kind"] != "dev").filter_map(|one| one["path"].as_str());
        (folder(manifest.parent().unwrap().to_str().unwrap()), ours.map(folder).collect())
    };
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

fn table_faults(table: &[Row], uses: &Uses) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, used) in uses {
        let Some(row) = table.iter().find(|row| row.name == *name) else {
            faults.push(format!("{name} is not in the table"));
            continue;
        };
        faults.extend(used.difference(&row.may_use).map(|other| format!("{name} uses {other}, and the table says no")));
        if row.planned {
            faults.push(format!("{name} exists, and the table calls it planned"));
        }
    }
    let absent = table.iter().filter(|row| !row.planned && !uses.contains_key(&row.name));
    faults.extend(absent.map(|row| format!("{} is in the table and nowhere else", row.name)));
    let known: BTreeSet<&String> = table.iter().map(|row| &row.name).collect();
    for row in table {
        let unknown = row.may_use.iter().filter(|other| !known.contains(other));
        faults.extend(unknown.map(|other| format!("{} may use {other}, which has no row", row.name)));
    }
    faults
}

#[test]
fn the_crate_table_tells_the_truth() {
    let markdown = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let table = table(&markdown);
    assert!(table.len() >= 10, "the table was not found in ARCHITECTURE.md");
    assert_eq!(table_faults(&table, &uses()), [] as [String; 0]);
}

#[test]
fn a_table_that_does_not_is_found_out() {
    let markdown = "text\n| crate | role | may use | never |\n| --- | --- | --- | --- |\n\
        | `cli` (binary) | r | core, gone | n |\n| `core` | r | nothing of ours | n |\n| `old` | r | core | n |\n\
        | `soon` | planned: r | core | n |\n| `here` | planned: r | core | n |\n\nmore";
    let used = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let uses = Uses::from([
        ("cli".to_owned(), used(&["core", "store"])),
        ("core".to_owned(), used(&[])),
        ("here".to_owned(), used(&["core"])),
        ("new".to_owned(), used(&[])),
    ]);
    let expected = [
        "cli uses store, and the table says no",
        "here exists, and the table calls it planned",
        "new is not in the table",
        "old is in the table and nowhere else",
        "cli may use gone, which has no row",
    ];
    assert_eq!(table_faults(&table(markdown), &uses), expected);
}

// ---- Rust files ----

/// What is wrong with a Rust file; `in_src` when it lies under a `src` folder.
fn file_faults(text: &str, in_src: bool) -> Vec<String> {
    let mut faults = Vec::new();
    if in_src && !text.starts_with("//!") {
        faults.push("its first line is no `//!` that says what it is".to_owned());
    }
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX {
        faults.push(format!("it has {lines} lines, and at most {FILE_LINES_MAX} are taken: split it by noun"));
    }
    for number in allow_attributes(text) {
        faults.push(format!("line {number}: an allow attribute; write expect, with a reason"));
    }
    faults
}

/// Line numbers of attributes that contain `allow(`, however the attribute is broken into lines.
fn allow_attributes(text: &str) -> Vec<usize> {
    let code: String = text.lines().map(|line| if line.trim_start().starts_with("//") { "\n" } else { line }.to_owned() + "\n").collect();
    let starts = code.match_indices("#[").chain(code.match_indices("#![")).map(|(at, _)| at);
    let mut found: Vec<usize> = starts
        .filter(|at| {
            let attribute = &code[*at..];
            let attribute = &attribute[..attribute.find(']').unwrap_or(attribute.len())];
            attribute.match_indices("allow(").any(|(at, _)| !attribute[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        })
        .map(|at| 1 + code[..at].matches('\n').count())
        .collect();
    found.sort_unstable();
    found
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn rust_files_keep_the_rules() {
    let mut files = Vec::new();
    rust_files(&root().join("crates"), &mut files);
    rust_files(&root().join("xtask"), &mut files);
    assert!(files.len() > 20, "only {} files found", files.len());
    files.sort();
    let mut faults = Vec::new();
    for file in files {
        let in_src = file.components().any(|part| part.as_os_str() == "src");
        let name = file.strip_prefix(root()).unwrap().display();
        let text = fs::read_to_string(&file).unwrap();
        faults.extend(file_faults(&text, in_src).into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn rust_files_that_do_not_are_found_out() {
    assert_eq!(file_faults("//! A file.\n", true), [] as [&str; 0]);
    assert_eq!(file_faults("use a;\n", true).len(), 1);
    assert_eq!(file_faults("use a;\n", false).len(), 0);
    assert_eq!(file_faults(&"//!\n".repeat(FILE_LINES_MAX + 1), true).len(), 1);
    // Put together here, so that this file does not find itself.
    let allow = "allow";
    for (attribute, expected) in [
        (format!("\n#[{allow}(dead_code)]"), vec![2]),
        (format!("#![{allow}(x)]\n\n    #[cfg_attr(test, {allow}(x))]"), vec![1, 3]),
        (format!("#[cfg_attr(\n    test,\n    {allow}(x),\n)]"), vec![1]),
        (format!("// #[{allow}(x)]\n{allow}(x); dis{allow}(x);\n#[dis{allow}(x)]\n#[expect(x)]"), vec![]),
    ] {
        assert_eq!(allow_attributes(&attribute), expected, "{attribute}");
    }
}

// ---- Manifests ----

/// What is wrong with a member's Cargo.toml: lints not taken from the workspace, or a dependency declared in place.
fn member_faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.contains("[lints]\nworkspace = true") {
        faults.push("it does not take the lints of the workspace".to_owned());
    }
    for (section, line) in sections(text) {
        if section.ends_with("dependencies") && !line.contains("workspace = true") {
            faults.push(format!("declare it in the workspace: {line}"));
        }
    }
    faults
}

/// Dependencies of the root Cargo.toml that no comment explains. Our own crates need none.
fn unexplained(text: &str) -> Vec<String> {
    let of_others = |line: &&str| !line.starts_with("countersign") && !line.contains(" # ");
    let declared = sections(text).into_iter().filter(|(section, _)| section == "workspace.dependencies");
    declared.map(|(_, line)| line).filter(of_others).map(str::to_owned).collect()
}

/// Every line that says something, with the section that it stands in.
fn sections(text: &str) -> Vec<(String, &str)> {
    let mut section = String::new();
    let mut lines = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            section = name.0.to_owned();
        } else if line.starts_with(|first: char| first.is_alphanumeric()) {
            lines.push((section.clone(), line));
        }
    }
    lines
}

#[test]
fn dependencies_are_declared_once_with_a_reason() {
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let mut faults = unexplained(&read(&root().join("Cargo.toml")));
    for name in uses().keys() {
        let folder = if name == "xtask" { root().join(name) } else { root().join("crates").join(name) };
        let found = member_faults(&read(&folder.join("Cargo.toml")));
        faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn manifests_that_do_not_are_found_out() {
    let good = "[lints]\nworkspace = true\n\n[dependencies]\nserde.workspace = true\na = { workspace = true }\n";
    assert_eq!(member_faults(good), [] as [&str; 0]);
    assert_eq!(member_faults("[lints]\nworkspace = true\n[dev-dependencies]\nserde = \"1\"\n").len(), 1);
    assert_eq!(member_faults("[dependencies]\n").len(), 1);
    let root = "[workspace.dependencies]\ncountersign-core = { path = \"x\" }\na = \"1\" # why\nb = \"1\"\n[profile.dev]\nc = 1\n";
    assert_eq!(unexplained(root), ["b = \"1\""]);
}
