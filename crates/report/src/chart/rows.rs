//! Charts of rows: a label, a value with its interval on a common scale, the figure in words. Never draws more rows than
//! can be read.

use maud::Markup;

use super::canvas::{Anchor, Canvas};
use super::scale::{self, Axis, Scale, drawable};
use super::text::{self, LABEL_PX, NOTE_PX};
use super::{COMPACT_PX, Chart, Data, Interval, Mark, Reference, Tone, describe, waiting};
use crate::format::{NOT_ENOUGH, Unit};

/// Rows beyond these are in the table only.
const ROWS_MAX: usize = 60;
/// Space between columns, px.
const GAP_PX: f64 = 16.0;

/// A value with its interval, and whose it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// What it is.
    pub label: String,
    /// What stands after the figure: `n = 412`.
    pub note: String,
    /// Whose it is.
    pub tone: Tone,
    /// Solid or outlined.
    pub mark: Mark,
    /// The value, or nothing where the data is too small for one.
    pub interval: Option<Interval>,
}

impl Row {
    /// A row with a value.
    pub fn new(label: impl Into<String>, tone: Tone, interval: Interval, note: impl Into<String>) -> Self {
        Self { label: label.into(), note: note.into(), tone, mark: Mark::Solid, interval: Some(interval) }
    }

    /// A row that waits for data.
    pub fn missing(label: impl Into<String>, tone: Tone, note: impl Into<String>) -> Self {
        Self { label: label.into(), note: note.into(), tone, mark: Mark::Solid, interval: None }
    }

    /// The same row, outlined.
    #[must_use]
    pub fn hollow(mut self) -> Self {
        self.mark = Mark::Hollow;
        self
    }

    /// The same row without a dot: only its ends are known.
    #[must_use]
    pub fn ends(mut self) -> Self {
        self.mark = Mark::Ends;
        self
    }

    fn shown(&self) -> Option<Interval> {
        self.interval.filter(Interval::drawable)
    }

    fn figure(&self, unit: Unit, decimals: usize) -> String {
        match self.shown() {
            None => NOT_ENOUGH.to_owned(),
            Some(one) if self.mark == Mark::Ends && one.low >= one.high => unit.of(one.low),
            Some(one) if self.mark == Mark::Ends => format!("{} to {}", unit.of(one.low), unit.of(one.high)),
            Some(one) => unit.interval_with(one.value, one.low, one.high, decimals),
        }
    }
}

/// Rows under a heading, with the band in which chance alone would leave them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// The heading: a metric, a field. Empty: none.
    pub label: String,
    /// Where values would lie if there were no true difference.
    pub band: Option<(f64, f64)>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// Rows of values with intervals: people, AI, pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Intervals {
    /// What it shows.
    pub title: String,
    /// What is measured.
    pub axis: Axis,
    /// The rows, in the order in which they are drawn.
    pub rows: Vec<Row>,
    /// Lines to compare with.
    pub references: Vec<Reference>,
}

/// Rows grouped by metric, each group with its null band.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    /// What it shows.
    pub title: String,
    /// What is measured.
    pub axis: Axis,
    /// The groups, in order.
    pub groups: Vec<Group>,
    /// Lines to compare with.
    pub references: Vec<Reference>,
}

impl Chart for Intervals {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, width_px: f64) -> Markup {
        let group = Group { rows: self.rows.clone(), ..Group::default() };
        Rows { title: &self.title, axis: &self.axis, groups: &[group], references: &self.references, bars: false }.draw(width_px)
    }

    fn data(&self) -> Data {
        data(&self.axis, self.rows.iter().map(|row| ("", row)))
    }
}

impl Chart for Forest {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, width_px: f64) -> Markup {
        Rows { title: &self.title, axis: &self.axis, groups: &self.groups, references: &self.references, bars: false }.draw(width_px)
    }

    fn data(&self) -> Data {
        data(&self.axis, self.groups.iter().flat_map(|group| group.rows.iter().map(|row| (group.label.as_str(), row))))
    }
}

/// Figures under one another have the same decimals.
fn decimals<'a>(axis: &Axis, rows: impl Iterator<Item = &'a Row>) -> usize {
    axis.unit.common_decimals(rows.filter_map(Row::shown).filter_map(|one| one.ends()).map(|(low, high)| high - low))
}

