//! A file of past decisions as [`Data`]: columns by role, rows that can be used. Computes no statistic.

use super::{
    Error,
    clock::instants,
    mapping::{Mapping, Role, Roles},
    values::{self, Scale, Words},
};
use countersign_columns::{Category, Column, Source, Table, Want};
use countersign_science::rehearsal::{Codes, Data, Feature, LeftOut, NONE, findings::ColumnNote};
use std::{collections::BTreeMap, path::Path};

/// A column with more words than this is searched for no region unless it was named.
const REGION_WORDS_MAX: usize = 200;
/// Stored splits.
const SPLITS_MAX: usize = 1_000;
/// From this share of agreement a confidence is read as the probability of the positive class.
const DIRECTED_SHARE_MIN: f64 = 0.95;
/// Names of columns that count or number, in which a region would mean nothing.
const NUMBERING_NAMES: &[&str] = &["id", "index", "row", "order", "trial", "seed", "n"];

/// Reads a file.
///
/// # Errors
/// Where the file cannot be read, a column that was named is not there, or its values cannot be what they should be.
pub fn file(path: &Path, mapping: &Mapping, progress: &mut dyn FnMut(u64, u64)) -> Result<Data, Error> {
    let mut source = Source::open(path, None)?;
    let names = source.names().to_vec();
    let roles = mapping.roles(&names)?;
    let wants = wants(&roles);
    let wanted: Vec<(&str, Want)> = wants.iter().filter_map(|(i, want)| Some((names.get(*i)?.as_str(), *want))).collect();
    let table = source.read(&wanted, progress)?;
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    data(&name, &names, &table, &wants.keys().copied().collect::<Vec<_>>(), &roles, mapping)
}

/// The columns that are needed, and as what.
fn wants(roles: &Roles) -> BTreeMap<usize, Want> {
    let mut wants = BTreeMap::new();
    for column in &roles.regions {
        wants.insert(*column, Want::Auto);
    }
    for (column, _) in &roles.groups {
        wants.insert(*column, Want::Auto);
    }
    for column in &roles.ai_probs {
        wants.insert(*column, Want::Auto);
    }
    if let Some(column) = roles.split {
        wants.insert(column, Want::Category);
    }
    for taken in &roles.taken {
        let want = match taken.role {
            Role::Person | Role::Item => Want::Key,
            _ => Want::Auto,
        };
        wants.insert(taken.column, want);
    }
    wants
}

/// A table with the columns `at` of `names` as [`Data`].
pub(super) fn data(source: &str, names: &[String], table: &Table, at: &[usize], roles: &Roles, mapping: &Mapping) -> Result<Data, Error> {
    let reader = Reader { names, table, at, roles, data: Data { source: source.to_owned(), ..Data::default() } };
    reader.read(mapping)
}

struct Reader<'a> {
    names: &'a [String],
    table: &'a Table,
    at: &'a [usize],
    roles: &'a Roles,
    data: Data,
}

/// An answer column before the classes are known.
enum Answers {
    Labels(Words),
    Probability(Vec<f64>, Scale),
}

/// Labels, and probabilities of the positive class.
type Settled = (Option<Vec<u32>>, Option<Vec<f64>>);

