//! Bars with intervals: amounts that start at nothing. Never cuts the foot off a bar.

use maud::Markup;

use super::rows::{Group, Row, Rows, data};
use super::scale::Axis;
use super::{Chart, Data, Reference};

/// Bars from zero with whiskers: shares, minutes, costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// What it shows.
    pub title: String,
    /// What is measured. Zero is always part of it.
    pub axis: Axis,
    /// The rows, in the order in which they are drawn.
    pub rows: Vec<Row>,
    /// Lines to compare with.
    pub references: Vec<Reference>,
}

impl Chart for Bars {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, width_px: f64) -> Markup {
        let group = Group { rows: self.rows.clone(), ..Group::default() };
        let mut axis = self.axis.clone();
        axis.domain = axis.domain.map(|(low, high)| (low.min(0.0), high.max(0.0)));
        Rows { title: &self.title, axis: &axis, groups: &[group], references: &self.references, bars: true }.draw(width_px)
    }

    fn data(&self) -> Data {
        data(&self.axis, self.rows.iter().map(|row| ("", row)))
    }
}
