//! Curves: risk over coverage, cost over threshold, anything over time; with bands and the chosen point. Never smooths.

use maud::Markup;

use super::canvas::{Anchor, Canvas};
use super::scale::{self, Axis, Scale, drawable};
use super::text::{self, LABEL_PX, NOTE_PX};
use super::{COMPACT_PX, Chart, Data, Reference, Tone, describe, waiting};

/// A curve is thinned to about as many points as there are pixels to tell them apart.
const POINTS_MAX: usize = 400;
/// Rows of the table for one curve.
const TABLE_ROWS_MAX: usize = 24;
/// Direct labels stand at least this far apart, px.
const LABEL_STEP_PX: f64 = 16.0;

/// One curve.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// What it is: stands at its end.
    pub label: String,
    /// Whose it is.
    pub tone: Tone,
    /// Points in the order of x.
    pub points: Vec<(f64, f64)>,
    /// The band around it: x, low, high, in the order of x. May be empty.
    pub band: Vec<(f64, f64, f64)>,
    /// Whether it jumps at its points instead of being joined.
    pub step: bool,
    /// Drawn with dashes: computed, promised, or of another policy than the one recommended.
    pub dashed: bool,
}

impl Series {
    /// A joined curve without a band.
    pub fn new(label: impl Into<String>, tone: Tone, points: Vec<(f64, f64)>) -> Self {
        Self { label: label.into(), tone, points, ..Self::default() }
    }

    /// Its points that can be drawn, thinned.
    fn drawn(&self) -> Vec<(f64, f64)> {
        thinned(self.points.iter().copied().filter(|(x, y)| drawable(*x) && drawable(*y)).collect(), POINTS_MAX)
    }

    fn drawn_band(&self) -> Vec<(f64, f64, f64)> {
        let fine = |(x, low, high): &(f64, f64, f64)| drawable(*x) && drawable(*low) && drawable(*high);
        thinned(self.band.iter().copied().filter(fine).collect(), POINTS_MAX)
    }
}

/// A point that somebody chose, and what it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen {
    /// Where.
    pub x: f64,
    /// Where.
    pub y: f64,
    /// What was chosen: "recommended: 74 % at 1.0 % error".
    pub label: String,
}

/// One or more curves on common axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// What it shows.
    pub title: String,
    /// What runs from left to right.
    pub x: Axis,
    /// What runs from bottom to top.
    pub y: Axis,
    /// The curves, those drawn last on top.
    pub series: Vec<Series>,
    /// The chosen point.
    pub chosen: Option<Chosen>,
    /// Horizontal lines to compare with.
    pub references: Vec<Reference>,
}

/// Every k-th element and the last, so that no more than about `most` are left.
fn thinned<T: Copy>(points: Vec<T>, most: usize) -> Vec<T> {
    if points.len() <= most {
        return points;
    }
    let every = points.len().div_ceil(most);
    let last = points.last().copied();
    let mut out: Vec<T> = points.iter().copied().step_by(every).collect();
    if !(points.len() - 1).is_multiple_of(every) {
        out.extend(last);
    }
    out
}

/// The points of a curve that jumps at them.
fn stepped(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::with_capacity(points.len() * 2);
    for (x, y) in points {
        if let Some((_, before)) = out.last().copied() {
            out.push((*x, before));
        }
        out.push((*x, *y));
    }
    out
}

impl Chart for Curves {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, width_px: f64) -> Markup {
        let series: Vec<(&Series, Vec<(f64, f64)>)> =
            self.series.iter().map(|one| (one, one.drawn())).filter(|(_, points)| points.len() > 1).collect();
        if series.is_empty() {
            return waiting(&self.title, "A curve needs at least two points.", width_px);
        }
        let layout = self.layout(&series, width_px);
        let mut canvas = Canvas::new(width_px, layout.height);
        self.axes(&mut canvas, &layout);
        self.lines(&mut canvas, &series, &layout);
        labels(&mut canvas, &series, &layout);
        self.chosen(&mut canvas, &series, &layout);
        canvas.finish("chart curves", &self.title, &describe(self.said(&series)))
    }

    fn data(&self) -> Data {
        let cells = |one: &Series| -> Vec<Vec<String>> {
            let row = |(x, y): (f64, f64)| vec![one.label.clone(), self.named(x), self.y.unit.of(y)];
            let points = one.points.iter().copied().filter(|(x, y)| drawable(*x) && drawable(*y)).collect();
            thinned(points, TABLE_ROWS_MAX).into_iter().map(row).collect()
        };
        Data::new(&["", &self.x.label, &self.y.label], self.series.iter().flat_map(cells).collect())
    }
}

