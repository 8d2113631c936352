//! Cells become columns, whatever format they come from. Knows no file: what is wrong is said without its place.

use crate::{
    column::{Category, Column, MISSING, Table, Want},
    error::{shown, thousands},
    labels::Refused,
    limits::{CATEGORIES_MAX, KEYS_MAX, LABEL_BYTES_MAX},
};
use std::{fmt::Write as _, str};

/// One column that grows.
pub(crate) struct Builder {
    pub(crate) want: Want,
    column: Column,
    /// Whether [`Want::Auto`] is still open.
    open: bool,
    /// Room to write a number as text.
    scratch: String,
    /// The codes of small whole numbers, which are often classes; [`MISSING`] where not met yet.
    small: Vec<u32>,
}

/// Whole numbers below this find their code without being written out.
const SMALL_INTEGERS: usize = 1_024;

impl Builder {
    pub(crate) fn new(want: Want) -> Self {
        let column = if want == Want::Number { Column::Number(Vec::new()) } else { Column::Category(Category::default()) };
        Self { want, column, open: want == Want::Auto, scratch: String::new(), small: Vec::new() }
    }

    /// A cell without a value.
    pub(crate) fn missing(&mut self) {
        match &mut self.column {
            Column::Number(values) => values.push(f64::NAN),
            Column::Category(category) => category.codes.push(MISSING),
        }
    }

    /// A cell of text; nothing but white space is missing.
    pub(crate) fn text(&mut self, cell: &[u8]) -> Result<(), String> {
        let cell = cell.trim_ascii();
        if cell.is_empty() {
            self.missing();
            return Ok(());
        }
        match &mut self.column {
            Column::Number(values) => values.push(number(cell)?),
            Column::Category(category) => match category.labels.code(cell, most(self.want)) {
                Ok(code) => category.codes.push(code),
                Err(refused) => return self.refused(refused, cell),
            },
        }
        Ok(())
    }

    /// A cell that is a number already.
    pub(crate) fn number(&mut self, value: f64) -> Result<(), String> {
        if !value.is_finite() {
            return Err(not_finite(&value.to_string()));
        }
        match &mut self.column {
            Column::Number(values) => {
                values.push(value);
                Ok(())
            }
            Column::Category(_) => self.written(value),
        }
    }

    /// A cell that is a whole number already.
    pub(crate) fn integer(&mut self, value: i64) -> Result<(), String> {
        let category = match &mut self.column {
            Column::Number(values) => {
                values.push(value as f64);
                return Ok(());
            }
            Column::Category(category) => category,
        };
        let Some(small) = usize::try_from(value).ok().filter(|small| *small < SMALL_INTEGERS) else { return self.written(value) };
        match self.small.get(small) {
            Some(code) if *code != MISSING => {
                category.codes.push(*code);
                Ok(())
            }
            _ => {
                self.written(value)?;
                self.small.resize(SMALL_INTEGERS, MISSING);
                if let (Some(kept), Column::Category(category)) = (self.small.get_mut(small), &self.column) {
                    *kept = category.codes.last().copied().unwrap_or(MISSING);
                }
                Ok(())
            }
        }
    }

    /// Something that is written out where categories are wanted.
    pub(crate) fn written(&mut self, value: impl std::fmt::Display) -> Result<(), String> {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        // Writing to a string does not fail.
        let _ = write!(text, "{value}");
        let result = self.text(text.as_bytes());
        self.scratch = text;
        result
    }

    /// Everything that another builder of the same wish holds, after what is here.
    pub(crate) fn append(&mut self, part: Self) -> Result<(), String> {
        let part = match part.column {
            Column::Number(values) => {
                if let Column::Category(_) = &self.column {
                    self.become_numbers()?;
                }
                if let Column::Number(here) = &mut self.column {
                    here.extend_from_slice(&values);
                }
                return Ok(());
            }
            Column::Category(part) => part,
        };
        match &mut self.column {
            Column::Number(values) => {
                let parsed = part.labels.iter().map(|label| number(label.as_bytes())).collect::<Result<Vec<_>, _>>()?;
                values.extend(part.codes.iter().map(|code| parsed.get(*code as usize).copied().unwrap_or(f64::NAN)));
                Ok(())
            }
            Column::Category(here) => {
                let most = most(self.want);
                let codes = part.labels.iter().map(|label| {
                    here.labels.code(label.as_bytes(), most).map_err(|refused| (refused, refusal(refused, label.as_bytes(), self.want)))
                });
                let map = match codes.collect::<Result<Vec<_>, _>>() {
                    Ok(map) => map,
                    Err((Refused::Full, _)) if self.open => {
                        self.become_numbers()?;
                        return self.append(Self { column: Column::Category(part), ..Self::new(Want::Auto) });
                    }
                    Err((_, why)) => return Err(why),
                };
                here.codes.extend(part.codes.iter().map(|code| map.get(*code as usize).copied().unwrap_or(MISSING)));
                Ok(())
            }
        }
    }

