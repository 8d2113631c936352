//! Style, script and icon out of the binary, under an address that changes with their content and is kept for ever. Holds no logic.

use crate::problem::Problem;
use axum::{
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use countersign_core::refusal::Code;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// Name, media type, text.
const FILES: &[(&str, &str, &str)] = &[
    ("desk.css", CSS, include_str!("assets/desk.css")),
    ("desk.js", SCRIPT, include_str!("assets/desk.js")),
    ("parts.css", CSS, include_str!("assets/parts.css")),
    ("image.js", SCRIPT, include_str!("assets/image.js")),
    ("view.js", SCRIPT, include_str!("assets/view.js")),
    ("palette.js", SCRIPT, include_str!("assets/palette.js")),
    ("passkey.js", SCRIPT, include_str!("assets/passkey.js")),
    ("proof.js", SCRIPT, include_str!("assets/proof.js")),
    ("chart.css", CSS, countersign_report::chart::CSS),
    ("icon.svg", SVG, include_str!("assets/icon.svg")),
];

/// Style sheets in the order in which pages link them.
pub const STYLES: &[&str] = &["desk.css", "parts.css", "chart.css"];
/// Modules that pages load.
pub const SCRIPTS: &[&str] = &["passkey.js", "desk.js", "view.js", "proof.js", "palette.js"];

/// One version for all of them: modules import each other by name.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for (name, _, text) in FILES {
        hash.update(name.as_bytes());
        hash.update([0]);
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
});

/// The address of a file.
#[must_use]
pub fn url(name: &str) -> String {
    format!("/desk/assets/{}/{name}", *VERSION)
}

/// Gives a file. An older version's address gives the present file, but nobody keeps it.
pub async fn give(Path((version, name)): Path<(String, String)>) -> Response {
    let Some((_, media_type, text)) = FILES.iter().find(|(known, ..)| *known == name) else {
        return Problem::new(Code::NotFound, "there is no such file").into_response();
    };
    let kept = if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(media_type)), (header::CACHE_CONTROL, HeaderValue::from_static(kept))];
    (headers, *text).into_response()
}

#[cfg(test)]
mod tests {
    /// The values of a variable, in the order in which a style sheet gives them: light, then dark.
    fn values<'c>(css: &'c str, name: &str) -> Vec<&'c str> {
        css.split(&format!("--{name}: ")).skip(1).filter_map(|rest| rest.split(';').next()).take(2).collect()
    }

    #[test]
    fn a_colour_means_the_same_in_the_desk_and_in_charts() {
        let (desk, charts) = (include_str!("assets/desk.css"), include_str!("../../../report/src/chart/style/tokens.css"));
        for name in ["person", "ai", "pair", "alarm"] {
            assert_eq!(values(charts, name).len(), 2, "{name}");
            assert_eq!(values(desk, name), values(charts, name), "{name}");
        }
    }

    #[test]
    fn styles_use_only_variables_that_there_are() {
        let all = [include_str!("assets/desk.css"), include_str!("assets/parts.css")].concat();
        for used in all.split("var(--").skip(1).filter_map(|rest| rest.split([')', ',']).next()) {
            assert!(!values(&all, used).is_empty(), "--{used} is used and nowhere set");
        }
    }
}
