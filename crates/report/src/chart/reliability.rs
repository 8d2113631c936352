//! The reliability diagram: what was said against what came true, with the band in which a calibrated forecaster would lie
//! by chance. Never bins anew: curve, band and counts come as they were computed.

use maud::Markup;

use super::canvas::{Anchor, Canvas};
use super::scale::{Scale, drawable};
use super::text::{self, NOTE_PX};
use super::{Bin, Chart, Data, Tone, describe, waiting};
use crate::format::{self, Unit};

/// The diagram is a square no wider than this, px.
const SIDE_PX_MAX: f64 = 440.0;
/// Height of the little histogram under it, px.
const COUNTS_PX: f64 = 40.0;

/// A reliability diagram in the CORP form (Dimitriadis, Gneiting and Jordan, PNAS 2021).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reliability {
    /// What it shows.
    pub title: String,
    /// Whose forecasts they are.
    pub tone: Tone,
    /// Forecast probability and recalibrated frequency, in the order of the forecast.
    pub curve: Vec<(f64, f64)>,
    /// The consistency band around the diagonal: forecast, low, high. May be empty.
    pub band: Vec<(f64, f64, f64)>,
    /// How many forecasts lie where.
    pub bins: Vec<Bin>,
}

impl Reliability {
    fn drawn(&self) -> Vec<(f64, f64)> {
        self.curve.iter().copied().filter(|(x, y)| drawable(*x) && drawable(*y)).collect()
    }
}

impl Chart for Reliability {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, width_px: f64) -> Markup {
        let curve = self.drawn();
        if curve.len() < 2 {
            return waiting(&self.title, "A reliability diagram needs forecasts of more than one probability.", width_px);
        }
        let width = width_px.min(SIDE_PX_MAX);
        let side = width - 44.0 - 18.0;
        let counts = if self.bins.is_empty() { 0.0 } else { COUNTS_PX + 10.0 };
        let (left, top) = (44.0, 26.0);
        let x = Scale::new((0.0, 1.0), (left, left + side));
        let y = Scale::new((0.0, 1.0), (top + side, top));
        let bottom = top + side + counts;
        let mut canvas = Canvas::new(width, bottom + 42.0);
        let tone = self.tone.class();
        axes(&mut canvas, &x, &y, bottom);
        let band: Vec<_> = self.band.iter().filter(|(at, low, high)| drawable(*at) && drawable(*low) && drawable(*high)).collect();
        let low = band.iter().map(|(at, low, _)| (x.at(*at), y.at(*low)));
        let high = band.iter().rev().map(|(at, _, high)| (x.at(*at), y.at(*high)));
        canvas.path("null-band", &low.chain(high).collect::<Vec<_>>(), true);
        canvas.line("diagonal", (x.at(0.0), y.at(0.0)), (x.at(1.0), y.at(1.0)));
        let points: Vec<_> = curve.iter().map(|(at, frequency)| (x.at(*at), y.at(*frequency))).collect();
        canvas.path(&format!("curve {tone}"), &points, false);
        if curve.len() <= 30 {
            for (at, point) in points.iter().enumerate() {
                let (said, came) = curve.get(at).copied().unwrap_or_default();
                let hover = format!("said {}, came true {}", Unit::Share.of(said), Unit::Share.of(came));
                canvas.group(&hover, |canvas| canvas.circle(&format!("dot {tone}"), *point, 3.5));
            }
        }
        if side > 240.0 {
            canvas.text("note halo", (left + 10.0, top + 18.0), Anchor::Start, "more often right than it says");
            canvas.text("note halo", (left + side - 10.0, top + side - 12.0), Anchor::End, "less often right than it says");
        }
        self.counts(&mut canvas, &x, bottom);
        let said = curve.iter().map(|(said, came)| format!("Said {}, came true {}", Unit::Share.of(*said), Unit::Share.of(*came)));
        canvas.finish("chart reliability", &self.title, &describe(said))
    }

    fn data(&self) -> Data {
        let inside = |at: f64| {
            let near = self.band.iter().min_by(|a, b| (a.0 - at).abs().total_cmp(&(b.0 - at).abs()));
            near.map_or_else(String::new, |(_, low, high)| format!("{} to {}", Unit::Share.of(*low), Unit::Share.of(*high)))
        };
        let rows = self.drawn().into_iter().map(|(said, came)| vec![Unit::Share.of(said), Unit::Share.of(came), inside(said)]).collect();
        Data::new(&["said", "came true", "by chance, if calibrated"], rows)
    }
}

impl Reliability {
    fn counts(&self, canvas: &mut Canvas, x: &Scale, bottom: f64) {
        let most = self.bins.iter().map(|bin| bin.count).filter(|count| drawable(*count)).fold(0.0, f64::max);
        let bins = self.bins.iter().filter(|bin| drawable(bin.low) && drawable(bin.high) && drawable(bin.count) && bin.count > 0.0);
        for bin in bins.filter(|_| most > 0.0) {
            let height = (bin.count / most * COUNTS_PX).max(1.0);
            let (from, to) = (x.at(bin.low), x.at(bin.high));
            let hover =
                format!("{} forecasts from {} to {}", format::number(bin.count, 0), Unit::Share.of(bin.low), Unit::Share.of(bin.high));
            canvas.group(&hover, |canvas| {
                canvas.rect(&format!("bar {}", self.tone.class()), (from + 0.5, bottom - height), (to - from - 1.0, height))
            });
        }
    }
}

fn axes(canvas: &mut Canvas, x: &Scale, y: &Scale, bottom: f64) {
    let ((left, right), (floor, top)) = (x.range(), y.range());
    for at in 0..=4 {
        let value = f64::from(at) / 4.0;
        let label = Unit::Share.with_decimals(value, 0);
        canvas.line("grid", (left, y.at(value)), (right, y.at(value)));
        canvas.line("grid", (x.at(value), top), (x.at(value), floor));
        canvas.text("tick", (left - 8.0, y.at(value) + 4.0), Anchor::End, &label);
        canvas.text("tick", (x.at(value), bottom + 16.0), Anchor::Middle, &label);
    }
    canvas.line("axis", (left, bottom), (right, bottom));
    canvas.text("note", (0.0, 11.0), Anchor::Start, "how often it was right");
    canvas.text("note", (right, bottom + 35.0), Anchor::End, &text::fit("how sure it said it was", right, NOTE_PX));
}
