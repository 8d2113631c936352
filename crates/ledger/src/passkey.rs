//! Signatures by passkeys (W3C WebAuthn Level 3): what an authenticator says when it is made known and whenever it signs, checked with
//! nothing at hand but its public key. Never knows whose passkey it is, draws no challenge and keeps no counter.
//!
//! Attestation is not looked at: it says which maker's device somebody has, and nothing here depends on that.

mod key;

pub use key::{KEY_BYTES_MAX, PublicKey};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// The longest authenticator data that is read; a new passkey's has its key in it, and nothing that is larger is of use here.
pub const AUTHENTICATOR_DATA_BYTES_MAX: usize = 2 << 10;
/// The longest client data that is read.
pub const CLIENT_DATA_BYTES_MAX: usize = 2 << 10;
/// The longest signature that is read: RSA with 4096 bits.
pub const SIGNATURE_BYTES_MAX: usize = 512;
/// The longest id of a credential (WebAuthn, section 4).
pub const CREDENTIAL_ID_BYTES_MAX: usize = 1_023;

const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ATTESTED: u8 = 0x40;

/// Why what came from an authenticator is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Longer than a stated limit.
    #[error("it is longer than an authenticator's answer is")]
    TooLong,
    /// Not the JSON of client data.
    #[error("the client data cannot be read")]
    ClientData,
    /// An answer to something else, such as one that makes a passkey where a signature is wanted.
    #[error("it is the answer to another kind of question")]
    Kind,
    /// Another challenge was signed.
    #[error("it answers another challenge")]
    Challenge,
    /// A page of somebody else asked for it, or one inside of somebody else's page.
    #[error("it was asked for by a page of {0}, which is not ours")]
    Origin(String),
    /// The authenticator data ends early, or goes on.
    #[error("the authenticator data cannot be read")]
    AuthenticatorData,
    /// The passkey is of another site.
    #[error("it is of a passkey of another site")]
    RelyingParty,
    /// Nobody touched the authenticator, or it did not make sure who.
    #[error("the authenticator did not make sure who used it")]
    NotVerified,
    /// A new passkey without its key.
    #[error("there is no new passkey in it")]
    NoCredential,
    /// A key of a kind that is not taken.
    #[error("the passkey's key is of a kind that is not taken here: ES256 and RS256 are")]
    Key,
    /// Not signed by this key, or not signed so.
    #[error("the signature is not of this passkey")]
    Signature,
}

/// By which pages an authenticator may have been asked.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// Of exactly this origin, as in `https://desk.example.org`.
    Exactly(&'a str),
    /// Of any that may use the relying party's passkeys: its host, and hosts under it. For a verifier that knows no address.
    AnyOfParty,
}

/// What is to have been signed.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The challenge.
    pub challenge: &'a [u8; 32],
    /// The relying party, a host.
    pub rp_id: &'a str,
    /// The pages that may have asked.
    pub origin: Origin<'a>,
}

/// What an authenticator signed.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// What it says of itself.
    pub authenticator_data: &'a [u8],
    /// What the browser told it, as JSON.
    pub client_data: &'a [u8],
    /// Its signature over both.
    pub signature: &'a [u8],
}

/// A new passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The id by which the authenticator knows it.
    pub credential: Vec<u8>,
    /// Its public key, as COSE has it; [`PublicKey::from_cose`] takes it.
    pub key: Vec<u8>,
    /// How often it has signed; 0 for ever where the authenticator does not count.
    pub counter: u32,
}

#[derive(Deserialize)]
struct ClientData<'a> {
    r#type: &'a str,
    challenge: &'a str,
    #[serde(borrow)]
    origin: std::borrow::Cow<'a, str>,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
}

/// The challenge that client data claim to answer, to find out where it was asked. Proves nothing.
#[must_use]
pub fn challenge_of(client_data: &[u8]) -> Option<[u8; 32]> {
    if client_data.len() > CLIENT_DATA_BYTES_MAX {
        return None;
    }
    let data: ClientData<'_> = serde_json::from_slice(client_data).ok()?;
    decoded(data.challenge)
}

fn decoded(challenge: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(challenge).ok()?.try_into().ok()
}

