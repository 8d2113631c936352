//! A histogram: how many lie where. Never bins anew.

use maud::Markup;

use super::canvas::{Anchor, Canvas};
use super::scale::{self, Axis, Scale, drawable};
use super::text::{self, NOTE_PX};
use super::{COMPACT_PX, Chart, Data, Reference, Tone, describe, waiting};
use crate::format::{self, Unit};

/// One bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Where it begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
    /// How many lie in it; a weight where rows are weighted.
    pub count: f64,
}

/// Counts over the bins of one measure.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// What it shows.
    pub title: String,
    /// What is measured.
    pub axis: Axis,
    /// What is counted: "cases".
    pub counted: String,
    /// Whose they are.
    pub tone: Tone,
    /// The bins in order.
    pub bins: Vec<Bin>,
    /// A vertical line: the threshold, the median.
    pub reference: Option<Reference>,
}

impl Histogram {
    fn drawn(&self) -> Vec<Bin> {
        let fine = |bin: &&Bin| drawable(bin.low) && drawable(bin.high) && bin.low < bin.high && drawable(bin.count) && bin.count >= 0.0;
        self.bins.iter().filter(fine).copied().collect()
    }
}

impl Chart for Histogram {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, width_px: f64) -> Markup {
        let bins = self.drawn();
        let most = bins.iter().map(|bin| bin.count).fold(0.0, f64::max);
        if most <= 0.0 {
            return waiting(&self.title, "No cases to count.", width_px);
        }
        let height: f64 = if width_px >= COMPACT_PX { 220.0 } else { 168.0 };
        let mut exact = self.axis.clone();
        let (low, high) = bins.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), bin| (low.min(bin.low), high.max(bin.high)));
        exact.domain = exact.domain.or(Some((low, high)));
        let y_domain = (0.0, most * 1.05);
        let y_ticks = scale::ticks(y_domain, height / 56.0, Unit::Count);
        let left = text::widest(y_ticks.iter().map(|tick| tick.1.as_str()), NOTE_PX, width_px * 0.3) + 8.0;
        let x = Scale::new(scale::domain(&exact, std::iter::empty()), (left, width_px - 18.0));
        let bottom = height - if self.axis.label.is_empty() { 24.0 } else { 42.0 };
        let y = Scale::new(y_domain, (bottom, 26.0));
        let mut canvas = Canvas::new(width_px, height);
        for (value, label) in &y_ticks {
            canvas.line("grid", (left, y.at(*value)), (width_px - 18.0, y.at(*value)));
            canvas.text("tick", (left - 8.0, y.at(*value) + 4.0), Anchor::End, label);
        }
        for bin in &bins {
            let (from, to) = (x.at(bin.low), x.at(bin.high));
            let hover = format!("{} to {}: {}", self.axis.unit.of(bin.low), self.axis.unit.of(bin.high), format::number(bin.count, 0));
            let class = format!("bar {}", self.tone.class());
            canvas.group(&hover, |canvas| {
                canvas.rect(&class, (from + 0.5, y.at(bin.count)), ((to - from - 1.0).max(0.5), bottom - y.at(bin.count)))
            });
        }
        canvas.line("axis", (left, bottom), (width_px - 18.0, bottom));
        let ticks = if self.axis.ticks.is_empty() {
            scale::ticks(x.domain(), ((width_px - left) / 76.0).clamp(2.0, 10.0), self.axis.unit)
        } else {
            self.axis.ticks.clone()
        };
        for (value, label) in ticks.iter().filter(|(value, _)| x.contains(*value)) {
            canvas.text("tick", (x.at(*value), bottom + 16.0), Anchor::Middle, label);
        }
        canvas.text("note", (0.0, 11.0), Anchor::Start, &text::fit(&self.counted, width_px * 0.4, NOTE_PX));
        if !self.axis.label.is_empty() {
            canvas.text("note", (width_px - 18.0, bottom + 35.0), Anchor::End, &text::fit(&self.axis.label, width_px - 18.0, NOTE_PX));
        }
        if let Some(reference) = self.reference.as_ref().filter(|reference| drawable(reference.value) && x.contains(reference.value)) {
            let at = x.at(reference.value);
            canvas.line("reference", (at, 16.0), (at, bottom));
            let label = text::fit(&reference.label, width_px * 0.5, NOTE_PX);
            let anchor = if at > width_px * 0.6 { Anchor::End } else { Anchor::Start };
            canvas.text("small head halo", (if anchor == Anchor::End { at - 6.0 } else { at + 6.0 }, 24.0), anchor, &label);
        }
        let said = bins
            .iter()
            .map(|bin| format!("{} to {}: {}", self.axis.unit.of(bin.low), self.axis.unit.of(bin.high), format::number(bin.count, 0)));
        canvas.finish("chart histogram", &self.title, &describe(said))
    }

    fn data(&self) -> Data {
        let row = |bin: &Bin| vec![self.axis.unit.of(bin.low), self.axis.unit.of(bin.high), format::number(bin.count, 0)];
        Data::new(&["from", "to", &self.counted], self.drawn().iter().map(row).collect())
    }
}
