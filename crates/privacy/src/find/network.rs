//! Mail, internet and hardware addresses.

use super::{Found, Kind, shape::Source};
use std::net::Ipv6Addr;

/// RFC 5321, section 4.5.3.1: the longest local part and domain.
const LOCAL_BYTES_MAX: usize = 64;
const DOMAIN_BYTES_MAX: usize = 255;
/// The longest text form of an address of version 6, and a little more.
const V6_BYTES_MAX: usize = 48;
/// The longest zone that is taken with an address (`%eth0`).
const ZONE_BYTES_MAX: usize = 16;

/// A mail address around the sign at `at`.
pub(super) fn mail(source: &Source<'_>, at: usize, found: &mut Found) {
    if !found.wants(Kind::Mail) {
        return;
    }
    let bytes = source.bytes();
    let local = bytes.get(at.saturating_sub(LOCAL_BYTES_MAX)..at).unwrap_or_default();
    let mut start = at - local.iter().rev().take_while(|b| is_local(**b)).count();
    // What opens a quotation or ends a sentence before it is no part of it, nor is half a character.
    while start < at && source.byte(start).is_some_and(|b| matches!(b, b'.' | b'\'' | b'`') || b & 0xC0 == 0x80) {
        start += 1;
    }
    if start == at {
        return;
    }
    let domain = bytes.get(at + 1..(at + 1 + DOMAIN_BYTES_MAX).min(bytes.len())).unwrap_or_default();
    let mut len = domain.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(**b, b'-' | b'.') || !b.is_ascii()).count();
    while len > 0 && domain.get(len - 1).is_some_and(|b| matches!(b, b'.' | b'-')) {
        len -= 1;
    }
    while len > 0 && source.byte(at + 1 + len).is_some_and(|b| b & 0xC0 == 0x80) {
        len -= 1;
    }
    let labels: Vec<&[u8]> = domain.get(..len).unwrap_or_default().split(|b| *b == b'.').collect();
    let last = labels.last().copied().unwrap_or_default();
    let top = last.len() >= 2 && (last.iter().all(|b| b.is_ascii_alphabetic() || !b.is_ascii()) || last.starts_with(b"xn--"));
    if labels.len() >= 2 && top && labels.iter().all(|label| !label.is_empty()) {
        found.add(Kind::Mail, start, at + 1 + len);
    }
}

fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(&byte) || !byte.is_ascii()
}

/// An address of version 4 that begins at `at`.
pub(super) fn ip_v4(source: &Source<'_>, at: usize, found: &mut Found) {
    if !found.wants(Kind::Ip) {
        return;
    }
    let mut end = at;
    for part in 0..4 {
        if part > 0 {
            if source.byte(end) != Some(b'.') {
                return;
            }
            end += 1;
        }
        let Some(next) = octet_end(source, end) else { return };
        end = next;
    }
    if !source.word_at(end) {
        found.add(Kind::Ip, at, prefix_end(source, end, 32));
    }
}

/// The end of a number from 0 to 255 without leading zeros.
fn octet_end(source: &Source<'_>, at: usize) -> Option<usize> {
    let mut value = 0u32;
    let mut end = at;
    while let Some(byte) = source.byte(end).filter(u8::is_ascii_digit) {
        value = value * 10 + u32::from(byte - b'0');
        end += 1;
        if value > 255 || end - at > 3 {
            return None;
        }
    }
    let leading_zero = end - at > 1 && source.byte(at) == Some(b'0');
    (end > at && !leading_zero).then_some(end)
}

/// The end with a prefix length (`/24`), where there is one that can be.
fn prefix_end(source: &Source<'_>, at: usize, most: u32) -> usize {
    if source.byte(at) != Some(b'/') {
        return at;
    }
    let mut value = 0u32;
    let mut end = at + 1;
    while let Some(byte) = source.byte(end).filter(u8::is_ascii_digit) {
        value = value * 10 + u32::from(byte - b'0');
        end += 1;
        if value > most {
            return at;
        }
    }
    if end > at + 1 && !source.word_at(end) { end } else { at }
}

/// An address of version 6 that begins at `at`: with a colon, or with a word of hexadecimal digits.
pub(super) fn ip_v6(source: &Source<'_>, at: usize, found: &mut Found) {
    let before = at.checked_sub(1).and_then(|before| source.byte(before));
    if !found.wants(Kind::Ip) || source.word_before(at) || matches!(before, Some(b':' | b'.')) {
        return;
    }
    let rest = source.bytes().get(at..(at + V6_BYTES_MAX + 1).min(source.bytes().len())).unwrap_or_default();
    let mut len = rest.iter().take_while(|b| b.is_ascii_hexdigit() || matches!(**b, b':' | b'.')).count();
    if len > V6_BYTES_MAX || !rest.get(..len).unwrap_or_default().contains(&b':') {
        return;
    }
    if rest.get(len.saturating_sub(1)) == Some(&b'.') {
        len -= 1;
    }
    let address = rest.get(..len).and_then(|bytes| std::str::from_utf8(bytes).ok());
    if address.and_then(|address| address.parse::<Ipv6Addr>().ok()).is_none() || source.word_at(at + len) {
        return;
    }
    let end = zone_end(source, at + len);
    found.add(Kind::Ip, at, prefix_end(source, end, 128));
}

fn zone_end(source: &Source<'_>, at: usize) -> usize {
    if source.byte(at) != Some(b'%') {
        return at;
    }
    let zone = source.bytes().get(at + 1..).unwrap_or_default();
    let len = zone.iter().take(ZONE_BYTES_MAX + 1).take_while(|b| b.is_ascii_alphanumeric()).count();
    if (1..=ZONE_BYTES_MAX).contains(&len) { at + 1 + len } else { at }
}

/// A hardware address that begins at `at`: six pairs with one separator throughout, not the one for all.
pub(super) fn mac(source: &Source<'_>, at: usize, found: &mut Found) {
    if !found.wants(Kind::Mac) {
        return;
    }
    let Some(address) = source.bytes().get(at..at + 17) else { return };
    let separator = address.get(2).copied().filter(|b| matches!(b, b':' | b'-'));
    let fits = address.iter().enumerate().all(|(place, b)| match place % 3 {
        2 => Some(*b) == separator,
        _ => b.is_ascii_hexdigit(),
    });
    let for_all = address.iter().all(|b| matches!(b, b'F' | b'f' | b':' | b'-'));
    let goes_on = separator.is_some() && source.byte(at + 17) == separator;
    if fits && !for_all && !goes_on && !source.word_at(at + 17) {
        found.add(Kind::Mac, at, at + 17);
    }
}
