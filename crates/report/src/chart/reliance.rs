//! Reliance on advice: who follows the AI when it is right, and who when it is wrong. Never mixes advice that people agreed
//! with anyway into what it made them do.

use maud::Markup;

use super::canvas::{Anchor, Canvas};
use super::scale::{Scale, drawable};
use super::text::{self, LABEL_PX, NOTE_PX};
use super::{COMPACT_PX, Chart, Data, Interval, Mark, Tone, describe, waiting};
use crate::format::{NOT_ENOUGH, Unit};

/// Side of the map at most, px.
const SIDE_PX_MAX: f64 = 440.0;
/// More names than these would cover one another; the rest have their name under the pointer and in the table.
const NAMES_MAX: usize = 12;
/// More points than these are a cloud.
const POINTS_MAX: usize = 400;

/// Whether people who first disagreed with the AI took its advice, by whether it was right: four cells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RelianceGrid {
    /// What it shows.
    pub title: String,
    /// Share that took the advice where the AI was right and the own first answer was not.
    pub took_right: Option<Interval>,
    /// Cases behind it.
    pub right_n: u64,
    /// Share that took the advice where the AI was wrong and the own first answer was right.
    pub took_wrong: Option<Interval>,
    /// Cases behind it.
    pub wrong_n: u64,
}

struct Cell<'a> {
    head: &'a str,
    good: bool,
    share: Option<Interval>,
}

impl RelianceGrid {
    fn columns(&self) -> [(&'static str, u64, [Cell<'static>; 2]); 2] {
        let complement = |one: Option<Interval>| one.map(|one| Interval::new(1.0 - one.value, 1.0 - one.high, 1.0 - one.low));
        let cell = |head, good, share| Cell { head, good, share };
        [
            (
                "AI right, person at first wrong",
                self.right_n,
                [cell("corrected by it", true, self.took_right), cell("missed good advice", false, complement(self.took_right))],
            ),
            (
                "AI wrong, person at first right",
                self.wrong_n,
                [cell("misled by it", false, self.took_wrong), cell("held their ground", true, complement(self.took_wrong))],
            ),
        ]
    }
}

impl Chart for RelianceGrid {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, width_px: f64) -> Markup {
        if !self.took_right.is_some_and(|one| one.drawable()) && !self.took_wrong.is_some_and(|one| one.drawable()) {
            return waiting(&self.title, "Reliance needs an own answer before the advice and a final one after it.", width_px);
        }
        let compact = width_px < COMPACT_PX;
        let left = if compact { 0.0 } else { 84.0 };
        let gap = 4.0;
        let (cell_w, cell_h) = ((width_px - left - gap) / 2.0, 84.0);
        let top = if compact { 58.0 } else { 44.0 };
        let mut canvas = Canvas::new(width_px, top + 2.0 * cell_h + gap);
        let columns = self.columns();
        for (at, (head, n, cells)) in columns.iter().enumerate() {
            let x = left + if at == 0 { 0.0 } else { cell_w + gap };
            let lines = text::wrap(head, cell_w - 4.0, LABEL_PX, 2);
            for (line, words) in lines.iter().enumerate() {
                canvas.text("label head", (x, if line == 0 { 13.0 } else { 30.0 }), Anchor::Start, words);
            }
            canvas.text("note", (x, top - 10.0), Anchor::Start, &format!("n = {}", crate::format::count(*n)));
            for (row, cell) in cells.iter().enumerate() {
                let y = top + if row == 0 { 0.0 } else { cell_h + gap };
                draw_cell(&mut canvas, cell, (x, y), (cell_w, cell_h));
            }
        }
        if !compact {
            for (row, words) in ["took it", "kept own"].iter().enumerate() {
                let y = top + cell_h / 2.0 + 4.5 + if row == 0 { 0.0 } else { cell_h + gap };
                canvas.text("label", (0.0, y), Anchor::Start, words);
            }
        }
        let said = columns
            .iter()
            .flat_map(|(head, _, cells)| cells.iter().map(move |cell| format!("{head}, {}: {}", cell.head, figure(cell.share))));
        canvas.finish("chart reliance", &self.title, &describe(said))
    }

    fn data(&self) -> Data {
        let columns = self.columns();
        let rows = columns.iter().flat_map(|(head, n, cells)| {
            cells.iter().map(move |cell| vec![(*head).to_owned(), cell.head.to_owned(), figure(cell.share), crate::format::count(*n)])
        });
        Data::new(&["", "", "share", "n"], rows.collect())
    }
}

