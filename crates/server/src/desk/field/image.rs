//! An image from the vault, with the boxes of the case and of the proposals drawn over it. The picture is looked at with wheel
//! and pointer where there is script, and in a window of its own where there is none.

use super::{Context, json};
use crate::desk::text::parts as words;
use countersign_app::view::FieldView;
use maud::{Markup, html};
use serde_json::Value;

/// Boxes that are drawn.
const SHOWN_BOXES_MAX: usize = 200;

/// The image.
pub fn render(value: &Value, field: &FieldView, context: &Context<'_>) -> Markup {
    // A digest is hexadecimal; anything else is no address of ours.
    let digest = value["attachment"].as_str().filter(|text| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()));
    let Some(digest) = digest else { return json::render(value) };
    let source = context.attachment(digest);
    let empty = Vec::new();
    let boxes = value["boxes"].as_array().unwrap_or(&empty);
    html! {
        figure.image data-image {
            div.stage tabindex="0" role="img" aria-label=(words::image_of(&field.name)) {
                img src=(source) alt=(words::image_of(&field.name)) loading="eager" decoding="async";
                svg.boxes aria-hidden="true" preserveAspectRatio="none" {
                    @for one in boxes.iter().take(SHOWN_BOXES_MAX) { (drawn(one)) }
                }
            }
            p.broken hidden { (words::IMAGE_BROKEN) }
            figcaption {
                span.tools {
                    button type="button" data-zoom="in" hidden { (words::ZOOM_IN) }
                    button type="button" data-zoom="out" hidden { (words::ZOOM_OUT) }
                    button type="button" data-zoom="fit" hidden { (words::ZOOM_FIT) }
                    @if !boxes.is_empty() { button type="button" data-boxes hidden { (words::BOXES) } }
                }
                a href=(source) target="_blank" rel="noopener" { (words::IMAGE_ALONE) }
                @if !boxes.is_empty() {
                    ul.legend { @for one in boxes.iter().take(SHOWN_BOXES_MAX) { @if let Some(label) = one["label"].as_str() { li { (label) } } } }
                }
            }
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
