//! The pages that problem types point to, from `docs/problems`. Decides nothing.

macro_rules! pages {
    ($($slug:literal),* $(,)?) => {
        /// Every page: the word of a problem and its text in Markdown.
        pub const PAGES: &[(&str, &str)] = &[$(($slug, include_str!(concat!("../../../../docs/problems/", $slug, ".md")))),*];
    };
}

pages![
    "already-acted",
    "already-revealed",
    "busy",
    "claimed",
    "conflict",
    "erased",
    "forbidden",
    "grace-over",
    "idempotency-mismatch",
    "induction-required",
    "internal",
    "invalid",
    "malformed",
    "method-not-allowed",
    "no-certificate",
    "not-claimed",
    "not-found",
    "not-independent",
    "request-timeout",
    "shown-token-invalid",
    "signature-invalid",
    "signature-required",
    "stale-version",
    "stopped",
    "storage",
    "too-large",
    "unauthenticated",
    "unsupported-media-type",
    "wrong-state",
];

/// The page of a problem.
#[must_use]
pub fn page(slug: &str) -> Option<&'static str> {
    PAGES.iter().find(|(known, _)| *known == slug).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    #[test]
    fn every_problem_has_a_page_that_says_what_to_do() {
        for kind in Kind::all() {
            let text = page(kind.slug()).unwrap_or_else(|| panic!("docs/problems/{}.md is missing", kind.slug()));
            assert!(text.starts_with(&format!("# {}\n", kind.title())), "{}: the heading is the title", kind.slug());
            for part in ["## Why it happens", "## What to do", "## Example"] {
                assert!(text.contains(part), "{}: {part}", kind.slug());
            }
            assert!(text.contains(&format!("\"status\": {}", kind.status().as_u16())), "{}: the example has the status", kind.slug());
            assert!(text.contains(&format!("\"/problems/{}\"", kind.slug())), "{}: the example has the type", kind.slug());
        }
        assert_eq!(PAGES.len(), Kind::all().count());
    }
}
