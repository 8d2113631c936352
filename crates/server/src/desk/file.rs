//! Attachments as pages show them: pictures of kinds that are safe in a page, everything else as a download. Never lets what somebody
//! uploaded become a page of ours.

use super::visitor::Visitor;
use crate::{extract::Path, problem::Problem};
use axum::{
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use countersign_core::{content::Digest, refusal::Code};

/// Pictures without script inside.
const PICTURES: &[&str] = &["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"];

/// Gives the bytes.
pub async fn give(visitor: Visitor, Path(digest): Path<String>) -> Result<Response, Problem> {
    let digest: Digest = digest.parse().map_err(|_| Problem::field(Code::Malformed, "/digest", "a digest is 64 hexadecimal digits"))?;
    let (media_type, bytes) = visitor.workspace.attachment_get(digest, Some(visitor.person)).await?;
    let picture = PICTURES.contains(&media_type.as_str());
    let media_type = if picture { HeaderValue::try_from(media_type).ok() } else { None };
    let shown = if picture { "inline" } else { "attachment" };
    let headers = [
        (header::CONTENT_TYPE, media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"))),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(shown)),
        // The bytes never change, but they may be erased: a copy is kept for as long as a page is looked at, by this browser only.
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    ];
    Ok((headers, bytes).into_response())
}
