//! Charts: plain numbers and labels in, inline SVG out. Knows no finding, runs no script, and names no colour.
//!
//! A chart is a struct of labels and numbers that implements [`Chart`]. Its picture is coloured by classes alone: a page
//! includes [`TOKENS`] (the variables, light, dark and print) or defines the same variables itself, and [`CSS`] (the
//! classes). No element carries a style attribute, so a strict content security policy holds. Every picture has
//! `role="img"`, a title and a description, marks say their figures under the pointer, and [`Chart::data`] gives the same
//! numbers as a table. Each tone has a shape of its own: colour is never the only difference.
//!
//! A picture is drawn for the width that it is seen at, not shrunk to it: [`responsive`] gives a wide and a narrow drawing,
//! of which the style sheet shows one. Labels may be hostile: they are escaped and shortened. Numbers may be missing or not
//! finite: they are left out, and where nothing is left the picture says what it waits for.

mod bars;
mod canvas;
mod confusion;
mod curve;
mod histogram;
mod multiples;
mod panels;
mod reliability;
mod reliance;
mod rows;
mod scale;
mod sparkline;
mod style;
#[cfg(test)]
mod tests;
mod text;

use maud::{Markup, html};

pub use bars::Bars;
pub use confusion::Confusion;
pub use curve::{Chosen, Curves, Series};
pub use histogram::{Bin, Histogram};
pub use multiples::Multiples;
pub use panels::{PanelCell, PanelGroup, PanelRow, Panels};
pub use reliability::Reliability;
pub use reliance::{RelianceGrid, RelianceMap, ReliancePoint};
pub use rows::{Forest, Group, Intervals, Row};
pub use scale::Axis;
pub use sparkline::{SPARK_PX, Sparkline};
pub use style::{CSS, TOKENS};

use canvas::{Anchor, Canvas};
use scale::drawable;

/// The width of a picture beside or under text on a desk, px.
pub const WIDE_PX: f64 = 680.0;
/// The width of a picture on a phone, px.
pub const NARROW_PX: f64 = 340.0;
/// A drawing narrower than this puts labels above their marks instead of beside them, px.
const COMPACT_PX: f64 = 480.0;
/// A description for those who do not see the picture is no longer than this; the table says the rest.
const DESCRIPTION_LETTERS_MAX: usize = 700;

/// Whose number it is. People, AI and pair have one hue and one shape each; everything else is plain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// None of the three: neutral ink, a small dot.
    #[default]
    Plain,
    /// People: a dot.
    Person,
    /// The AI: a diamond.
    Ai,
    /// The pair: a square.
    Pair,
}

impl Tone {
    /// The class that gives an element this tone's colour.
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Person => "person",
            Self::Ai => "ai",
            Self::Pair => "pair",
        }
    }
}

/// How a mark is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mark {
    /// Filled: measured, or clear of chance.
    #[default]
    Solid,
    /// Outlined: computed rather than observed, or within what chance does.
    Hollow,
    /// No dot at all: only the ends are known, as of bounds.
    Ends,
}

/// A value with the ends of its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The point estimate.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// A value and its ends.
    pub fn new(value: f64, low: f64, high: f64) -> Self {
        Self { value, low, high }
    }

    /// Whether it can be drawn: the value is finite. Ends that are not are left out.
    fn drawable(&self) -> bool {
        drawable(self.value)
    }

    fn ends(&self) -> Option<(f64, f64)> {
        (drawable(self.low) && drawable(self.high)).then_some((self.low, self.high))
    }

    /// Every number of it that can be drawn.
    fn values(&self) -> impl Iterator<Item = f64> + use<> {
        [self.value, self.low, self.high].into_iter().filter(|value| drawable(*value))
    }
}

impl From<&countersign_science::Estimate> for Interval {
    fn from(estimate: &countersign_science::Estimate) -> Self {
        Self { value: estimate.value, low: estimate.low, high: estimate.high }
    }
}

/// A line to compare with: no difference, the promise, the AI alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Where it stands.
    pub value: f64,
    /// What it is, in a word or three.
    pub label: String,
}

impl Reference {
    /// A line at a value.
    pub fn new(value: f64, label: impl Into<String>) -> Self {
        Self { value, label: label.into() }
    }
}

/// The numbers of a chart as a table: a head, and rows of as many cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Data {
    /// Names of the columns.
    pub head: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Data {
    fn new(head: &[&str], rows: Vec<Vec<String>>) -> Self {
        Self { head: head.iter().map(|name| (*name).to_owned()).collect(), rows }
    }
}

/// A picture of some numbers.
pub trait Chart {
    /// What it shows, in a line: the name of the picture, not drawn into it.
    fn title(&self) -> &str;
    /// The picture, for a width in px. Its height follows.
    fn draw(&self, width_px: f64) -> Markup;
    /// The same numbers as a table.
    fn data(&self) -> Data;
}

/// The picture in a wide and a narrow drawing; the style sheet shows the one that fits.
pub fn responsive(chart: &dyn Chart) -> Markup {
    html! {
        div.picture {
            div.wide { (chart.draw(WIDE_PX)) }
            div.narrow { (chart.draw(NARROW_PX)) }
        }
    }
}

/// The picture as an SVG file that stands by itself: with its colours, light and dark, on paper of its own.
pub fn standalone(chart: &dyn Chart, width_px: f64) -> String {
    const PAPER: &str = "svg { font-family: system-ui, sans-serif; background: var(--paper); }";
    let svg = chart.draw(width_px).into_string();
    // INVARIANT: every drawing begins with one element whose first `>` ends its own tag.
    let (open, rest) = svg.split_once('>').unwrap_or((&svg, ""));
    format!("{open}><style>{TOKENS}{CSS}{PAPER}</style>{rest}\n")
}

/// The picture where there is not enough data: an empty frame that says what it waits for.
fn waiting(title: &str, needs: &str, width_px: f64) -> Markup {
    let height = 112.0;
    let mut canvas = Canvas::new(width_px, height);
    canvas.rect("waiting", (0.5, 0.5), (width_px - 1.0, height - 1.0));
    canvas.text("label head", (width_px / 2.0, 44.0), Anchor::Middle, "Not enough yet");
    for (at, line) in text::wrap(needs, width_px - 32.0, text::NOTE_PX, 2).iter().enumerate() {
        canvas.text("note", (width_px / 2.0, if at == 0 { 66.0 } else { 82.0 }), Anchor::Middle, line);
    }
    canvas.finish("chart", title, &format!("Not enough yet. {needs}"))
}

/// Sentences for those who do not see the picture, as many as are bearable.
fn describe(parts: impl Iterator<Item = String>) -> String {
    let mut out = String::new();
    for part in parts {
        if out.chars().count() + part.chars().count() > DESCRIPTION_LETTERS_MAX {
            out.push_str(if out.is_empty() { "The numbers are in the table." } else { " And more, in the table." });
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&part);
        out.push('.');
    }
    out
}
