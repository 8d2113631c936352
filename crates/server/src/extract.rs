//! Reads requests: paths, queries, bodies, `Idempotency-Key` and `If-Match`, each with a problem that says what is wrong. Never
//! asks a use case.

use crate::{
    limits::{BODY_SECONDS_MAX, PAGE_ITEMS_DEFAULT},
    problem::{Kind, Problem, json_object, text_problem},
};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, MatchedPath, Request, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, header, request::Parts},
};
use countersign_app::{IdempotencyKey, Options};
use countersign_core::{
    limits::{CASE_BYTES_MAX, IDEMPOTENCY_KEY_BYTES_MAX, PAGE_ITEMS_MAX},
    refusal::Code,
};
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// The parts of the path that the route names.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Path::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(path)| Self(path))
            .map_err(|_| Problem::new(Code::Malformed, "the path cannot be read: ids are UUIDs such as 018f0000-0000-7000-8000-000000000000, numbers are plain digits, and text is UTF-8"))
    }
}

/// The query.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match axum::extract::Query::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(QueryRejection::FailedToDeserializeQueryString(error)) => {
                let text = error.body_text();
                Err(text_problem(text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text)))
            }
            Err(_) => Err(Problem::new(Code::Malformed, "the query cannot be read")),
        }
    }
}

/// How many items a page has.
///
/// # Errors
/// `invalid` outside of 1 to [`PAGE_ITEMS_MAX`].
pub fn page_items(limit: Option<u32>) -> Result<u32, Problem> {
    match limit.unwrap_or(PAGE_ITEMS_DEFAULT) {
        items @ 1..=PAGE_ITEMS_MAX => Ok(items),
        _ => Err(Problem::field(Code::Invalid, "/limit", format!("a page has 1 to {PAGE_ITEMS_MAX} items"))),
    }
}

/// A body that says nothing: `{}` or no body at all.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// A JSON body with how the request may be sent again and which version it is about. No body reads as `{}`.
pub struct Command<T> {
    /// The body.
    pub input: T,
    /// `Idempotency-Key` and `If-Match`.
    pub options: Options,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Command<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let head = Head::of(&request)?;
        let typed = request.headers().contains_key(header::CONTENT_TYPE);
        let json = media_type(request.headers())
            .is_some_and(|media| media == "application/json" || (media.starts_with("application/") && media.ends_with("+json")));
        let body = body_whole(request, CASE_BYTES_MAX).await?;
        if !json && (typed || !body.is_empty()) {
            return Err(Problem::new(Kind::UnsupportedMediaType, "send JSON, with `Content-Type: application/json`"));
        }
        let text: &[u8] = if body.is_empty() { b"{}" } else { &body };
        let input = json_object(text)?;
        Ok(Self { input, options: head.options(&body) })
    }
}

/// A body of any kind, whole, with its media type and how the request may be sent again.
pub struct Raw<const BYTES_MAX: usize> {
    /// The media type in lower case without parameters; empty where none was sent.
    pub media_type: String,
    /// The body.
    pub body: Bytes,
    /// `Idempotency-Key` and `If-Match`.
    pub options: Options,
}

impl<const BYTES_MAX: usize, S: Send + Sync> FromRequest<S> for Raw<BYTES_MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let head = Head::of(&request)?;
        let media_type = media_type(request.headers()).unwrap_or_default();
        let body = body_whole(request, BYTES_MAX).await?;
        let options = head.options(&body);
        Ok(Self { media_type, body, options })
    }
}

/// What the head of a request says about sending it again and about versions.
pub struct Head {
    idempotency: Option<(IdempotencyKey, Sha256)>,
    if_match: Option<u64>,
}

impl Head {
    /// Reads it.
    ///
    /// # Errors
    /// Where `Idempotency-Key` or `If-Match` cannot be read.
    pub fn of(request: &Request) -> Result<Self, Problem> {
        let if_match = request.headers().get(header::IF_MATCH).map(|value| version(value.as_bytes())).transpose()?.flatten();
        let Some(key) = request.headers().get(IDEMPOTENCY_KEY) else {
            return Ok(Self { idempotency: None, if_match });
        };
        let key = key.to_str().ok().filter(|key| !key.is_empty() && key.len() <= IDEMPOTENCY_KEY_BYTES_MAX).ok_or_else(|| {
            Problem::field(
                Code::Malformed,
                "/Idempotency-Key",
                format!("an idempotency key has 1 to {IDEMPOTENCY_KEY_BYTES_MAX} printable ASCII characters"),
            )
        })?;
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let route = request.extensions().get::<MatchedPath>().map_or(path, MatchedPath::as_str);
        let digest = Sha256::new().chain_update(request.method().as_str()).chain_update(b"\n").chain_update(path).chain_update(b"\n");
        let key = IdempotencyKey { route: format!("{} {route}", request.method()), key: key.into(), request: [0; 32] };
        Ok(Self { idempotency: Some((key, digest)), if_match })
    }

