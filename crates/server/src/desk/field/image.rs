//! An image from the vault, with the boxes of the case and of the proposals drawn over it. The picture is looked at with wheel
//! and pointer where there is script, its shades are spread and two of them compared; in a window of its own where there is none. What is
//! changed of how it looks is changed on that screen only.

use super::{Context, json};
use crate::desk::text::parts as words;
use countersign_app::{input::HeatInput, view::FieldView};
use maud::{Markup, html};
use serde_json::Value;

/// Boxes that are drawn.
const SHOWN_BOXES_MAX: usize = 200;

/// The image.
pub fn render(value: &Value, field: &FieldView, context: &Context<'_>) -> Markup {
    let Some(digest) = digest(value) else { return json::render(value) };
    let source = context.attachment(digest);
    let empty = Vec::new();
    let boxes = value["boxes"].as_array().unwrap_or(&empty);
    // Of several proposers the first that says where it looked. Where no part speaks for the answer there is nothing to draw.
    let heats = context.evidence_of(&field.name).filter_map(|evidence| evidence.heat.as_ref());
    let heat = heats.filter_map(|heat| Some((heat, strongest(heat)?))).next();
    html! {
        figure.image data-image {
            div.stage tabindex="0" role="img" aria-label=(words::image_of(&field.name)) {
                img src=(source) alt=(words::image_of(&field.name)) loading="eager" decoding="async";
                svg.boxes aria-hidden="true" preserveAspectRatio="none" {
                    @for one in boxes.iter().take(SHOWN_BOXES_MAX) { (drawn(one)) }
                }
                @if let Some((heat, most)) = heat { (heated(heat, most.tenths)) }
            }
            p.broken hidden { (words::IMAGE_BROKEN) }
            figcaption {
                span.tools {
                    button type="button" data-zoom="in" hidden { (words::ZOOM_IN) }
                    button type="button" data-zoom="out" hidden { (words::ZOOM_OUT) }
                    button type="button" data-zoom="fit" hidden { (words::ZOOM_FIT) }
                    @if !boxes.is_empty() { button type="button" data-boxes hidden { (words::BOXES) } }
                }
                @if let Some((_, most)) = heat {
                    label.switch { input type="checkbox" checked data-heat; (words::heat(most.tenths, most.down, most.right)) }
                }
                (levels())
                a href=(source) target="_blank" rel="noopener" { (words::IMAGE_ALONE) }
                @if !boxes.is_empty() {
                    ul.legend { @for one in boxes.iter().take(SHOWN_BOXES_MAX) { @if let Some(label) = one["label"].as_str() { li { (label) } } } }
                }
            }
        }
    }
}

/// The cell that speaks most for the answer: by how many tenths of a logit, and in which third of the picture it lies, from the top and from the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Strongest {
    tenths: i8,
    down: u8,
    right: u8,
}

fn strongest(heat: &HeatInput) -> Option<Strongest> {
    let (mut at, mut tenths) = (0u32, 0i8);
    for (cell, n) in heat.cells.iter().zip(0u32..) {
        if *cell > tenths {
            (at, tenths) = (n, *cell);
        }
    }
    let columns = heat.columns.max(1);
    let third = |n: u32, of: u32, from: u32, size: u32| {
        let middle = f64::from(from) + (f64::from(n) + 0.5) * f64::from(size) / f64::from(of.max(1));
        (middle * 3.0 / 10_000.0).floor().clamp(0.0, 2.0) as u8
    };
    let (down, right) = (third(at / columns, heat.rows, heat.top, heat.height), third(at % columns, columns, heat.left, heat.width));
    (tenths > 0).then_some(Strongest { tenths, down, right })
}

