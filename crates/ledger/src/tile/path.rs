//! Paths of tiles and entry bundles: `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`, N in groups of three digits.

use std::fmt;
use std::str::FromStr;

use super::{Coordinate, Error, TILE_HASHES_MAX, TILE_LEVEL_MAX};

/// Longest path that is looked at: seven groups of digits carry any index.
const PATH_BYTES_MAX: usize = 64;

/// What a path below `tile/` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// A tile of hashes.
    Hashes(Coordinate),
    /// A bundle of entries, in line with the tile of level 0 and the same index.
    Entries {
        /// Index of the bundle.
        index: u64,
        /// Number of entries, 1 to 256.
        width: u16,
    },
}

impl fmt::Display for Resource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (index, width) = match *self {
            Resource::Hashes(Coordinate { level, index, width }) => {
                write!(formatter, "tile/{level}/")?;
                (index, width)
            }
            Resource::Entries { index, width } => {
                formatter.write_str("tile/entries/")?;
                (index, width)
            }
        };
        write_index(formatter, index)?;
        if width < TILE_HASHES_MAX {
            write!(formatter, ".p/{width}")?;
        }
        Ok(())
    }
}

/// Groups of three digits, all but the last with an `x` before: 1234067 is `x001/x234/067`.
fn write_index(formatter: &mut fmt::Formatter<'_>, index: u64) -> fmt::Result {
    if index >= 1000 {
        write_parents(formatter, index / 1000)?;
    }
    write!(formatter, "{:03}", index % 1000)
}

fn write_parents(formatter: &mut fmt::Formatter<'_>, index: u64) -> fmt::Result {
    if index >= 1000 {
        write_parents(formatter, index / 1000)?;
    }
    write!(formatter, "x{:03}/", index % 1000)
}

impl FromStr for Resource {
    type Err = Error;

    /// Strict: a resource has exactly one path.
    fn from_str(path: &str) -> Result<Self, Error> {
        let resource = if path.len() <= PATH_BYTES_MAX { parse(path) } else { None };
        // Leading zeros, a missing group or a needless `.p/256` show as a difference to the one right spelling.
        resource.filter(|resource| resource.to_string() == path).ok_or_else(|| Error::Path(path.chars().take(PATH_BYTES_MAX).collect()))
    }
}

fn parse(path: &str) -> Option<Resource> {
    let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let (index, width) = match rest.split_once(".p/") {
        Some((index, width)) => (index, number(width)?),
        None => (rest, TILE_HASHES_MAX.into()),
    };
    let width = u16::try_from(width).ok().filter(|width| (1..=TILE_HASHES_MAX).contains(width))?;
    let index = index.split('/').try_fold(0_u64, |index, group| {
        let group = number(group.strip_prefix('x').unwrap_or(group))?;
        index.checked_mul(1000)?.checked_add(group)
    })?;
    if kind == "entries" {
        return Some(Resource::Entries { index, width });
    }
    let level = u8::try_from(number(kind)?).ok().filter(|level| *level <= TILE_LEVEL_MAX)?;
    Some(Resource::Hashes(Coordinate { level, index, width }))
}

/// Digits only; the standard parser would take a plus sign as well.
fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}
