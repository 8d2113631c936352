//! National ids: a shape, and what its issuer says of the digits in it. Where an id carries no check digit, or one that is no
//! longer kept, the shape stands.

use super::{
    Found, Kind,
    checksum::{day_exists, digit, luhn, mod_11_10, number, uniform, verhoeff, weighted, yymmdd},
    shape::{Fit, Source},
};

type Rule = (Kind, &'static [&'static str], fn(&[u8]) -> bool);

/// Ids that begin with a digit.
const DIGITS_FIRST: &[Rule] = &[
    (Kind::AuTfn, &["ddd_ddd_ddd"], au_tfn),
    (Kind::AuMedicare, &["dddd_ddddd_d"], au_medicare),
    (Kind::CaSin, &["ddd_ddd_ddd"], ca_sin),
    (Kind::DeTaxId, &["ddddddddddd"], de_tax_id),
    (Kind::DeSocialSecurity, &["ddddddddaddd"], de_social_security),
    (Kind::EsNif, &["dddddddd-a", "ddddddd-a"], es_nif),
    (Kind::FiPersonalIdentity, &["ddddddadddn", "dddddd=dddn"], fi_personal_identity),
    (Kind::InAadhaar, &["dddd_dddd_dddd"], in_aadhaar),
    (Kind::KrRrn, &["dddddd-ddddddd"], kr_rrn),
    (Kind::KrFrn, &["dddddd-ddddddd"], kr_frn),
    (Kind::NgNin, &["ddddddddddd"], verhoeff),
    (Kind::PlPesel, &["ddddddddddd"], pl_pesel),
    (Kind::SePersonnummer, &["dddddddd-dddd", "dddddd-dddd"], se_personnummer),
    (Kind::ThTnin, &["ddddddddddddd"], th_tnin),
    (Kind::TrNationalId, &["ddddddddddd"], tr_national_id),
    (Kind::UkNhs, &["ddd_ddd_dddd"], uk_nhs),
    (Kind::UsItin, &["ddd_dd_dddd"], us_itin),
    (Kind::UsSsn, &["ddd~dd~dddd", "ddddddddd"], us_ssn),
    (Kind::ZaId, &["ddddddddddddd"], za_id),
];

/// Ids that begin with a letter.
const LETTERS_FIRST: &[Rule] = &[
    (Kind::EsNie, &["addddddd-a"], es_nie),
    (Kind::ItFiscalCode, &["aaaaaannannannna"], it_fiscal_code),
    (Kind::SgNricFin, &["addddddda"], sg_nric_fin),
    (Kind::UkNino, &["aasddsddsddsa"], uk_nino),
];

/// Ids that begin with the digit at `at`.
pub(super) fn digits_first(source: &Source<'_>, at: usize, found: &mut Found) {
    apply(DIGITS_FIRST, source, at, found);
}

/// Ids that begin with the letter at `at`.
pub(super) fn letters_first(source: &Source<'_>, at: usize, found: &mut Found) {
    apply(LETTERS_FIRST, source, at, found);
}

/// Finnish codes have so many check characters that one glued to a word before it is still no accident.
pub(super) fn glued(source: &Source<'_>, at: usize, found: &mut Found) {
    let glued = DIGITS_FIRST.iter().filter(|(kind, ..)| *kind == Kind::FiPersonalIdentity);
    glued.for_each(|rule| apply(std::slice::from_ref(rule), source, at, found));
}

fn apply(rules: &[Rule], source: &Source<'_>, at: usize, found: &mut Found) {
    for (kind, shapes, holds) in rules {
        if !found.wants(*kind) {
            continue;
        }
        let fit: Option<Fit> = shapes.iter().find_map(|shape| source.fit(at, shape).filter(|fit| holds(fit.bytes())));
        let Some(fit) = fit else { continue };
        if *kind == Kind::UsSsn && separators_differ(source, at, fit.end) {
            continue;
        }
        found.add(*kind, at, fit.end);
    }
}

fn separators_differ(source: &Source<'_>, at: usize, end: usize) -> bool {
    let mut separators = source.bytes().get(at..end).unwrap_or_default().iter().filter(|b| !b.is_ascii_digit());
    let first = separators.next();
    separators.any(|other| Some(other) != first)
}