impl<'a> Reader<'a> {
    fn name(&self, column: usize) -> &'a str {
        self.names.get(column).map_or("", String::as_str)
    }

    fn column(&self, column: usize) -> Result<&'a Column, Error> {
        let place = self.at.iter().position(|c| *c == column);
        place
            .and_then(|place| self.table.columns().get(place))
            .ok_or_else(|| Error::input(format!("column {:?} was not read", self.name(column))))
    }

    fn of(&self, role: Role) -> Result<Option<(&'a str, &'a Column)>, Error> {
        self.roles.column(role).map(|column| Ok((self.name(column), self.column(column)?))).transpose()
    }

    fn note(&mut self, role: Role, reading: impl Into<String>) {
        if let Some(taken) = self.roles.taken.iter().find(|t| t.role == role) {
            let column = self.name(taken.column).to_owned();
            self.data.columns.push(ColumnNote { role: role.name().to_owned(), column, guessed: taken.guessed, reading: reading.into() });
        }
    }

    fn read(mut self, mapping: &Mapping) -> Result<Data, Error> {
        let rows = self.table.rows();
        self.data.rows_read = rows as u64;
        if rows == 0 {
            return Ok(self.data);
        }
        self.answers(mapping)?;
        self.confidence()?;
        self.clusters()?;
        self.times()?;
        self.others()?;
        self.splits()?;
        self.keep();
        Ok(self.data)
    }

    /// Truth, people and AI, and the classes that they share.
    fn answers(&mut self, mapping: &Mapping) -> Result<(), Error> {
        let truth = self.of(Role::Truth)?.map(|(name, column)| Ok::<_, Error>((name, values::words(name, column)?))).transpose()?;
        let known: Vec<String> = match (&truth, mapping.classes.is_empty()) {
            (Some((name, words)), true) => values::classes(&[], &[(name, words)])?,
            (_, false) => values::classes(&mapping.classes, &[])?,
            (None, true) => Vec::new(),
        };
        let human = self.answer(Role::Human, &known)?;
        let after = self.answer(Role::After, &known)?;
        let ai = self.answer(Role::Ai, &known)?;
        let mut labels: Vec<(&str, &Words)> = truth.iter().map(|(name, words)| (*name, words)).collect();
        for one in [&human, &after, &ai] {
            if let Some((name, Answers::Labels(words))) = one {
                labels.push((name, words));
            }
        }
        let mut classes = values::classes(&mapping.classes, &labels)?;
        let probabilities = self.roles.ai_probs.len();
        if probabilities > 0 && mapping.classes.is_empty() && probabilities != classes.len() {
            // p0..p9 beside numeric labels: the classes are 0 to 9 even where one did not come up.
            let numbered: Vec<String> = (0..probabilities).map(|i| i.to_string()).collect();
            if classes.iter().all(|c| numbered.contains(c)) {
                classes = numbered;
            }
        }
        self.data.classes = classes;
        self.data.truth = truth.map(|(_, words)| words.labels(&self.data.classes));
        if self.data.truth.is_some() {
            self.note(Role::Truth, "label");
        }
        let (labels, probability) = self.settle(Role::Human, human)?;
        (self.data.human, self.data.human_probability) = (labels, probability);
        let (labels, _) = self.settle(Role::After, after)?;
        self.data.observed = labels;
        let (labels, probability) = self.settle(Role::Ai, ai)?;
        self.data.ai = labels;
        self.data.ai_probabilities = probability.map(|p| p.iter().flat_map(|p| [1.0 - p, *p]).collect());
        self.ai_probabilities()
    }

    /// A column of answers: labels, or for two classes the probability of the positive one.
    fn answer(&self, role: Role, classes: &[String]) -> Result<Option<(&'a str, Answers)>, Error> {
        let Some((name, column)) = self.of(role)? else { return Ok(None) };
        if classes.len() == 2
            && let Some(numbers) = values::numbers(column)
        {
            let is_label = |v: &f64| v.is_nan() || classes.iter().any(|c| c.parse::<f64>().is_ok_and(|label| label == *v));
            if !numbers.iter().all(is_label) {
                let scale = Scale::of(name, &numbers)?;
                return Ok(Some((name, Answers::Probability(numbers, scale))));
            }
        }
        if role == Role::Ai && !self.roles.ai_probs.is_empty() && values::words(name, column).is_err() {
            return Ok(None);
        }
        Ok(Some((name, Answers::Labels(values::words(name, column)?))))
    }

    fn settle(&mut self, role: Role, answers: Option<(&str, Answers)>) -> Result<Settled, Error> {
        Ok(match answers {
            None => (None, None),
            Some((_, Answers::Labels(words))) => {
                self.note(role, "label");
                (Some(words.labels(&self.data.classes)), None)
            }
            Some((name, Answers::Probability(numbers, scale))) => {
                let [_, positive] = self.data.classes.as_slice() else {
                    return Err(Error::input(format!(
                        "column {name:?} holds numbers between labels, which can be the probability of the positive class where there are \
                         two classes; here are {}",
                        self.data.classes.len()
                    )));
                };
                let reading = format!("probability of {positive:?}, {}", scale.words());
                self.note(role, reading);
                let probability: Vec<f64> = numbers.iter().map(|v| scale.probability(*v)).collect();
                let labels = probability.iter().map(|p| if p.is_nan() { NONE } else { u32::from(*p > 0.5) }).collect();
                (Some(labels), Some(probability))
            }
        })
    }

    fn ai_probabilities(&mut self) -> Result<(), Error> {
        if self.roles.ai_probs.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = self.roles.ai_probs.iter().map(|c| self.name(*c).to_owned()).collect();
        if names.len() != self.data.classes.len() {
            return Err(Error::input(format!(
                "there are {} probability columns ({}) for {} classes ({}): name both in the same order with --ai-probs and --classes",
                names.len(),
                names.join(", "),
                self.data.classes.len(),
                self.data.classes.join(", ")
            )));
        }
        let mut columns = Vec::with_capacity(names.len());
        for (name, column) in names.iter().zip(&self.roles.ai_probs) {
            let numbers = values::numbers(self.column(*column)?);
            columns.push(numbers.ok_or_else(|| Error::input(format!("column {name:?} holds words where probabilities are wanted")))?);
        }
        let rows = self.table.rows();
        let probabilities = values::distributions(&names, &columns, rows)?;
        for (name, class) in names.iter().zip(self.data.classes.clone()) {
            let reading = format!("probability of {class:?}");
            let guessed = self.roles.ai_probs_guessed;
            self.data.columns.push(ColumnNote { role: "ai-probs".to_owned(), column: name.clone(), guessed, reading });
        }
        if self.data.ai.is_none() {
            self.data.ai = Some(probabilities.chunks_exact(names.len()).map(likeliest).collect());
        }
        self.data.ai_probabilities = Some(probabilities);
        Ok(())
    }

    /// The person's confidence: in the own answer, or (where it goes with the label) the probability of the positive class.
    fn confidence(&mut self) -> Result<(), Error> {
        let Some((name, column)) = self.of(Role::Confidence)? else { return Ok(()) };
        let Some(mut values) = values::numbers(column) else {
            return Err(Error::input(format!("column {name:?} holds words where the confidence should be a number")));
        };
        let scale = Scale::of(name, &values)?;
        let scale = if scale == Scale::Ten { Scale::Ten } else { scale };
        values.iter_mut().for_each(|v| *v = scale.probability(*v));
        if self.data.human_probability.is_some() {
            self.note(Role::Confidence, "not used: the answer is a probability already");
            return Ok(());
        }
        let directed = self.data.classes.len() == 2 && self.data.human.as_ref().is_some_and(|human| directed(human, &values));
        if directed {
            let positive = self.data.classes.get(1).cloned().unwrap_or_default();
            self.note(
                Role::Confidence,
                format!("probability of {positive:?}, {}: it lies above the middle where that was answered", scale.words()),
            );
            self.data.human_probability = Some(values);
        } else {
            self.note(Role::Confidence, format!("confidence in the own answer, {}", scale.words()));
            self.data.human_confidence = Some(values);
        }
        Ok(())
    }

    fn clusters(&mut self) -> Result<(), Error> {
        for role in [Role::Person, Role::Item] {
            let Some((_, column)) = self.of(role)? else { continue };
            let codes = keys(column);
            let reading = format!("{} different", codes.names.len());
            self.note(role, reading);
            if role == Role::Person { self.data.person = Some(codes) } else { self.data.item = Some(codes) }
        }
        Ok(())
    }

    fn times(&mut self) -> Result<(), Error> {
        if let Some((name, column)) = self.of(Role::Time)? {
            let times = instants(name, column)?;
            self.note(Role::Time, times.reading);
            self.data.time = Some(times.values);
            self.data.days = times.days;
        }
        if let Some((name, column)) = self.of(Role::Seconds)? {
            let Some(mut values) = values::numbers(column) else {
                return Err(Error::input(format!("column {name:?} holds words where seconds should be numbers")));
            };
            if values.iter().any(|v| *v < 0.0) {
                return Err(Error::input(format!("column {name:?} holds negative times")));
            }
            let milliseconds = name.to_lowercase().ends_with("ms");
            if milliseconds {
                values.iter_mut().for_each(|v| *v /= 1_000.0);
            }
            self.note(Role::Seconds, if milliseconds { "milliseconds, by its name" } else { "seconds" });
            self.data.seconds = Some(values);
        }
        Ok(())
    }

    /// Groups and features.
    fn others(&mut self) -> Result<(), Error> {
        for (column, guessed) in &self.roles.groups {
            let name = self.name(*column);
            let codes = values::words(name, self.column(*column)?)?.named();
            let reading = format!("{} groups", codes.names.len());
            self.data.columns.push(ColumnNote { role: "group".to_owned(), column: name.to_owned(), guessed: *guessed, reading });
            self.data.groups.push((name.to_owned(), codes));
        }
        for column in &self.roles.regions {
            let name = self.name(*column);
            if let Some(feature) = feature(name, self.column(*column)?) {
                self.data.features.push((name.to_owned(), feature));
            }
        }
        Ok(())
    }

    fn splits(&mut self) -> Result<(), Error> {
        let Some(column) = self.roles.split else { return Ok(()) };
        let name = self.name(column);
        let Column::Category(Category { codes, labels }) = self.column(column)? else {
            return Err(Error::input(format!("column {name:?} should hold masks like 0110: a character a split, 1 in its test part")));
        };
        let masks: Vec<&str> = labels.iter().collect();
        let splits = masks.first().map_or(0, |mask| mask.len());
        let sound = |mask: &&str| mask.len() == splits && mask.bytes().all(|b| b == b'0' || b == b'1');
        if splits == 0 || splits > SPLITS_MAX || !masks.iter().all(sound) || codes.iter().any(|c| *c as usize >= masks.len()) {
            return Err(Error::input(format!(
                "column {name:?}: every row needs a mask of the same length (at most {SPLITS_MAX}) of 0 and 1, a character a split, 1 \
                 where the row is in its test part"
            )));
        }
        for split in 0..splits {
            let of: Vec<bool> = masks.iter().map(|mask| mask.as_bytes().get(split) == Some(&b'1')).collect();
            self.data.splits.push(codes.iter().map(|c| of.get(*c as usize).copied().unwrap_or(false)).collect());
        }
        let reading = format!("{splits} stored splits");
        self.data.columns.push(ColumnNote { role: "split".to_owned(), column: name.to_owned(), guessed: false, reading });
        Ok(())
    }

    /// Leaves out the rows that cannot be used, and says why.
    fn keep(&mut self) {
        let rows = self.table.rows();
        let data = &mut self.data;
        let mut keep = vec![true; rows];
        let mut leave = |reason: &str, lacks: &dyn Fn(usize) -> bool| {
            let mut left = 0;
            for (row, keep) in keep.iter_mut().enumerate() {
                if *keep && lacks(row) {
                    *keep = false;
                    left += 1;
                }
            }
            if left > 0 {
                data.left_out.push(LeftOut { rows: left, reason: reason.to_owned() });
            }
        };
        let absent = |labels: &Option<Vec<u32>>, row: usize| labels.as_ref().is_none_or(|l| l.get(row).is_none_or(|v| *v == NONE));
        if data.truth.is_some() {
            leave("without a truth", &|row| absent(&data.truth, row));
        }
        let classes = data.classes.len();
        let gap = |row: usize| {
            let values = data.ai_probabilities.as_ref().and_then(|p| p.get(row * classes..(row + 1) * classes));
            values.is_some_and(|v| v.iter().any(|p| p.is_nan()))
        };
        leave("without an answer of the AI, or with a probability missing", &|row| absent(&data.ai, row) || gap(row));
        leave("without an answer of a person", &|row| absent(&data.human, row) && absent(&data.observed, row));
        if let Some(time) = &data.time {
            leave("without a time", &|row| time.get(row).is_none_or(|t| t.is_nan()));
        }
        if !data.left_out.is_empty() {
            super::filter::rows(data, &keep);
        }
    }
}