fn figure(share: Option<Interval>) -> String {
    share.filter(Interval::drawable).map_or_else(|| NOT_ENOUGH.to_owned(), |one| Unit::Share.interval(one.value, one.low, one.high))
}

fn draw_cell(canvas: &mut Canvas, cell: &Cell<'_>, (x, y): (f64, f64), (width, height): (f64, f64)) {
    let shown = cell.share.filter(Interval::drawable);
    let strength = shown.map_or(0.0, |one| 0.06 + 0.34 * one.value.clamp(0.0, 1.0));
    let hover = format!("{}: {}", cell.head, figure(cell.share));
    canvas.group(&hover, |canvas| {
        canvas.tinted(if cell.good { "tint plain" } else { "tint alarm" }, (x, y), (width, height), Some(strength));
        if shown.is_none() {
            canvas.rect("waiting", (x + 0.5, y + 0.5), (width - 1.0, height - 1.0));
        }
        let sign = if cell.good { "✓ " } else { "✗ " };
        canvas.text("label", (x + 12.0, y + 24.0), Anchor::Start, &text::fit(&format!("{sign}{}", cell.head), width - 16.0, LABEL_PX));
        match shown {
            Some(one) => {
                let figure = Unit::Share.interval(one.value, one.low, one.high);
                let (value, ends) =
                    figure.split_once('[').map_or((figure.as_str(), String::new()), |(value, ends)| (value.trim(), format!("[{ends}")));
                canvas.text("big", (x + 12.0, y + 54.0), Anchor::Start, value);
                canvas.text("note", (x + 12.0, y + 73.0), Anchor::Start, &ends);
            }
            None => canvas.text("note", (x + 12.0, y + 54.0), Anchor::Start, NOT_ENOUGH),
        }
    });
}

/// A person, a group or the team on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct ReliancePoint {
    /// Who.
    pub label: String,
    /// [`Tone::Person`] for one, [`Tone::Pair`] for the team.
    pub tone: Tone,
    /// How often they follow the AI where it is wrong.
    pub when_wrong: Interval,
    /// How often they follow the AI where it is right.
    pub when_right: Interval,
}

/// Following good advice against following bad advice; the upper left corner tells one from the other.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RelianceMap {
    /// What it shows.
    pub title: String,
    /// The points, the last on top.
    pub points: Vec<ReliancePoint>,
}

impl RelianceMap {
    fn drawn(&self) -> Vec<&ReliancePoint> {
        self.points.iter().filter(|point| point.when_wrong.drawable() && point.when_right.drawable()).take(POINTS_MAX).collect()
    }
}

impl Chart for RelianceMap {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, width_px: f64) -> Markup {
        let points = self.drawn();
        if points.is_empty() {
            return waiting(&self.title, "Nobody has enough cases in which the AI was right and in which it was wrong.", width_px);
        }
        let width = width_px.min(SIDE_PX_MAX + 60.0);
        let side = width - 44.0 - 18.0;
        let (left, top) = (44.0, 26.0);
        let x = Scale::new((0.0, 1.0), (left, left + side));
        let y = Scale::new((0.0, 1.0), (top + side, top));
        let mut canvas = Canvas::new(width, top + side + 42.0);
        map_frame(&mut canvas, &x, &y);
        for point in &points {
            let hover = format!(
                "{}: follows {} when right, {} when wrong",
                point.label,
                figure(Some(point.when_right)),
                figure(Some(point.when_wrong))
            );
            canvas.group(&hover, |canvas| cross(canvas, &x, &y, point));
        }
        names(&mut canvas, &x, &y, &points);
        let said = points.iter().map(|point| {
            format!(
                "{}: follows {} when the AI is right, {} when it is wrong",
                point.label,
                Unit::Share.of(point.when_right.value),
                Unit::Share.of(point.when_wrong.value)
            )
        });
        canvas.finish("chart map", &self.title, &describe(said))
    }

    fn data(&self) -> Data {
        let rows = self
            .drawn()
            .into_iter()
            .map(|point| vec![point.label.clone(), figure(Some(point.when_right)), figure(Some(point.when_wrong))])
            .collect();
        Data::new(&["", "follows when the AI is right", "follows when it is wrong"], rows)
    }
}

