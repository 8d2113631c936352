//! How a text model is kept: one small file whose name is its digest. Reading one runs nothing and believes nothing: magic, version,
//! digest, every length and every number are checked before anything is built.
//!
//! `CSTM`, version (u16), length of a JSON header (u32), the header; then for each feature the distance to the bucket before
//! (variable length), its idf (f32) and a weight a class (f32), then an intercept a class (f32); last the SHA-256 of all before.
//! All numbers are little-endian.

use super::{
    feature::BUCKETS,
    model::{Parts, TextModel},
    rows::Vocabulary,
};
use crate::file::{FileError, Frame, Reader};
use serde::{Deserialize, Serialize};

/// Classes that a model may have.
pub const CLASSES_MAX: usize = 1_000;
const FRAME: Frame = Frame { magic: b"CSTM", version: 1 };

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    classes: Vec<String>,
    features: usize,
    /// By their bits: text would not bring every number back.
    temperature: u64,
    spread: u64,
    rows: u64,
    data: String,
}

impl TextModel {
    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = Header {
            classes: self.classes.clone(),
            features: self.vocabulary.buckets.len(),
            temperature: self.temperature.to_bits(),
            spread: self.spread.to_bits(),
            rows: self.rows,
            data: self.data.clone(),
        };
        FRAME.write(&header, |out| {
            let mut before = 0;
            for ((bucket, idf), weights) in
                self.vocabulary.buckets.iter().zip(&self.vocabulary.idf).zip(self.weights.chunks_exact(self.classes.len().max(1)))
            {
                distance_put(out, bucket - before);
                before = *bucket;
                out.extend_from_slice(&idf.to_le_bytes());
                weights.iter().for_each(|weight| out.extend_from_slice(&weight.to_le_bytes()));
            }
            self.intercepts.iter().for_each(|intercept| out.extend_from_slice(&intercept.to_le_bytes()));
        })
    }

    /// A model from its file.
    ///
    /// # Errors
    /// Where the file is foreign, of another version, not whole, or says anything that no model can be.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        let (header, rest) = FRAME.read(bytes)?;
        Ok(Self::of(parts(header, &mut Reader { rest })?))
    }
}

fn parts(header: &[u8], reader: &mut Reader<'_>) -> Result<Parts, FileError> {
    let header: Header = serde_json::from_slice(header).map_err(|_| FileError::Damaged("its header cannot be read"))?;
    let classes = header.classes.len();
    let distinct: std::collections::BTreeSet<&String> = header.classes.iter().collect();
    if !(2..=CLASSES_MAX).contains(&classes) || distinct.len() != classes {
        return Err(FileError::Damaged("its classes are too few, too many or not distinct"));
    }
    let (temperature, spread) = (f64::from_bits(header.temperature), f64::from_bits(header.spread));
    if !(temperature.is_finite() && temperature > 0.0 && (0.0..=1.0).contains(&spread)) {
        return Err(FileError::Damaged("its calibration is none"));
    }
    // Nothing is set aside for more features than the bytes can hold.
    if header.features > BUCKETS || header.features.saturating_mul(5 + 4 * classes) > reader.rest.len() {
        return Err(FileError::Damaged("it has fewer bytes than features"));
    }
    let mut vocabulary = Vocabulary { buckets: Vec::with_capacity(header.features), idf: Vec::with_capacity(header.features) };
    let mut weights = Vec::with_capacity(header.features * classes);
    let mut bucket = 0u32;
    for at in 0..header.features {
        let distance = reader.distance()?;
        if at > 0 && distance == 0 {
            return Err(FileError::Damaged("its features are not in order"));
        }
        bucket = bucket.checked_add(distance).filter(|b| (*b as usize) < BUCKETS).ok_or(FileError::Damaged("a feature is out of range"))?;
        vocabulary.buckets.push(bucket);
        vocabulary.idf.push(reader.number()?);
        for _ in 0..classes {
            weights.push(reader.number()?);
        }
    }
    let intercepts = (0..classes).map(|_| reader.number()).collect::<Result<_, _>>()?;
    if !reader.rest.is_empty() {
        return Err(FileError::Damaged("bytes are left over"));
    }
    let (rows, data) = (header.rows, header.data);
    Ok(Parts { classes: header.classes, vocabulary, weights, intercepts, temperature, spread, rows, data })
}

impl Reader<'_> {
    fn number(&mut self) -> Result<f32, FileError> {
        let number = self.array().map(f32::from_le_bytes)?;
        if number.is_finite() { Ok(number) } else { Err(FileError::Damaged("a number is not finite")) }
    }

    fn distance(&mut self) -> Result<u32, FileError> {
        let mut value = 0u32;
        for shift in [0, 7, 14] {
            let [byte] = self.array()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(FileError::Damaged("a distance is too long"))
    }
}

fn distance_put(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
