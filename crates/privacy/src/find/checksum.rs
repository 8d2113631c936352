//! Check digits, by their published rules. Digits come as ASCII; what is no digit makes a check fail.

/// The value of an ASCII digit.
pub(super) fn digit(byte: u8) -> Option<u32> {
    byte.is_ascii_digit().then(|| u32::from(byte - b'0'))
}

/// The sum of digits times weights, over the shorter of both.
pub(super) fn weighted(digits: &[u8], weights: &[u32]) -> Option<u32> {
    digits.iter().zip(weights).try_fold(0, |sum, (byte, weight)| Some(sum + digit(*byte)? * weight))
}

/// Luhn's rule (ISO/IEC 7812-1, annex B), the check digit last.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let mut sum = 0;
    for (place, byte) in digits.iter().rev().enumerate() {
        let Some(value) = digit(*byte) else { return false };
        let value = if place % 2 == 1 { value * 2 } else { value };
        sum += value / 10 + value % 10;
    }
    !digits.is_empty() && sum % 10 == 0
}

/// ISO 7064 mod 97-10 as ISO 13616 uses it: the first four characters go to the end, letters count from 10.
pub(super) fn mod_97(account: &[u8]) -> bool {
    let (head, tail) = account.split_at(4.min(account.len()));
    let mut rest = 0u32;
    for byte in tail.iter().chain(head) {
        rest = match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            b'A'..=b'Z' => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
            _ => return false,
        };
    }
    rest == 1
}

/// ISO 7064 mod 11,10, the check digit last.
pub(super) fn mod_11_10(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last() else { return false };
    let mut product = 10;
    for byte in body {
        let Some(value) = digit(*byte) else { return false };
        let sum = (value + product) % 10;
        product = (if sum == 0 { 10 } else { sum }) * 2 % 11;
    }
    digit(*check) == Some((11 - product) % 10)
}

/// Verhoeff's rule (1969), the check digit last.
pub(super) fn verhoeff(digits: &[u8]) -> bool {
    // The dihedral group of order ten, and the permutation that is applied once more at each place.
    const PRODUCT: [[u8; 10]; 10] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
        [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
        [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
        [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
        [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
        [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
        [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
        [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
        [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
    ];
    const PERMUTED: [[u8; 10]; 8] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
    ];
    let mut state = 0u8;
    for (place, byte) in digits.iter().rev().enumerate() {
        let value = digit(*byte).and_then(|value| PERMUTED.get(place % 8)?.get(value as usize));
        let Some(next) = value.and_then(|value| PRODUCT.get(usize::from(state))?.get(usize::from(*value))) else { return false };
        state = *next;
    }
    !digits.is_empty() && state == 0
}

/// Whether all are the same.
pub(super) fn uniform(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| pair.first() == pair.last())
}

/// A number of at most nine digits.
pub(super) fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |sum, byte| sum.checked_mul(10)?.checked_add(digit(*byte)?))
}

/// Whether there is such a day, in any year that ends so.
pub(super) fn day_exists(year: u32, month: u32, day: u32) -> bool {
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Whether six digits are a day as year, month, day.
pub(super) fn yymmdd(digits: &[u8]) -> bool {
    let part = |from: usize| digits.get(from..from + 2).and_then(number);
    matches!((part(0), part(2), part(4)), (Some(year), Some(month), Some(day)) if day_exists(year, month, day))
}
