//! Small multiples: the same picture many times, side by side. Never draws more than can be compared.

use maud::{Markup, html};

use super::{Chart, Data};

/// Pictures beyond these are named, not drawn.
const PICTURES_MAX: usize = 24;
/// The width that one of them is drawn for, px.
const PICTURE_PX: f64 = 216.0;
/// The width that one of two columns is drawn for, px.
const HALF_PX: f64 = 324.0;

/// Charts of one kind in a grid. Give them all the same axes.
pub struct Multiples {
    /// The charts; the title of each is its caption.
    pub charts: Vec<Box<dyn Chart>>,
    /// Two larger columns instead of three small ones.
    pub two: bool,
}

impl Multiples {
    /// The grid.
    pub fn render(&self) -> Markup {
        let more = self.charts.len().saturating_sub(PICTURES_MAX);
        let width = if self.two { HALF_PX } else { PICTURE_PX };
        html! {
            div.multiples.two[self.two] {
                @for chart in self.charts.iter().take(PICTURES_MAX) {
                    figure {
                        figcaption { (super::text::fit(chart.title(), width - 8.0, 13.0)) }
                        (chart.draw(width))
                    }
                }
            }
            @if more > 0 { p { "and " (more) " more" } }
        }
    }

    /// The numbers of every chart in one table, the first column naming the chart.
    pub fn data(&self) -> Data {
        let mut out = Data::default();
        for chart in &self.charts {
            let data = chart.data();
            if out.head.is_empty() {
                out.head = std::iter::once(String::new()).chain(data.head).collect();
            }
            out.rows.extend(data.rows.into_iter().map(|row| std::iter::once(chart.title().to_owned()).chain(row).collect()));
        }
        out
    }
}
