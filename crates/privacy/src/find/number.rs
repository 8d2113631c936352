//! Payment cards and bank accounts.

use super::{
    Found, Kind,
    checksum::{luhn, mod_97},
    shape::Source,
};

/// Digits of a card number, at least and at most.
const CARD_DIGITS: (usize, usize) = (13, 19);

/// A card number that begins at `at`, in groups or not.
pub(super) fn card(source: &Source<'_>, at: usize, found: &mut Found) {
    if !found.wants(Kind::Card) || !matches!(source.byte(at), Some(b'1'..=b'6')) {
        return;
    }
    let mut digits = Vec::with_capacity(CARD_DIGITS.1);
    // Where a group ends: how many digits there are, and the byte after them.
    let mut ends: Vec<(usize, usize)> = Vec::new();
    let mut end = at;
    loop {
        match source.byte(end) {
            Some(byte) if byte.is_ascii_digit() => {
                if digits.len() == CARD_DIGITS.1 {
                    // The group goes on beyond any card.
                    break;
                }
                digits.push(byte);
                end += 1;
                if !source.word_at(end) {
                    ends.push((digits.len(), end));
                }
            }
            Some(b' ' | b'-') if source.byte(end + 1).is_some_and(|b| b.is_ascii_digit()) && !source.word_at(end) => end += 1,
            _ => break,
        }
    }
    let valid = |len: usize| {
        let first_13 = digits.first() == Some(&b'1') && len == 13;
        len >= CARD_DIGITS.0 && !first_13 && digits.get(..len).is_some_and(luhn)
    };
    if let Some((_, end)) = ends.iter().rev().find(|(len, _)| valid(*len)) {
        found.add(Kind::Card, at, *end);
    }
}

/// An account that begins at `at`: as many characters as its country has, in groups or not.
pub(super) fn iban(source: &Source<'_>, at: usize, found: &mut Found) {
    let country = source.bytes().get(at..at + 2).unwrap_or_default();
    if !found.wants(Kind::Iban) || !country.iter().all(u8::is_ascii_alphabetic) {
        return;
    }
    let Some(length) = iban_length(country) else { return };
    let mut compact = Vec::with_capacity(length);
    let mut end = at;
    while compact.len() < length {
        match source.byte(end) {
            Some(byte) if byte.is_ascii_alphanumeric() => compact.push(byte.to_ascii_uppercase()),
            Some(b' ' | b'-') if compact.len() >= 2 && source.byte(end + 1).is_some_and(|b| b.is_ascii_alphanumeric()) => {}
            _ => return,
        }
        end += 1;
    }
    // One case throughout: mixed, it is a password or a code more likely than an account.
    let written = source.bytes().get(at..end).unwrap_or_default();
    if written.iter().any(u8::is_ascii_lowercase) && written.iter().any(u8::is_ascii_uppercase) {
        return;
    }
    let checked = compact.get(2..4).is_some_and(|check| check.iter().all(u8::is_ascii_digit));
    if checked && !source.word_at(end) && mod_97(&compact) {
        found.add(Kind::Iban, at, end);
    }
}

/// Characters of an account by country (SWIFT IBAN registry, and those that use the form without being in it).
fn iban_length(country: &[u8]) -> Option<usize> {
    const LENGTHS: &[(usize, &str)] = &[
        (15, "NO"),
        (16, "BE BI"),
        (18, "DK FI FK FO GL NL SD"),
        (19, "MK SI"),
        (20, "AT BA EE KZ LT LU MN XK"),
        (21, "CH HR LI LV"),
        (22, "BG BH CR DE GB GE IE ME RS VA"),
        (23, "AE GI IL IQ OM SO TL"),
        (24, "AD CZ ES MD PK RO SA SE SK TN VG"),
        (25, "LY PT ST"),
        (26, "IS TR"),
        (27, "BJ FR GR IT MC MR SM DJ"),
        (28, "AL AZ BY CY DO GT HU LB NI PL SV"),
        (29, "BR PS QA UA"),
        (30, "JO KW MU YE"),
        (31, "MT SC"),
        (32, "LC"),
        (33, "RU"),
    ];
    let mut code = [0; 2];
    for (slot, byte) in code.iter_mut().zip(country) {
        *slot = byte.to_ascii_uppercase();
    }
    LENGTHS.iter().find(|(_, countries)| countries.as_bytes().chunks(3).any(|one| one.starts_with(&code))).map(|(length, _)| *length)
}
