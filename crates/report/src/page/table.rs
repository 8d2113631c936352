//! Tables of figures: value and interval stand apart, so that digits line up. Never wraps a figure.

use countersign_science::Estimate;
use maud::{Markup, html};

use super::prose;
use crate::format::Unit;

/// With more columns than these, where an interval beside its value counts as one, it stands under the value instead.
const BESIDE_MAX: usize = 8;

/// A table of so few columns is no wider than what stands in it.
const SNUG_MAX: usize = 5;

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Words, set to the left.
    Words(&'static str),
    /// A bare number, set to the right.
    Number(&'static str),
    /// A value with its interval.
    Figure(&'static str, Unit),
}

/// A cell.
pub enum Cell {
    /// Anything.
    Html(Markup),
    /// A sentence or a word.
    Words(String),
    /// A value with its interval, or a dash: why there is none stands beside the table.
    Figure(Option<Estimate>),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Words(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Words(text)
    }
}

impl From<Markup> for Cell {
    fn from(markup: Markup) -> Self {
        Self::Html(markup)
    }
}

impl From<Option<Estimate>> for Cell {
    fn from(estimate: Option<Estimate>) -> Self {
        Self::Figure(estimate)
    }
}

struct Line {
    marked: bool,
    cells: Vec<Cell>,
    note: String,
}

/// A table in the making.
pub struct Table {
    columns: Vec<Column>,
    lines: Vec<Line>,
    caption: String,
}

impl Table {
    /// A table with these columns; the first names its row.
    pub fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), lines: Vec::new(), caption: String::new() }
    }

    /// With a caption above it.
    #[must_use]
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = caption.into();
        self
    }

    /// Adds a row; a marked one stands out.
    pub fn row(&mut self, marked: bool, cells: Vec<Cell>) {
        self.noted(marked, cells, String::new());
    }

    /// Adds a row with a sentence under it.
    pub fn noted(&mut self, marked: bool, cells: Vec<Cell>, note: String) {
        self.lines.push(Line { marked, cells, note });
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The columns in which some row has something: the others would only say so again and again.
    fn kept(&self) -> Vec<(usize, Column)> {
        let filled = |at: usize| {
            self.lines.iter().any(|line| match line.cells.get(at) {
                Some(Cell::Figure(figure)) => figure.is_some(),
                Some(Cell::Words(words)) => !words.is_empty(),
                Some(Cell::Html(_)) => true,
                None => false,
            })
        };
        self.columns.iter().copied().enumerate().filter(|(at, _)| *at == 0 || filled(*at)).collect()
    }

    /// Figures of a column have the same decimals.
    fn decimals(&self, at: usize) -> usize {
        let Some(Column::Figure(_, unit)) = self.columns.get(at) else { return 0 };
        let widths = self.lines.iter().filter_map(|line| match line.cells.get(at) {
            Some(Cell::Figure(Some(estimate))) => Some(estimate.high - estimate.low),
            _ => None,
        });
        unit.common_decimals(widths)
    }

    /// The table, which scrolls by itself where it is too wide.
    pub fn render(&self) -> Markup {
        let kept = self.kept();
        let figures = kept.iter().filter(|(_, column)| matches!(column, Column::Figure(..))).count();
        let beside = kept.len() + figures <= BESIDE_MAX;
        let cells = kept.len() + if beside { figures } else { 0 };
        let decimals = |at: usize| self.decimals(at);
        html! {
            div.scroll tabindex="0" {
                table.snug[beside && kept.len() <= SNUG_MAX] {
                    @if !self.caption.is_empty() { caption { (self.caption) } }
                    thead {
                        tr {
                            @for (_, column) in &kept {
                                @match column {
                                    // A heading without words would be read out as one.
                                    Column::Words("") => { td {} }
                                    Column::Words(name) => { th scope="col" { (name) } }
                                    Column::Figure(name, _) if beside => { th scope="col" colspan="2" { (name) } }
                                    Column::Number(name) | Column::Figure(name, _) => { th.right scope="col" { (name) } }
                                }
                            }
                        }
                    }
                    tbody {
                        @for line in &self.lines {
                            tr.marked[line.marked].with-note[!line.note.is_empty()] {
                                @for (at, column) in &kept {
                                    @if let Some(cell) = line.cells.get(*at) { (render_cell(*column, cell, *at == 0, beside, decimals(*at))) }
                                }
                            }
                            @if !line.note.is_empty() {
                                tr.note.marked[line.marked] { td colspan=(cells) { div { (prose(&crate::format::sentence(&line.note))) } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn render_cell(column: Column, cell: &Cell, first: bool, beside: bool, decimals: usize) -> Markup {
    let figure = matches!(column, Column::Figure(..));
    let words = |content: Markup| {
        let right = matches!(column, Column::Number(_)) || (figure && !beside);
        let wide = (figure && beside).then_some("2");
        // A row that goes on with what stands above has no heading of its own.
        let first = first && !matches!(cell, Cell::Words(text) if text.is_empty());
        html! { @if first { th scope="row" { (content) } } @else { td.right[right] colspan=[wide] { (content) } } }
    };
    match (cell, column) {
        (Cell::Html(markup), _) => words(markup.clone()),
        (Cell::Words(text), _) => words(prose(text)),
        (Cell::Figure(Some(estimate)), Column::Figure(_, unit)) => {
            let text = unit.interval_with(estimate.value, estimate.low, estimate.high, decimals);
            let (value, ends) = super::parted(&text);
            html! { @if beside { td.right { (value) } td.ends { (ends) } } @else { td.stack { (value) span { (ends) } } } }
        }
        (Cell::Figure(_), _) => words(html! { span.soft { "–" } }),
    }
}
