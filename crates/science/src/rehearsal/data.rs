//! [`Data`] and [`Options`]: what a rehearsal works on, and the checks that keep figures out of nothing from being made.

use crate::{
    Error,
    error::Result,
    rehearsal::findings::{ColumnNote, LeftOut},
};

/// A class that is not known in a row.
pub const NONE: u32 = u32::MAX;
/// Beyond so many classes the values are no classes.
pub const CLASSES_MAX: usize = 1_000;

/// Past decisions, a row each. All columns have the same length; labels are indices into `classes`, or [`NONE`].
#[derive(Debug, Clone, Default)]
pub struct Data {
    /// Where it came from, as the reader knows it.
    pub source: String,
    /// Names of the classes. Of two the second is the positive one.
    pub classes: Vec<String>,
    /// What was right.
    pub truth: Option<Vec<u32>>,
    /// Answers that people gave before they saw any advice.
    pub human: Option<Vec<u32>>,
    /// For two classes: the person's own probability of the positive one.
    pub human_probability: Option<Vec<f64>>,
    /// The person's confidence in the own answer, in `[0, 1]`; NaN where none was given.
    pub human_confidence: Option<Vec<f64>>,
    /// The AI's answer.
    pub ai: Option<Vec<u32>>,
    /// The AI's probabilities, a row of `classes.len()` each, summing to 1.
    pub ai_probabilities: Option<Vec<f64>>,
    /// Answers that people gave after they had seen the AI's.
    pub observed: Option<Vec<u32>>,
    /// Who answered.
    pub person: Option<Codes>,
    /// What was decided on.
    pub item: Option<Codes>,
    /// When, in any unit that grows; NaN is not allowed.
    pub time: Option<Vec<f64>>,
    /// Days that the times span, where their unit is known.
    pub days: Option<f64>,
    /// Seconds that the person took; NaN where not known.
    pub seconds: Option<Vec<f64>>,
    /// Columns by which fairness is looked at.
    pub groups: Vec<(String, Codes)>,
    /// Columns in which regions are searched.
    pub features: Vec<(String, Feature)>,
    /// Stored test masks: `splits[s][row]` is true where the row is in the test part of split `s`.
    pub splits: Vec<Vec<bool>>,
    /// What columns were taken for.
    pub columns: Vec<ColumnNote>,
    /// Rows read, with those that were left out.
    pub rows_read: u64,
    /// Rows that were left out.
    pub left_out: Vec<LeftOut>,
    /// What else the reader of the columns has to say.
    pub notes: Vec<String>,
}

/// A column of words as numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Codes {
    /// An index into `names` for each row.
    pub codes: Vec<u32>,
    /// The words.
    pub names: Vec<String>,
}

/// A column in which regions are searched.
#[derive(Debug, Clone, PartialEq)]
pub enum Feature {
    /// Numbers; NaN where there is none.
    Numeric(Vec<f64>),
    /// Words.
    Categorical(Codes),
}

/// What a rehearsal is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Promised errors of automation, each in `(0, 1)`.
    pub alphas: Vec<f64>,
    /// Chance that a promise is broken nevertheless, in `(0, 1)`.
    pub delta: f64,
    /// Cost of an error that is not named.
    pub cost_default: f64,
    /// Costs of errors by (truth, answer).
    pub costs: Vec<(u32, u32, f64)>,
    /// Cost of a minute of a person.
    pub minute_cost: f64,
    /// Seed of every draw.
    pub seed: u64,
    /// Draws of each bootstrap.
    pub draws: usize,
    /// Whether the skill of people is given by name.
    pub named: bool,
    /// Version of the software, for the method's section.
    pub software: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            alphas: vec![0.01, 0.02, 0.05],
            delta: 0.05,
            cost_default: 1.0,
            costs: Vec::new(),
            minute_cost: 0.0,
            seed: 1,
            draws: 2_000,
            named: false,
            software: String::new(),
        }
    }
}

impl Options {
    /// The cost of an answer.
    #[must_use]
    pub fn cost(&self, truth: u32, answer: u32) -> f64 {
        if truth == answer {
            return 0.0;
        }
        let named = self.costs.iter().find(|(t, a, _)| (*t, *a) == (truth, answer));
        named.map_or(self.cost_default, |(_, _, cost)| *cost)
    }

    /// All costs, `[truth * classes + answer]`.
    #[must_use]
    pub fn cost_matrix(&self, classes: usize) -> Vec<f64> {
        let mut out = vec![self.cost_default; classes * classes];
        for (truth, answer, cost) in &self.costs {
            if let Some(cell) = out.get_mut(*truth as usize * classes + *answer as usize) {
                *cell = *cost;
            }
        }
        for class in 0..classes {
            if let Some(cell) = out.get_mut(class * classes + class) {
                *cell = 0.0;
            }
        }
        out
    }

    fn check(&self) -> Result<()> {
        let share = |name, value: f64| {
            if value > 0.0 && value < 1.0 { Ok(()) } else { Err(Error::input(name, format!("{value} does not lie between 0 and 1"))) }
        };
        self.alphas.iter().try_for_each(|alpha| share("alpha", *alpha))?;
        share("delta", self.delta)?;
        let cost = |name, value: f64| {
            if value.is_finite() && value >= 0.0 { Ok(()) } else { Err(Error::input(name, format!("{value} is no cost: a number from 0"))) }
        };
        cost("cost", self.cost_default)?;
        cost("minute cost", self.minute_cost)?;
        self.costs.iter().try_for_each(|(_, _, value)| cost("cost", *value))
    }
}