    /// Decides what an automatic column is.
    pub(crate) fn settle(&mut self) {
        if self.open {
            if let Column::Category(category) = &self.column
                && !category.labels.is_empty()
            {
                // Where some text is no number the column stays one of categories.
                let _ = self.become_numbers();
            }
            self.open = false;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.column.len()
    }

    /// The code of a text, for a reader that looks each different text up once.
    pub(crate) fn code(&mut self, text: &[u8]) -> Result<Option<u32>, String> {
        let text = text.trim_ascii();
        let Column::Category(category) = &mut self.column else { return Ok(None) };
        if text.is_empty() {
            return Ok(Some(MISSING));
        }
        category.labels.code(text, most(self.want)).map(Some).map_err(|refused| refusal(refused, text, self.want))
    }

    /// The codes of a column of categories, for a reader that has them ready.
    pub(crate) fn codes(&mut self) -> Option<&mut Vec<u32>> {
        match &mut self.column {
            Column::Category(category) => Some(&mut category.codes),
            Column::Number(_) => None,
        }
    }

    fn refused(&mut self, refused: Refused, cell: &[u8]) -> Result<(), String> {
        if refused == Refused::Full && self.open {
            self.become_numbers()?;
            return self.text(cell);
        }
        Err(refusal(refused, cell, self.want))
    }

    /// Turns categories that are all numbers into numbers.
    fn become_numbers(&mut self) -> Result<(), String> {
        let Column::Category(category) = &self.column else { return Ok(()) };
        let parse = |label: &str| number(label.as_bytes()).map_err(|_| refusal(Refused::Full, label.as_bytes(), self.want));
        let parsed = category.labels.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        let value = |code: &u32| parsed.get(*code as usize).copied().unwrap_or(f64::NAN);
        self.column = Column::Number(category.codes.iter().map(value).collect());
        self.open = false;
        Ok(())
    }
}

fn most(want: Want) -> usize {
    if want == Want::Key { KEYS_MAX } else { CATEGORIES_MAX }
}

/// A finite number out of text.
fn number(cell: &[u8]) -> Result<f64, String> {
    match str::from_utf8(cell).ok().and_then(|text| text.parse::<f64>().ok()) {
        Some(value) if value.is_finite() => Ok(value),
        Some(_) => Err(not_finite(&shown(cell))),
        None => Err(format!("`{}` is no number; write numbers like 0.25, and leave the field empty where there is none", shown(cell))),
    }
}

fn not_finite(shown: &str) -> String {
    format!("`{shown}` is no finite number; leave the field empty where there is none")
}

fn refusal(refused: Refused, cell: &[u8], want: Want) -> String {
    match (refused, want) {
        (Refused::NotUtf8, _) => format!("`{}` is not UTF-8; save the file as UTF-8", shown(cell)),
        (Refused::Long, _) => {
            format!("a text of {} bytes is no category; at most {} are taken", thousands(cell.len()), thousands(LABEL_BYTES_MAX))
        }
        (Refused::Full, Want::Key) => format!("more than {} different values, or more than 4 GiB of them", thousands(KEYS_MAX)),
        (Refused::Full, _) => format!(
            "more than {} different values: that is an identifier, a text or a measurement, and no category; choose another column",
            thousands(CATEGORIES_MAX)
        ),
    }
}

/// The columns of a batch while it is filled.
pub(crate) struct Batch {
    pub(crate) builders: Vec<Builder>,
    names: Vec<String>,
    first_row: u64,
    decided: bool,
}

impl Batch {
    pub(crate) fn new(names: Vec<String>, wants: &[Want]) -> Self {
        Self { builders: wants.iter().map(|want| Builder::new(*want)).collect(), names, first_row: 0, decided: false }
    }

    pub(crate) fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", String::as_str)
    }

    /// Hands the rows out as a table, and is empty afterwards. Labels stay, so that codes mean the same in every batch.
    pub(crate) fn hand_out<T>(&mut self, rows: usize, take: impl FnOnce(&Table) -> T) -> T {
        let table = self.table(rows);
        let taken = take(&table);
        self.first_row += rows as u64;
        self.names = table.names;
        for (builder, mut column) in self.builders.iter_mut().zip(table.columns) {
            match &mut column {
                Column::Number(values) => values.clear(),
                Column::Category(category) => category.codes.clear(),
            }
            builder.column = column;
        }
        taken
    }

    /// The rows as a table; this is of no use afterwards.
    pub(crate) fn table(&mut self, rows: usize) -> Table {
        if !self.decided {
            self.builders.iter_mut().for_each(Builder::settle);
            self.decided = true;
        }
        let columns = self.builders.iter_mut().map(|builder| std::mem::replace(&mut builder.column, Column::Number(Vec::new()))).collect();
        Table { rows, first_row: self.first_row, names: std::mem::take(&mut self.names), columns }
    }
}
