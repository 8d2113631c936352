//! The pen: SVG elements as text, every number finite, every label escaped. Knows no chart, and writes no colour.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped};

use super::text::escape;
use super::{Mark, Tone};

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A picture in the making. Coordinates are pixels from the upper left corner.
pub(super) struct Canvas {
    width: f64,
    height: f64,
    body: String,
}

/// A coordinate with at most one decimal: a tenth of a pixel is all that an eye tells apart.
fn coordinate(value: f64) -> String {
    // Charts sort out what is not finite before they draw; a stray one must still not break the picture.
    let value = if value.is_finite() { (value * 10.0).round() / 10.0 } else { 0.0 };
    let value = if value == 0.0 { 0.0 } else { value };
    format!("{value}")
}

impl Canvas {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.body.write_fmt(text);
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (x1, y1, x2, y2) = (coordinate(from.0), coordinate(from.1), coordinate(to.0), coordinate(to.1));
        self.write(format_args!(r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#));
    }

    pub(super) fn rect(&mut self, class: &str, at: (f64, f64), size: (f64, f64)) {
        self.tinted(class, at, size, None);
    }

    /// A rectangle whose fill is as strong as a share in 0..=1 says.
    pub(super) fn tinted(&mut self, class: &str, at: (f64, f64), size: (f64, f64), strength: Option<f64>) {
        let (x, y) = (coordinate(at.0), coordinate(at.1));
        let (width, height) = (coordinate(size.0.max(0.0)), coordinate(size.1.max(0.0)));
        self.write(format_args!(r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}""#));
        if let Some(strength) = strength {
            let strength = if strength.is_finite() { strength.clamp(0.0, 1.0) } else { 0.0 };
            self.write(format_args!(r#" fill-opacity="{strength:.2}""#));
        }
        self.write(format_args!("/>"));
    }

    pub(super) fn circle(&mut self, class: &str, at: (f64, f64), radius: f64) {
        let (x, y, radius) = (coordinate(at.0), coordinate(at.1), coordinate(radius));
        self.write(format_args!(r#"<circle class="{class}" cx="{x}" cy="{y}" r="{radius}"/>"#));
    }

    /// The sign of a tone: each has a shape of its own, so that colour is never the only difference.
    pub(super) fn mark(&mut self, tone: Tone, mark: Mark, at: (f64, f64)) {
        let class = format!("{} {}", if mark == Mark::Hollow { "dot hollow" } else { "dot" }, tone.class());
        let (x, y) = at;
        match tone {
            Tone::Plain => self.circle(&class, at, 4.0),
            Tone::Person => self.circle(&class, at, 5.0),
            Tone::Ai => {
                let corners = [(x, y - 6.8), (x + 6.8, y), (x, y + 6.8), (x - 6.8, y)];
                self.path(&class, &corners, true);
            }
            Tone::Pair => self.rect(&class, (x - 4.5, y - 4.5), (9.0, 9.0)),
        }
    }

    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)], closed: bool) {
        if points.is_empty() {
            return;
        }
        self.write(format_args!(r#"<path class="{class}" d=""#));
        for (at, (x, y)) in points.iter().enumerate() {
            let letter = if at == 0 { 'M' } else { 'L' };
            self.write(format_args!("{letter}{} {}", coordinate(*x), coordinate(*y)));
        }
        self.write(format_args!("{}\"/>", if closed { "Z" } else { "" }));
    }

    pub(super) fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        self.turned(class, at, anchor, text, 0.0);
    }

    /// A text turned by degrees around its point, clockwise.
    pub(super) fn turned(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str, degrees: f64) {
        let (x, y) = (coordinate(at.0), coordinate(at.1));
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let turn = if degrees == 0.0 { String::new() } else { format!(r#" transform="rotate({} {x} {y})""#, coordinate(degrees)) };
        self.write(format_args!(r#"<text class="{class}" x="{x}" y="{y}"{anchor}{turn}>{}</text>"#, escape(text)));
    }

    /// What is drawn inside belongs together and says `hover` under the pointer.
    pub(super) fn group(&mut self, hover: &str, draw: impl FnOnce(&mut Self)) {
        self.write(format_args!("<g><title>{}</title>", escape(hover)));
        draw(self);
        self.write(format_args!("</g>"));
    }

    /// The picture, with a name and a description for those who do not see it.
    pub(super) fn finish(self, class: &str, title: &str, description: &str) -> Markup {
        let (width, height) = (coordinate(self.width), coordinate(self.height));
        PreEscaped(format!(
            r#"<svg class="{class}" xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}"><title>{}</title><desc>{}</desc>{}</svg>"#,
            escape(title),
            escape(description),
            self.body,
        ))
    }
}
