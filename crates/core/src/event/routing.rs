//! Bodies about changing a playbook's routing: drafts, what their rehearsals came to, approvals by a second person, and going back.

use super::Route;
use crate::{
    content::{Content, Digest},
    id::{EventId, PersonId, PlaybookId},
};
use serde::{Deserialize, Serialize};

body!(/** See [`Body::RoutingDrafted`](super::Body::RoutingDrafted). Named by the event's id. */ RoutingDrafted {
    /** The playbook. */ playbook: PlaybookId,
    /** The version that it changes. */ base: u64,
    /** SHA-256 of the source. */ digest: Digest,
    /** The TOML source of the whole playbook with the drafted routing. */ source: Content,
    /** Who wrote it: never approves it. */ person: PersonId,
    /** What it is for. */ reason: String,
});
body!(/** A figure with its interval, in whole numbers: billionths of a share, micro-units of cost, microseconds of time. */ Interval {
    /** The figure. */ value: i64,
    /** The lower end. */ low: i64,
    /** The upper end. */ high: i64,
    /** Cases behind it. */ n: u64,
});
body!(/** How many cases would go one way. */ RouteCount {
    /** The way. */ route: Route,
    /** Cases. */ cases: u64,
});
body!(/** What a routing would have come to on past cases. */ PolicyFigures {
    /** Cases by route. */ routes: Vec<RouteCount>,
    /** Expected share of errors, in billionths; absent where too little was measured. */ #[serde(default, skip_serializing_if = "Option::is_none")] error: Option<Interval>,
    /** Expected cost of a case, in micro-units. */ #[serde(default, skip_serializing_if = "Option::is_none")] cost: Option<Interval>,
    /** Cases whose way was never measured, so that nothing is expected of them. */ unmeasured: u64,
});
body!(/** See [`Body::RoutingRehearsed`](super::Body::RoutingRehearsed). */ RoutingRehearsed {
    /** The draft. */ of: EventId,
    /** Past cases that both were run over. */ cases: u64,
    /** How many of them would go another way. */ moved: u64,
    /** The version of the track record that was asked; absent where there is none. */ #[serde(default, skip_serializing_if = "Option::is_none")] record: Option<u64>,
    /** The routing of today. */ today: PolicyFigures,
    /** The draft on its first day: certificates have to be earned again. */ draft: PolicyFigures,
    /** The draft with today's certificates, as if they had been earned again. */ #[serde(default, skip_serializing_if = "Option::is_none")] certified: Option<PolicyFigures>,
});
body!(/** See [`Body::RoutingApproved`](super::Body::RoutingApproved). The version itself follows as `playbook.published`. */ RoutingApproved {
    /** The draft. */ draft: EventId,
    /** The version of the playbook that it becomes. */ version: u64,
    /** Who approved it: not its author. */ person: PersonId,
});
body!(/** See [`Body::RoutingWithdrawn`](super::Body::RoutingWithdrawn). */ RoutingWithdrawn {
    /** The draft. */ draft: EventId,
    /** Who took it back. */ person: PersonId,
    /** Why. */ reason: String,
});
body!(/** See [`Body::RoutingRolledBack`](super::Body::RoutingRolledBack). The version itself follows as `playbook.published`. */ RoutingRolledBack {
    /** The playbook. */ playbook: PlaybookId,
    /** The draft that is undone. */ draft: EventId,
    /** The version whose source comes back. */ from: u64,
    /** The version that it comes back as. */ version: u64,
    /** Who went back. */ person: PersonId,
    /** Why. */ reason: String,
});

/// What the leads are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A certificate has ended and was not earned again.
    CertificateExpired,
    /// What comes in is no longer what it was.
    Drift,
}

body!(/** See [`Body::NoticeRaised`](super::Body::NoticeRaised). */ NoticeRaised {
    /** What about. */ kind: NoticeKind,
    /** The playbook. */ playbook: PlaybookId,
    /** The certificate, or the field, that it is about. */ subject: String,
    /** In a sentence. */ detail: String,
});
