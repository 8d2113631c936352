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
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The largest file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 32 << 20;
/// Classes that a model may have.
pub const CLASSES_MAX: usize = 1_000;
const MAGIC: &[u8; 4] = b"CSTM";
/// Of the format and of how features are made: a file of another version would predict otherwise.
const VERSION: u16 = 1;
const DIGEST_BYTES: usize = 32;
const HEADER_BYTES_MAX: usize = 1 << 20;

/// Why a file is no model of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is something else.
    #[error("this file is no Countersign model")]
    Foreign,
    /// It was made by another version of the format.
    #[error("this model is of format version {0}, and this program reads version {VERSION}: train it again with this release")]
    Version(u16),
    /// It is not whole, or was changed.
    #[error("this model file is damaged: {0}")]
    Damaged(&'static str),
}

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

pub(crate) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
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
        let header = serde_json::to_vec(&header).unwrap_or_default();
        let mut out = Vec::with_capacity(64 + header.len() + self.weights.len() * 4 + self.vocabulary.buckets.len() * 6);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&(header.len() as u32).to_le_bytes());
        out.extend_from_slice(&header);
        let mut before = 0;
        for ((bucket, idf), weights) in
            self.vocabulary.buckets.iter().zip(&self.vocabulary.idf).zip(self.weights.chunks_exact(self.classes.len().max(1)))
        {
            distance_put(&mut out, bucket - before);
            before = *bucket;
            out.extend_from_slice(&idf.to_le_bytes());
            weights.iter().for_each(|weight| out.extend_from_slice(&weight.to_le_bytes()));
        }
        self.intercepts.iter().for_each(|intercept| out.extend_from_slice(&intercept.to_le_bytes()));
        let digest = Sha256::digest(&out);
        out.extend_from_slice(&digest);
        out
    }

    /// A model from its file.
    ///
    /// # Errors
    /// Where the file is foreign, of another version, not whole, or says anything that no model can be.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        if bytes.len() > FILE_BYTES_MAX || !bytes.starts_with(MAGIC) {
            return Err(FileError::Foreign);
        }
        let mut reader = Reader { rest: bytes.get(MAGIC.len()..).unwrap_or_default() };
        let version = reader.array().map(u16::from_le_bytes)?;
        if version != VERSION {
            return Err(FileError::Version(version));
        }
        let body = bytes.len().checked_sub(DIGEST_BYTES).ok_or(FileError::Damaged("it is too short"))?;
        let (body, digest) = bytes.split_at(body);
        if Sha256::digest(body).as_slice() != digest {
            return Err(FileError::Damaged("its digest is not that of its content"));
        }
        reader.rest = reader.rest.get(..reader.rest.len().saturating_sub(DIGEST_BYTES)).unwrap_or_default();
        let parts = parts(&mut reader)?;
        Ok(Self::of(parts))
    }
}

fn parts(reader: &mut Reader<'_>) -> Result<Parts, FileError> {
    let length = reader.array().map(u32::from_le_bytes)? as usize;
    if length > HEADER_BYTES_MAX {
        return Err(FileError::Damaged("its header is too long"));
    }
    let header: Header = serde_json::from_slice(reader.take(length)?).map_err(|_| FileError::Damaged("its header cannot be read"))?;
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

pub(crate) struct Reader<'b> {
    pub rest: &'b [u8],
}

impl<'b> Reader<'b> {
    pub(crate) fn take(&mut self, bytes: usize) -> Result<&'b [u8], FileError> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(FileError::Damaged("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], FileError> {
        self.take(N)?.try_into().map_err(|_| FileError::Damaged("it ends too early"))
    }

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
