//! Pages of text: the codes of a dictionary become codes of labels at once, without a look at each value's bytes. Reads the
//! layout of the Parquet format's Encodings page (PLAIN, RLE_DICTIONARY, and RLE for levels).

use super::chunk::Fault;
use crate::{
    builder::Builder,
    column::{MISSING, Want},
};
use parquet::{
    basic::Encoding,
    column::page::{Page, PageReader},
};

/// An entry of the dictionary that no value has used yet: it must not become a label.
const UNUSED: u32 = MISSING - 1;

/// A dictionary of this chunk, and the code of each entry that was used.
#[derive(Default)]
struct Dictionary {
    bytes: bytes::Bytes,
    entries: Vec<(usize, usize)>,
    codes: Vec<u32>,
}

fn damaged(what: &str) -> Fault {
    Fault { row: None, why: format!("damaged: {what}") }
}

/// A column chunk of text; `None` where a page is of a layout that is not read here.
pub(super) fn read_text(mut pages: Box<dyn PageReader>, max_def: i16, rows: usize, want: Want) -> Result<Option<Builder>, Fault> {
    let mut builder = Builder::new(want);
    let mut dictionary = Dictionary::default();
    let mut present = Vec::new();
    while let Some(page) = pages.get_next_page()? {
        let (buf, values, encoding, levels) = match &page {
            Page::DictionaryPage { buf, num_values, .. } => {
                dictionary = Dictionary::new(buf, *num_values as usize)?;
                continue;
            }
            Page::DataPage { def_level_encoding, .. } if max_def > 0 && *def_level_encoding != Encoding::RLE => return Ok(None),
            Page::DataPage { buf, num_values, encoding, .. } => {
                let (levels, buf) = if max_def == 0 {
                    (&[][..], &buf[..])
                } else {
                    let (length, rest) = length(buf).ok_or_else(|| damaged("a page ends within its levels"))?;
                    rest.split_at_checked(length).ok_or_else(|| damaged("a page ends within its levels"))?
                };
                (buf, *num_values as usize, *encoding, levels)
            }
            Page::DataPageV2 { buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let levels = buf.get(*rep_levels_byte_len as usize..).and_then(|rest| rest.split_at_checked(*def_levels_byte_len as usize));
                let (levels, buf) = levels.ok_or_else(|| damaged("a page ends within its levels"))?;
                (buf, *num_values as usize, *encoding, levels)
            }
        };
        if values > rows.saturating_sub(builder.len()) {
            return Err(damaged("a page holds more values than the row group has rows"));
        }
        present.clear();
        if max_def > 0 {
            let width = 16 - (max_def as u16).leading_zeros() as u8;
            hybrid(levels, width, values, |level| present.push(level == max_def as u32))?;
        }
        match encoding {
            Encoding::PLAIN => plain(buf, values, &present, &mut builder)?,
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => dictionary.page(buf, values, &present, &mut builder)?,
            _ => return Ok(None),
        }
    }
    Ok(Some(builder))
}

/// The four bytes of a length, and what follows.
fn length(buf: &[u8]) -> Option<(usize, &[u8])> {
    buf.split_first_chunk().map(|(length, rest)| (u32::from_le_bytes(*length) as usize, rest))
}

fn refused(builder: &Builder, why: String) -> Fault {
    Fault { row: Some(builder.len()), why }
}

fn plain(mut buf: &[u8], values: usize, present: &[bool], builder: &mut Builder) -> Result<(), Fault> {
    for i in 0..values {
        if !present.get(i).copied().unwrap_or(true) {
            builder.missing();
            continue;
        }
        let (length, rest) = length(buf).ok_or_else(|| damaged("a page ends within a text"))?;
        let (text, rest) = rest.split_at_checked(length).ok_or_else(|| damaged("a page ends within a text"))?;
        builder.text(text).map_err(|why| refused(builder, why))?;
        buf = rest;
    }
    Ok(())
}

impl Dictionary {
    fn new(buf: &bytes::Bytes, values: usize) -> Result<Self, Fault> {
        let mut entries = Vec::new();
        let mut start = 0;
        for _ in 0..values {
            let (length, _) = buf.get(start..).and_then(length).ok_or_else(|| damaged("a dictionary ends within a text"))?;
            let end = start.saturating_add(4).saturating_add(length);
            if end > buf.len() {
                return Err(damaged("a dictionary ends within a text"));
            }
            entries.push((start + 4, end));
            start = end;
        }
        Ok(Self { bytes: buf.clone(), codes: vec![UNUSED; entries.len()], entries })
    }

    fn text(&self, index: usize) -> Result<&[u8], Fault> {
        let entry = self.entries.get(index).and_then(|(start, end)| self.bytes.get(*start..*end));
        entry.ok_or_else(|| damaged("a value beyond the dictionary"))
    }

