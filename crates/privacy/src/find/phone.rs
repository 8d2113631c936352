//! Phone numbers: international (ITU-T E.164), North American, national with a trunk zero, and two national plans that are
//! asked for by name. Takes what looks like one; whether it was ever given out is not known here.

use super::{Found, Kind, shape::Source};

/// E.164: the most digits of a number.
const DIGITS_MAX: usize = 15;
/// Separators in a row, as in `) `.
const SEPARATORS_MAX: usize = 2;

/// Digits in groups, from where they begin.
struct Groups {
    plus: bool,
    digits: Vec<u8>,
    /// Where a group ends: how many digits and groups there are, and the byte after them.
    ends: Vec<(usize, usize, usize)>,
}

/// Whether digits, with a plus before them or not, in so many groups, are a number of a plan.
type Plan = fn(&[u8], bool, usize) -> bool;

/// A number that begins at `at`: with a plus, a parenthesis or a digit.
pub(super) fn find(source: &Source<'_>, at: usize, found: &mut Found) {
    if !(found.wants(Kind::Phone) || found.wants(Kind::PhoneTr) || found.wants(Kind::PhonePh)) || source.word_before(at) {
        return;
    }
    if at.checked_sub(1).and_then(|before| source.byte(before)) == Some(b'+') {
        // It was looked at from its plus.
        return;
    }
    let Some(groups) = groups(source, at) else { return };
    let plans: [(Kind, Plan); 3] = [(Kind::Phone, is_phone), (Kind::PhoneTr, is_turkish), (Kind::PhonePh, is_philippine)];
    for (kind, is) in plans {
        let fits = |(digits, count, _): &&(usize, usize, usize)| groups.digits.get(..*digits).is_some_and(|d| is(d, groups.plus, *count));
        if let Some((.., end)) = groups.ends.iter().rev().find(fits).filter(|_| found.wants(kind)) {
            found.add(kind, at, *end);
        }
    }
}

fn groups(source: &Source<'_>, at: usize) -> Option<Groups> {
    let plus = source.byte(at) == Some(b'+');
    let mut groups = Groups { plus, digits: Vec::with_capacity(DIGITS_MAX), ends: Vec::new() };
    let mut end = at + usize::from(plus);
    let mut open = false;
    while groups.digits.len() <= DIGITS_MAX {
        let mut separators = 0;
        while let Some(byte) = source.byte(end).filter(|b| b" -./()".contains(b)) {
            match byte {
                b'(' if open => return (!groups.ends.is_empty()).then_some(groups),
                b'(' => open = true,
                b')' => open = false,
                _ => {}
            }
            separators += 1;
            end += 1;
            if separators > SEPARATORS_MAX {
                return Some(groups);
            }
        }
        let first = groups.digits.len();
        while let Some(byte) = source.byte(end).filter(u8::is_ascii_digit) {
            if groups.digits.len() > DIGITS_MAX {
                return Some(groups);
            }
            groups.digits.push(byte);
            end += 1;
        }
        if groups.digits.len() == first || source.word_at(end) {
            break;
        }
        if !open {
            groups.ends.push((groups.digits.len(), groups.ends.len() + 1, end));
        }
    }
    Some(groups)
}

fn is_phone(digits: &[u8], plus: bool, groups: usize) -> bool {
    let digit = |at: usize| digits.get(at).copied().unwrap_or(0);
    // North America: neither an area nor an exchange begins with 0 or 1.
    let american = |from: usize| digits.len() == from + 10 && digit(from) >= b'2' && digit(from + 3) >= b'2';
    let trunk = digit(0) == b'0' && (9..=11).contains(&digits.len()) && groups >= 2;
    let country = groups >= 3 && (11..=13).contains(&digits.len()) && digit(0) != b'0';
    match plus {
        true => (8..=DIGITS_MAX).contains(&digits.len()) && digit(0) != b'0',
        false => american(0) || (digit(0) == b'1' && american(1)) || trunk || country,
    }
}

fn is_turkish(digits: &[u8], plus: bool, _: usize) -> bool {
    let national = match (plus, digits) {
        (true, [b'9', b'0', rest @ ..]) | (false, [b'0', rest @ ..]) => rest,
        (true, _) => return false,
        (false, all) => all,
    };
    national.len() == 10 && matches!(national.first(), Some(b'2'..=b'5'))
}

fn is_philippine(digits: &[u8], plus: bool, _: usize) -> bool {
    match (plus, digits) {
        (true, [b'6', b'3', rest @ ..]) | (false, [b'0', rest @ ..]) => rest.len() == 10 && rest.first() == Some(&b'9'),
        _ => false,
    }
}
