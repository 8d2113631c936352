//! Time and randomness, handed in, so that a failing run can be run again from its seed. Never reads a clock itself.

use countersign_core::number::Micros;
use std::{fmt, sync::Arc};
use uuid::Uuid;

type Clock = Arc<dyn Fn() -> Micros + Send + Sync>;
type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Where time and randomness come from.
#[derive(Clone)]
pub struct Env {
    clock: Clock,
    random: Random,
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Env")
    }
}

impl Env {
    /// From a clock (microseconds since 1970 UTC) and a source of cryptographically strong random bytes.
    pub fn new(clock: impl Fn() -> Micros + Send + Sync + 'static, random: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self { clock: Arc::new(clock), random: Arc::new(random) }
    }

    /// Now, in microseconds since 1970 UTC.
    #[must_use]
    pub fn now(&self) -> Micros {
        (self.clock)()
    }

    /// So many random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.random)(&mut bytes);
        bytes
    }

    /// A random id (version 4), for people and subjects.
    #[must_use]
    pub fn random_id(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.bytes()).into_uuid()
    }

    /// A time-ordered id (version 7), for everything else.
    #[must_use]
    pub fn ordered_id(&self) -> Uuid {
        let millis = u64::try_from(self.now() / 1_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}
