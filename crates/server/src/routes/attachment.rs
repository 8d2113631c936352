//! Attachments: sealed bytes, named by their digest.

use crate::{
    access::{Access, scope},
    extract::{Path, Raw},
    openapi::{CommandProblems, ReadProblems},
    problem::{Kind, Problem},
    state::Server,
};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use countersign_app::view::AttachmentView;
use countersign_core::{content::Digest, limits::ATTACHMENT_BYTES_MAX, refusal::Code};
use utoipa_axum::{router::OpenApiRouter, routes};

pub fn routes() -> OpenApiRouter<Server> {
    OpenApiRouter::new().routes(routes!(attachment_add)).routes(routes!(attachment_get))
}

/// Stores an attachment, to be named in a case's fields.
///
/// The same bytes again are the same attachment.
#[utoipa::path(post, path = "/v1/attachments", tag = "attachments", request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The bytes, under their own media type."),
    responses((status = 201, description = "It is stored.", body = AttachmentView), CommandProblems), security(("key" = ["cases:write"])))]
async fn attachment_add(
    access: Access<scope::CasesWrite>,
    raw: Raw<ATTACHMENT_BYTES_MAX>,
) -> Result<(StatusCode, Json<AttachmentView>), Problem> {
    if raw.media_type.is_empty() {
        return Err(Problem::new(Kind::UnsupportedMediaType, "say what the bytes are, as in `Content-Type: image/png`"));
    }
    Ok((StatusCode::CREATED, Json(access.workspace.attachment_add(&access.caller, &raw.media_type, raw.body.into()).await?)))
}

/// Gives an attachment's bytes.
#[utoipa::path(get, path = "/v1/attachments/{digest}", tag = "attachments", params(("digest" = String, Path, description = "SHA-256 of the bytes, in hexadecimal digits.")),
    responses((status = 200, description = "The bytes, as a download.", body = Vec<u8>, content_type = "application/octet-stream"), ReadProblems), security(("key" = ["cases:read", "judge"])))]
async fn attachment_get(access: Access<scope::CaseRead>, Path(digest): Path<String>) -> Result<Response, Problem> {
    let digest: Digest = digest.parse().map_err(|_| Problem::field(Code::Malformed, "/digest", "a digest is 64 hexadecimal digits"))?;
    let (media_type, bytes) = access.workspace.attachment_get(digest, access.person).await?;
    // What was uploaded is shown by nobody's browser as a page of ours.
    let media_type = HeaderValue::try_from(media_type).unwrap_or(HeaderValue::from_static("application/octet-stream"));
    Ok(([(header::CONTENT_TYPE, media_type), (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"))], bytes).into_response())
}
