//! The sets that are streamed: read where they lie beside the project, never copied into it. Where they are not, that is said.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};

/// One case with everything that was recorded of it.
pub struct Item {
    pub fields: Map<String, Value>,
    pub truth: String,
    /// What a person answered who saw no advice.
    pub person: String,
    /// What each model answered, and its probabilities.
    pub proposed: Vec<(String, Map<String, Value>)>,
    /// Whose answer it is, or which item.
    pub cluster: u32,
}

/// A set.
pub struct Set {
    pub name: &'static str,
    pub playbook: String,
    pub models: [&'static str; 2],
    /// The promised share of errors.
    pub promise: f64,
    pub items: Vec<Item>,
}

/// A playbook under which only answers without advice can be given, for no others were recorded.
pub fn playbook(name: &str, options: &[String], fields: &str, promise: f64) -> String {
    let options: Vec<String> = options.iter().map(|option| format!("{option:?}")).collect();
    format!(
        r#"name = "{name}"
question = "What is it?"
[answer]
kind = "choice"
options = [{}]
[fields]
{fields}
[outcome]
kind = "truth"
source = "the recorded truth"
observed = "always"
after = "1h"
[costs]
error = {{ default = 1.0 }}
minute = 0.02
[routing]
default = "unaided"
choose = ["unaided"]
automate = {{ max_error = {promise}, certainty = 0.95, audit = 0.05 }}
"#,
        options.join(", ")
    )
}

/// All sets that are there.
pub fn sets(rows: usize) -> Result<Vec<Set>> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let mut sets = Vec::new();
    for (folder, read) in [("cifar10h_human_models", cifar as fn(&Path, usize) -> Result<Set>), ("recidivism_human_compas", recidivism)] {
        let at: PathBuf = shared.join(folder);
        if at.is_dir() {
            sets.push(read(&at, rows)?);
        } else {
            eprintln!("stream: {folder} is left out: it is not in ../shared/data beside the project");
        }
    }
    Ok(sets)
}

fn table(path: &Path) -> Result<Vec<Vec<String>>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Ok(text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect())
}

fn cell(row: &[String], at: usize) -> Result<&str> {
    row.get(at).map(String::as_str).context("a row that is too short")
}

/// The images in their order, one drawn person each, and the two models that are nearest to people.
fn cifar(folder: &Path, rows: usize) -> Result<Set> {
    let models = ["preresnet110", "densenet190"];
    let people = table(&folder.join("human_counts.csv"))?;
    let said = models.map(|model| table(&folder.join(format!("model_{model}.csv"))));
    let said = said.into_iter().collect::<Result<Vec<_>>>()?;
    let mut items = Vec::new();
    for (at, row) in people.iter().take(rows).enumerate() {
        let mut proposed = Vec::new();
        for model in &said {
            proposed.push(probabilities(model.get(at).context("as many rows as images")?)?);
        }
        items.push(Item {
            fields: json!({ "item": format!("image {}", cell(row, 0)?) }).as_object().cloned().unwrap_or_default(),
            truth: cell(row, 1)?.to_owned(),
            person: cell(row, 12)?.to_owned(),
            proposed,
            cluster: u32::try_from(at)?,
        });
    }
    let options: Vec<String> = (0..10).map(|class| class.to_string()).collect();
    let playbook = playbook("images", &options, r#"item = { type = "text", title = true }"#, 0.02);
    Ok(Set { name: "images", playbook, models, promise: 0.02, items })
}

/// The surest class, and all probabilities made to sum to 1.
fn probabilities(row: &[String]) -> Result<(String, Map<String, Value>)> {
    let given: Vec<f64> = row.iter().skip(1).map(|cell| cell.parse::<f64>()).collect::<std::result::Result<_, _>>()?;
    let total: f64 = given.iter().sum();
    let first = given.iter().enumerate().fold((0, 0.0), |best, (at, p)| if *p > best.1 { (at, *p) } else { best });
    let named = given.iter().enumerate().map(|(class, p)| (class.to_string(), json!(p / total)));
    Ok((first.0.to_string(), named.collect()))
}

/// What may be wrong of what is automated where nobody is right in more than seven of ten.
const HARD: f64 = 0.35;

/// Lay people's forecasts of any new offence, without feedback, beside COMPAS and a simple model.
fn recidivism(folder: &Path, rows: usize) -> Result<Set> {
    let mut items = Vec::new();
    let binary = |p: f64| {
        let word = if p > 0.5 { "yes" } else { "no" };
        (word.to_owned(), json!({ "yes": p, "no": 1.0 - p }).as_object().cloned().unwrap_or_default())
    };
    for row in table(&folder.join("responses.csv"))?.iter().filter(|row| row.first().is_some_and(|target| target == "general")) {
        if cell(row, 2)? != "0" || items.len() >= rows {
            continue;
        }
        let number = |at: usize| -> Result<f64> { Ok(cell(row, at)?.parse()?) };
        items.push(Item {
            fields: json!({ "case": format!("case {} for participant {}", cell(row, 4)?, cell(row, 1)?), "age": cell(row, 5)?, "priors": cell(row, 10)? })
                .as_object()
                .cloned()
                .unwrap_or_default(),
            truth: if cell(row, 15)? == "1" { "yes" } else { "no" }.into(),
            person: if number(14)? > 0.5 { "yes" } else { "no" }.into(),
            proposed: vec![binary((number(12)? - 0.5) / 10.0), binary(number(13)?)],
            cluster: cell(row, 1)?.parse()?,
        });
    }
    let fields = "case = { type = \"text\", title = true }\nage = { type = \"number\" }\npriors = { type = \"number\" }";
    let playbook = playbook("recidivism", &["no".into(), "yes".into()], fields, HARD);
    Ok(Set { name: "recidivism", playbook, models: ["compas", "model"], promise: HARD, items })
}
