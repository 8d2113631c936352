//! Two files become codes: items, people, answers and truths. Computes nothing.

use super::{CLASSES_MAX, ColumnNames, Error, Kind, NUMERIC_CLASSES_MAX, Request};
use countersign_columns::{Category, Column, Labels, MISSING, Progress, Source, Table, Want};
use std::{cmp::Ordering, collections::HashMap};

/// Names by which columns are guessed, the surest first.
const ITEM_NAMES: [&str; 14] =
    ["item", "item_id", "question", "task", "case", "case_id", "unit", "document", "image", "example", "instance", "subject", "id", "text"];
const PERSON_NAMES: [&str; 13] = [
    "person",
    "worker",
    "annotator",
    "rater",
    "participant",
    "user",
    "labeler",
    "labeller",
    "coder",
    "reviewer",
    "judge",
    "person_id",
    "worker_id",
];
const ANSWER_NAMES: [&str; 11] =
    ["answer", "label", "response", "judgment", "judgement", "rating", "annotation", "vote", "class", "score", "value"];
/// The column of the file of truths.
const TRUTH: &str = "truth";

/// Answers as codes.
pub(super) struct Sheet {
    pub(super) source: String,
    pub(super) columns: ColumnNames,
    pub(super) kind: Kind,
    pub(super) left_out: u64,
    pub(super) item: Vec<u32>,
    pub(super) person: Vec<u32>,
    pub(super) items: usize,
    pub(super) people: Vec<String>,
    pub(super) answers: Cells,
    /// By item; `None` without a file of truths.
    pub(super) truth: Option<Cells>,
    /// Truths of items that nobody answered.
    pub(super) truths_elsewhere: u64,
}

/// Answers, or truths.
pub(super) enum Cells {
    /// Codes into the classes in order; [`MISSING`] where there is none.
    Classes { codes: Vec<u32>, classes: Vec<String> },
    /// Numbers; NaN where there is none.
    Numbers(Vec<f64>),
}

fn fault(file: &str, why: impl Into<String>) -> Error {
    Error::Answers { file: file.to_owned(), why: why.into() }
}

pub(super) fn sheet(request: &Request, progress: Progress<'_>) -> Result<Sheet, Error> {
    let mut source = Source::open(&request.answers, request.format)?;
    let name = source.name().to_owned();
    let columns = guess(request, &source)?;
    let wanted = [(&columns.item, Want::Key), (&columns.person, Want::Key), (&columns.answer, Want::Auto)];
    let table = source.read(&wanted, progress)?;
    let all = table.rows() as u64;
    let (mut item, mut person, answer) = complete(table);
    let left_out = all - item.codes.len() as u64;
    if item.codes.is_empty() {
        let rows = if all == 0 { "there is no row" } else { "no row has item, person and answer" };
        return Err(fault(&name, format!("{rows}, so nothing can be said about people or items")));
    }
    repeated(&name, &item, &person)?;
    let kind = kind(request, &name, &answer)?;
    let answers = cells(answer, kind);
    let (item_codes, items) = renumbered(&mut item.codes, item.labels.len());
    let (person_codes, people_count) = renumbered(&mut person.codes, person.labels.len());
    let mut people = vec![String::new(); people_count];
    for (label, code) in person.labels.iter().zip(person_codes) {
        if let Some(slot) = people.get_mut(code as usize) {
            label.clone_into(slot);
        }
    }
    let (truth, truths_elsewhere) = match &request.truth {
        Some(path) => {
            let mut source = Source::open(path, None)?;
            let find =
                |text: &str| item.labels.find(text).and_then(|old| item_codes.get(old as usize).copied()).filter(|code| *code != MISSING);
            let (truth, elsewhere) = truth(&mut source, &columns.item, items, find, &answers)?;
            (Some(truth), elsewhere)
        }
        None => (None, 0),
    };
    Ok(Sheet {
        source: name,
        columns,
        kind,
        left_out,
        item: item.codes,
        person: person.codes,
        items,
        people,
        answers,
        truth,
        truths_elsewhere,
    })
}

