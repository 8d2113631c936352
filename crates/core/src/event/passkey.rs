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
body!(/** What a person's authenticator signed: WebAuthn's own bytes, as base64url without padding. */ PasskeySignature {
    /** SHA-256 of the credential's id; the ledger has its key. */ credential: Digest,
    /** What the authenticator says of itself. */ authenticator_data: String,
    /** What the browser told it, with the challenge that says what is signed. */ client_data: String,
    /** The signature over both. */ signature: String,
});
body!(/** See [`Body::PasskeyRemoved`](super::Body::PasskeyRemoved). */ PasskeyRemoved {
    /** Whose. */ person: PersonId,
    /** SHA-256 of the credential's id. */ credential: Digest,
});
