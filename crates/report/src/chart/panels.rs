//! Panels: the same rows for people, AI and pair side by side on one scale, each with its null band. Never compares rows that
//! are not the same.

use maud::Markup;

use super::canvas::{Anchor, Canvas};
use super::rows::{Forest, Group, Row, data};
use super::scale::{self, Axis, Scale, drawable};
use super::text::{self, LABEL_PX, NOTE_PX};
use super::{COMPACT_PX, Chart, Data, Interval, Mark, Reference, Tone, describe, waiting};
use crate::format::NOT_ENOUGH;

/// More columns than these leave none of them room.
const COLUMNS_MAX: usize = 4;
/// Rows beyond these are in the table only.
const ROWS_MAX: usize = 80;
/// Height of a row, px.
const ROW_PX: f64 = 24.0;
/// Height of a heading, px.
const HEAD_PX: f64 = 34.0;
/// Space between panels, px.
const GAP_PX: f64 = 20.0;

/// One metric: its rows, and for each column where chance alone would leave them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PanelGroup {
    /// The heading.
    pub label: String,
    /// A band for each column.
    pub bands: Vec<Option<(f64, f64)>>,
    /// The rows.
    pub rows: Vec<PanelRow>,
}

/// One row across all columns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PanelRow {
    /// What it is.
    pub label: String,
    /// What stands after it: `n = 412`.
    pub note: String,
    /// The value in each column.
    pub cells: Vec<Option<PanelCell>>,
}

/// A value in one column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PanelCell {
    /// The value with its interval.
    pub interval: Interval,
    /// Solid or outlined.
    pub mark: Mark,
}

impl PanelCell {
    fn shown(&self) -> bool {
        self.interval.drawable()
    }
}

/// The same rows in a column each for people, AI and pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Panels {
    /// What it shows.
    pub title: String,
    /// What is measured.
    pub axis: Axis,
    /// The columns: a name, and whose it is.
    pub columns: Vec<(String, Tone)>,
    /// The groups, in order.
    pub groups: Vec<PanelGroup>,
    /// A line to compare with, in every panel; the axis says what it is.
    pub reference: Option<Reference>,
}

impl Panels {
    fn columns(&self) -> &[(String, Tone)] {
        self.columns.get(..COLUMNS_MAX).unwrap_or(&self.columns)
    }

    /// The same as rows under one another: what a phone has room for, and the table.
    fn stacked(&self) -> Forest {
        let block = |group: &PanelGroup, at: usize, column: &(String, Tone)| {
            let row = |row: &PanelRow| Row {
                label: row.label.clone(),
                note: row.note.clone(),
                tone: column.1,
                mark: row.cells.get(at).copied().flatten().map_or(Mark::Solid, |cell| cell.mark),
                interval: row.cells.get(at).copied().flatten().map(|cell| cell.interval),
            };
            Group {
                label: if group.label.is_empty() { column.0.clone() } else { format!("{}: {}", group.label, column.0) },
                band: group.bands.get(at).copied().flatten(),
                rows: group.rows.iter().map(row).collect(),
            }
        };
        let groups =
            self.groups.iter().flat_map(|group| self.columns().iter().enumerate().map(move |(at, column)| block(group, at, column)));
        Forest {
            title: self.title.clone(),
            axis: self.axis.clone(),
            groups: groups.collect(),
            references: self.reference.iter().cloned().collect(),
        }
    }

    fn values(&self) -> impl Iterator<Item = f64> + '_ {
        let bands = self.groups.iter().flat_map(|group| group.bands.iter().flatten().flat_map(|(low, high)| [*low, *high]));
        let cells = self.groups.iter().flat_map(|group| &group.rows).flat_map(|row| row.cells.iter().take(COLUMNS_MAX).flatten());
        let reference = self.reference.iter().map(|reference| reference.value);
        cells.filter(|cell| cell.shown()).flat_map(|cell| cell.interval.values()).chain(bands).chain(reference)
    }
}

