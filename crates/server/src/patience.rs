//! Makes attempts to sign in slower, the more of them have failed: for the address that they come from, and for the link or passkey that they
//! try. Locks nobody out: after the longest wait every attempt is looked at. Kept in the memory of this node, and forgotten in minutes.

use countersign_core::number::Micros;
use std::{
    collections::HashMap,
    hash::Hash,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;

/// Attempts that cost no wait.
const FREE: u32 = 5;
/// The first wait; each further one is twice as long.
const WAIT_FIRST: Duration = Duration::from_millis(250);
/// The longest wait.
const WAIT_SECONDS_MAX: Duration = Duration::from_secs(8);
/// How long an attempt is remembered.
const REMEMBERED_MICROS: Micros = 10 * 60 * 1_000_000;
/// Addresses, and likewise links and passkeys, that are remembered at once.
const REMEMBERED_MAX: usize = 10_000;
/// Attempts that wait at once; one more is told to come again.
const WAITING_MAX: usize = 256;

/// The address that a connection comes from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// How often something was tried of late, and when last.
type Tried<K> = Mutex<HashMap<K, (u32, Micros)>>;

/// What is remembered.
pub struct Patience {
    addresses: Tried<IpAddr>,
    names: Tried<String>,
    /// Places to wait in.
    pub waiting: Semaphore,
}

impl Default for Patience {
    fn default() -> Self {
        Self { addresses: Mutex::default(), names: Mutex::default(), waiting: Semaphore::new(WAITING_MAX) }
    }
}

impl Patience {
    /// How long an attempt waits before it is looked at. It counts at once, so that many at the same time wait as long as one after
    /// another.
    pub fn wait(&self, peer: Option<Peer>, name: &str, now: Micros) -> Duration {
        let by_address = peer.map_or(0, |Peer(address)| tried(&self.addresses, address, now));
        let by_name = tried(&self.names, short(name), now);
        let Some(over) = by_address.max(by_name).checked_sub(FREE) else { return Duration::ZERO };
        WAIT_SECONDS_MAX.min(WAIT_FIRST.saturating_mul(2_u32.saturating_pow(over)))
    }

    /// An attempt went well: it does not count, and what it named is known to be in the right hands.
    pub fn well(&self, peer: Option<Peer>, name: &str) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).remove(&short(name));
        if let Some(Peer(address)) = peer
            && let Some((tried, _)) = self.addresses.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&address)
        {
            *tried = tried.saturating_sub(1);
        }
    }
}

/// As much of a name as tells it from others.
fn short(name: &str) -> String {
    name.chars().take(64).collect()
}

/// How often it was tried before, this time not counted.
fn tried<K: Eq + Hash>(all: &Tried<K>, key: K, now: Micros) -> u32 {
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= REMEMBERED_MAX {
        all.retain(|_, (_, last)| now < *last + REMEMBERED_MICROS);
    }
    if all.len() >= REMEMBERED_MAX {
        all.clear();
    }
    let (count, last) = all.entry(key).or_insert((0, now));
    if now >= *last + REMEMBERED_MICROS {
        *count = 0;
    }
    *last = now;
    *count = count.saturating_add(1);
    *count - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Option<Peer> = Some(Peer(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST)));

    #[test]
    fn failures_cost_more_and_more_time_and_never_more_than_a_little() {
        let patience = Patience::default();
        let waits: Vec<_> = (0..12).map(|n| patience.wait(PEER, &format!("link {n}"), n).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 250, 500, 1_000, 2_000, 4_000, 8_000, 8_000], "one address, many names");
        assert_eq!(patience.wait(None, "link 3", 20).as_millis(), 0, "another address");
        let waits: Vec<_> = (0..7).map(|n| patience.wait(None, "one passkey", n).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 250, 500], "many addresses, one name");
        patience.well(None, "one passkey");
        assert_eq!(patience.wait(None, "one passkey", 30).as_millis(), 0);
        assert_eq!(patience.wait(PEER, "later", 11 + REMEMBERED_MICROS).as_millis(), 0, "forgotten");
    }

    #[test]
    fn whoever_signs_in_well_never_waits() {
        let patience = Patience::default();
        for n in 0..1_000 {
            assert_eq!(patience.wait(PEER, "mine", n), Duration::ZERO);
            patience.well(PEER, "mine");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let patience = Patience::default();
        for n in 0..=REMEMBERED_MAX {
            patience.wait(None, &n.to_string(), 0);
        }
        assert!(patience.names.lock().unwrap().len() <= REMEMBERED_MAX);
        assert_eq!(short(&"é".repeat(1_000)).chars().count(), 64);
    }
}
