//! Remarks on the lines of a diff: beneath the line that each is about, and the form for another one, which works by hand, by keys and
//! without script. Draws what it is handed; whose remarks that may be is decided where they are read.

use super::patch::Line;
use crate::desk::text::{self, remarks as words};
use countersign_app::view::{AnchorView, CommentView};
use countersign_core::{number::Micros, patch::Side, time};
use maud::{Markup, html};
use std::collections::HashMap;
use uuid::Uuid;

/// Files that the form offers by name; whoever means a later one writes its remark on the whole case.
const FILES_OFFERED_MAX: usize = 500;

/// What was remarked on a case.
#[derive(Debug, Clone, Copy)]
pub struct Remarks<'a> {
    /// The remarks, in their order.
    pub comments: &'a [CommentView],
    /// What people are called.
    pub people: &'a HashMap<Uuid, String>,
    /// Where another one is sent, with what the page's forms carry; none: nothing is remarked here.
    pub to: Option<(&'a str, &'a Markup)>,
    /// The digest of the content on the page.
    pub content: &'a str,
    /// Now.
    pub now: Micros,
}

impl<'a> Remarks<'a> {
    fn anchored(&self) -> impl Iterator<Item = (&'a CommentView, &'a AnchorView)> + use<'a> {
        self.comments.iter().filter_map(|comment| Some((comment, comment.anchor.as_ref()?)))
    }

    /// Those on a line of this content.
    pub fn on_line(&self, field: &str, file: usize, line: &Line<'_>) -> impl Iterator<Item = &'a CommentView> {
        let here = move |anchor: &AnchorView| {
            let side = if anchor.side == "old" { Side::Old } else { Side::New };
            !anchor.outdated && anchor.field == field && anchor.number == file as u64 + 1 && line.number(side) == Some(anchor.line)
        };
        self.anchored().filter(move |(_, anchor)| here(anchor)).map(|(comment, _)| comment)
    }

    /// Whether some remark stands in a file, which is open then.
    pub fn in_file(&self, field: &str, file: usize) -> bool {
        self.anchored().any(|(_, anchor)| !anchor.outdated && anchor.field == field && anchor.number == file as u64 + 1)
    }

    /// A remark as it stands beneath its line.
    pub fn beneath(&self, comment: &CommentView) -> Markup {
        html! { tr.remark #{ "remark-" (comment.id) } { td colspan="3" { div.remark { (self.said(comment)) } } } }
    }

    fn said(&self, comment: &CommentView) -> Markup {
        let at = time::parse_rfc3339(&comment.at).unwrap_or(self.now);
        html! {
            p.who {
                span.people { (self.people.get(&comment.person).map_or(text::NAMELESS, String::as_str)) }
                " " time.quiet datetime=(comment.at) title=(text::moment(at)) { (text::distance(at, self.now)) }
            }
            p.words dir="auto" { (comment.text.as_deref().unwrap_or(words::ERASED)) }
        }
    }

    /// All of them, one after the other.
    #[must_use]
    pub fn thread(&self) -> Markup {
        html! {
            @if !self.comments.is_empty() {
                section.sheet.remarks {
                    h2 { (words::REMARKS) }
                    ol.plain { @for comment in self.comments { li {
                        @if let Some(anchor) = &comment.anchor {
                            p.place {
                                @if anchor.outdated { (words::place(anchor)) " " span.tag { (words::OUTDATED) } }
                                @else { a href={ "#remark-" (comment.id) } { (words::place(anchor)) } }
                            }
                        }
                        (self.said(comment))
                    } } }
                }
            }
        }
    }

    /// The form for a remark on a line of this diff.
    pub fn form(&self, field: &str, paths: &[&str]) -> Markup {
        let Some((to, hidden)) = self.to.filter(|_| !paths.is_empty()) else { return html! {} };
        html! {
            // Not among the files: whoever looks for the last one finds it.
            div {
                details.remarking data-remarking {
                    summary { (words::ON_LINE) " " kbd hidden { "c" } }
                    form method="post" action=(to) {
                        (hidden)
                        input type="hidden" name="field" value=(field);
                        input type="hidden" name="content" value=(self.content);
                        p.quiet hidden data-how { (words::HOW) }
                        div.where {
                            @match paths {
                                [_] => input type="hidden" name="number" value="1";,
                                many => label { span { (words::FILE) } select name="number" {
                                    @for (at, path) in many.iter().take(FILES_OFFERED_MAX).enumerate() { option value=(at + 1) { (path) } }
                                } },
                            }
                            label { span { (words::LINE) } input type="number" name="line" min="1" required inputmode="numeric"; }
                            label { span { (words::SIDE) } select name="side" { option value="new" { (words::AFTER) } option value="old" { (words::BEFORE) } } }
                        }
                        label { span { (words::TEXT) } textarea name="text" rows="2" required {} }
                        p.actions { button type="submit" { (words::SEND) } " " button.quiet type="button" hidden data-close { (words::CLOSE) } }
                    }
                }
            }
        }
    }
}