/// Where things stand.
struct Layout {
    width: f64,
    label: f64,
    note: f64,
    figure: f64,
    scales: Vec<Scale>,
}

impl Chart for Panels {
    fn title(&self) -> &str {
        &self.title
    }

    fn draw(&self, width_px: f64) -> Markup {
        if width_px < COMPACT_PX || self.columns().len() < 2 {
            return self.stacked().draw(width_px);
        }
        let cells = || self.groups.iter().flat_map(|group| &group.rows).flat_map(|row| row.cells.iter().take(COLUMNS_MAX).flatten());
        if !cells().any(PanelCell::shown) {
            return waiting(&self.title, "No row has enough cases for a figure.", width_px);
        }
        let layout = self.layout(width_px);
        let mut places = Vec::new();
        let mut y = 26.0;
        for group in &self.groups {
            let rows = group.rows.len().min(ROWS_MAX.saturating_sub(places.iter().map(|(_, rows, _)| *rows).sum()));
            if rows > 0 {
                places.push((y, rows, group));
                #[expect(clippy::cast_precision_loss, reason = "some dozens of rows")]
                let height = head(group) + rows as f64 * ROW_PX;
                y += height;
            }
        }
        let drawn: usize = places.iter().map(|(_, rows, _)| *rows).sum();
        let more = self.groups.iter().map(|group| group.rows.len()).sum::<usize>() - drawn;
        let mut canvas = Canvas::new(width_px, y + if more > 0 { 62.0 } else { 46.0 });
        if more > 0 {
            canvas.text("note", (0.0, y + 54.0), Anchor::Start, &format!("and {more} more in the table"));
        }
        self.axes(&mut canvas, &layout, y);
        for (at, (top, rows, group)) in places.into_iter().enumerate() {
            if at > 0 {
                canvas.line("rule", (0.0, top + 4.0), (width_px, top + 4.0));
            }
            canvas.text("label head", (0.0, top + 24.0), Anchor::Start, &text::fit(&group.label, width_px, LABEL_PX));
            self.group(&mut canvas, &layout, group, rows, top + head(group));
        }
        let said = self.stacked().groups.into_iter().flat_map(|group| {
            let said = |row: &Row| {
                row.interval
                    .filter(Interval::drawable)
                    .map(|one| format!("{}, {}: {}", group.label, row.label, self.axis.unit.interval(one.value, one.low, one.high)))
            };
            group.rows.iter().filter_map(said).collect::<Vec<_>>()
        });
        canvas.finish("chart panels", &self.title, &describe(said))
    }

    fn data(&self) -> Data {
        let forest = self.stacked();
        data(&self.axis, forest.groups.iter().flat_map(|group| group.rows.iter().map(|row| (group.label.as_str(), row))))
    }
}

/// Height of what stands over a group, px.
fn head(group: &PanelGroup) -> f64 {
    if group.label.is_empty() { 8.0 } else { HEAD_PX }
}

impl Panels {
    fn layout(&self, width: f64) -> Layout {
        let rows = || self.groups.iter().flat_map(|group| &group.rows);
        let label = text::widest(rows().map(|row| row.label.as_str()), LABEL_PX, width * 0.2);
        let note = text::widest(rows().map(|row| row.note.as_str()), NOTE_PX, width * 0.12);
        let figure = text::width(&self.axis.unit.with_decimals(-0.88, 0), NOTE_PX) + 6.0;
        let left = label + if note > 0.0 { note + 10.0 } else { 0.0 } + GAP_PX;
        let domain = scale::domain(&self.axis, self.values());
        #[expect(clippy::cast_precision_loss, reason = "at most four columns")]
        let columns = self.columns().len() as f64;
        let panel = ((width - left - GAP_PX * (columns - 1.0)) / columns).max(40.0);
        let scale = |at: usize| {
            #[expect(clippy::cast_precision_loss, reason = "at most four columns")]
            let from = left + at as f64 * (panel + GAP_PX);
            Scale::new(domain, (from + 4.0, (from + panel - figure - 8.0).max(from + 10.0)))
        };
        Layout { width, label, note, figure, scales: (0..self.columns().len()).map(scale).collect() }
    }

