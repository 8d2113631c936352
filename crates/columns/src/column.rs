//! [`Table`]: columns in memory. Never knows where they came from.

use crate::labels::Labels;

/// The code of a cell that has no value.
pub const MISSING: u32 = u32::MAX;

/// How a column is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// As numbers; what is neither a number nor missing is refused.
    Number,
    /// As categories, at most [`crate::limits::CATEGORIES_MAX`] of them.
    Category,
    /// As keys that are only told apart (items, people), at most [`crate::limits::KEYS_MAX`] of them.
    Key,
    /// As numbers where all values are numbers, else as categories. While streaming, the first batch decides.
    Auto,
}

/// The cells of one column.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Finite numbers; NaN where missing.
    Number(Vec<f64>),
    /// Texts by code.
    Category(Category),
}

/// A column of texts that repeat.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Category {
    /// A code for each row; [`MISSING`] where it has no value.
    pub codes: Vec<u32>,
    /// The text of each code, in the order of first appearance in the file.
    pub labels: Labels,
}

impl Category {
    /// The text of a row; `None` where it is missing.
    #[must_use]
    pub fn text(&self, row: usize) -> Option<&str> {
        self.codes.get(row).and_then(|code| self.labels.get(*code))
    }
}

impl Column {
    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Number(values) => values.len(),
            Self::Category(category) => category.codes.len(),
        }
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many rows have no value.
    #[must_use]
    pub fn missing(&self) -> usize {
        match self {
            Self::Number(values) => values.iter().filter(|value| value.is_nan()).count(),
            Self::Category(category) => category.codes.iter().filter(|code| **code == MISSING).count(),
        }
    }

    /// The numbers, where these are numbers.
    #[must_use]
    pub fn number(&self) -> Option<&[f64]> {
        match self {
            Self::Number(values) => Some(values),
            Self::Category(_) => None,
        }
    }

    /// The categories, where these are categories.
    #[must_use]
    pub fn category(&self) -> Option<&Category> {
        match self {
            Self::Category(category) => Some(category),
            Self::Number(_) => None,
        }
    }
}

/// Columns of one length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    pub(crate) rows: usize,
    pub(crate) first_row: u64,
    pub(crate) names: Vec<String>,
    pub(crate) columns: Vec<Column>,
}

impl Table {
    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many rows of the file came before this batch.
    #[must_use]
    pub fn first_row(&self) -> u64 {
        self.first_row
    }

    /// The names of the columns, as wanted.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The columns, in the order in which they were wanted.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// A column by its name; the first where it was wanted twice.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.names.iter().position(|one| one == name).and_then(|at| self.columns.get(at))
    }

    /// The numbers of a column that was wanted as [`Want::Number`].
    #[must_use]
    pub fn number(&self, name: &str) -> Option<&[f64]> {
        self.column(name).and_then(Column::number)
    }

    /// The categories of a column that was wanted as [`Want::Category`] or [`Want::Key`].
    #[must_use]
    pub fn category(&self, name: &str) -> Option<&Category> {
        self.column(name).and_then(Column::category)
    }

    /// The columns themselves, in the order in which they were wanted.
    #[must_use]
    pub fn into_columns(self) -> Vec<Column> {
        self.columns
    }
}
