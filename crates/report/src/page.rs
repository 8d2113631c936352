//! The frame of a report: one HTML file with its style inside. Never fetches anything, runs no script, and knows no finding.
//!
//! A report is a head, a first paragraph, and sections of text, tables and figures. The pieces here are what every report is
//! made of; [`Page::render`] puts them into one file that looks right on a desk, on a phone, in the dark and on paper.

mod table;

use maud::{DOCTYPE, Markup, PreEscaped, html};

pub use table::{Cell, Column, Table};

use crate::chart::{self, Chart, Data, Multiples, Tone};
use crate::format::{NOT_ENOUGH, Unit, typeset};
use countersign_science::Estimate;

/// Rows of the table under a figure; whoever wants more takes the JSON.
const DATA_ROWS_MAX: usize = 200;

/// A report.
pub struct Page {
    /// What kind of report it is: "Rehearsal".
    pub kicker: String,
    /// What it is about: the name of the data.
    pub title: String,
    /// The facts of the data in a line.
    pub facts: Vec<String>,
    /// The answer in plain language, a paragraph each; the first stands out.
    pub lead: Vec<String>,
    /// What to know beside it, a sentence each.
    pub points: Vec<String>,
    /// The few figures to remember.
    pub glance: Vec<Glance>,
    /// Everything else, in order.
    pub sections: Vec<Section>,
    /// What stands at the end.
    pub footer: String,
}

/// A part of a report.
pub struct Section {
    /// The anchor: lower-case letters and hyphens.
    pub id: String,
    /// The heading, best as a question.
    pub title: String,
    /// What stands under it.
    pub body: Markup,
}

/// One of the few figures at the head of a report.
pub struct Glance {
    /// What it is.
    pub label: String,
    /// Whose it is.
    pub tone: Tone,
    /// The value, or why there is none.
    pub figure: Result<(Estimate, Unit), String>,
}

impl Page {
    /// The report as one HTML file.
    pub fn render(&self) -> String {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    // Even a label that slipped through every escape could fetch and run nothing.
                    meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                    title { (self.title) " · " (self.kicker) }
                    style { (PreEscaped(chart::TOKENS)) (PreEscaped(chart::CSS)) (PreEscaped(CSS)) }
                }
                body {
                    main.sheet {
                        (self.head())
                        @for section in &self.sections {
                            section id=(section.id) { h2 { (section.title) } (section.body) }
                        }
                        footer { (self.footer) }
                    }
                }
            }
        }
        .into_string()
    }

    /// Figures of one unit that stand side by side have the same decimals.
    fn decimals(&self, one: &Glance) -> usize {
        let Ok((_, unit)) = one.figure else { return 0 };
        let alike = self.glance.iter().filter_map(|other| other.figure.as_ref().ok()).filter(|(_, other)| *other == unit);
        unit.common_decimals(alike.map(|(estimate, _)| estimate.high - estimate.low))
    }

    fn head(&self) -> Markup {
        html! {
            header {
                p.kicker { (self.kicker) }
                h1 { (self.title) }
                p.facts { (self.facts.join(" · ")) }
                @if let Some((first, rest)) = self.lead.split_first() {
                    p.lead { (prose(first)) }
                    (paragraphs(rest))
                }
                (list(&self.points))
                @if !self.glance.is_empty() {
                    dl.glance { @for one in &self.glance { (one.render(self.decimals(one))) } }
                }
            }
            @if self.sections.len() > 2 {
                nav.contents aria-label="Contents" {
                    p { "Contents" }
                    ol { @for section in &self.sections { li { a href={ "#" (section.id) } { (section.title) } } } }
                }
            }
        }
    }
}

impl Glance {
    fn render(&self, decimals: usize) -> Markup {
        html! {
            div {
                dt { @if self.tone != Tone::Plain { (sign(self.tone)) } (self.label) }
                @match &self.figure {
                    Ok((estimate, unit)) => {
                        @let (value, ends) = parted(&unit.interval_with(estimate.value, estimate.low, estimate.high, decimals));
                        dd.figure { (value) }
                        dd.ends { (ends) @if estimate.n > 0 { " · " span.num { "n = " (crate::format::count(estimate.n)) } } }
                    }
                    Err(reason) => { dd."figure"."none" { (reason) } }
                }
            }
        }
    }
}

/// The style of reports, beyond that of [`chart::CSS`].
pub const CSS: &str = include_str!("page/page.css");

/// The value and its interval, apart: `81 %` and `[76, 85]`.
fn parted(text: &str) -> (String, String) {
    match text.split_once(" [") {
        Some((value, ends)) => (value.to_owned(), format!("[{ends}")),
        None => (text.to_owned(), String::new()),
    }
}

/// The shape of people, AI or pair, as a small sign beside its name.
pub fn sign(tone: Tone) -> Markup {
    shape(tone, false)
}

/// The shape, outlined for what is computed rather than observed.
pub fn shape(tone: Tone, hollow: bool) -> Markup {
    html! {
        svg.chart.sign viewBox="0 0 14 14" width="14" height="14" aria-hidden="true" {
            @match tone {
                Tone::Ai => { path.dot.hollow[hollow].ai d="M7 0.5L13.5 7L7 13.5L0.5 7Z"; }
                Tone::Pair => { rect.dot.hollow[hollow].pair x="2.5" y="2.5" width="9" height="9"; }
                Tone::Person => { circle.dot.hollow[hollow].person cx="7" cy="7" r="5.5"; }
                Tone::Plain => { circle.dot.hollow[hollow].plain cx="7" cy="7" r="4"; }
            }
        }
    }
}

