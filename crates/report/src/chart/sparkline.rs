//! A sparkline: a small line for a table or a sentence. Never has axes; its last value stands beside it in words.

use maud::Markup;

use super::canvas::Canvas;
use super::scale::{Scale, drawable};
use super::{Chart, Data, Tone};
use crate::format::Unit;

/// Width of a sparkline in a line of text, px.
pub const SPARK_PX: f64 = 96.0;
/// Height, px.
const HEIGHT_PX: f64 = 20.0;
/// Values beyond these are the oldest, and left out.
const VALUES_MAX: usize = 200;

/// A line of values in order, without axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Sparkline {
    /// What it shows.
    pub title: String,
    /// How values are written.
    pub unit: Unit,
    /// Whose it is.
    pub tone: Tone,
    /// The values, oldest first. A missing one is a gap: give NaN.
    pub values: Vec<f64>,
}

impl Sparkline {
    fn drawn(&self) -> &[f64] {
        self.values.get(self.values.len().saturating_sub(VALUES_MAX)..).unwrap_or_default()
    }
}

impl Chart for Sparkline {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, width_px: f64) -> Markup {
        let values = self.drawn();
        let (low, high) = values
            .iter()
            .filter(|value| drawable(**value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)));
        let mut canvas = Canvas::new(width_px, HEIGHT_PX);
        if low > high {
            canvas.line("diagonal", (2.0, HEIGHT_PX / 2.0), (width_px - 2.0, HEIGHT_PX / 2.0));
            return canvas.finish("chart spark", &self.title, "Not enough yet.");
        }
        #[expect(clippy::cast_precision_loss, reason = "some hundred values")]
        let x = Scale::new((0.0, values.len().saturating_sub(1).max(1) as f64), (2.0, width_px - 5.0));
        let y = Scale::new((low, high), (HEIGHT_PX - 4.0, 4.0));
        let class = format!("curve {}", self.tone.class());
        let mut run: Vec<(f64, f64)> = Vec::new();
        let mut last = None;
        for (at, value) in values.iter().enumerate() {
            if drawable(*value) {
                #[expect(clippy::cast_precision_loss, reason = "some hundred values")]
                let point = (x.at(at as f64), y.at(*value));
                run.push(point);
                last = Some((point, *value));
            } else {
                canvas.path(&class, &std::mem::take(&mut run), false);
            }
        }
        canvas.path(&class, &run, false);
        let mut said = String::new();
        if let Some((point, value)) = last {
            canvas.circle(&format!("dot {}", self.tone.class()), point, 3.0);
            said = format!("Between {} and {}; last {}.", self.unit.of(low), self.unit.of(high), self.unit.of(value));
        }
        canvas.finish("chart spark", &self.title, &said)
    }

    fn data(&self) -> Data {
        Data::new(&["value"], self.drawn().iter().map(|value| vec![self.unit.of(*value)]).collect())
    }
}
