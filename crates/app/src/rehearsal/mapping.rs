//! [`Mapping`]: which column is what, from flags, a TOML file, or (where it is obvious) the names. Reads no value of a cell.

use super::Error;
use serde::{Deserialize, Serialize};

/// Which column is what. In a file the keys are the names of the flags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Mapping {
    /// What was right.
    pub truth: Option<String>,
    /// What people answered on their own: a label, or for two classes the probability of the positive one.
    pub human: Option<String>,
    /// What the AI answered: the same.
    pub ai: Option<String>,
    /// The AI's probabilities, in the order of `classes`; a name may hold `*`, or be a range as in `p0..p9`.
    pub ai_probs: Vec<String>,
    /// The classes in the order of `ai-probs`; of two the second is the positive one.
    pub classes: Vec<String>,
    /// The person's confidence.
    pub human_confidence: Option<String>,
    /// What people answered before advice.
    pub initial: Option<String>,
    /// What they answered after it.
    #[serde(rename = "final")]
    pub after: Option<String>,
    /// Who answered.
    pub person: Option<String>,
    /// What was decided on.
    pub item: Option<String>,
    /// When.
    pub time: Option<String>,
    /// Seconds that it took (milliseconds where the name ends in `ms`).
    pub seconds: Option<String>,
    /// By which fairness is looked at.
    pub group: Vec<String>,
    /// In which regions are searched; none named: what is left over.
    pub region: Vec<String>,
    /// Stored test masks, a character a split.
    pub split: Option<String>,
}

/// What a column can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// What was right.
    Truth,
    /// What people answered on their own.
    Human,
    /// What the AI answered.
    Ai,
    /// What people answered after advice.
    After,
    /// The person's confidence.
    Confidence,
    /// Who answered.
    Person,
    /// What was decided on.
    Item,
    /// When.
    Time,
    /// How long it took.
    Seconds,
}

impl Role {
    /// Its name in findings, which is the name of the flag.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Truth => "truth",
            Self::Human => "human",
            Self::Ai => "ai",
            Self::After => "final",
            Self::Confidence => "human-confidence",
            Self::Person => "person",
            Self::Item => "item",
            Self::Time => "time",
            Self::Seconds => "seconds",
        }
    }

    /// Names that say what a column is, the surest first.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Truth => {
                &["truth", "ground_truth", "gold", "gold_label", "y_true", "true_label", "actual", "outcome", "label", "target", "y"]
            }
            Self::Human => &[
                "human",
                "human_label",
                "human_answer",
                "human_choice",
                "human_decision",
                "human_prob",
                "initial",
                "initial_decision",
                "initial_answer",
                "first_answer",
                "human_draw",
                "annotator_label",
                "reviewer_label",
                "h0",
                "h",
            ],
            Self::Ai => &[
                "ai",
                "ai_label",
                "ai_answer",
                "ai_choice",
                "ai_prob",
                "ai_decision",
                "ai_prediction",
                "suggestion",
                "proposal",
                "model",
                "model_label",
                "model_prob",
                "prediction",
                "predicted",
                "y_pred",
                "pred",
                "score",
                "ai_conf",
            ],
            Self::After => {
                &["final", "final_decision", "final_answer", "final_label", "second_answer", "answer_after_advice", "decision", "h1"]
            }
            Self::Confidence => &["human_confidence", "human_conf", "confidence"],
            Self::Person => {
                &["participant", "participant_id", "worker", "worker_id", "annotator", "annotator_id", "reviewer", "person", "person_id"]
            }
            Self::Item => &["item", "item_id", "case_id", "case", "image", "image_id", "task", "task_id", "question_id"],
            Self::Time => &["time", "timestamp", "decided_at", "created_at", "date"],
            Self::Seconds => &["seconds", "duration_s", "response_s", "rt_ms", "response_ms", "duration_ms"],
        }
    }
}

/// A role with its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The role.
    pub role: Role,
    /// Index of the column.
    pub column: usize,
    /// Whether it was guessed.
    pub guessed: bool,
}

