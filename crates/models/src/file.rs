//! The frame of every model file: four bytes that say what it is, the version of its format (u16), the length of a JSON header (u32), the
//! header, what follows it, and the SHA-256 of all before; numbers are little-endian. Knows nothing of what is inside, and gives out
//! nothing of a file that is foreign, of another version or not whole.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The largest file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 32 << 20;
const HEADER_BYTES_MAX: usize = 1 << 20;
const DIGEST_BYTES: usize = 32;

/// Why a file is no model of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is something else.
    #[error("this file is no Countersign model")]
    Foreign,
    /// It was made by another version of the format.
    #[error("this model is of format version {found}, and this program reads version {known}: make it again with this release")]
    Version {
        /// What the file says.
        found: u16,
        /// What is read here.
        known: u16,
    },
    /// It is not whole, or was changed.
    #[error("this model file is damaged: {0}")]
    Damaged(&'static str),
}

/// One kind of model file.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Its first bytes.
    pub magic: &'static [u8; 4],
    /// Of the format and of how what is inside is used: a file of another version would predict otherwise.
    pub version: u16,
}

impl Frame {
    /// A file with this header and what `body` adds.
    #[must_use]
    pub fn write(&self, header: &impl Serialize, body: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        // INVARIANT: headers are plain data, which JSON can say; were one not, the file would be refused when it is read.
        let header = serde_json::to_vec(header).unwrap_or_default();
        let mut out = Vec::with_capacity(64 + header.len());
        out.extend_from_slice(self.magic);
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&(header.len() as u32).to_le_bytes());
        out.extend_from_slice(&header);
        body(&mut out);
        let digest = Sha256::digest(&out);
        out.extend_from_slice(&digest);
        out
    }

    /// The header's bytes, and what follows it.
    ///
    /// # Errors
    /// Where the file is too large, foreign, of another version, or not whole.
    pub fn read<'b>(&self, bytes: &'b [u8]) -> Result<(&'b [u8], &'b [u8]), FileError> {
        if bytes.len() > FILE_BYTES_MAX || !bytes.starts_with(self.magic) {
            return Err(FileError::Foreign);
        }
        let mut reader = Reader { rest: bytes.get(self.magic.len()..).unwrap_or_default() };
        let found = reader.array().map(u16::from_le_bytes)?;
        if found != self.version {
            return Err(FileError::Version { found, known: self.version });
        }
        let body = bytes.len().checked_sub(DIGEST_BYTES).ok_or(FileError::Damaged("it is too short"))?;
        let (body, digest) = bytes.split_at(body);
        if Sha256::digest(body).as_slice() != digest {
            return Err(FileError::Damaged("its digest is not that of its content"));
        }
        reader.rest = reader.rest.get(..reader.rest.len().saturating_sub(DIGEST_BYTES)).unwrap_or_default();
        let length = reader.array().map(u32::from_le_bytes)? as usize;
        if length > HEADER_BYTES_MAX {
            return Err(FileError::Damaged("its header is too long"));
        }
        let header = reader.take(length)?;
        Ok((header, reader.rest))
    }
}

/// What a model is known by: the digest of its file.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Reads from the front of some bytes, never past their end.
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
}