/// A sentence in which `*x*` is stressed and `` `x` `` is code. Everything else is text.
pub fn prose(text: &str) -> Markup {
    let mut rest = text;
    let mut pieces: Vec<Markup> = Vec::new();
    while let Some(at) = rest.find(['*', '`']) {
        let (before, marked) = rest.split_at(at);
        let mark = if marked.starts_with('*') { '*' } else { '`' };
        // A mark that nothing closes, or that parts from its word ("2 * 3"), is a letter like any other.
        let inner =
            marked.get(1..).and_then(|inner| inner.split_once(mark)).filter(|(inner, _)| !inner.is_empty() && inner.trim() == *inner);
        let Some((inner, after)) = inner else {
            pieces.push(html! { (typeset(before)) (mark) });
            rest = marked.get(1..).unwrap_or_default();
            continue;
        };
        pieces.push(html! { (typeset(before)) @if mark == '*' { em { (typeset(inner)) } } @else { code { (inner) } } });
        rest = after;
    }
    html! { @for piece in pieces { (piece) } (typeset(rest)) }
}

/// Sentences, each a paragraph of its own.
pub fn paragraphs<S: AsRef<str>>(sentences: &[S]) -> Markup {
    html! { @for sentence in sentences { p { (prose(&crate::format::sentence(sentence.as_ref()))) } } }
}

/// Sentences as a list.
pub fn list<S: AsRef<str>>(sentences: &[S]) -> Markup {
    html! { @if !sentences.is_empty() { ul { @for sentence in sentences { li { (prose(&crate::format::sentence(sentence.as_ref()))) } } } } }
}

/// Sentences beside the main text; `alarm` for what must not be overlooked.
pub fn callout<S: AsRef<str>>(sentences: &[S], alarm: bool) -> Markup {
    html! { @if !sentences.is_empty() { div.callout.alarm[alarm] { (paragraphs(sentences)) } } }
}

/// Sentences that repeat in words what stands in figures above, folded away.
pub fn folded<S: AsRef<str>>(title: &str, sentences: &[S]) -> Markup {
    html! {
        @if !sentences.is_empty() {
            details { summary { (title) } (list(sentences)) }
        }
    }
}

/// What must be said beside figures, small.
pub fn notes<S: AsRef<str>>(sentences: &[S]) -> Markup {
    html! { @for sentence in sentences { p.small.soft { (prose(&crate::format::sentence(sentence.as_ref()))) } } }
}

/// A figure: its picture, what to see in it, and its numbers.
pub fn figure(chart: &dyn Chart, caption: &str) -> Markup {
    html! {
        figure {
            figcaption { b { (chart.title()) } @if !caption.is_empty() { span { (prose(caption)) } } }
            (chart::responsive(chart))
            (numbers(&chart.data()))
        }
    }
}

/// A figure of small multiples.
pub fn figure_of(title: &str, charts: &Multiples, caption: &str) -> Markup {
    html! {
        figure {
            figcaption { b { (title) } @if !caption.is_empty() { span { (prose(caption)) } } }
            (charts.render())
            (numbers(&charts.data()))
        }
    }
}

fn numbers(data: &Data) -> Markup {
    html! {
        @if !data.rows.is_empty() {
            details {
                summary { "The numbers" }
                div.scroll tabindex="0" {
                    table {
                        thead { tr { @for name in &data.head { @if name.is_empty() { td {} } @else { th scope="col" { (name) } } } } }
                        tbody { @for row in data.rows.iter().take(DATA_ROWS_MAX) { tr { @for cell in row { td { (cell) } } } } }
                    }
                }
            }
        }
    }
}

/// Text to paste, as it is.
pub fn code_block(text: &str) -> Markup {
    html! { pre tabindex="0" { code { (text) } } }
}

/// A figure in running text that does not break.
pub fn inline(unit: Unit, estimate: Option<&Estimate>) -> Markup {
    html! { @match estimate { Some(estimate) => { span.num { (unit.interval(estimate.value, estimate.low, estimate.high)) } } None => { (NOT_ENOUGH) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_marks_what_is_marked_and_escapes_the_rest() {
        let html = |text: &str| prose(text).into_string();
        assert_eq!(html("In *priors > 5* use `max_error`."), "In <em>priors &gt; 5</em> use <code>max_error</code>.");
        assert_eq!(html("2 * 3 * 4 and a lone `"), "2 * 3 * 4 and a lone `");
        assert_eq!(html("*<script>*"), "<em>&lt;script&gt;</em>");
        assert_eq!(html("**"), "**");
        assert_eq!(html("ü*ä*ö"), "ü<em>ä</em>ö");
    }

    #[test]
    fn a_page_is_one_file_that_fetches_nothing() {
        let page = Page {
            kicker: "Rehearsal".into(),
            title: "</title><script>alert(1)</script>".into(),
            facts: vec!["3 cases".into()],
            lead: vec!["First.".into(), "Second.".into()],
            points: vec!["third".into()],
            glance: vec![Glance { label: "People".into(), tone: Tone::Person, figure: Err("not enough yet".into()) }],
            sections: vec![Section { id: "a".into(), title: "A?".into(), body: html! { "b" } }],
            footer: "end".into(),
        };
        let html = page.render();
        for word in ["<script", "http://", "https://", "src=", "@import", "url(", "<link"] {
            // The name space of SVG is an address that nothing fetches.
            assert!(!html.replace("http://www.w3.org/2000/svg", "").contains(word), "{word}");
        }
        assert!(html.contains("<p class=\"lead\">First.</p>"));
        assert!(!CSS.contains('#'), "a colour outside of the variables");
    }
}
