//! Bodies about passkeys: the public keys by which people sign in and sign, so that whoever holds the ledger can check a signature.
//! What somebody calls their passkey is their own, and is not here.

use crate::{content::Digest, id::PersonId};
use serde::{Deserialize, Serialize};

body!(/** See [`Body::PasskeyAdded`](super::Body::PasskeyAdded). */ PasskeyAdded {
    /** Whose. */ person: PersonId,
    /** SHA-256 of the credential's id. */ credential: Digest,
    /** The public key: COSE, as base64url without padding. */ key: String,
    /** The relying party that it is bound to: a host. */ rp_id: String,
});
body!(/** See [`Body::PasskeyRemoved`](super::Body::PasskeyRemoved). */ PasskeyRemoved {
    /** Whose. */ person: PersonId,
    /** SHA-256 of the credential's id. */ credential: Digest,
});