/// Which column is what: as asked for, else by its name, else the one that is left of three.
fn guess(request: &Request, source: &Source) -> Result<ColumnNames, Error> {
    let names = source.names();
    let mut guessed = Vec::new();
    let mut taken: Vec<String> = [&request.item, &request.person, &request.answer].into_iter().flatten().cloned().collect();
    let mut find = |asked: &Option<String>, what: &'static str, words: &[&str]| {
        if asked.is_some() {
            return asked.clone();
        }
        let found = words.iter().find_map(|word| names.iter().find(|name| name.eq_ignore_ascii_case(word) && !taken.contains(name)));
        taken.extend(found.cloned());
        guessed.extend(found.map(|_| what));
        found.cloned()
    };
    let mut found = [
        find(&request.item, "item", &ITEM_NAMES),
        find(&request.person, "person", &PERSON_NAMES),
        find(&request.answer, "answer", &ANSWER_NAMES),
    ];
    let left: Vec<&String> = names.iter().filter(|name| !taken.contains(name)).collect();
    if let ([last], 3) = (left.as_slice(), names.len())
        && let Some((open, what)) = found.iter_mut().zip(["item", "person", "answer"]).find(|(found, _)| found.is_none())
    {
        *open = Some((*last).clone());
        guessed.push(what);
    }
    match found {
        [Some(item), Some(person), Some(answer)] => Ok(ColumnNames { item, person, answer, guessed }),
        [item, person, _] => {
            let flag = if item.is_none() {
                "--item"
            } else if person.is_none() {
                "--person"
            } else {
                "--answer"
            };
            let there = names.iter().take(20).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            Err(fault(source.name(), format!("no column is surely the one of {flag}; name it. There are {there}")))
        }
    }
}

/// The rows that have all three cells.
fn complete(table: Table) -> (Category, Category, Column) {
    let mut columns = table.into_columns().into_iter();
    let mut category = || match columns.next() {
        Some(Column::Category(category)) => category,
        _ => Category::default(),
    };
    let (mut item, mut person) = (category(), category());
    let mut answer = columns.next().unwrap_or(Column::Number(Vec::new()));
    let present = |row: usize| match &answer {
        Column::Number(values) => values.get(row).is_some_and(|value| !value.is_nan()),
        Column::Category(category) => category.codes.get(row).is_some_and(|code| *code != MISSING),
    };
    let keep: Vec<bool> =
        item.codes.iter().zip(&person.codes).enumerate().map(|(row, (i, p))| *i != MISSING && *p != MISSING && present(row)).collect();
    fn retain<T: Copy>(cells: &mut Vec<T>, keep: &[bool]) {
        let mut keep = keep.iter();
        cells.retain(|_| keep.next().copied().unwrap_or(false));
    }
    if keep.contains(&false) {
        retain(&mut item.codes, &keep);
        retain(&mut person.codes, &keep);
        match &mut answer {
            Column::Number(values) => retain(values, &keep),
            Column::Category(category) => retain(&mut category.codes, &keep),
        }
    }
    (item, person, answer)
}

/// That nobody answers an item twice.
fn repeated(file: &str, item: &Category, person: &Category) -> Result<(), Error> {
    let mut seen = HashMap::with_capacity(item.codes.len());
    let mut first = None;
    let mut count = 0;
    for (row, pair) in item.codes.iter().zip(&person.codes).enumerate() {
        if seen.insert(pair, row).is_some() {
            count += 1;
            first.get_or_insert(row);
        }
    }
    let Some(row) = first else { return Ok(()) };
    let (item, person) = (item.text(row).unwrap_or_default(), person.text(row).unwrap_or_default());
    let more = if count > 1 { format!(", and there are {} more such answers", count - 1) } else { String::new() };
    Err(fault(file, format!("person `{person}` answers item `{item}` more than once{more}; keep one answer of each person to each item")))
}

