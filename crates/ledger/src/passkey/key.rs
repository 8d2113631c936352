//! The public key of a passkey, out of its COSE form (RFC 9052, section 7; RFC 8230 for RSA), in the one encoding that authenticators
//! use (CTAP2 canonical CBOR). Reads maps of whole numbers and byte strings and nothing else of CBOR.

use super::Error;
use ring::signature::{ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};

/// The longest key that is read: RSA with 4096 bits, and a little.
pub const KEY_BYTES_MAX: usize = 600;

const MEMBERS_MAX: usize = 8;
const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
const EC2: i64 = 2;
const RSA: i64 = 3;
const ES256: i64 = -7;
const RS256: i64 = -257;
const P256: i64 = 1;

/// A public key that signatures are checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// ECDSA on P-256 with SHA-256: an uncompressed point.
    Es256([u8; 65]),
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits or more: Windows Hello on older machines has no other.
    Rs256 {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
}

/// A value of a COSE key.
enum Item<'a> {
    Number(i64),
    Bytes(&'a [u8]),
}

impl PublicKey {
    /// Reads a key from exactly these bytes.
    ///
    /// # Errors
    /// [`Error::Key`].
    pub fn from_cose(bytes: &[u8]) -> Result<Self, Error> {
        let (key, length) = Self::read(bytes)?;
        if length == bytes.len() { Ok(key) } else { Err(Error::Key) }
    }

    /// Reads a key from the beginning of `bytes`, and says how long it is.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, usize), Error> {
        let mut rest = bytes;
        let (major, members) = header(&mut rest)?;
        let members = usize::try_from(members).ok().filter(|n| major == 5 && *n <= MEMBERS_MAX).ok_or(Error::Key)?;
        let mut items = Vec::with_capacity(members);
        for _ in 0..members {
            let (Item::Number(label), value) = (item(&mut rest)?, item(&mut rest)?) else { return Err(Error::Key) };
            items.push((label, value));
        }
        let number = |label| items.iter().find_map(|(l, i)| if let Item::Number(n) = i { (*l == label).then_some(*n) } else { None });
        let text = |label| items.iter().find_map(|(l, i)| if let Item::Bytes(b) = i { (*l == label).then_some(*b) } else { None });
        let key = match (number(KEY_TYPE), number(ALGORITHM)) {
            (Some(EC2), Some(ES256)) if number(-1) == Some(P256) => {
                let mut point = [4; 65];
                let (x, y) = (text(-2).ok_or(Error::Key)?, text(-3).ok_or(Error::Key)?);
                let place = point.split_at_mut_checked(1).and_then(|(_, rest)| rest.split_at_mut_checked(32)).ok_or(Error::Key)?;
                if x.len() != 32 || y.len() != 32 {
                    return Err(Error::Key);
                }
                place.0.copy_from_slice(x);
                place.1.copy_from_slice(y);
                Self::Es256(point)
            }
            (Some(RSA), Some(RS256)) => Self::Rs256 { n: text(-1).ok_or(Error::Key)?.to_vec(), e: text(-2).ok_or(Error::Key)?.to_vec() },
            _ => return Err(Error::Key),
        };
        let length = bytes.len() - rest.len();
        if length > KEY_BYTES_MAX { Err(Error::Key) } else { Ok((key, length)) }
    }

    /// Whether `signature` is of this key over `message`.
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        let checked = match self {
            Self::Es256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature),
            Self::Rs256 { n, e } => RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
        };
        checked.map_err(|_| Error::Signature)
    }
}

/// The head of a CBOR item (RFC 8949, section 3): its major type and argument, in the shortest form only.
fn header(rest: &mut &[u8]) -> Result<(u8, u64), Error> {
    let (first, after) = rest.split_first().ok_or(Error::Key)?;
    let (argument, after) = match first & 0x1f {
        short @ 0..=23 => (u64::from(short), after),
        24 => {
            let (byte, after) = after.split_first().ok_or(Error::Key)?;
            (u64::from(*byte), after)
        }
        25 => {
            let (bytes, after) = after.split_first_chunk().ok_or(Error::Key)?;
            (u64::from(u16::from_be_bytes(*bytes)), after)
        }
        _ => return Err(Error::Key),
    };
    *rest = after;
    Ok((first >> 5, argument))
}

fn item<'a>(rest: &mut &'a [u8]) -> Result<Item<'a>, Error> {
    let (major, argument) = header(rest)?;
    let number = i64::try_from(argument).map_err(|_| Error::Key)?;
    Ok(match major {
        0 => Item::Number(number),
        1 => Item::Number(-1 - number),
        2 => {
            let length = usize::try_from(argument).map_err(|_| Error::Key)?;
            let (bytes, after) = rest.split_at_checked(length).ok_or(Error::Key)?;
            *rest = after;
            Item::Bytes(bytes)
        }
        _ => return Err(Error::Key),
    })
}
