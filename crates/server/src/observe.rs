//! Around every request: its id, a place to work in, one line in the log, the metrics, and the body of a problem. Logs the
//! route and never the path, so that nothing that was sent stands in a log.

use crate::{
    desk,
    limits::REQUEST_ID_CHARS_MAX,
    problem::{Kind, Problem},
    state::Server,
};
use axum::{
    Json,
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use countersign_core::refusal::Code;
use std::any::Any;

/// The header with the id of a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Headers that every response has unless its handler set them. This door serves data and no pages.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; sandbox")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::VARY, HeaderValue::from_static("authorization, accept")),
];

/// The middleware.
pub async fn observe(State(server): State<Server>, request: Request, next: Next) -> Response {
    let id = request_id(&server, &request);
    let method = request.method().clone();
    let on_desk = Some(request.uri().path()).filter(|path| desk::owns(path)).map(str::to_owned);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let began = tokio::time::Instant::now();
    let mut response = match (server.slots.try_acquire(), is_compressed(&request)) {
        (Err(_), _) => {
            Problem::new(Code::Busy, "the server works on as many requests as it can; send this one again in a moment").into_response()
        }
        (Ok(_), true) => {
            Problem::new(Kind::UnsupportedMediaType, "compressed bodies are not taken: send it without `Content-Encoding`").into_response()
        }
        (Ok(_slot), false) => next.run(request).await,
    };
    let problem = response.extensions_mut().remove::<Problem>();
    let took = began.elapsed();
    let status = response.status().as_u16();
    server.metrics.answered(route, &method, status, took);
    log(&id, method.as_str(), route, status, took, problem.as_ref());
    if let Some(problem) = problem {
        response = match &on_desk {
            Some(path) => desk::problem_page(&server, response, &problem, (path, &id)),
            None => with_body(response, &problem, &id),
        };
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    if let Ok(id) = id.parse() {
        headers.insert(REQUEST_ID, id);
    }
    response
}

fn log(id: &str, method: &str, route: &str, status: u16, took: std::time::Duration, problem: Option<&Problem>) {
    let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let kind = problem.map(|problem| problem.kind.slug());
    match problem.and_then(|problem| problem.cause.as_deref()) {
        Some(cause) => tracing::error!(
            request.id = id,
            http.method = method,
            http.route = route,
            http.status = status,
            duration_us,
            problem = kind,
            cause,
            "request failed"
        ),
        None => tracing::info!(
            request.id = id,
            http.method = method,
            http.route = route,
            http.status = status,
            duration_us,
            problem = kind,
            "request"
        ),
    }
}

/// The same response with the problem as its body (RFC 9457, section 3).
fn with_body(response: Response, problem: &Problem, id: &str) -> Response {
    let (mut parts, _) = response.into_parts();
    let body = Json(problem.body(Some(id))).into_response().into_body();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Response::from_parts(parts, body)
}

/// The client's id where it is sane, for it is echoed and logged; else one of ours.
fn request_id(server: &Server, request: &Request) -> String {
    let sane = |id: &&str| {
        (1..=REQUEST_ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let sent = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(sane);
    sent.map_or_else(|| (server.config.request_ids)(), Into::into)
}

/// Whether the body is compressed. A few bytes of it could be gigabytes, and cases are small.
fn is_compressed(request: &Request) -> bool {
    request.headers().get_all(header::CONTENT_ENCODING).iter().any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// What a panic becomes. Its text goes to the log only.
pub fn panicked(payload: Box<dyn Any + Send>) -> Response<Body> {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without a text");
    let problem = Problem::new(Code::Internal, "something went wrong on our side; the server's log says more under this request's id");
    Problem { cause: Some(format!("panic: {text}")), ..problem }.into_response()
}

/// What no route matches.
pub async fn not_found() -> Problem {
    Problem::new(Code::NotFound, "there is no such path; /v1/openapi.json lists all there are")
}

/// What a route has no method for.
pub async fn method_not_allowed() -> Problem {
    Problem::new(Kind::MethodNotAllowed, "this path does not take this method; `Allow` names those that it takes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_problem_that_keeps_its_text_to_itself() {
        for payload in [Box::new("SECRET") as Box<dyn Any + Send>, Box::new(String::from("SECRET")), Box::new(7)] {
            let known = !payload.is::<i32>();
            let response = panicked(payload);
            assert_eq!(response.status(), 500);
            let problem = response.extensions().get::<Problem>().unwrap();
            assert_eq!(problem.cause.as_ref().unwrap().contains("SECRET"), known);
            let sent = serde_json::to_string(&problem.body(Some("r1"))).unwrap();
            assert!(!sent.contains("SECRET") && sent.contains("\"r1\""), "{sent}");
        }
    }
}
