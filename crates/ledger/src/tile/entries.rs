//! Entry bundles: up to 256 entries, each with its length before it as two big-endian bytes.

use super::{Error, TILE_HASHES_MAX};

/// Longest entry that an entry bundle can carry, and so the longest event a log can hold.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// The bytes of an entry bundle.
///
/// # Errors
/// [`Error::EntryTooLong`] and [`Error::TooManyEntries`].
pub fn bundle_encode<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, Error> {
    if entries.len() > usize::from(TILE_HASHES_MAX) {
        return Err(Error::TooManyEntries);
    }
    let mut bytes = Vec::with_capacity(entries.iter().map(|entry| 2 + entry.as_ref().len()).sum());
    for entry in entries {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| Error::EntryTooLong(entry.len()))?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// The entries of an entry bundle.
///
/// # Errors
/// [`Error::Truncated`] and [`Error::TooManyEntries`].
pub fn bundle_decode(mut bytes: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let mut entries = Vec::new();
    while !bytes.is_empty() {
        if entries.len() == usize::from(TILE_HASHES_MAX) {
            return Err(Error::TooManyEntries);
        }
        let truncated = || Error::Truncated(entries.len());
        let (length, rest) = bytes.split_first_chunk::<2>().ok_or_else(truncated)?;
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into()).ok_or_else(truncated)?;
        entries.push(entry);
        bytes = rest;
    }
    Ok(entries)
}
