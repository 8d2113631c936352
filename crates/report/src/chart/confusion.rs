//! The confusion matrix as a heat map: what was true against what was answered. Never sums what it was not given.

use maud::Markup;

use super::canvas::{Anchor, Canvas};
use super::text::{self, LABEL_PX, NOTE_PX};
use super::{Chart, Data, Tone, describe, waiting};
use crate::format::{self, Unit};

/// A matrix of more classes than these is shown by its largest confusions.
const CLASSES_MAX: usize = 16;
/// So many confusions are listed then.
const LISTED_MAX: usize = 12;
/// Side of a cell at most, px.
const CELL_PX_MAX: f64 = 112.0;

/// Counts of truth by answer, coloured by the share of the true class.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Confusion {
    /// What it shows.
    pub title: String,
    /// Whose answers they are.
    pub tone: Tone,
    /// The classes.
    pub labels: Vec<String>,
    /// Rows are true classes, columns are answers. Weights where rows are weighted.
    pub counts: Vec<Vec<f64>>,
}

impl Confusion {
    fn at(&self, truth: usize, answer: usize) -> f64 {
        let found = self.counts.get(truth).and_then(|row| row.get(answer)).copied().unwrap_or(0.0);
        if super::drawable(found) && found > 0.0 { found } else { 0.0 }
    }

    fn row_sum(&self, truth: usize) -> f64 {
        (0..self.labels.len()).map(|answer| self.at(truth, answer)).sum()
    }

    fn share(&self, truth: usize, answer: usize) -> f64 {
        let sum = self.row_sum(truth);
        if sum > 0.0 { self.at(truth, answer) / sum } else { 0.0 }
    }

    fn label(&self, class: usize) -> &str {
        self.labels.get(class).map_or("", String::as_str)
    }

    /// The confusions, largest first: count, truth, answer.
    fn largest(&self) -> Vec<(f64, usize, usize)> {
        let classes = self.labels.len();
        let off = (0..classes).flat_map(|truth| (0..classes).map(move |answer| (truth, answer))).filter(|(truth, answer)| truth != answer);
        let mut all: Vec<_> = off.map(|(truth, answer)| (self.at(truth, answer), truth, answer)).filter(|one| one.0 > 0.0).collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
        all
    }

    fn sentence(&self, (count, truth, answer): (f64, usize, usize)) -> String {
        format!(
            "{} taken for {}: {} ({})",
            self.label(truth),
            self.label(answer),
            format::number(count, 0),
            Unit::Share.of(self.share(truth, answer))
        )
    }

    fn matrix(&self, width_px: f64) -> Markup {
        let classes = self.labels.len();
        let names = text::widest(self.labels.iter().map(String::as_str).chain(["truly"]), LABEL_PX, width_px * 0.28);
        #[expect(clippy::cast_precision_loss, reason = "at most sixteen classes")]
        let columns = classes as f64;
        let left = names + 12.0;
        let cell = ((width_px - left - 4.0) / columns).min(CELL_PX_MAX);
        let widest = text::widest(self.labels.iter().map(String::as_str), LABEL_PX, names);
        let turned = widest > cell - 6.0;
        let rise = if turned { widest * 0.71 + 14.0 } else { 20.0 };
        let row = cell.min(44.0);
        let top = 22.0 + rise;
        // A turned name at the end leans over the last column.
        let lean = if turned { (widest * 0.71 - cell / 2.0).max(0.0) } else { 0.0 };
        let mut canvas = Canvas::new((left + cell * columns + lean).min(width_px).max(left + cell * columns), top + row * columns + 6.0);
        canvas.text("note", (left, 12.0), Anchor::Start, "answered");
        canvas.text("note", (names, top - 8.0), Anchor::End, "truly");
        for class in 0..classes {
            #[expect(clippy::cast_precision_loss, reason = "at most sixteen classes")]
            let place = class as f64;
            let x = left + place * cell + cell / 2.0;
            let name = text::fit(self.label(class), names, LABEL_PX);
            if turned {
                canvas.turned("label", (x + 3.0, top - 8.0), Anchor::Start, &name, -45.0);
            } else {
                canvas.text("label", (x, top - 8.0), Anchor::Middle, &name);
            }
            canvas.text("label", (names, top + place * row + row / 2.0 + 4.5), Anchor::End, &name);
            for answer in 0..classes {
                self.cell(&mut canvas, (class, answer), (left, top), (cell, row));
            }
        }
        let correct =
            (0..classes).map(|class| format!("{} answered rightly in {}", self.label(class), Unit::Share.of(self.share(class, class))));
        canvas.finish(
            "chart confusion",
            &self.title,
            &describe(correct.chain(self.largest().into_iter().take(5).map(|one| self.sentence(one)))),
        )
    }