    /// Resolves an entry that is used for the first time.
    fn resolve(&mut self, index: usize, builder: &mut Builder) -> Result<Option<u32>, Fault> {
        let code = builder.code(self.text(index)?).map_err(|why| refused(builder, why))?;
        if let (Some(code), Some(kept)) = (code, self.codes.get_mut(index)) {
            *kept = code;
        }
        Ok(code)
    }

    fn page(&mut self, buf: &[u8], values: usize, present: &[bool], builder: &mut Builder) -> Result<(), Fault> {
        let count = if present.is_empty() { values } else { present.iter().filter(|present| **present).count() };
        let mut indices = Vec::new();
        if count > 0 {
            let (width, runs) = buf.split_first().ok_or_else(|| damaged("an empty page"))?;
            hybrid(runs, *width, count, |index| indices.push(index))?;
        }
        let mut indices = indices.into_iter();
        for i in 0..values {
            if !present.get(i).copied().unwrap_or(true) {
                builder.missing();
                continue;
            }
            let index = indices.next().unwrap_or(u32::MAX) as usize;
            let known = self.codes.get(index).copied().filter(|code| *code != UNUSED);
            let code = if known.is_some() { known } else { self.resolve(index, builder)? };
            match (code, builder.codes()) {
                (Some(code), Some(codes)) => codes.push(code),
                // The column has turned to numbers meanwhile.
                _ => builder.text(self.text(index)?).map_err(|why| refused(builder, why))?,
            }
        }
        Ok(())
    }
}

/// The hybrid of run lengths and packed bits: `count` values of `width` bits.
fn hybrid(mut buf: &[u8], width: u8, count: usize, mut take: impl FnMut(u32)) -> Result<(), Fault> {
    if width > 32 {
        return Err(damaged("values of more than 32 bits"));
    }
    let short = || damaged("a page ends within its values");
    let bytes_a_value = usize::from(width).div_ceil(8);
    let mut left = count;
    while left > 0 {
        let (header, rest) = varint(buf).ok_or_else(short)?;
        let length = usize::try_from(header >> 1).map_err(|_| short())?;
        if length == 0 {
            return Err(damaged("a run of no values"));
        }
        if header & 1 == 0 {
            let (value, rest) = rest.split_at_checked(bytes_a_value).ok_or_else(short)?;
            let value = value.iter().rev().fold(0u32, |value, byte| value.wrapping_shl(8) | u32::from(*byte));
            let run = length.min(left);
            (0..run).for_each(|_| take(value));
            (left, buf) = (left - run, rest);
        } else {
            let bytes = length.saturating_mul(usize::from(width));
            // The last run may be cut off after the last value.
            let (packed, rest) = rest.split_at(bytes.min(rest.len()));
            let run = length.saturating_mul(8).min(left);
            if packed.len() * 8 < run * usize::from(width) {
                return Err(short());
            }
            let (mut bits, mut held, mut bytes) = (0u64, 0u32, packed.iter());
            let mask = (1u64 << width) - 1;
            for _ in 0..run {
                while held < u32::from(width) {
                    bits |= bytes.next().map_or(0, |byte| u64::from(*byte)) << held;
                    held += 8;
                }
                take((bits & mask) as u32);
                bits >>= width;
                held -= u32::from(width);
            }
            (left, buf) = (left - run, rest);
        }
    }
    Ok(())
}

/// An unsigned number of seven bits a byte.
fn varint(buf: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for (i, byte) in buf.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * i as u32)?;
        if byte & 0x80 == 0 {
            return Some((value, buf.get(i + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(buf: &[u8], width: u8, count: usize) -> Result<Vec<u32>, String> {
        let mut out = Vec::new();
        hybrid(buf, width, count, |value| out.push(value)).map_err(|fault| fault.why)?;
        Ok(out)
    }

    #[test]
    fn runs_and_packed_bits_are_read_as_the_format_says() {
        // The example of the Parquet format's page on encodings: 0 to 7 in three bits each.
        assert_eq!(values(&[0x03, 0x88, 0xc6, 0xfa], 3, 8).unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(values(&[0x03, 0x88, 0xc6, 0xfa], 3, 5).unwrap(), [0, 1, 2, 3, 4]);
        assert_eq!(values(&[0x06, 0x05, 0x04, 0x01], 3, 5).unwrap(), [5, 5, 5, 1, 1]);
        assert_eq!(values(&[0x06], 0, 3).unwrap(), [0, 0, 0]);
        assert!(values(&[0x03, 0x88], 3, 8).is_err());
        assert!(values(&[0x00], 3, 1).is_err());
        assert!(values(&[0xff; 11], 3, 1).is_err());
        assert!(values(&[0x03], 33, 1).is_err());
    }
}