    fn axes(&self, canvas: &mut Canvas, layout: &Layout, bottom: f64) {
        for (scale, (name, tone)) in layout.scales.iter().zip(self.columns()) {
            let (from, to) = scale.range();
            let room = to - from + layout.figure;
            canvas.mark(*tone, Mark::Solid, (from + 3.0, 9.0));
            canvas.text(&format!("name {}", tone.class()), (from + 14.0, 13.5), Anchor::Start, &text::fit(name, room, LABEL_PX));
            for (value, label) in scale::ticks(scale.domain(), ((to - from) / 40.0).clamp(2.0, 4.0), self.axis.unit) {
                let x = scale.at(value);
                canvas.line("grid", (x, 26.0), (x, bottom));
                canvas.text("tick", (x, bottom + 16.0), Anchor::Middle, &label);
            }
            canvas.line("axis", (from, bottom), (to, bottom));
            if let Some(reference) =
                self.reference.as_ref().filter(|reference| drawable(reference.value) && scale.contains(reference.value))
            {
                canvas.line("reference", (scale.at(reference.value), 26.0), (scale.at(reference.value), bottom));
            }
        }
        if let Some(first) = layout.scales.first().filter(|_| !self.axis.label.is_empty()) {
            let from = first.range().0;
            canvas.text("note", (from, bottom + 36.0), Anchor::Start, &text::fit(&self.axis.label, layout.width - from, NOTE_PX));
        }
    }

    fn group(&self, canvas: &mut Canvas, layout: &Layout, group: &PanelGroup, rows: usize, top: f64) {
        for (scale, band) in layout.scales.iter().zip(&group.bands) {
            if let Some((low, high)) = band.filter(|(low, high)| drawable(*low) && drawable(*high)) {
                let (left, right) = (scale.at(low.min(high)), scale.at(low.max(high)));
                #[expect(clippy::cast_precision_loss, reason = "some dozens of rows")]
                canvas.rect("null-band", (left, top + 1.0), (right - left, rows as f64 * ROW_PX - 2.0));
            }
        }
        for (at, row) in group.rows.iter().take(rows).enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "some dozens of rows")]
            let y = top + at as f64 * ROW_PX + ROW_PX / 2.0;
            canvas.text("label", (0.0, y + 4.5), Anchor::Start, &text::fit(&row.label, layout.label, LABEL_PX));
            canvas.text(
                "note",
                (layout.label + 10.0 + layout.note, y + 4.5),
                Anchor::End,
                &text::fit(&row.note, layout.note + 1.0, NOTE_PX),
            );
            for ((scale, (name, tone)), cell) in layout.scales.iter().zip(self.columns()).zip(&row.cells) {
                let right = scale.range().1 + 8.0 + layout.figure;
                let Some(PanelCell { interval: one, mark }) = cell.filter(PanelCell::shown) else {
                    canvas.text("small quiet", (right, y + 4.5), Anchor::End, "–");
                    continue;
                };
                let hover = format!("{}, {name}: {}", row.label, self.axis.unit.interval(one.value, one.low, one.high));
                canvas.group(&hover, |canvas| {
                    if let Some((low, high)) = one.ends() {
                        canvas.line(&format!("whisker {}", tone.class()), (scale.at(low), y), (scale.at(high), y));
                    }
                    canvas.mark(*tone, mark, (scale.at(one.value), y));
                    canvas.text("small", (right, y + 4.5), Anchor::End, &self.axis.unit.with_decimals(one.value, 0));
                });
            }
        }
        let missing = group.rows.iter().take(rows).all(|row| row.cells.iter().flatten().next().is_none());
        if missing {
            canvas.text("small quiet", (layout.scales.first().map_or(0.0, |scale| scale.range().0), top + 16.0), Anchor::Start, NOT_ENOUGH);
        }
    }
}
