//! Reading the public data sets beside the project, where they are present. Passes over what is absent, with a reason.

use std::path::PathBuf;

/// A CSV file of the shared data as columns of text by name.
pub struct Table {
    names: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    /// `None`, with a line that says so, where the file is absent.
    pub fn read(file: &str) -> Option<Self> {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(file);
        if !path.exists() {
            println!("passed over: {file} is not beside the project");
            return None;
        }
        let mut reader = csv::Reader::from_path(path).unwrap();
        let names = reader.headers().unwrap().iter().map(str::to_owned).collect();
        Some(Self { names, rows: reader.records().map(|row| row.unwrap()).collect() })
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Keeps the rows in which `column` is `value`.
    pub fn only(mut self, column: &str, value: &str) -> Self {
        let at = self.at(column);
        self.rows.retain(|row| &row[at] == value);
        self
    }

    /// Keeps the rows that are games and not attention checks, whose number is negative.
    pub fn games(mut self) -> Self {
        let at = self.at("game_id");
        self.rows.retain(|row| !row[at].starts_with('-'));
        self
    }

    pub fn text(&self, column: &str) -> impl Iterator<Item = &str> {
        let at = self.at(column);
        self.rows.iter().map(move |row| &row[at])
    }

    pub fn numbers(&self, column: &str) -> Vec<f64> {
        self.text(column).map(|cell| cell.parse().unwrap()).collect()
    }

    pub fn ids(&self, column: &str) -> Vec<u32> {
        self.text(column).map(|cell| cell.parse().unwrap()).collect()
    }

    fn at(&self, column: &str) -> usize {
        self.names.iter().position(|name| name == column).unwrap()
    }
}