/// The figures of rows as a table; the first column names the group where there is one.
pub(super) fn data<'a>(axis: &Axis, rows: impl Iterator<Item = (&'a str, &'a Row)>) -> Data {
    let rows: Vec<_> = rows.collect();
    let grouped = rows.iter().any(|(group, _)| !group.is_empty());
    let decimals = decimals(axis, rows.iter().map(|(_, row)| *row));
    let cells = |(group, row): &(&str, &Row)| {
        let mut cells = vec![row.label.clone(), row.figure(axis.unit, decimals), row.note.clone()];
        if grouped {
            cells.insert(0, (*group).to_owned());
        }
        cells
    };
    let table = rows.iter().map(cells).collect();
    let label = if axis.label.is_empty() { "value" } else { &axis.label };
    if grouped { Data::new(&["", "", label, ""], table) } else { Data::new(&["", label, ""], table) }
}

/// What the charts of this module and of [`super::bars`] have in common.
pub(super) struct Rows<'a> {
    pub(super) title: &'a str,
    pub(super) axis: &'a Axis,
    pub(super) groups: &'a [Group],
    pub(super) references: &'a [Reference],
    pub(super) bars: bool,
}

/// Where things stand for one width.
struct Layout {
    width: f64,
    compact: bool,
    label: f64,
    figure: f64,
    note: f64,
    scale: Scale,
    row: f64,
    head: f64,
    top: f64,
    decimals: usize,
}

