//! NDJSON, both ways: a body of any length becomes lines, pages become a body. Holds no more than a few lines at a time, and
//! never reads faster than what reads from it.

mod line;

pub use line::{Line, Lines};

use crate::{extract::NDJSON, problem::Problem};
use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::Response,
};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use serde::Serialize;

/// A response whose body is these lines.
pub fn response(lines: impl Stream<Item = Result<Bytes, Problem>> + Send + 'static) -> Response {
    // A stream that fails is cut off without its last chunk, so no client takes what it has for all there is.
    let body = Body::from_stream(
        lines
            .inspect_err(|problem| {
                tracing::error!(problem = problem.kind.slug(), cause = problem.cause.as_deref(), "an export broke off");
            })
            .map_err(|problem| std::io::Error::other(problem.detail)),
    );
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(NDJSON));
    response
}

/// One value as a line.
///
/// # Errors
/// Where the value is no JSON, which ours always are.
pub fn line<T: Serialize>(value: &T) -> Result<Bytes, Problem> {
    let mut text = serde_json::to_vec(value).map_err(|error| Problem {
        cause: Some(error.to_string()),
        ..Problem::new(countersign_core::refusal::Code::Internal, "an answer could not be written")
    })?;
    text.push(b'\n');
    Ok(text.into())
}

/// All pages that `next` gives, item by item, each page read when the one before was sent. `next` takes where a page begins and
/// gives its items and where the one after begins; `None` there ends it.
pub fn pages<C, T, F>(first: C, next: impl Fn(C) -> F + Send + 'static) -> impl Stream<Item = Result<Bytes, Problem>> + Send
where
    C: Send + 'static,
    T: Serialize + Send + 'static,
    F: Future<Output = Result<(Vec<T>, Option<C>), Problem>> + Send,
{
    stream::try_unfold((Some(first), next), |(place, next)| async move {
        let Some(place) = place else { return Ok(None) };
        let (items, after) = next(place).await?;
        let mut text = Vec::new();
        for item in &items {
            text.extend_from_slice(&line(item)?);
        }
        Ok::<_, Problem>(Some((Bytes::from(text), (after, next))))
    })
    .try_filter(|text| std::future::ready(!text.is_empty()))
    .boxed()
}