/// Words among numbers that stand for no answer, and must not become a class.
const NO_ANSWERS: [&str; 8] = ["nan", "inf", "-inf", "na", "n/a", "null", "none", "-"];

/// That numbers have no words for nothing among them.
fn no_words_for_nothing(file: &str, labels: &Labels) -> Result<(), Error> {
    let (words, numbers): (Vec<&str>, Vec<&str>) =
        labels.iter().partition(|label| NO_ANSWERS.iter().any(|word| label.eq_ignore_ascii_case(word)));
    match words.first() {
        Some(word) if !numbers.is_empty() && numbers.iter().all(|label| label.parse::<f64>().is_ok()) => {
            Err(fault(file, format!("`{word}` stands among answers that are numbers; leave the cell empty where there is no answer")))
        }
        _ => Ok(()),
    }
}

fn kind(request: &Request, file: &str, answer: &Column) -> Result<Kind, Error> {
    if let Column::Category(category) = answer {
        no_words_for_nothing(file, &category.labels)?;
    }
    let different = match answer {
        Column::Number(values) => {
            let mut bits: Vec<u64> = values.iter().map(|value| value.to_bits()).collect();
            bits.sort_unstable();
            bits.dedup();
            bits.len()
        }
        Column::Category(category) => category.labels.len(),
    };
    let kind = match (request.kind, answer) {
        (Some(Kind::Numbers), Column::Category(category)) => {
            let word = category.labels.iter().find(|label| label.parse::<f64>().is_err()).unwrap_or_default();
            return Err(fault(file, format!("`{word}` is no number, so the answers are none; leave --kind out")));
        }
        (Some(kind), _) => kind,
        (None, Column::Number(_)) if different > NUMERIC_CLASSES_MAX => Kind::Numbers,
        (None, _) => Kind::Classes,
    };
    if kind == Kind::Classes && different > CLASSES_MAX {
        let numbers = if matches!(answer, Column::Number(_)) { " --kind numbers takes them for numbers." } else { "" };
        return Err(fault(
            file,
            format!(
                "{different} different answers are texts or measurements and no classes, of which at most {CLASSES_MAX} are taken.{numbers}"
            ),
        ));
    }
    Ok(kind)
}

/// A column as classes in order (numbers by value, words by alphabet), or as numbers.
fn cells(column: Column, kind: Kind) -> Cells {
    match (column, kind) {
        (Column::Number(values), Kind::Numbers) => Cells::Numbers(values),
        (column, _) => {
            let texts = texts(column);
            let mut classes: Vec<String> = texts.labels;
            let mut order: Vec<usize> = (0..classes.len()).collect();
            order.sort_by(|a, b| in_order(&classes[*a], &classes[*b]));
            let mut new = vec![0; classes.len()];
            order.iter().enumerate().for_each(|(at, old)| new[*old] = at as u32);
            classes.sort_by(|a, b| in_order(a, b));
            Cells::Classes { codes: texts.codes.iter().map(|code| new.get(*code as usize).copied().unwrap_or(MISSING)).collect(), classes }
        }
    }
}

struct Texts {
    codes: Vec<u32>,
    labels: Vec<String>,
}

/// A column as text: 1 is the class `1` whether the file has numbers or words beside it.
fn texts(column: Column) -> Texts {
    match column {
        Column::Category(category) => {
            // Labels of rows that were left out are no classes.
            let mut codes = category.codes;
            let (new, count) = renumbered(&mut codes, category.labels.len());
            let mut labels = vec![String::new(); count];
            for (label, new) in category.labels.iter().zip(new) {
                if let Some(slot) = labels.get_mut(new as usize) {
                    label.clone_into(slot);
                }
            }
            Texts { labels, codes }
        }
        Column::Number(values) => {
            let (mut labels, mut known) = (Vec::new(), HashMap::new());
            let code = |value: f64| {
                // -0 is 0.
                *known.entry((value + 0.0).to_bits()).or_insert_with(|| {
                    labels.push((value + 0.0).to_string());
                    labels.len() as u32 - 1
                })
            };
            let codes = values.into_iter().map({
                let mut code = code;
                move |value| if value.is_nan() { MISSING } else { code(value) }
            });
            let codes = codes.collect();
            Texts { codes, labels }
        }
    }
}

