//! Finders of personal data by pattern and checksum: mail addresses, phone numbers, cards, accounts, network addresses and
//! national ids. One pass, linear in the length of any input: every attempt looks at a bounded number of bytes. Finds too much
//! rather than too little, and never changes a text; masking is [`mask`](crate::mask).
//!
//! What each kind takes for its own follows the public rules of its issuer; names of people and places are not found here.

mod checksum;
mod national;
mod network;
mod number;
mod phone;
mod shape;
#[cfg(test)]
mod tests;

use shape::Source;

/// The longest text that is searched, in bytes. A longer one is refused: half-searched text must not pass for searched.
pub const TEXT_BYTES_MAX: usize = 4 << 20;

/// What a find is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A mail address (RFC 5321, and its international form).
    Mail,
    /// A phone number: international, North American, or national with a trunk zero.
    Phone,
    /// A Turkish phone number, with or without its country.
    PhoneTr,
    /// A Philippine mobile number.
    PhonePh,
    /// A payment card (ISO/IEC 7812, Luhn).
    Card,
    /// A bank account (ISO 13616, mod 97).
    Iban,
    /// An address of the internet protocol, version 4 or 6, with its prefix length where there is one.
    Ip,
    /// A hardware address (IEEE 802).
    Mac,
    /// Australia: tax file number.
    AuTfn,
    /// Australia: Medicare number.
    AuMedicare,
    /// Canada: social insurance number.
    CaSin,
    /// Germany: tax id.
    DeTaxId,
    /// Germany: pension insurance number.
    DeSocialSecurity,
    /// Spain: foreigner's id.
    EsNie,
    /// Spain: national id.
    EsNif,
    /// Finland: personal identity code.
    FiPersonalIdentity,
    /// India: Aadhaar.
    InAadhaar,
    /// Italy: fiscal code.
    ItFiscalCode,
    /// Korea: resident registration number.
    KrRrn,
    /// Korea: foreigner registration number.
    KrFrn,
    /// Nigeria: national id.
    NgNin,
    /// Poland: PESEL.
    PlPesel,
    /// Sweden: personal identity number.
    SePersonnummer,
    /// Singapore: NRIC or FIN.
    SgNricFin,
    /// Thailand: national id.
    ThTnin,
    /// Turkey: national id.
    TrNationalId,
    /// United Kingdom: NHS number.
    UkNhs,
    /// United Kingdom: national insurance number.
    UkNino,
    /// United States: social security number.
    UsSsn,
    /// United States: individual taxpayer number.
    UsItin,
    /// South Africa: identity number.
    ZaId,
}

impl Kind {
    /// Every kind, the surest of those that may cover the same characters first.
    pub const ALL: [Self; 31] = [
        Self::Mail,
        Self::Iban,
        Self::Card,
        Self::Ip,
        Self::Mac,
        Self::ItFiscalCode,
        Self::FiPersonalIdentity,
        Self::DeSocialSecurity,
        Self::EsNie,
        Self::EsNif,
        Self::SgNricFin,
        Self::UkNino,
        Self::InAadhaar,
        Self::ThTnin,
        Self::ZaId,
        Self::KrRrn,
        Self::KrFrn,
        Self::SePersonnummer,
        Self::TrNationalId,
        Self::PlPesel,
        Self::DeTaxId,
        Self::NgNin,
        Self::UkNhs,
        Self::AuMedicare,
        Self::CaSin,
        Self::AuTfn,
        Self::UsItin,
        Self::UsSsn,
        Self::Phone,
        Self::PhoneTr,
        Self::PhonePh,
    ];

    /// The word that stands for it in a masked text.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Mail => "MAIL",
            Self::Phone | Self::PhoneTr | Self::PhonePh => "PHONE",
            Self::Card => "CARD",
            Self::Iban => "IBAN",
            Self::Ip => "IP",
            Self::Mac => "MAC",
            _ => "ID",
        }
    }
}

/// A find: `start..end` in code points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Find {
    /// What it is.
    pub kind: Kind,
    /// Its first code point.
    pub start: usize,
    /// One past its last code point.
    pub end: usize,
}

/// The same in bytes, as the finders make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
}

/// Why a text was not searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsearched {
    /// It is too long.
    #[error("a text of {bytes} bytes is not searched for personal data: {TEXT_BYTES_MAX} is the limit")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// Finds of all kinds in their order, none touching the characters of another.
