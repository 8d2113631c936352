//! What a draft that two people change something by shows at the desk, of a routing as of rules: how it stands and what may be done with
//! it. Knows neither, and decides nothing.

use super::{page::token, text, visitor::Visitor};
use countersign_app::routing::section::{Line, difference};
use maud::{Markup, html};

/// A draft, as far as its buttons go.
pub struct Draft<'a> {
    /// Its page, under which its forms are posted.
    pub url: &'a str,
    /// Whether anything can be done with it.
    pub open: bool,
    /// Whether what it changes has a newer version: it can only be withdrawn.
    pub stale: bool,
    /// Whether whoever looks wrote it: they never approve it.
    pub own: bool,
    /// Whether it was tried on what happened before.
    pub tried: bool,
    /// The form that tries it, under its page.
    pub tries: &'static str,
}

/// What its buttons say.
pub struct Words {
    /// Why it can only be withdrawn.
    pub stale: &'static str,
    /// The button that tries it, at first and again.
    pub tries: [&'static str; 2],
    /// The button that approves it.
    pub approve: &'static str,
    /// Why its author sees no such button.
    pub own: &'static str,
    /// What a reason to withdraw it is like.
    pub withdraw_hint: &'static str,
    /// The button that withdraws it.
    pub withdraw: &'static str,
}

/// What may be done with it.
pub fn actions(visitor: &Visitor, draft: &Draft<'_>, words: &Words) -> Markup {
    let [first, again] = words.tries;
    html! {
        @if draft.open && draft.stale { p.quiet { (words.stale) } }
        @if draft.open && !draft.stale {
            div.actions {
                form method="post" action={ (draft.url) "/" (draft.tries) } { (token(visitor)) button type="submit" { (if draft.tried { again } else { first }) } }
                @if draft.tried && !draft.own {
                    form method="post" action={ (draft.url) "/approve" } { (token(visitor)) button.primary type="submit" { (words.approve) } }
                }
            }
            @if draft.own { p.quiet { (words.own) } }
        }
        @if draft.open {
            form.inline method="post" action={ (draft.url) "/withdraw" } {
                (token(visitor))
                label { span { (text::REASON) } input type="text" name="reason" required maxlength="2000" placeholder=(words.withdraw_hint); }
                button type="submit" { (words.withdraw) }
            }
        }
    }
}

/// Both texts as one, line by line.
pub fn changes(today: &str, drafted: &str, label: &str) -> Markup {
    html! {
        div.patch { div.scroll tabindex="0" role="region" aria-label=(label) {
            table.code { tbody { @for line in difference(today, drafted) {
                @match line {
                    Line::Same(text) => tr { td.line { span.sign { " " } (text) } },
                    Line::Gone(text) => tr.removed { td.line { span.sign { "−" } del { (text) } } },
                    Line::New(text) => tr.added { td.line { span.sign { "+" } ins { (text) } } },
                }
            } } }
        } }
    }
}
