//! The description of the API (OpenAPI 3.1): what stands above the operations, and the problems that they share. Each operation
//! is described where it is handled.

use crate::problem::{Kind, ProblemBody};
use countersign_core::refusal::Code;
use std::collections::BTreeMap;
use utoipa::{
    IntoParams, IntoResponses, PartialSchema,
    openapi::{
        Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Response, ResponseBuilder,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

/// What stands above the operations.
#[must_use]
pub fn document() -> OpenApi {
    let mut components = Components::new();
    components.schemas.insert("Problem".into(), ProblemBody::schema());
    components.add_security_scheme(
        "key",
        SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("An API key, `cs_...`. One of the listed scopes is enough; `admin` has them all."))
                .build(),
        ),
    );
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Countersign")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some("AI proposes, a person decides, and the pair is measured. `/v1` only grows. Problems are `application/problem+json`; their types are pages under `/problems/`."))
                .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build())),
        )
        .components(Some(components))
        .build()
}

/// The same document with the wildcards of paths written as OpenAPI has them.
#[must_use]
pub fn finished(mut document: OpenApi) -> OpenApi {
    let mut paths = Paths::new();
    paths.paths = std::mem::take(&mut document.paths.paths).into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    document.paths = paths;
    document
}

/// How a command may be sent again.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "a description; the headers are read by `extract::Head`")]
pub struct Again {
    /// Under the same key within 24 hours the same request is carried out once, and answered the same way again.
    #[param(rename = "Idempotency-Key", max_length = 255)]
    key: Option<String>,
}

/// Which version of a case a command is about.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "a description; the headers are read by `extract::Head`")]
pub struct Version {
    /// The `ETag` of the case as it was read, as in `"7"`; refused where the case has changed since.
    #[param(rename = "If-Match")]
    version: Option<String>,
}

/// The responses for these problems, by status.
fn responses(kinds: &[Kind]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status = BTreeMap::<String, Vec<Kind>>::new();
    for kind in kinds {
        by_status.entry(kind.status().as_u16().to_string()).or_default().push(*kind);
    }
    by_status
        .into_iter()
        .map(|(status, kinds)| {
            let words: Vec<_> = kinds.iter().map(|kind| format!("`{}`: {}.", kind.slug(), kind.title())).collect();
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            (status, ResponseBuilder::new().description(words.join(" ")).content("application/problem+json", content).build().into())
        })
        .collect()
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $($base:ident +)? [$($kind:expr),* $(,)?];)*) => {
        $($(#[$doc])* pub struct $name;

        impl $name {
            fn kinds() -> Vec<Kind> {
                [vec![$(Kind::from($kind)),*] $(, $base::kinds())?].concat()
            }
        }

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                responses(&Self::kinds())
            }
        })*
    };
}

problems! {
    /// Of every request.
    OpenProblems = [Code::Malformed, Code::NotFound, Code::Busy, Code::Storage, Code::Internal];
    /// Of every request with a key.
    ReadProblems = OpenProblems + [Code::Invalid, Code::Unauthenticated, Code::Forbidden];
    /// Of reading what may still be withheld.
    WithheldProblems = ReadProblems + [Code::NotIndependent];
    /// Of every request with a body.
    CommandProblems = ReadProblems + [Code::TooLarge, Code::IdempotencyMismatch, Code::Conflict, Kind::UnsupportedMediaType, Kind::RequestTimeout];
    /// Of vouching for somebody.
    VouchProblems = CommandProblems + [Code::WrongState, Code::NotIndependent];
    /// Of commands on a case.
    CaseProblems = CommandProblems + [Code::StaleVersion, Code::WrongState, Code::Erased];
    /// Of what one person does with a case.
    JudgeProblems = CaseProblems + [Code::InductionRequired, Code::NotClaimed, Code::Claimed, Code::ShownTokenInvalid, Code::NotIndependent, Code::AlreadyRevealed];
    /// Of answering.
    AnswerProblems = JudgeProblems + [Code::SignatureRequired, Code::SignatureInvalid];
    /// Of practising.
    PracticeProblems = CommandProblems + [Code::WrongState];
    /// Of claiming.
    ClaimProblems = CommandProblems + [Code::InductionRequired, Code::WrongState, Code::NotClaimed, Code::Claimed, Code::NotIndependent];
    /// Of commands on a decision.
    DecisionProblems = CaseProblems + [Code::NotIndependent, Code::GraceOver, Code::AlreadyActed];
    /// Of stopping and resuming.
    ControlProblems = CommandProblems + [Code::Stopped, Code::NoCertificate];
}