    /// Together with the body.
    #[must_use]
    pub fn options(self, body: &[u8]) -> Options {
        let idempotency =
            self.idempotency.map(|(key, digest)| IdempotencyKey { request: digest.chain_update(body).finalize().into(), ..key });
        Options { idempotency, if_match: self.if_match }
    }
}

/// The header under which a request may be sent again.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The version that `If-Match` names (RFC 9110, section 13.1.1); `*` names none.
fn version(header: &[u8]) -> Result<Option<u64>, Problem> {
    if header == b"*" {
        return Ok(None);
    }
    let digits = header.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).and_then(|digits| std::str::from_utf8(digits).ok());
    let version = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())).and_then(|digits| digits.parse().ok());
    version.map(Some).ok_or_else(|| Problem::field(Code::Malformed, "/If-Match", "`If-Match` takes one ETag as it was given, as in \"7\""))
}

/// Whether the client already has this version (`If-None-Match`, RFC 9110, section 13.1.2: compared weakly).
#[must_use]
pub fn has_version(headers: &HeaderMap, version: u64) -> bool {
    let tag = format!("\"{version}\"");
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|candidate| matches!(candidate.trim(), "*") || candidate.trim().trim_start_matches("W/") == tag)
}

/// The media type of the body, in lower case, without its parameters.
#[must_use]
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

/// Whether the client asks for NDJSON.
#[must_use]
pub fn wants_ndjson(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).any(|value| value.contains(NDJSON))
}

/// One JSON value a line.
pub const NDJSON: &str = "application/x-ndjson";

/// Reads a body whole, no further than its limit and no longer than its time.
///
/// # Errors
/// `too-large`, `request-timeout`, or `malformed` where it breaks off.
pub async fn body_whole(request: Request, bytes_max: usize) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(Code::TooLarge, format!("the body has more than {bytes_max} bytes"));
    let announced =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|value| value.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_SECONDS_MAX, axum::body::to_bytes(request.into_body(), bytes_max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_length_limit(&error) => Err(too_large()),
        Ok(Err(_)) => Err(Problem::new(Code::Malformed, "the body broke off")),
        Err(_) => Err(Problem::new(Kind::RequestTimeout, format!("the body did not come within {} s", BODY_SECONDS_MAX.as_secs()))),
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        // The limiting body keeps its type to itself; its words are the only sign of it.
        if error.to_string() == "length limit exceeded" {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use futures_util::stream;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let slow = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let problem = body_whole(Request::new(slow), 10).await.unwrap_err();
        assert_eq!(problem.kind, Kind::RequestTimeout);
    }

    #[tokio::test]
    async fn a_body_without_a_length_is_counted() {
        for (bytes, want) in [(10, Ok(10)), (11, Err(Kind::from(Code::TooLarge)))] {
            let parts = stream::iter(vec![Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 5])), Ok(Bytes::from(vec![b'x'; bytes - 5]))]);
            let read = body_whole(Request::new(Body::from_stream(parts)), 10).await;
            assert_eq!(read.map(|bytes| bytes.len()).map_err(|problem| problem.kind), want);
        }
    }

    #[test]
    fn if_match_takes_one_strong_tag() {
        for (header, want) in [
            ("\"7\"", Ok(Some(7))),
            ("*", Ok(None)),
            ("7", Err(())),
            ("W/\"7\"", Err(())),
            ("\"7\", \"8\"", Err(())),
            ("\"\"", Err(())),
            ("\"+7\"", Err(())),
            ("\"99999999999999999999\"", Err(())),
        ] {
            assert_eq!(version(header.as_bytes()).map_err(|_| ()), want, "{header}");
        }
    }

    #[test]
    fn if_none_match_takes_lists_and_weak_tags() {
        for (header, want) in [("\"7\"", true), ("\"6\", W/\"7\"", true), ("*", true), ("\"77\"", false), ("7", false)] {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, header.parse().unwrap());
            assert_eq!(has_version(&headers, 7), want, "{header}");
        }
    }
}