///
/// # Errors
/// Where the text is longer than [`TEXT_BYTES_MAX`]: then nothing is known of it.
pub fn find(text: &str) -> Result<Vec<Find>, Unsearched> {
    Ok(in_code_points(text, &hits(text, &Kind::ALL)?))
}

pub(crate) fn hits(text: &str, kinds: &[Kind]) -> Result<Vec<Hit>, Unsearched> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Unsearched::TooLong { bytes: text.len() });
    }
    let mut wanted = [false; Kind::ALL.len()];
    for kind in kinds {
        if let Some(slot) = wanted.get_mut(*kind as usize) {
            *slot = true;
        }
    }
    let mut found = Found { wanted, hits: Vec::new() };
    scan(&Source::new(text), &mut found);
    Ok(apart(found.hits))
}

/// What was found so far, and what is looked for.
pub(crate) struct Found {
    wanted: [bool; Kind::ALL.len()],
    hits: Vec<Hit>,
}

impl Found {
    pub(crate) fn wants(&self, kind: Kind) -> bool {
        self.wanted.get(kind as usize).copied().unwrap_or(false)
    }

    pub(crate) fn add(&mut self, kind: Kind, start: usize, end: usize) {
        self.hits.push(Hit { kind, start, end });
    }
}

/// One pass. Every attempt starts at a character that can start its kind and looks at a bounded number of bytes.
fn scan(source: &Source<'_>, found: &mut Found) {
    let bytes = source.bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'@' => network::mail(source, at, found),
            b':' => network::ip_v6(source, at, found),
            b'+' | b'(' => phone::find(source, at, found),
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                let end = source.word_end(at);
                if !source.word_before(at) {
                    word(source, at, end, found);
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
}

/// Whatever can begin with the word of ASCII letters and digits at `at..end`.
fn word(source: &Source<'_>, at: usize, end: usize, found: &mut Found) {
    const LOOKED_AT: usize = 40;
    let looked_at = source.bytes().get(at..end.min(at + LOOKED_AT)).unwrap_or_default();
    let digit_at = looked_at.iter().position(u8::is_ascii_digit);
    let hexadecimal = looked_at.len() <= 4 && looked_at.iter().all(u8::is_ascii_hexdigit);
    if hexadecimal {
        network::ip_v6(source, at, found);
        network::mac(source, at, found);
    }
    match digit_at {
        Some(0) => {
            network::ip_v4(source, at, found);
            number::card(source, at, found);
            phone::find(source, at, found);
            national::digits_first(source, at, found);
        }
        Some(first) => {
            number::iban(source, at, found);
            national::letters_first(source, at, found);
            national::glued(source, at + first, found);
        }
        // Letters that stand apart from the digits which belong to them.
        None if looked_at.len() <= 2 => {
            number::iban(source, at, found);
            national::letters_first(source, at, found);
        }
        None => {}
    }
}

/// In their order and apart: of two that begin at the same place the longer, then the surer. What reaches beyond an earlier one of
/// another kind keeps its tail, so that no character of it stays open.
fn apart(mut hits: Vec<Hit>) -> Vec<Hit> {
    let rank = |kind: Kind| Kind::ALL.iter().position(|other| *other == kind);
    hits.sort_by_key(|hit| (hit.start, usize::MAX - hit.end, rank(hit.kind)));
    let mut out: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match out.last() {
            Some(last) if hit.start >= last.end => out.push(hit),
            Some(last) if hit.end > last.end && hit.kind != last.kind => out.push(Hit { start: last.end, ..hit }),
            Some(_) => {}
            None => out.push(hit),
        }
    }
    out
}

/// Bytes to code points, in one pass over the text.
fn in_code_points(text: &str, hits: &[Hit]) -> Vec<Find> {
    let bytes = text.as_bytes();
    let (mut byte, mut point) = (0, 0);
    let mut point_at = |to: usize| {
        // Every byte but a continuation begins a code point.
        point += bytes.get(byte..to).unwrap_or_default().iter().filter(|b| **b & 0xC0 != 0x80).count();
        byte = to;
        point
    };
    hits.iter().map(|hit| Find { kind: hit.kind, start: point_at(hit.start), end: point_at(hit.end) }).collect()
}