/// Which column is what, by index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roles {
    /// Single columns.
    pub taken: Vec<Taken>,
    /// The AI's probabilities, in order.
    pub ai_probs: Vec<usize>,
    /// Whether those were guessed.
    pub ai_probs_guessed: bool,
    /// Columns of groups.
    pub groups: Vec<(usize, bool)>,
    /// Columns in which regions are searched.
    pub regions: Vec<usize>,
    /// Stored test masks.
    pub split: Option<usize>,
}

impl Roles {
    /// The column of a role.
    #[must_use]
    pub fn column(&self, role: Role) -> Option<usize> {
        self.taken.iter().find(|t| t.role == role).map(|t| t.column)
    }
}

/// Group columns that are guessed.
const GROUP_NAMES: &[&str] = &["sex", "gender", "race", "ethnicity", "age_group", "nationality"];

impl Mapping {
    /// Finds every column, guessing what is obvious and was not said.
    ///
    /// # Errors
    /// Where a column that was named is not there, two roles have one column, or nothing can be the AI.
    pub fn roles(&self, names: &[String]) -> Result<Roles, Error> {
        let mut roles = Roles::default();
        if self.human.is_some() && self.initial.is_some() && self.human != self.initial {
            return Err(Error::usage("--human and --initial both name what people answered before advice: give one of the two"));
        }
        let said = [
            (Role::Truth, &self.truth),
            (Role::Human, if self.initial.is_some() { &self.initial } else { &self.human }),
            (Role::Ai, &self.ai),
            (Role::After, &self.after),
            (Role::Confidence, &self.human_confidence),
            (Role::Person, &self.person),
            (Role::Item, &self.item),
            (Role::Time, &self.time),
            (Role::Seconds, &self.seconds),
        ];
        for (role, name) in said {
            if let Some(name) = name {
                roles.taken.push(Taken { role, column: find(names, name, role.name())?, guessed: false });
            }
        }
        for pattern in &self.ai_probs {
            roles.ai_probs.extend(columns_of(names, pattern)?);
        }
        for name in &self.group {
            roles.groups.push((find(names, name, "group")?, false));
        }
        roles.split = self.split.as_ref().map(|name| find(names, name, "split")).transpose()?;
        for name in &self.region {
            roles.regions.push(find(names, name, "region")?);
        }
        guess(&mut roles, names);
        twice(&roles, names)?;
        if roles.column(Role::Ai).is_none() && roles.ai_probs.is_empty() {
            return Err(Error::usage(format!(
                "which column is what the AI answered? Name it with --ai, or its probabilities with --ai-probs. There are: {}",
                names.join(", ")
            )));
        }
        if roles.column(Role::Human).is_none() && roles.column(Role::After).is_none() {
            return Err(Error::usage(format!(
                "which column is what people answered? Name it with --human (before any advice) or --final (after it). There are: {}",
                names.join(", ")
            )));
        }
        Ok(roles)
    }
}

fn find(names: &[String], name: &str, role: &str) -> Result<usize, Error> {
    names
        .iter()
        .position(|n| n == name)
        .ok_or_else(|| Error::usage(format!("--{role}: there is no column {name:?}. There are: {}", names.join(", "))))
}

/// The columns of one part of `--ai-probs`: a name, a pattern with `*`, or a range `p0..p9`.
fn columns_of(names: &[String], pattern: &str) -> Result<Vec<usize>, Error> {
    if let Some((from, to)) = pattern.split_once("..").filter(|_| !names.iter().any(|n| n == pattern)) {
        let (Some((stem, first)), Some((other, last))) = (numbered(from), numbered(to)) else {
            return Err(Error::usage(format!("--ai-probs {pattern:?}: a range is written p0..p9")));
        };
        if stem != other || first > last {
            return Err(Error::usage(format!("--ai-probs {pattern:?}: a range is written p0..p9, from the lower to the higher")));
        }
        return (first..=last).map(|i| find(names, &format!("{stem}{i}"), "ai-probs")).collect();
    }
    if let Some((head, tail)) = pattern.split_once('*') {
        let fits = |name: &str| name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail);
        let mut found: Vec<usize> = (0..names.len()).filter(|i| names.get(*i).is_some_and(|n| fits(n))).collect();
        if found.is_empty() {
            return Err(Error::usage(format!("--ai-probs {pattern:?} fits none of the columns: {}", names.join(", "))));
        }
        // p10 comes after p9: by number where all end in one, else in the order of the file.
        let number = |i: &usize| names.get(*i).and_then(|n| numbered(n)).map(|(_, number)| number);
        if found.iter().all(|i| number(i).is_some()) {
            found.sort_by_key(number);
        }
        return Ok(found);
    }
    Ok(vec![find(names, pattern, "ai-probs")?])
}

