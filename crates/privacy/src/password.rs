//! Passwords: hashed by argon2id, and compared. Stores none, draws no salt, and takes as long for nobody's password as for somebody's.

use crate::error::Error;
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version, password_hash::SaltString};
use std::sync::OnceLock;

/// The shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 12;
/// The longest, in bytes: more adds nothing, and hashing it costs.
pub const PASSWORD_BYTES_MAX: usize = 1_024;

/// Memory that one hash takes, in KiB; with [`ROUNDS`] and one lane what OWASP's password storage sheet asks for at least.
const MEMORY_KIB: u32 = 19 * 1_024;
/// Rounds over it.
const ROUNDS: u32 = 2;

fn hasher() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, ROUNDS, 1, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// The hash of a password, as text (PHC string format). Slow on purpose: not for a thread that others wait for.
///
/// # Errors
/// [`Error::TooLarge`] above [`PASSWORD_BYTES_MAX`]; [`Error::PasswordHash`] where it cannot be hashed.
pub fn hash(password: &str, salt: &[u8; 16]) -> Result<String, Error> {
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(Error::TooLarge { what: "a password", found: password.len(), max: PASSWORD_BYTES_MAX });
    }
    let salt = SaltString::encode_b64(salt).map_err(|_| Error::PasswordHash)?;
    let hashed = hasher().ok_or(Error::PasswordHash)?.hash_password(password.as_bytes(), &salt);
    hashed.map(|hash| hash.to_string()).map_err(|_| Error::PasswordHash)
}

/// Whether a password is the one with this hash. Without a hash it does the same work against one that nothing fits, so that an unknown
/// name takes as long as a known one. Slow on purpose.
#[must_use]
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    static NOBODYS: OnceLock<String> = OnceLock::new();
    // Made before it is known whether it is wanted: the first unknown name would take twice as long.
    let nobodys = NOBODYS.get_or_init(|| self::hash("nobody's", &[0; 16]).unwrap_or_default());
    if password.len() > PASSWORD_BYTES_MAX {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(nobodys)) else { return false };
    let fits = hasher().is_some_and(|hasher| hasher.verify_password(password.as_bytes(), &parsed).is_ok());
    fits && hash.is_some()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_and_no_other() {
        let kept = hash("correct horse battery", &[7; 16]).unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify("correct horse battery", Some(&kept)));
        assert!(!verify("correct horse batterz", Some(&kept)));
        assert_ne!(kept, hash("correct horse battery", &[8; 16]).unwrap());
        assert!(!verify("nobody's", None), "nobody has a password");
        assert!(!verify("x", Some("no hash")));
        assert!(!verify(&"x".repeat(PASSWORD_BYTES_MAX + 1), None) && hash(&"x".repeat(PASSWORD_BYTES_MAX + 1), &[0; 16]).is_err());
    }
}