/// Codes that occur, numbered anew in order of appearance: the new code of each old one, and how many there are.
fn renumbered(codes: &mut [u32], old: usize) -> (Vec<u32>, usize) {
    let (mut new, mut count) = (vec![MISSING; old], 0);
    for code in codes {
        let Some(slot) = new.get_mut(*code as usize) else { continue };
        if *slot == MISSING {
            *slot = count;
            count += 1;
        }
        *code = *slot;
    }
    (new, count as usize)
}

fn in_order(a: &str, b: &str) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        _ => a.cmp(b),
    }
}

/// Truths by item, and how many are of items that nobody answered.
fn truth(
    source: &mut Source,
    item: &str,
    items: usize,
    find: impl Fn(&str) -> Option<u32>,
    answers: &Cells,
) -> Result<(Cells, u64), Error> {
    let want = if matches!(answers, Cells::Numbers(_)) { Want::Number } else { Want::Auto };
    let table = source.read(&[(item, Want::Key), (TRUTH, want)], &mut |_, _| {})?;
    let file = source.name().to_owned();
    let mut columns = table.into_columns().into_iter();
    let (Some(Column::Category(keys)), Some(truths)) = (columns.next(), columns.next()) else {
        return Err(fault(&file, "it has no items"));
    };
    let row_item: Vec<Option<usize>> = (0..keys.codes.len()).map(|row| keys.text(row).and_then(&find).map(|code| code as usize)).collect();
    let (mut elsewhere, mut known) = (0, false);
    let different = |row: usize| {
        let item = keys.text(row).unwrap_or_default();
        fault(&file, format!("item `{item}` has two different truths; keep one"))
    };
    let found = match (truths, answers) {
        (Column::Number(values), Cells::Numbers(_)) => {
            let mut by_item = vec![f64::NAN; items];
            for (row, (at, value)) in row_item.iter().zip(values).enumerate() {
                let Some(slot) = at.and_then(|at| by_item.get_mut(at)) else {
                    elsewhere += u64::from(!value.is_nan());
                    continue;
                };
                if !slot.is_nan() && *slot != value {
                    return Err(different(row));
                }
                known |= !value.is_nan();
                *slot = value;
            }
            Cells::Numbers(by_item)
        }
        (truths, answers) => {
            let mut classes = if let Cells::Classes { classes, .. } = answers { classes.clone() } else { Vec::new() };
            let texts = texts(truths);
            // Classes that nobody answered come after the others: no label is one of them.
            let code = |label: &String| {
                classes.iter().position(|class| class == label).unwrap_or_else(|| {
                    classes.push(label.clone());
                    classes.len() - 1
                }) as u32
            };
            let codes: Vec<u32> = texts.labels.iter().map(code).collect();
            let mut by_item = vec![MISSING; items];
            for (row, (at, text)) in row_item.iter().zip(&texts.codes).enumerate() {
                let Some(code) = codes.get(*text as usize) else { continue };
                let Some(slot) = at.and_then(|at| by_item.get_mut(at)) else {
                    elsewhere += 1;
                    continue;
                };
                if *slot != MISSING && slot != code {
                    return Err(different(row));
                }
                known = true;
                *slot = *code;
            }
            Cells::Classes { codes: by_item, classes }
        }
    };
    if !known {
        return Err(fault(&file, format!("none of its items in `{item}` has an answer; are the items called the same in both files?")));
    }
    Ok((found, elsewhere))
}