/// Where things stand for one width.
struct Layout {
    width: f64,
    height: f64,
    /// Labels at the ends of the curves, or else in a line above.
    direct: bool,
    /// Where the lines of the key end, and the plot begins.
    top: f64,
    x: Scale,
    y: Scale,
}

impl Layout {
    /// Points along every curve, dense enough to tell where a label would cover one.
    fn traced<'a>(&'a self, series: &'a [(&Series, Vec<(f64, f64)>)]) -> impl Iterator<Item = (f64, f64)> + 'a {
        let place = |(x, y): (f64, f64)| (self.x.at(x), self.y.at(y));
        let between = move |pair: &'a [(f64, f64)]| {
            let (from, to) = (place(pair.first().copied().unwrap_or_default()), place(pair.last().copied().unwrap_or_default()));
            (0..8).map(|at| f64::from(at) / 8.0).map(move |share| (from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1)))
        };
        series.iter().flat_map(move |(_, points)| points.windows(2).flat_map(between))
    }
}

impl Curves {
    fn layout(&self, series: &[(&Series, Vec<(f64, f64)>)], width: f64) -> Layout {
        let direct = width >= COMPACT_PX;
        let xs = series.iter().flat_map(|(_, points)| points.iter().map(|point| point.0)).chain(self.chosen.iter().map(|chosen| chosen.x));
        let ys = series.iter().flat_map(|(one, points)| {
            points.iter().map(|point| point.1).chain(one.drawn_band().into_iter().flat_map(|(_, low, high)| [low, high]))
        });
        let ys = ys.chain(self.references.iter().map(|reference| reference.value)).chain(self.chosen.iter().map(|chosen| chosen.y));
        let mut exact = self.x.clone();
        exact.domain = exact.domain.or_else(|| extent(xs.clone()));
        let (x_domain, y_domain) = (scale::domain(&exact, xs), scale::domain(&self.y, ys));
        let height = if direct {
            320.0
        } else if width < 280.0 {
            168.0
        } else {
            264.0
        };
        let y_ticks = scale::ticks(y_domain, height / 52.0, self.y.unit);
        let left = text::widest(y_ticks.iter().map(|tick| tick.1.as_str()), NOTE_PX, width * 0.3) + 8.0;
        let labels = text::widest(series.iter().map(|(one, _)| one.label.as_str()), LABEL_PX, width * 0.28);
        let right = if direct && labels > 0.0 { labels + 20.0 } else { 18.0 };
        let lines = if direct { Vec::new() } else { key(series, width) };
        #[expect(clippy::cast_precision_loss, reason = "a few lines")]
        let top =
            if self.y.label.is_empty() { 10.0 } else { 26.0 } + lines.iter().map(|place| place.1 + 1).max().unwrap_or(0) as f64 * 18.0;
        let bottom = if self.x.label.is_empty() { 24.0 } else { 42.0 };
        let height = height + if direct { 0.0 } else { top - 26.0 };
        Layout {
            width,
            height,
            direct,
            top,
            x: Scale::new(x_domain, (left, width - right)),
            y: Scale::new(y_domain, (height - bottom, top)),
        }
    }

