//! Keys, commitments and the sealing of personal values, and finding and masking personal data in texts.
//!
//! Start at [`root`]: one root secret, from which every other key of a node is derived by purpose. [`subject`] holds
//! the key per data subject whose destruction is erasure, [`commitment`](mod@commitment) what an event says about a
//! value instead of the value, [`token`] keyed and signed tokens, [`api_key`] the keys that programs sign in with,
//! [`bearer`] the secrets and [`password`] the passwords that people sign in with, [`webhook`] what messages to outside are signed with. [`mod@find`] finds personal data
//! by pattern and checksum, and [`mod@mask`] replaces it by placeholders before a text goes out.
//!
//! **Architecture invariant:** this crate stores nothing, reads no clock, draws no randomness (nonces, salts and keys
//! are parameters) and knows nothing of events, cases or HTTP: ids come in as 16 bytes. No secret of it is ever
//! printed: every `Debug` here shows a key id or nothing.

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "a test that cannot go on should panic"))]

pub mod api_key;
pub mod bearer;
pub mod commitment;
mod error;
pub mod find;
pub mod mask;
mod parts;
pub mod password;
pub mod root;
pub mod subject;
pub mod token;
pub mod webhook;

pub use api_key::ApiKey;
pub use bearer::Bearer;
pub use commitment::{CommitmentInput, commitment};
pub use error::Error;
pub use root::{KeyId, Purpose, RootSecret, WrappingKey};
pub use subject::{Aad, SubjectKey};
pub use token::{keyed_token, sign_token, verify_token};