    fn cell(&self, canvas: &mut Canvas, (truth, answer): (usize, usize), (left, top): (f64, f64), (cell, row): (f64, f64)) {
        #[expect(clippy::cast_precision_loss, reason = "at most sixteen classes")]
        let (x, y) = (left + answer as f64 * cell, top + truth as f64 * row);
        let (count, share) = (self.at(truth, answer), self.share(truth, answer));
        // The root lets rare confusions be seen; half strength at most keeps ink readable on it, light and dark.
        let strength = 0.5 * share.sqrt();
        let hover = format!(
            "{}, answered {}: {} of {} ({})",
            self.label(truth),
            self.label(answer),
            format::number(count, 0),
            format::number(self.row_sum(truth), 0),
            Unit::Share.of(share)
        );
        canvas.group(&hover, |canvas| {
            canvas.rect("frame", (x + 1.0, y + 1.0), (cell - 2.0, row - 2.0));
            canvas.tinted(&format!("tint {}", self.tone.class()), (x + 1.0, y + 1.0), (cell - 2.0, row - 2.0), Some(strength));
            if count > 0.0 {
                let whole = format::number(count, 0);
                let text = if text::width(&whole, NOTE_PX) <= cell - 4.0 { whole } else { format::number(share * 100.0, 0) };
                if text::width(&text, NOTE_PX) <= cell - 2.0 {
                    canvas.text("small", (x + cell / 2.0, y + row / 2.0 + 4.5), Anchor::Middle, &text);
                }
            }
        });
    }

    /// Too many classes for a matrix: the largest confusions as bars.
    fn listed(&self, width_px: f64) -> Markup {
        let largest = self.largest();
        if largest.is_empty() {
            return waiting(&self.title, "No class was taken for another.", width_px);
        }
        let row = |one: &(f64, usize, usize)| {
            let label = format!("{} taken for {}", self.label(one.1), self.label(one.2));
            super::Row::new(label, self.tone, super::Interval::new(one.0, f64::NAN, f64::NAN), Unit::Share.of(self.share(one.1, one.2)))
        };
        let bars = super::Bars {
            title: self.title.clone(),
            axis: super::Axis::new("cases, and share of the true class", Unit::Count),
            rows: largest.iter().take(LISTED_MAX).map(row).collect(),
            references: Vec::new(),
        };
        bars.draw(width_px)
    }
}

impl Chart for Confusion {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, width_px: f64) -> Markup {
        let classes = self.labels.len();
        if classes == 0 || (0..classes.min(CLASSES_MAX + 1)).all(|truth| self.row_sum(truth) <= 0.0) {
            return waiting(&self.title, "No case has both a truth and an answer.", width_px);
        }
        if classes > CLASSES_MAX { self.listed(width_px) } else { self.matrix(width_px) }
    }

    fn data(&self) -> Data {
        let classes = self.labels.len();
        if classes > CLASSES_MAX {
            let row = |(count, truth, answer): (f64, usize, usize)| {
                vec![
                    self.label(truth).to_owned(),
                    self.label(answer).to_owned(),
                    format::number(count, 0),
                    Unit::Share.of(self.share(truth, answer)),
                ]
            };
            return Data::new(
                &["truly", "answered", "cases", "share of the true class"],
                self.largest().into_iter().take(100).map(row).collect(),
            );
        }
        let head: Vec<String> = std::iter::once("truly, answered".to_owned()).chain(self.labels.iter().cloned()).collect();
        let row = |truth: usize| {
            std::iter::once(self.label(truth).to_owned())
                .chain((0..classes).map(|answer| format::number(self.at(truth, answer), 0)))
                .collect()
        };
        Data { head, rows: (0..classes).map(row).collect() }
    }
}