    fn axes(&self, canvas: &mut Canvas, layout: &Layout) {
        let ((left, right), (bottom, top)) = (layout.x.range(), layout.y.range());
        for (value, label) in scale::ticks(layout.y.domain(), (bottom - top) / 48.0, self.y.unit) {
            let y = layout.y.at(value);
            canvas.line("grid", (left, y), (right, y));
            canvas.text("tick", (left - 8.0, y + 4.0), Anchor::End, &label);
        }
        let ticks = if self.x.ticks.is_empty() {
            scale::ticks(layout.x.domain(), ((right - left) / 76.0).clamp(2.0, 10.0), self.x.unit)
        } else {
            self.x.ticks.clone()
        };
        let mut free = f64::NEG_INFINITY;
        for (value, label) in ticks.iter().filter(|(value, _)| layout.x.contains(*value)) {
            let x = layout.x.at(*value);
            let half = text::width(label, NOTE_PX) / 2.0;
            canvas.line("axis", (x, bottom), (x, bottom + 4.0));
            // Named ticks may stand closer than their names.
            if x - half > free {
                canvas.text("tick", (x, bottom + 18.0), Anchor::Middle, label);
                free = x + half + 6.0;
            }
        }
        canvas.line("axis", (left, bottom), (right, bottom));
        if !self.y.label.is_empty() {
            canvas.text("note", (0.0, 11.0), Anchor::Start, &text::fit(&self.y.label, layout.width, NOTE_PX));
        }
        if !self.x.label.is_empty() {
            canvas.text("note", (right, bottom + 36.0), Anchor::End, &text::fit(&self.x.label, layout.width - 4.0, NOTE_PX));
        }
        for reference in self.references.iter().filter(|reference| drawable(reference.value) && layout.y.contains(reference.value)) {
            let y = layout.y.at(reference.value);
            canvas.line("reference", (left, y), (right, y));
            canvas.text("note halo", (left + 4.0, y - 6.0), Anchor::Start, &text::fit(&reference.label, right - left, NOTE_PX));
        }
    }

    fn lines(&self, canvas: &mut Canvas, series: &[(&Series, Vec<(f64, f64)>)], layout: &Layout) {
        let place = |(x, y): (f64, f64)| (layout.x.at(x), layout.y.at(y));
        for (one, _) in series {
            let band = one.drawn_band();
            let (low, high): (Vec<_>, Vec<_>) = band.iter().map(|(x, low, high)| ((*x, *low), (*x, *high))).unzip();
            let (low, high) = if one.step { (stepped(&low), stepped(&high)) } else { (low, high) };
            let outline: Vec<_> = low.into_iter().chain(high.into_iter().rev()).map(place).collect();
            canvas.path(&format!("band {}", one.tone.class()), &outline, true);
        }
        for (one, points) in series {
            let points = if one.step { stepped(points) } else { points.clone() };
            let points: Vec<_> = points.into_iter().map(place).collect();
            let class = format!("curve{} {}", if one.dashed { " dashed" } else { "" }, one.tone.class());
            canvas.group(&one.label, |canvas| canvas.path(&class, &points, false));
        }
    }

    fn chosen(&self, canvas: &mut Canvas, series: &[(&Series, Vec<(f64, f64)>)], layout: &Layout) {
        let Some(chosen) = self.chosen.as_ref().filter(|chosen| drawable(chosen.x) && drawable(chosen.y)) else { return };
        let (x, y) = (layout.x.at(chosen.x), layout.y.at(chosen.y));
        let ((left, right), (bottom, top)) = (layout.x.range(), layout.y.range());
        canvas.line("reference", (x, y), (x, bottom));
        canvas.circle("chosen", (x, y), 6.0);
        let label = text::fit(&chosen.label, right - left, NOTE_PX);
        let size = text::width(&label, NOTE_PX);
        // Of the places around the point that lie inside, the one that the fewest lines run through.
        let after = (x + 10.0).min(right - size).max(left);
        let before = (x - 10.0 - size).max(left);
        let places = [(after, y - 12.0), (before, y - 12.0), (after, y + 22.0), (before, y + 22.0), (after, y - 30.0), (before, y - 30.0)];
        let crossed = |(from, base): &(f64, f64)| {
            let inside = |(px, py): &(f64, f64)| *px > from - 4.0 && *px < from + size + 4.0 && *py > base - 12.0 && *py < base + 5.0;
            layout.traced(series).filter(inside).count()
        };
        let inside = places.into_iter().filter(|(_, base)| *base > top - 2.0 && *base < bottom - 6.0);
        let (from, base) = inside.min_by_key(crossed).unwrap_or((after, y - 12.0));
        canvas.text("small head halo", (from, base), Anchor::Start, &label);
    }