impl Rows<'_> {
    pub(super) fn draw(&self, width_px: f64) -> Markup {
        let rows = || self.groups.iter().flat_map(|group| &group.rows);
        if rows().all(|row| row.shown().is_none()) {
            return waiting(self.title, "No row has enough cases for a figure.", width_px);
        }
        let drawn = rows().count().min(ROWS_MAX);
        let heads = self.groups.iter().filter(|group| !group.label.is_empty()).count();
        let layout = self.layout(width_px);
        #[expect(clippy::cast_precision_loss, reason = "some dozens of rows")]
        let bottom = layout.top + layout.row * drawn as f64 + layout.head * heads as f64;
        let more = rows().count() - drawn;
        let named = self.axis_label(&layout);
        #[expect(clippy::cast_precision_loss, reason = "two lines at most")]
        let foot = 24.0 + 18.0 * named.len() as f64;
        let mut canvas = Canvas::new(width_px, bottom + foot + if more > 0 { 18.0 } else { 0.0 });
        self.axis(&mut canvas, &layout, bottom);
        let at = if layout.compact { 0.0 } else { layout.scale.range().0 };
        for (line, words) in named.iter().enumerate() {
            canvas.text("note", (at, bottom + if line == 0 { 35.0 } else { 51.0 }), Anchor::Start, words);
        }
        self.bands(&mut canvas, &layout, bottom);
        self.references(&mut canvas, &layout, bottom);
        self.rows(&mut canvas, &layout);
        if more > 0 {
            canvas.text("note", (0.0, bottom + foot + 12.0), Anchor::Start, &format!("and {more} more in the table"));
        }
        let said = rows().map(|row| format!("{}: {}", row.label, row.figure(self.axis.unit, layout.decimals)));
        canvas.finish("chart rows", self.title, &describe(said))
    }

    fn layout(&self, width: f64) -> Layout {
        let rows = || self.groups.iter().flat_map(|group| &group.rows).take(ROWS_MAX);
        let compact = width < COMPACT_PX;
        let decimals = decimals(self.axis, rows());
        let figures: Vec<String> = rows().map(|row| row.figure(self.axis.unit, decimals)).collect();
        let figure = text::widest(figures.iter().map(String::as_str), LABEL_PX, width * 0.5);
        let note = text::widest(rows().map(|row| row.note.as_str()), NOTE_PX, width * 0.24);
        let label_most = if compact { width - figure - 12.0 } else { width * 0.38 };
        let label = text::widest(rows().map(|row| row.label.as_str()), LABEL_PX, label_most);
        let after = |size: f64| if size > 0.0 { size + GAP_PX } else { 0.0 };
        let (from, to) =
            if compact { (8.0, width - after(note) - 8.0) } else { (label + GAP_PX + 8.0, width - after(figure) - after(note) - 8.0) };
        let ends = rows().filter_map(Row::shown).flat_map(|one| one.values());
        let bands = self.groups.iter().filter_map(|group| group.band).flat_map(|(low, high)| [low, high]);
        let base = self.bars.then_some(0.0);
        let references = self.references.iter().map(|reference| reference.value);
        let domain = scale::domain(self.axis, ends.chain(bands).chain(references).chain(base));
        let lines = self.references.len().min(2);
        #[expect(clippy::cast_precision_loss, reason = "two at most")]
        let top = 4.0 + 18.0 * lines as f64;
        let long = !compact && rows().any(|row| text::width(&row.label.chars().take(400).collect::<String>(), LABEL_PX) > label);
        let (row, head) = if compact { (46.0, 30.0) } else { (if long { 42.0 } else { 28.0 }, 32.0) };
        Layout { width, compact, label, figure, note, scale: Scale::new(domain, (from, to.max(from + 40.0))), row, head, top, decimals }
    }

    fn axis(&self, canvas: &mut Canvas, layout: &Layout, bottom: f64) {
        let (from, to) = layout.scale.range();
        let count = ((to - from) / 76.0).clamp(2.0, 8.0);
        let ticks =
            if self.axis.ticks.is_empty() { scale::ticks(layout.scale.domain(), count, self.axis.unit) } else { self.axis.ticks.clone() };
        for (value, label) in ticks.iter().filter(|(value, _)| layout.scale.contains(*value)) {
            let x = layout.scale.at(*value);
            canvas.line("grid", (x, layout.top), (x, bottom));
            canvas.text("tick", (x, bottom + 16.0), Anchor::Middle, label);
        }
        canvas.line("axis", (from, bottom), (to, bottom));
    }

    /// What is measured, in the lines that it takes.
    fn axis_label(&self, layout: &Layout) -> Vec<String> {
        let room = if layout.compact { layout.width } else { layout.width - layout.scale.range().0 };
        text::wrap(&self.axis.label, room, NOTE_PX, 2)
    }

    fn references(&self, canvas: &mut Canvas, layout: &Layout, bottom: f64) {
        let drawn = self.references.iter().filter(|reference| drawable(reference.value) && layout.scale.contains(reference.value));
        for (at, reference) in drawn.enumerate() {
            let x = layout.scale.at(reference.value);
            let label = text::fit(&reference.label, layout.width * 0.4, NOTE_PX);
            let half = text::width(&label, NOTE_PX) / 2.0;
            let middle = x.clamp(half.min(layout.width / 2.0), (layout.width - half).max(layout.width / 2.0));
            let y = layout.top - if self.references.len() > 1 && at % 2 == 0 { 24.0 } else { 6.0 };
            if layout.compact {
                // Between the lines of text, not through them.
                canvas.line("reference", (x, y + 4.0), (x, layout.top));
                for (row, _, _) in self.places(layout) {
                    canvas.line("reference", (x, row + 21.0), (x, row + 41.0));
                }
            } else {
                canvas.line("reference", (x, y + 4.0), (x, bottom));
            }
            canvas.text("note", (middle, y), Anchor::Middle, &label);
        }
    }

    /// The places of every row that is drawn, with the heading that comes before it.
    fn places(&self, layout: &Layout) -> Vec<(f64, usize, &Row)> {
        let mut y = layout.top;
        let mut out = Vec::new();
        for (at, group) in self.groups.iter().enumerate() {
            y += if group.label.is_empty() { 0.0 } else { layout.head };
            for row in &group.rows {
                if out.len() < ROWS_MAX {
                    out.push((y, at, row));
                    y += layout.row;
                }
            }
        }
        out
    }

    fn bands(&self, canvas: &mut Canvas, layout: &Layout, _bottom: f64) {
        let places = self.places(layout);
        for (at, group) in self.groups.iter().enumerate() {
            let mut own = places.iter().filter(|place| place.1 == at).map(|place| place.0);
            let Some(first) = own.next() else { continue };
            let last = own.next_back().unwrap_or(first);
            if let Some((low, high)) = group.band.filter(|(low, high)| drawable(*low) && drawable(*high)) {
                let (left, right) = (layout.scale.at(low.min(high)), layout.scale.at(low.max(high)));
                canvas.rect("null-band", (left, first + 1.0), (right - left, last - first + layout.row - 2.0));
            }
            if !group.label.is_empty() {
                let label = text::fit(&group.label, layout.width, LABEL_PX);
                canvas.text("label head", (0.0, first - 8.0), Anchor::Start, &label);
                if at > 0 {
                    canvas.line("rule", (0.0, first - layout.head + 3.0), (layout.width, first - layout.head + 3.0));
                }
            }
        }
    }

    fn rows(&self, canvas: &mut Canvas, layout: &Layout) {
        for (y, _, row) in self.places(layout) {
            let figure = row.figure(self.axis.unit, layout.decimals);
            let hover = format!("{}: {figure} {}", row.label, row.note);
            canvas.group(hover.trim(), |canvas| self.row(canvas, layout, y, row, &figure));
        }
    }

    fn row(&self, canvas: &mut Canvas, layout: &Layout, y: f64, row: &Row, figure: &str) {
        let (text_y, mark_y) = if layout.compact { (y + 15.0, y + 31.0) } else { (y + layout.row / 2.0 + 4.5, y + layout.row / 2.0) };
        let class = if layout.compact { "label halo" } else { "label" };
        let lines = if layout.row > 40.0 && !layout.compact {
            text::wrap(&row.label, layout.label, LABEL_PX, 2)
        } else {
            vec![text::fit(&row.label, layout.label, LABEL_PX)]
        };
        #[expect(clippy::cast_precision_loss, reason = "two lines at most")]
        let first = text_y - 8.0 * lines.len().saturating_sub(1) as f64;
        for (line, y) in lines.iter().zip([first, first + 16.0]) {
            canvas.text(class, (0.0, y), Anchor::Start, line);
        }
        let right = if layout.compact || layout.note == 0.0 { layout.width } else { layout.width - layout.note - GAP_PX };
        let class = if row.shown().is_some() { "value halo" } else { "value quiet halo" };
        canvas.text(class, (right, text_y), Anchor::End, &text::fit(figure, layout.figure + 2.0, LABEL_PX));
        let note_y = if layout.compact { mark_y + 4.0 } else { text_y };
        canvas.text("note", (layout.width, note_y), Anchor::End, &text::fit(&row.note, layout.note + 1.0, NOTE_PX));
        if let Some(one) = row.shown() {
            self.value(canvas, layout, mark_y, row, one);
        }
    }

    fn value(&self, canvas: &mut Canvas, layout: &Layout, y: f64, row: &Row, one: Interval) {
        let scale = &layout.scale;
        let tone = row.tone.class();
        if self.bars {
            let (zero, end) = (scale.at(0.0), scale.at(one.value));
            canvas.rect(&format!("bar {tone}"), (zero.min(end), y - 7.0), ((end - zero).abs(), 14.0));
        }
        if let Some((low, high)) = one.ends() {
            let line = match (self.bars, row.mark) {
                (true, _) => format!("whisker over {tone}"),
                (false, Mark::Ends) => format!("whisker wide {tone}"),
                (false, _) => format!("whisker {tone}"),
            };
            let least = if row.mark == Mark::Ends { 3.0 } else { 0.0 };
            canvas.line(&line, (scale.at(low), y), (scale.at(high).max(scale.at(low) + least), y));
            // An end outside of the picture is drawn as an arrow: it goes on.
            for (end, outward) in [(low, -1.0), (high, 1.0)] {
                if !scale.contains(end) {
                    let x = scale.at(end);
                    let head = [(x - 5.0 * outward, y - 4.0), (x, y), (x - 5.0 * outward, y + 4.0)];
                    canvas.path(&format!("arrow {tone}"), &head, false);
                }
            }
        }
        if !self.bars && row.mark != Mark::Ends && scale.contains(one.value) {
            canvas.mark(row.tone, row.mark, (scale.at(one.value), y));
        }
    }
}