impl Data {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        let labels = [&self.truth, &self.ai, &self.human, &self.observed];
        labels.into_iter().flatten().map(Vec::len).next().unwrap_or(0)
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Holds every column against the shapes that this type states.
    ///
    /// # Errors
    /// [`Error::Input`] for a column of another shape, [`Error::CannotSay`] where the rows can say nothing: no rows, no
    /// answers, one class only.
    pub fn check(&self, options: &Options) -> Result<()> {
        options.check()?;
        let n = self.len();
        if n == 0 {
            return Err(Error::cannot_say(self.nothing_left()));
        }
        let classes = self.classes.len();
        if classes < 2 {
            let only = self.classes.first().map_or_else(String::new, |name| format!(" ({name:?})"));
            return Err(Error::cannot_say(format!(
                "there is only one class{only} in the labels: where every case has the same answer, nobody can be better than \
                 anybody else. Name all of them with --classes if the others exist but did not come up"
            )));
        }
        if classes > CLASSES_MAX {
            return Err(Error::input("classes", format!("{classes} of them; at most {CLASSES_MAX} are taken")));
        }
        self.labels(n, classes)?;
        self.numbers(n, classes)?;
        self.codes(n)?;
        if let Some(truth) = &self.truth
            && truth.iter().all(|t| Some(t) == truth.first())
        {
            let name = truth.first().and_then(|t| self.classes.get(*t as usize)).cloned().unwrap_or_default();
            return Err(Error::cannot_say(format!(
                "the truth is {name:?} in all {n} rows: with one class only, always giving that answer is right, and nothing can \
                 be learned about who is better. Bring rows of the other classes too"
            )));
        }
        Ok(())
    }

    fn nothing_left(&self) -> String {
        if self.rows_read == 0 {
            return "there are no rows: nothing can be said about nothing".to_owned();
        }
        let reasons: Vec<String> = self.left_out.iter().map(|one| format!("{} {}", one.rows, one.reason)).collect();
        format!("none of the {} rows can be used: {}", self.rows_read, reasons.join("; "))
    }

    fn labels(&self, n: usize, classes: usize) -> Result<()> {
        for (name, labels) in [("truth", &self.truth), ("human", &self.human), ("ai", &self.ai), ("final", &self.observed)] {
            let Some(labels) = labels else { continue };
            length(name, labels.len(), n)?;
            let may_be_absent = name == "human" || name == "final";
            let wrong = |label: &u32| *label as usize >= classes && !(may_be_absent && *label == NONE);
            if let Some(row) = labels.iter().position(wrong) {
                return Err(Error::input(name, format!("row {row} has no class of the {classes}")));
            }
        }
        Ok(())
    }

    fn numbers(&self, n: usize, classes: usize) -> Result<()> {
        if let Some(probabilities) = &self.ai_probabilities {
            length("ai probabilities", probabilities.len(), n * classes)?;
            for (row, values) in probabilities.chunks_exact(classes).enumerate() {
                let sum: f64 = values.iter().sum();
                if !values.iter().all(|p| (0.0..=1.0).contains(p)) || (sum - 1.0).abs() > 1e-6 {
                    return Err(Error::input("ai probabilities", format!("row {row} is no distribution")));
                }
            }
        }
        let optional = [("human probability", &self.human_probability), ("human confidence", &self.human_confidence)];
        for (name, values) in optional {
            let Some(values) = values else { continue };
            length(name, values.len(), n)?;
            if let Some(row) = values.iter().position(|v| !v.is_nan() && !(0.0..=1.0).contains(v)) {
                return Err(Error::input(name, format!("row {row} does not lie in 0 to 1")));
            }
        }
        if let Some(time) = &self.time {
            length("time", time.len(), n)?;
            if let Some(row) = time.iter().position(|v| v.is_nan()) {
                return Err(Error::input("time", format!("row {row} has none")));
            }
        }
        if let Some(seconds) = &self.seconds {
            length("seconds", seconds.len(), n)?;
            if let Some(row) = seconds.iter().position(|v| *v < 0.0 || v.is_infinite()) {
                return Err(Error::input("seconds", format!("row {row} is negative or endless")));
            }
        }
        Ok(())
    }

    fn codes(&self, n: usize) -> Result<()> {
        let named = self.groups.iter().map(|(_, codes)| ("group", codes));
        let features = self.features.iter().filter_map(|(_, feature)| match feature {
            Feature::Categorical(codes) => Some(("region", codes)),
            Feature::Numeric(_) => None,
        });
        let all = self.person.iter().map(|c| ("person", c)).chain(self.item.iter().map(|c| ("item", c))).chain(named).chain(features);
        for (name, codes) in all {
            length(name, codes.codes.len(), n)?;
            if let Some(row) = codes.codes.iter().position(|code| *code as usize >= codes.names.len()) {
                return Err(Error::input(name, format!("row {row} has a code without a name")));
            }
        }
        for (_, feature) in &self.features {
            if let Feature::Numeric(values) = feature {
                length("region", values.len(), n)?;
            }
        }
        self.splits.iter().try_for_each(|mask| length("split", mask.len(), n))
    }
}

fn length(what: &'static str, found: usize, wanted: usize) -> Result<()> {
    if found == wanted { Ok(()) } else { Err(Error::input(what, format!("has {found} values where {wanted} are wanted"))) }
}