    fn named(&self, x: f64) -> String {
        let name = self.x.ticks.iter().find(|(value, _)| (value - x).abs() < f64::EPSILON * x.abs().max(1.0));
        name.map_or_else(|| self.x.unit.of(x), |(_, name)| name.clone())
    }

    fn said<'a>(&'a self, series: &'a [(&Series, Vec<(f64, f64)>)]) -> impl Iterator<Item = String> + 'a {
        let curves = series.iter().filter_map(|(one, points)| {
            let (first, last) = (points.first()?, points.last()?);
            Some(format!(
                "{}: from {} at {} to {} at {}",
                one.label,
                self.y.unit.of(first.1),
                self.named(first.0),
                self.y.unit.of(last.1),
                self.named(last.0)
            ))
        });
        curves.chain(self.chosen.iter().map(|chosen| format!("Chosen: {}", chosen.label)))
    }
}

fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let (low, high) = values
        .filter(|value| drawable(*value))
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    (low < high).then_some((low, high))
}

/// The places of a key above a small plot: x, line and label of each curve.
fn key(series: &[(&Series, Vec<(f64, f64)>)], width: f64) -> Vec<(f64, usize, String)> {
    let (mut x, mut line) = (0.0, 0);
    let mut out = Vec::new();
    for (one, _) in series.iter().filter(|(one, _)| !one.label.is_empty()) {
        let label = text::fit(&one.label, width - 24.0, NOTE_PX);
        let size = 22.0 + text::width(&label, NOTE_PX) + 14.0;
        if x > 0.0 && x + size - 14.0 > width {
            (x, line) = (0.0, line + 1);
        }
        out.push((x, line, label));
        x += size;
    }
    out
}

fn labels(canvas: &mut Canvas, series: &[(&Series, Vec<(f64, f64)>)], layout: &Layout) {
    if !layout.direct {
        let lines = key(series, layout.width);
        let first = layout.top - lines.iter().map(|place| place.1 + 1).max().unwrap_or(0) as f64 * 18.0;
        for ((x, line, label), (one, _)) in lines.iter().zip(series.iter().filter(|(one, _)| !one.label.is_empty())) {
            #[expect(clippy::cast_precision_loss, reason = "a few lines")]
            let y = first + *line as f64 * 18.0;
            let class = format!("curve{} {}", if one.dashed { " dashed" } else { "" }, one.tone.class());
            canvas.path(&class, &[(*x, y), (x + 16.0, y)], false);
            canvas.text("small", (x + 22.0, y + 4.0), Anchor::Start, label);
        }
        return;
    }
    let (bottom, top) = layout.y.range();
    let right = layout.x.range().1;
    let mut ends: Vec<(f64, (f64, f64), &Series)> = series
        .iter()
        .filter_map(|(one, points)| points.last().map(|(x, y)| (layout.y.at(*y), (layout.x.at(*x), layout.y.at(*y)), *one)))
        .filter(|(_, _, one)| !one.label.is_empty())
        .collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    apart(&mut ends, top, bottom);
    for (y, (end_x, end_y), one) in ends {
        if (y - end_y).abs() > 3.0 || right - end_x > 3.0 {
            canvas.line("leader", (end_x + 2.0, end_y), (right + 6.0, y));
        }
        let label = text::fit(&one.label, layout.width - right - 10.0, LABEL_PX);
        canvas.text(&format!("name {}", one.tone.class()), (right + 9.0, y + 4.5), Anchor::Start, &label);
    }
}

/// Pushes labels apart: down from the top, then up from the bottom.
fn apart<T>(ends: &mut [(f64, (f64, f64), T)], top: f64, bottom: f64) {
    let mut free = top;
    for end in ends.iter_mut() {
        end.0 = end.0.max(free);
        free = end.0 + LABEL_STEP_PX;
    }
    let mut free = bottom;
    for end in ends.iter_mut().rev() {
        end.0 = end.0.min(free);
        free = end.0 - LABEL_STEP_PX;
    }
}
