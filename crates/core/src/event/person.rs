//! Bodies about who can sign in as somebody, and who vouches that they are a person of their own. Never a secret, an address, or the name
//! of an account: what kind of means it is, and whose.

use crate::id::PersonId;
use serde::{Deserialize, Serialize};

/// By what somebody can sign in, beside passkeys, which have events of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInMeans {
    /// A one-time link: whoever has it signs in with it once.
    Link,
    /// An account at a provider.
    Account,
    /// A password.
    Password,
    /// The address by which a provider's account is found that was never linked.
    Address,
}

body!(/** See [`Body::SignInChanged`](super::Body::SignInChanged). Who did it is the event's actor. */ SignInChanged {
    /** Whose. */ person: PersonId,
    /** What kind. */ means: SignInMeans,
    /** Whether it was only taken away: then it lets nobody in. */ #[serde(default, skip_serializing_if = "std::ops::Not::not")] removed: bool,
});
body!(/** See [`Body::PersonVouched`](super::Body::PersonVouched). */ PersonVouched {
    /** Who is a person of their own. */ person: PersonId,
    /** Who says so; absent: whoever runs the server. */ #[serde(default, skip_serializing_if = "Option::is_none")] by: Option<PersonId>,
});