/// `p12` as `("p", 12)`.
fn numbered(name: &str) -> Option<(&str, u32)> {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = name.get(stem.len()..)?;
    Some((stem, digits.parse().ok()?))
}

/// Fills what was not said, by names that say it themselves.
fn guess(roles: &mut Roles, names: &[String]) {
    let lower: Vec<String> = names.iter().map(|n| n.trim().to_lowercase().replace([' ', '-'], "_")).collect();
    let mut free: Vec<bool> = (0..names.len()).map(|i| !in_use(roles, i)).collect();
    if roles.ai_probs.is_empty() && roles.column(Role::Ai).is_none() {
        let run: Vec<usize> = (0..).map_while(|k| lower.iter().position(|n| *n == format!("p{k}") || *n == format!("prob_{k}"))).collect();
        if run.len() >= 2 && run.iter().all(|i| free.get(*i) == Some(&true)) {
            for i in &run {
                if let Some(one) = free.get_mut(*i) {
                    *one = false;
                }
            }
            roles.ai_probs = run;
            roles.ai_probs_guessed = true;
        }
    }
    let order = [Role::Truth, Role::After, Role::Human, Role::Ai, Role::Confidence, Role::Person, Role::Item, Role::Time, Role::Seconds];
    for role in order {
        let has_probabilities = role == Role::Ai && !roles.ai_probs.is_empty();
        if roles.column(role).is_some() || has_probabilities {
            continue;
        }
        let found = role.names().iter().find_map(|name| {
            let at = lower.iter().position(|n| n == name)?;
            (free.get(at) == Some(&true)).then_some(at)
        });
        if let Some(column) = found {
            if let Some(one) = free.get_mut(column) {
                *one = false;
            }
            roles.taken.push(Taken { role, column, guessed: true });
        }
    }
    if roles.groups.is_empty() {
        let groups = lower.iter().enumerate().filter(|(i, n)| free.get(*i) == Some(&true) && GROUP_NAMES.contains(&n.as_str()));
        roles.groups = groups.map(|(i, _)| (i, true)).collect();
    }
    if roles.regions.is_empty() {
        // Groups are looked for as regions too: they are what a case looks like.
        let taken = |i: usize| in_use(roles, i) && !roles.groups.iter().any(|(g, _)| *g == i);
        roles.regions = (0..names.len()).filter(|i| !taken(*i)).collect();
    }
}

fn in_use(roles: &Roles, column: usize) -> bool {
    roles.taken.iter().any(|t| t.column == column)
        || roles.ai_probs.contains(&column)
        || roles.split == Some(column)
        || roles.groups.iter().any(|(g, _)| *g == column)
}

/// One column with two roles is a slip: truth and AI in one would make the AI perfect.
fn twice(roles: &Roles, names: &[String]) -> Result<(), Error> {
    for (i, one) in roles.taken.iter().enumerate() {
        if let Some(other) = roles.taken.iter().skip(i + 1).find(|other| other.column == one.column) {
            let both_may = [one.role, other.role];
            // A probability of the positive class is answer and confidence at once.
            if both_may.contains(&Role::Confidence) && both_may.contains(&Role::Human) {
                continue;
            }
            let name = names.get(one.column).map_or("", String::as_str);
            return Err(Error::usage(format!("column {name:?} cannot be --{} and --{} at once", one.role.name(), other.role.name())));
        }
    }
    Ok(())
}