/// The index of the largest; the first of equals.
fn likeliest(values: &[f64]) -> u32 {
    let mut best = (0, f64::NEG_INFINITY);
    for (class, value) in values.iter().enumerate() {
        if *value > best.1 {
            best = (class, *value);
        }
    }
    best.0 as u32
}

/// Whether a confidence lies above the middle exactly where the positive class was answered, and below it elsewhere.
fn directed(human: &[u32], confidence: &[f64]) -> bool {
    let (mut low, mut agree, mut known) = (0_u64, 0_u64, 0_u64);
    for (label, c) in human.iter().zip(confidence) {
        if *label == NONE || c.is_nan() || *c == 0.5 {
            continue;
        }
        known += 1;
        low += u64::from(*c < 0.5);
        agree += u64::from((*c > 0.5) == (*label == 1));
    }
    known > 0 && low > 0 && agree as f64 >= DIRECTED_SHARE_MIN * known as f64
}

fn keys(column: &Column) -> Codes {
    match column {
        Column::Category(Category { codes, labels }) => {
            Words { words: labels.iter().map(str::to_owned).collect(), codes: codes.clone() }.named()
        }
        Column::Number(values) => {
            let mut index = std::collections::HashMap::new();
            let mut words = Vec::new();
            let mut codes = Vec::with_capacity(values.len());
            for value in values {
                let next = words.len() as u32;
                let code = *index.entry(value.to_bits()).or_insert(next);
                if code == next {
                    words.push(value.to_string());
                }
                codes.push(code);
            }
            Codes { codes, names: words }
        }
    }
}

/// A column as a feature; `None` where it is constant, an identifier, or has too many words to mean anything.
fn feature(name: &str, column: &Column) -> Option<Feature> {
    let lower = name.to_lowercase();
    if lower.ends_with("_id") || NUMBERING_NAMES.contains(&lower.as_str()) {
        return None;
    }
    match column {
        Column::Number(values) => {
            let first = values.iter().find(|v| !v.is_nan())?;
            values.iter().any(|v| !v.is_nan() && v != first).then(|| Feature::Numeric(values.clone()))
        }
        Column::Category(Category { codes, labels }) => {
            if !(2..=REGION_WORDS_MAX).contains(&labels.len()) {
                return None;
            }
            let words = Words { words: labels.iter().map(str::to_owned).collect(), codes: codes.clone() };
            Some(Feature::Categorical(words.named()))
        }
    }
}