fn map_frame(canvas: &mut Canvas, x: &Scale, y: &Scale) {
    let ((left, right), (bottom, top)) = (x.range(), y.range());
    for at in 0..=4 {
        let value = f64::from(at) / 4.0;
        let label = Unit::Share.with_decimals(value, 0);
        let class = if at == 2 { "rule" } else { "grid" };
        canvas.line(class, (left, y.at(value)), (right, y.at(value)));
        canvas.line(class, (x.at(value), top), (x.at(value), bottom));
        canvas.text("tick", (left - 8.0, y.at(value) + 4.0), Anchor::End, &label);
        canvas.text("tick", (x.at(value), bottom + 16.0), Anchor::Middle, &label);
    }
    canvas.line("diagonal", (left, bottom), (right, top));
    canvas.text("note", (0.0, 11.0), Anchor::Start, "follows the AI when it is right");
    canvas.text("note", (right, bottom + 35.0), Anchor::End, "follows the AI when it is wrong");
    for (at, anchor, words) in [
        ((left + 8.0, top + 18.0), Anchor::Start, "tells good from bad"),
        ((right - 8.0, top + 18.0), Anchor::End, "follows it anyway"),
        ((left + 8.0, bottom - 10.0), Anchor::Start, "ignores it"),
        ((right - 8.0, bottom - 10.0), Anchor::End, "follows bad advice"),
    ] {
        let words = text::fit(words, (right - left) / 2.0 - 12.0, NOTE_PX);
        canvas.text("note halo", at, anchor, &words);
    }
}

fn cross(canvas: &mut Canvas, x: &Scale, y: &Scale, point: &ReliancePoint) {
    let at = (x.at(point.when_wrong.value), y.at(point.when_right.value));
    let class = format!("whisker thin {}", point.tone.class());
    if let Some((low, high)) = point.when_wrong.ends() {
        canvas.line(&class, (x.at(low), at.1), (x.at(high), at.1));
    }
    if let Some((low, high)) = point.when_right.ends() {
        canvas.line(&class, (at.0, y.at(low)), (at.0, y.at(high)));
    }
    canvas.mark(point.tone, Mark::Solid, at);
}

/// Names beside their points, where no other name or point is; the others are under the pointer.
fn names(canvas: &mut Canvas, x: &Scale, y: &Scale, points: &[&ReliancePoint]) {
    let place = |point: &ReliancePoint| (x.at(point.when_wrong.value), y.at(point.when_right.value));
    let mut taken: Vec<(f64, f64, f64, f64)> =
        points.iter().map(|point| place(point)).map(|(x, y)| (x - 7.0, y - 7.0, x + 7.0, y + 7.0)).collect();
    let right = x.range().1;
    let mut named = 0;
    for point in points.iter().rev().filter(|point| drawable(point.when_right.value)) {
        let (px, py) = place(point);
        let name = text::fit(&point.label, 140.0, LABEL_PX);
        let size = text::width(&name, LABEL_PX);
        let spots = [(px + 10.0, py - 8.0), (px - 10.0 - size, py - 8.0), (px + 10.0, py + 18.0), (px - 10.0 - size, py + 18.0)];
        let free = spots.into_iter().find(|(left, base)| {
            let own = (*left, base - 11.0, left + size, base + 3.0);
            let inside = own.0 >= x.range().0 && own.2 <= right && own.1 >= y.range().1 + 24.0 && own.3 <= y.range().0 - 22.0;
            inside && !taken.iter().any(|other| own.0 < other.2 && own.2 > other.0 && own.1 < other.3 && own.3 > other.1)
        });
        if let Some((left, base)) = free.filter(|_| named < NAMES_MAX) {
            canvas.text("small halo", (left, base), Anchor::Start, &name);
            taken.push((left, base - 11.0, left + size, base + 3.0));
            named += 1;
        }
    }
}