/// What of the picture speaks for the answer, the more the denser. What speaks against it is not drawn: one picture says one thing.
fn heated(heat: &HeatInput, most: i8) -> Markup {
    let edge = |n: u32, of: u32, size: u32| f64::from(n) * f64::from(size) / f64::from(of.max(1));
    let cells = heat.cells.iter().zip(0u32..).filter(|(cell, _)| **cell > 0);
    html! {
        svg.boxes.heat aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 10000 10000" {
            @for (cell, n) in cells {
                @let (column, row) = (n % heat.columns.max(1), n / heat.columns.max(1));
                @let (x, y) = (edge(column, heat.columns, heat.width), edge(row, heat.rows, heat.height));
                @let (right, bottom) = (edge(column + 1, heat.columns, heat.width), edge(row + 1, heat.rows, heat.height));
                rect x=(format!("{:.1}", f64::from(heat.left) + x)) y=(format!("{:.1}", f64::from(heat.top) + y))
                    width=(format!("{:.1}", right - x)) height=(format!("{:.1}", bottom - y))
                    fill-opacity=(format!("{:.2}", 0.6 * f64::from(*cell) / f64::from(most))) {}
            }
        }
    }
}

/// A digest is hexadecimal; anything else is no address of ours.
fn digest(value: &Value) -> Option<&str> {
    value["attachment"].as_str().filter(|text| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// How bright and how steep its shades are drawn.
fn levels() -> Markup {
    html! {
        details.levels data-levels hidden data-plain=(words::LEVELS_PLAIN) data-changed=(words::LEVELS_CHANGED) {
            summary { (words::LEVELS) }
            label { span { (words::LEVEL) } input type="range" min="0" max="100" value="50" data-level="level"; }
            label { span { (words::WINDOW) } input type="range" min="2" max="200" value="100" data-level="window"; }
            button type="button" data-invert aria-pressed="false" { (words::INVERT) }
            button type="button" data-reset { (words::RESET) }
            p.quiet { output { (words::LEVELS_PLAIN) } " " (words::LEVELS_LEAD) }
        }
    }
}

/// Two images of a case beside or over one another, where it has two that whoever looks may see.
#[must_use]
pub fn compare<'a>(fields: impl Iterator<Item = &'a FieldView>, context: &Context<'_>) -> Markup {
    let seen = fields.filter(|field| field.kind == "image" && !field.masked && !field.erased);
    let images: Vec<(&str, String)> =
        seen.filter_map(|field| Some((field.name.as_str(), context.attachment(digest(&field.value)?)))).collect();
    if images.len() < 2 {
        return html! {};
    }
    html! {
        details.field.compare.image data-compare hidden {
            summary { (words::COMPARE) }
            div.pick {
                @for (at, word) in [words::COMPARE_ONE, words::COMPARE_OTHER].into_iter().enumerate() {
                    label { span { (word) } select { @for (n, (name, source)) in images.iter().enumerate() { option value=(source) selected[n == at] { (name) } } } }
                }
                fieldset {
                    legend { (words::COMPARE_HOW) }
                    label { input type="radio" name="compare-how" value="beside" checked; " " (words::COMPARE_BESIDE) }
                    label { input type="radio" name="compare-how" value="swipe"; " " (words::COMPARE_SWIPE) }
                }
            }
            label.seam-at hidden { span { (words::COMPARE_SEAM) } input type="range" min="0" max="100" value="50" data-swipe; }
            div.stages data-how="beside" {
                @for _ in 0..2 { div.pane { div.stage tabindex="0" role="img" aria-label="" { img alt="" decoding="async"; } p.name {} } }
                span.seam aria-hidden="true" {}
            }
            p.tools {
                button type="button" data-zoom="in" { (words::ZOOM_IN) }
                button type="button" data-zoom="out" { (words::ZOOM_OUT) }
                button type="button" data-zoom="fit" { (words::ZOOM_FIT) }
            }
            (levels())
        }
    }
}

fn drawn(one: &Value) -> Markup {
    let side = |name: &str| one[name].as_i64().unwrap_or_default().max(0);
    html! {
        rect x=(side("x")) y=(side("y")) width=(side("width")) height=(side("height")) vector-effect="non-scaling-stroke" {
            @if let Some(label) = one["label"].as_str() { title { (label) } }
        }
    }
}