fn at(id: &[u8], place: usize) -> u8 {
    id.get(place).copied().unwrap_or(0)
}

fn part(id: &[u8], from: usize, to: usize) -> &[u8] {
    id.get(from..to).unwrap_or_default()
}

fn two(id: &[u8], from: usize) -> u32 {
    number(part(id, from, from + 2)).unwrap_or(u32::MAX)
}

fn au_tfn(id: &[u8]) -> bool {
    weighted(id, &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_some_and(|sum| sum % 11 == 0) && !uniform(id)
}

fn au_medicare(id: &[u8]) -> bool {
    let check = weighted(id, &[1, 3, 7, 9, 1, 3, 7, 9]).map(|sum| sum % 10);
    matches!(at(id, 0), b'2'..=b'6') && check.is_some() && check == digit(at(id, 8))
}

fn ca_sin(id: &[u8]) -> bool {
    !matches!(at(id, 0), b'0' | b'8') && luhn(id) && !uniform(id)
}

fn de_tax_id(id: &[u8]) -> bool {
    at(id, 0) != b'0' && mod_11_10(id)
}

/// Verordnung über die Vergabe der Versicherungsnummer, § 2: the letter counts as two digits, and sums of digits are added.
fn de_social_security(id: &[u8]) -> bool {
    const WEIGHTS: [u32; 12] = [2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1];
    let (day, month, letter) = (two(id, 2), two(id, 4), u32::from(at(id, 8)).wrapping_sub(u32::from(b'A')) + 1);
    let mut digits = part(id, 0, 8).to_vec();
    digits.extend([b'0' + (letter / 10) as u8, b'0' + (letter % 10) as u8]);
    digits.extend(part(id, 9, 11));
    let products = digits.iter().zip(WEIGHTS).map(|(byte, weight)| digit(*byte).map(|value| value * weight));
    let sum = products.map(|product| product.map(|p| p / 10 + p % 10)).sum::<Option<u32>>();
    // A day above 31 belongs to a person whose birthday's numbers ran out; the office adds 50.
    let born = (1..=12).contains(&month) && ((1..=31).contains(&day) || (51..=81).contains(&day));
    born && sum.map(|sum| sum % 10) == digit(at(id, 11))
}

const SPANISH_LETTERS: &[u8] = b"TRWAGMYFPDXBNJZSQVHLCKE";

fn es_nif(id: &[u8]) -> bool {
    let Some((letter, digits)) = id.split_last() else { return false };
    number(digits).and_then(|n| SPANISH_LETTERS.get(n as usize % 23)) == Some(letter)
}

fn es_nie(id: &[u8]) -> bool {
    let first = match at(id, 0) {
        b'X' => b'0',
        b'Y' => b'1',
        b'Z' => b'2',
        _ => return false,
    };
    let mut national = vec![first];
    national.extend(part(id, 1, id.len()));
    es_nif(&national)
}

fn fi_personal_identity(id: &[u8]) -> bool {
    const CHECKS: &[u8] = b"0123456789ABCDEFHJKLMNPRSTUVWXY";
    let (day, month, year) = (two(id, 0), two(id, 2), two(id, 4));
    // A letter for the century is kept, a hyphen is not.
    let from = if id.len() == 11 { 7 } else { 6 };
    let century = id.len() == 10 || matches!(at(id, 6), b'A'..=b'F' | b'U'..=b'Y');
    let mut digits = part(id, 0, 6).to_vec();
    digits.extend(part(id, from, from + 3));
    let individual = number(part(id, from, from + 3)).is_some_and(|n| (2..=999).contains(&n));
    let check = number(&digits).and_then(|n| CHECKS.get(n as usize % 31));
    century && individual && day_exists(year, month, day) && check == id.last()
}

fn in_aadhaar(id: &[u8]) -> bool {
    at(id, 0) >= b'2' && verhoeff(id) && !id.iter().eq(id.iter().rev())
}

/// Digits may be replaced by letters where two people would have the same code.
fn it_fiscal_code(id: &[u8]) -> bool {
    let numeric = [6, 7, 9, 10, 12, 13, 14].iter().all(|place| matches!(at(id, *place), b'0'..=b'9' | b'L'..=b'N' | b'P'..=b'V'));
    numeric && b"ABCDEHLMPRST".contains(&at(id, 8)) && at(id, 11).is_ascii_alphabetic()
}

/// Ids given out since October 2020 carry no check digit, so none is asked of any.
fn korean(id: &[u8], kinds: std::ops::RangeInclusive<u8>) -> bool {
    yymmdd(part(id, 0, 6)) && kinds.contains(&at(id, 6)) && two(id, 7) <= 95
}

fn kr_rrn(id: &[u8]) -> bool {
    korean(id, b'1'..=b'4')
}

fn kr_frn(id: &[u8]) -> bool {
    korean(id, b'5'..=b'8')
}

fn pl_pesel(id: &[u8]) -> bool {
    // The month tells the century: 20 more for each.
    let born = (1..=12).contains(&(two(id, 2) % 20)) && (1..=31).contains(&two(id, 4));
    born && weighted(id, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_some_and(|sum| sum % 10 == 0)
}

fn se_personnummer(id: &[u8]) -> bool {
    let short = if id.len() == 12 { part(id, 2, 12) } else { id };
    if id.len() == 12 && !matches!(two(id, 0), 18..=20) {
        return false;
    }
    // Whoever is not registered gets a day that is 60 more.
    let day = two(short, 4);
    let day = if day > 60 { day - 60 } else { day };
    day_exists(two(short, 0), two(short, 2), day) && luhn(short)
}

fn sg_nric_fin(id: &[u8]) -> bool {
    b"STFGM".contains(&at(id, 0))
}

fn th_tnin(id: &[u8]) -> bool {
    let province = match at(id, 1) {
        b'1' | b'3' | b'4' => true,
        b'2' | b'5' => at(id, 2) <= b'8',
        b'6' | b'7' => at(id, 2) <= b'7',
        b'8' | b'9' => at(id, 2) <= b'6',
        _ => false,
    };
    let check = weighted(id, &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]).map(|sum| (11 - sum % 11) % 10);
    matches!(at(id, 0), b'1'..=b'8') && province && check.is_some() && check == digit(at(id, 12))
}

fn tr_national_id(id: &[u8]) -> bool {
    let odd = weighted(id, &[1, 0, 1, 0, 1, 0, 1, 0, 1]);
    let even = weighted(id, &[0, 1, 0, 1, 0, 1, 0, 1]);
    let all = weighted(id, &[1; 10]);
    let (Some(odd), Some(even), Some(all)) = (odd, even, all) else { return false };
    let tenth = (odd * 7 + 100 - even) % 10;
    at(id, 0) != b'0' && digit(at(id, 9)) == Some(tenth) && digit(at(id, 10)) == Some(all % 10)
}

fn uk_nhs(id: &[u8]) -> bool {
    weighted(id, &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_some_and(|sum| sum % 11 == 0) && !uniform(id)
}

fn uk_nino(id: &[u8]) -> bool {
    const NEVER: [&[u8]; 7] = [b"BG", b"GB", b"NK", b"KN", b"TN", b"NT", b"ZZ"];
    let first = !b"DFIQUV".contains(&at(id, 0));
    let second = !b"DFIOQUV".contains(&at(id, 1));
    first && second && !NEVER.contains(&part(id, 0, 2)) && matches!(id.last(), Some(b'A'..=b'D'))
}

fn us_itin(id: &[u8]) -> bool {
    at(id, 0) == b'9' && matches!(two(id, 3), 50..=65 | 70..=88 | 90..=92 | 94..=99)
}

fn us_ssn(id: &[u8]) -> bool {
    const NEVER: [&[u8]; 2] = [b"000", b"666"];
    const SAMPLES: [&[u8]; 3] = [b"123456789", b"987654321", b"078051120"];
    let area = !NEVER.contains(&part(id, 0, 3));
    let rest = two(id, 3) != 0 && part(id, 5, 9) != b"0000";
    area && rest && !uniform(id) && !SAMPLES.contains(&id)
}

fn za_id(id: &[u8]) -> bool {
    yymmdd(part(id, 0, 6)) && matches!(at(id, 10), b'0'..=b'2') && luhn(id)
}
