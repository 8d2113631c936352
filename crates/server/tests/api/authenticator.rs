//! An authenticator in software, with one passkey: it makes one known and signs, well or badly, as a test wants it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub struct Authenticator {
    pair: EcdsaKeyPair,
    pub credential: Vec<u8>,
    pub counter: u32,
    /// The page that asks, as the browser tells it.
    pub origin: String,
    /// The site that the browser binds it to.
    pub rp_id: String,
    /// 0x01: somebody was there, 0x04: it made sure who.
    pub flags: u8,
}

pub fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Authenticator {
    pub fn new(id: u8) -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        Self {
            pair: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).unwrap(),
            credential: vec![id; 16],
            counter: 0,
            origin: "http://localhost:7171".into(),
            rp_id: "localhost".into(),
            flags: 0x05,
        }
    }

    pub fn cose(&self) -> Vec<u8> {
        let point = self.pair.public_key().as_ref();
        [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], &point[1..33], &[0x22, 0x58, 32], &point[33..]].concat()
    }

    fn data(&self, flags: u8, rest: &[u8]) -> Vec<u8> {
        [Sha256::digest(&self.rp_id).as_slice(), &[flags], &self.counter.to_be_bytes(), rest].concat()
    }

    fn client(&self, kind: &str, ask: &Value) -> Vec<u8> {
        json!({"type": kind, "challenge": ask["challenge"], "origin": self.origin, "crossOrigin": false}).to_string().into_bytes()
    }

    /// What it says of its new passkey.
    pub fn create(&self, ask: &Value) -> Vec<(&'static str, String)> {
        let attested = [&[0; 16][..], &[0, 16], &self.credential, &self.cose()].concat();
        vec![("new_data", text(self.data(self.flags | 0x40, &attested))), ("new_client", text(self.client("webauthn.create", ask)))]
    }

    /// What it signs.
    pub fn get(&mut self, ask: &Value) -> Vec<(&'static str, String)> {
        self.counter += 1;
        let (data, client) = (self.data(self.flags, &[]), self.client("webauthn.get", ask));
        let message = [&data, Sha256::digest(&client).as_slice()].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &message).unwrap();
        vec![
            ("passkey", text(&self.credential)),
            ("passkey_data", text(data)),
            ("passkey_client", text(client)),
            ("passkey_signature", text(signature)),
        ]
    }
}
