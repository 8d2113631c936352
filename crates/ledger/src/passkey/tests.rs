//! Signatures made by another implementation of ECDSA and RSA, and every way to spoil one.

use super::*;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};

const RP: &str = "desk.example.org";
const ORIGIN: &str = "https://desk.example.org";
const CHALLENGE: [u8; 32] = [7; 32];

struct Token {
    pair: EcdsaKeyPair,
}

impl Token {
    fn new() -> Self {
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        Self { pair: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.as_ref(), &random).unwrap() }
    }

    fn cose(&self) -> Vec<u8> {
        let point = self.pair.public_key().as_ref();
        let mut key = vec![0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32];
        key.extend_from_slice(&point[1..33]);
        key.extend_from_slice(&[0x22, 0x58, 32]);
        key.extend_from_slice(&point[33..]);
        key
    }

    fn sign(&self, data: &[u8], client: &[u8]) -> Vec<u8> {
        let mut message = data.to_vec();
        message.extend_from_slice(&Sha256::digest(client));
        self.pair.sign(&SystemRandom::new(), &message).unwrap().as_ref().to_vec()
    }
}

fn client(kind: &str, challenge: &[u8], origin: &str, more: &str) -> Vec<u8> {
    format!(r#"{{"type":"{kind}","challenge":"{}","origin":"{origin}"{more}}}"#, URL_SAFE_NO_PAD.encode(challenge)).into_bytes()
}

fn data(rp: &str, flags: u8, counter: u32, rest: &[u8]) -> Vec<u8> {
    let mut data = Sha256::digest(rp.as_bytes()).to_vec();
    data.push(flags);
    data.extend_from_slice(&counter.to_be_bytes());
    data.extend_from_slice(rest);
    data
}

const EXPECTED: Expected<'static> = Expected { challenge: &CHALLENGE, rp_id: RP, origin: Origin::Exactly(ORIGIN) };

#[test]
fn a_new_passkey_is_read_and_its_signatures_hold() {
    let token = Token::new();
    let mut rest = vec![0; 16];
    rest.extend_from_slice(&[0, 3, 9, 9, 9]);
    rest.extend_from_slice(&token.cose());
    let made = client("webauthn.create", &CHALLENGE, ORIGIN, r#","crossOrigin":false"#);
    let new = registered(&data(RP, 0x45, 1, &rest), &made, &EXPECTED).unwrap();
    assert_eq!(new, Registered { credential: vec![9; 3], key: token.cose(), counter: 1 });
    // Extensions may follow the key.
    rest.extend_from_slice(&[0xa1, 0x61, 0x61, 0xf5]);
    assert_eq!(registered(&data(RP, 0xc5, 1, &rest), &made, &EXPECTED).unwrap().key, token.cose());
    assert_eq!(registered(&data(RP, 0x05, 1, &rest), &made, &EXPECTED), Err(Error::NoCredential));
    for end in 0..rest.len() - 5 {
        assert!(registered(&data(RP, 0x45, 1, &rest[..end]), &made, &EXPECTED).is_err(), "{end}");
    }
    let key = PublicKey::from_cose(&new.key).unwrap();
    let (auth, told) = (data(RP, 0x05, 2, &[]), client("webauthn.get", &CHALLENGE, ORIGIN, ""));
    let signature = token.sign(&auth, &told);
    assert_eq!(verify(&Signed { authenticator_data: &auth, client_data: &told, signature: &signature }, &key, &EXPECTED), Ok(2));
    assert_eq!(challenge_of(&told), Some(CHALLENGE));
    for at in 0..signature.len() {
        let mut spoilt = signature.clone();
        spoilt[at] ^= 1;
        let signed = Signed { authenticator_data: &auth, client_data: &told, signature: &spoilt };
        assert_eq!(verify(&signed, &key, &EXPECTED), Err(Error::Signature), "{at}");
    }
    let other = PublicKey::from_cose(&Token::new().cose()).unwrap();
    let signed = Signed { authenticator_data: &auth, client_data: &told, signature: &signature };
    assert_eq!(verify(&signed, &other, &EXPECTED), Err(Error::Signature));
}

#[test]
fn what_was_not_asked_here_and_now_is_refused_though_it_is_signed() {
    let token = Token::new();
    let key = PublicKey::from_cose(&token.cose()).unwrap();
    let good = client("webauthn.get", &CHALLENGE, ORIGIN, "");
    let evil = |origin: &str| Err(Error::Origin(origin.into()));
    for (auth, told, wanted) in [
        (data(RP, 0x05, 0, &[]), good.clone(), Ok(0)),
        (data(RP, 0x05, 0, &[]), client("webauthn.create", &CHALLENGE, ORIGIN, ""), Err(Error::Kind)),
        (data(RP, 0x05, 0, &[]), client("webauthn.get", &[8; 32], ORIGIN, ""), Err(Error::Challenge)),
        (data(RP, 0x05, 0, &[]), client("webauthn.get", &[7; 31], ORIGIN, ""), Err(Error::Challenge)),
        (data(RP, 0x05, 0, &[]), client("webauthn.get", &CHALLENGE, "https://evil.org", ""), evil("https://evil.org")),
        (data(RP, 0x05, 0, &[]), client("webauthn.get", &CHALLENGE, "http://desk.example.org", ""), evil("http://desk.example.org")),
        (data(RP, 0x05, 0, &[]), client("webauthn.get", &CHALLENGE, ORIGIN, r#","crossOrigin":true"#), evil(ORIGIN)),
        (data(RP, 0x05, 0, &[]), b"{}".to_vec(), Err(Error::ClientData)),
        (data("evil.org", 0x05, 0, &[]), good.clone(), Err(Error::RelyingParty)),
        (data(RP, 0x01, 0, &[]), good.clone(), Err(Error::NotVerified)),
        (data(RP, 0x04, 0, &[]), good.clone(), Err(Error::NotVerified)),
        (data(RP, 0x05, 0, &[])[..36].to_vec(), good.clone(), Err(Error::AuthenticatorData)),
        (data(RP, 0x05, 0, &[0; AUTHENTICATOR_DATA_BYTES_MAX]), good.clone(), Err(Error::TooLong)),
    ] {
        let signature = token.sign(&auth, &told);
        let signed = Signed { authenticator_data: &auth, client_data: &told, signature: &signature };
        assert_eq!(verify(&signed, &key, &EXPECTED), wanted, "{}", String::from_utf8_lossy(&told));
    }
}

#[test]
fn an_origin_is_of_a_party_by_its_host_and_by_tls() {
    for (origin, rp, wanted) in [
        ("https://example.org", "example.org", true),
        ("https://desk.example.org:8443", "example.org", true),
        ("http://localhost:7171", "localhost", true),
        ("http://desk.example.org", "example.org", false),
        ("https://notexample.org", "example.org", false),
        ("https://example.org.evil", "example.org", false),
        ("https://example", "example.org", false),
        ("example.org", "example.org", false),
        ("null", "example.org", false),
    ] {
        assert_eq!(of_party(origin, rp), wanted, "{origin} {rp}");
    }
}

/// Made with OpenSSL 3: `openssl genrsa 2048`, `openssl dgst -sha256 -sign`, over the text `countersign`.
#[test]
fn keys_of_older_windows_machines_are_taken() {
    let n = hex::decode(include_str!("rsa-modulus.hex").trim()).unwrap();
    let signature = hex::decode(include_str!("rsa-signature.hex").trim()).unwrap();
    let mut cose = vec![0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59, 1, 0];
    cose.extend_from_slice(&n);
    cose.extend_from_slice(&[0x21, 0x43, 1, 0, 1]);
    let key = PublicKey::from_cose(&cose).unwrap();
    assert_eq!(key.verify(b"countersign", &signature), Ok(()));
    assert_eq!(key.verify(b"countersigm", &signature), Err(Error::Signature));
    cose.push(0);
    assert_eq!(PublicKey::from_cose(&cose), Err(Error::Key));
}

#[test]
fn other_keys_are_refused() {
    let good = Token::new().cose();
    for (at, byte) in [(0, 0xa4), (0, 0x85), (0, 0xbf), (2, 1), (4, 0x27), (6, 2), (9, 31), (7, 0x41)] {
        let mut spoilt = good.clone();
        spoilt[at] = byte;
        assert!(PublicKey::from_cose(&spoilt).is_err(), "{at}");
    }
    // Ed25519, which few authenticators have.
    let ed = [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32][..], &[1; 32]].concat();
    assert_eq!(PublicKey::from_cose(&ed), Err(Error::Key));
}