/// Reads what an authenticator says of a passkey that it just made.
///
/// # Errors
/// [`Error`] says what does not hold.
pub fn registered(authenticator_data: &[u8], client_data: &[u8], expected: &Expected<'_>) -> Result<Registered, Error> {
    asked(client_data, "webauthn.create", expected)?;
    let (flags, counter, rest) = head(authenticator_data, expected.rp_id)?;
    if flags & ATTESTED == 0 {
        return Err(Error::NoCredential);
    }
    // AAGUID, the length of the id, the id, the key; extensions may follow and are of no interest.
    let (_, rest) = rest.split_at_checked(16).ok_or(Error::AuthenticatorData)?;
    let (length, rest) = rest.split_first_chunk().ok_or(Error::AuthenticatorData)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length == 0 || length > CREDENTIAL_ID_BYTES_MAX {
        return Err(Error::AuthenticatorData);
    }
    let (credential, rest) = rest.split_at_checked(length).ok_or(Error::AuthenticatorData)?;
    let (_, length) = PublicKey::read(rest)?;
    let key = rest.get(..length).ok_or(Error::AuthenticatorData)?;
    Ok(Registered { credential: credential.to_vec(), key: key.to_vec(), counter })
}

/// Checks a signature, and gives the authenticator's counter.
///
/// # Errors
/// [`Error`] says what does not hold.
pub fn verify(signed: &Signed<'_>, key: &PublicKey, expected: &Expected<'_>) -> Result<u32, Error> {
    if signed.signature.len() > SIGNATURE_BYTES_MAX {
        return Err(Error::TooLong);
    }
    asked(signed.client_data, "webauthn.get", expected)?;
    let (_, counter, _) = head(signed.authenticator_data, expected.rp_id)?;
    let mut message = signed.authenticator_data.to_vec();
    message.extend_from_slice(&Sha256::digest(signed.client_data));
    key.verify(&message, signed.signature)?;
    Ok(counter)
}

/// What the browser told the authenticator: the right question, on one of our pages.
fn asked(client_data: &[u8], kind: &str, expected: &Expected<'_>) -> Result<(), Error> {
    if client_data.len() > CLIENT_DATA_BYTES_MAX {
        return Err(Error::TooLong);
    }
    let data: ClientData<'_> = serde_json::from_slice(client_data).map_err(|_| Error::ClientData)?;
    if data.r#type != kind {
        return Err(Error::Kind);
    }
    if decoded(data.challenge).as_ref() != Some(expected.challenge) {
        return Err(Error::Challenge);
    }
    let ours = match expected.origin {
        Origin::Exactly(origin) => data.origin == origin,
        Origin::AnyOfParty => of_party(&data.origin, expected.rp_id),
    };
    if ours && !data.cross_origin { Ok(()) } else { Err(Error::Origin(data.origin.chars().take(80).collect())) }
}

/// Whether pages of an origin may use passkeys of a relying party: its own host or one under it, and over TLS but on this machine.
fn of_party(origin: &str, rp_id: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let host = authority.split(':').next().unwrap_or_default();
    let under = host.strip_suffix(rp_id).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    under && (scheme == "https" || (scheme == "http" && host == "localhost"))
}

/// Whose passkey, whether somebody was there, and the counter.
fn head<'a>(data: &'a [u8], rp_id: &str) -> Result<(u8, u32, &'a [u8]), Error> {
    if data.len() > AUTHENTICATOR_DATA_BYTES_MAX {
        return Err(Error::TooLong);
    }
    let (party, rest) = data.split_at_checked(32).ok_or(Error::AuthenticatorData)?;
    let (flags, rest) = rest.split_first().ok_or(Error::AuthenticatorData)?;
    let (counter, rest) = rest.split_first_chunk().ok_or(Error::AuthenticatorData)?;
    if party != Sha256::digest(rp_id.as_bytes()).as_slice() {
        return Err(Error::RelyingParty);
    }
    if flags & PRESENT == 0 || flags & VERIFIED == 0 {
        return Err(Error::NotVerified);
    }
    Ok((*flags, u32::from_be_bytes(*counter), rest))
}

#[cfg(test)]
mod tests;
