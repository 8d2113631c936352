//! Problems as RFC 9457 has them: every refusal, and what is wrong with a request before any use case is asked. Never repeats a
//! value that was sent.
//!
//! A problem rides in the response's extensions until [`crate::observe`] writes its body, which knows the request's id.

mod json;
mod page;

pub use json::{json_object, text_problem};
pub use page::{PAGES, page};

use crate::limits::RETRY_AFTER_SECONDS;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use countersign_core::refusal::{Code, Refusal};
use serde::Serialize;
use utoipa::ToSchema;

/// Which problem it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A refusal of the product.
    Refused(Code),
    /// A body in a form that is not taken here (RFC 9110, section 15.5.16).
    UnsupportedMediaType,
    /// The path is there, the method is not.
    MethodNotAllowed,
    /// The request did not come in time.
    RequestTimeout,
}

impl From<Code> for Kind {
    fn from(code: Code) -> Self {
        Self::Refused(code)
    }
}

impl Kind {
    /// Every kind there is.
    pub fn all() -> impl Iterator<Item = Self> {
        Code::ALL.iter().copied().map(Self::Refused).chain([Self::UnsupportedMediaType, Self::MethodNotAllowed, Self::RequestTimeout])
    }

    /// The stable word, the last part of the problem's type.
    #[must_use]
    pub fn slug(self) -> &'static str {
        match self {
            Self::Refused(code) => code.slug(),
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::RequestTimeout => "request-timeout",
        }
    }

    /// What it means, the same for every problem of the kind.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Refused(code) => code.title(),
            Self::UnsupportedMediaType => "The body is in a form that is not taken here",
            Self::MethodNotAllowed => "This path does not take this method",
            Self::RequestTimeout => "The request did not come in time",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Refused(code) => match code {
                Code::Invalid | Code::IdempotencyMismatch => StatusCode::UNPROCESSABLE_ENTITY,
                Code::Malformed => StatusCode::BAD_REQUEST,
                Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                Code::NotFound => StatusCode::NOT_FOUND,
                Code::Unauthenticated => StatusCode::UNAUTHORIZED,
                Code::Forbidden | Code::NotIndependent | Code::InductionRequired | Code::SignatureRequired | Code::SignatureInvalid => {
                    StatusCode::FORBIDDEN
                }
                Code::StaleVersion => StatusCode::PRECONDITION_FAILED,
                Code::Conflict
                | Code::WrongState
                | Code::NotClaimed
                | Code::Claimed
                | Code::ShownTokenInvalid
                | Code::AlreadyRevealed
                | Code::GraceOver
                | Code::AlreadyActed
                | Code::NoCertificate
                | Code::Stopped => StatusCode::CONFLICT,
                Code::Erased => StatusCode::GONE,
                Code::Busy | Code::Storage => StatusCode::SERVICE_UNAVAILABLE,
                Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            },
        }
    }
}

/// What went wrong, for the caller; `cause` is for the server's log only.
#[derive(Debug, Clone)]
pub struct Problem {
    /// Which problem it is.
    pub kind: Kind,
    /// The field or parameter to blame, as a JSON pointer.
    pub field: Option<String>,
    /// What is wrong and what would be right.
    pub detail: String,
    /// The line of an intake that is one atom, counted from 1.
    pub line: Option<u64>,
    /// What the operator needs to know; never sent.
    pub cause: Option<String>,
}

/// A problem as it is sent (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Where it is explained: `/problems/` and the stable word.
    #[serde(rename = "type")]
    pub type_uri: String,
    /// What the type means, in a few words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong here and what would be right.
    pub detail: String,
    /// The field or parameter to blame, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The line to blame, counted from 1, where a file was sent as one atom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The id of the request, as in `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

impl Problem {
    /// A problem without a field.
    #[must_use]
    pub fn new(kind: impl Into<Kind>, detail: impl Into<String>) -> Self {
        Self { kind: kind.into(), field: None, detail: detail.into(), line: None, cause: None }
    }

    /// A problem that blames a field or parameter.
    #[must_use]
    pub fn field(kind: impl Into<Kind>, field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(kind, detail) }
    }

    /// The same problem, of a line.
    #[must_use]
    pub fn at_line(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }

    /// The body that is sent, under the id of the request where it has one.
    #[must_use]
    pub fn body(&self, instance: Option<&str>) -> ProblemBody {
        ProblemBody {
            type_uri: format!("/problems/{}", self.kind.slug()),
            title: self.kind.title(),
            status: self.kind.status().as_u16(),
            detail: self.detail.clone(),
            field: self.field.clone(),
            line: self.line,
            instance: instance.map(Into::into),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self { kind: refusal.code.into(), field: refusal.field, detail: refusal.detail, line: None, cause: None }
    }
}

impl From<countersign_app::Error> for Problem {
    fn from(error: countersign_app::Error) -> Self {
        let problem = Self::from(error.refusal());
        let ours = problem.kind.status().is_server_error();
        Self { cause: ours.then(|| error.to_string()), ..problem }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.kind.status().into_response();
        let headers = response.headers_mut();
        match self.kind {
            Kind::Refused(Code::Unauthenticated) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"countersign\""));
            }
            Kind::Refused(Code::Busy | Code::Storage) => {
                headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS.into());
            }
            _ => {}
        }
        response.extensions_mut().insert(self);
        response
    }
}
