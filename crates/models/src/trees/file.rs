//! How trees are kept: one small file whose name is its digest. Reading one runs nothing and believes nothing: magic, version, digest, every length,
//! every number and every way through a tree are checked before anything is built.
//!
//! `CSTT`, version (u16), length of a JSON header (u32), the header; then each tree: how many nodes it has (u32), and of each its value (f64) and its
//! column (u32, all ones for a leaf), and of a question what it asks (f64), where a case goes that has no value (u8), and the two nodes it leads to
//! (u32 each), which lie behind it; last the SHA-256 of all before. All numbers are little-endian.

use super::{
    columns::{Columns, MARKS_MAX, Mark},
    grow::{DEPTH_MAX, Forest, Node, Question, TREES_MAX, Tree, outputs},
    model::{Parts, TreesModel},
};
use crate::{
    file::{FileError, Frame, Reader},
    text::file::CLASSES_MAX,
};
use serde::{Deserialize, Serialize};

/// The first bytes of a file of trees.
pub const MAGIC: &[u8; 4] = b"CSTT";
const FRAME: Frame = Frame { magic: MAGIC, version: 1 };
/// Numbers that trees ask about at most.
const NUMBERS_MAX: usize = 10_000;
/// Nodes of one tree at most.
const NODES_MAX: usize = (2 << DEPTH_MAX) - 1;
const LEAF: u32 = u32::MAX;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    classes: Vec<String>,
    numbers: Vec<String>,
    marks: Vec<(u32, Option<String>)>,
    /// By their bits: text would not bring every number back.
    base: Vec<u64>,
    trees: usize,
    temperature: u64,
    spread: u64,
    rows: u64,
    data: String,
}

impl TreesModel {
    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = Header {
            classes: self.classes.clone(),
            numbers: self.columns.numbers.clone(),
            marks: self.columns.marks.iter().map(|mark| (mark.bucket, mark.field.clone())).collect(),
            base: self.forest.base.iter().map(|base| base.to_bits()).collect(),
            trees: self.forest.trees.len(),
            temperature: self.temperature.to_bits(),
            spread: self.spread.to_bits(),
            rows: self.rows,
            data: self.data.clone(),
        };
        FRAME.write(&header, |out| self.forest.trees.iter().for_each(|tree| tree_put(out, tree)))
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

fn tree_put(out: &mut Vec<u8>, tree: &Tree) {
    out.extend_from_slice(&(tree.len() as u32).to_le_bytes());
    for node in tree {
        out.extend_from_slice(&node.value.to_le_bytes());
        let Some(Question { column, most, missing_yes, yes, no }) = node.question else {
            out.extend_from_slice(&LEAF.to_le_bytes());
            continue;
        };
        out.extend_from_slice(&column.to_le_bytes());
        out.extend_from_slice(&most.to_le_bytes());
        out.push(u8::from(missing_yes));
        out.extend_from_slice(&yes.to_le_bytes());
        out.extend_from_slice(&no.to_le_bytes());
    }
}

fn parts(header: &[u8], reader: &mut Reader<'_>) -> Result<Parts, FileError> {
    let damaged = FileError::Damaged;
    let header: Header = serde_json::from_slice(header).map_err(|_| damaged("its header cannot be read"))?;
    let distinct: std::collections::BTreeSet<&String> = header.classes.iter().collect();
    if !(2..=CLASSES_MAX).contains(&header.classes.len()) || distinct.len() != header.classes.len() {
        return Err(damaged("its classes are too few, too many or not distinct"));
    }
    if header.numbers.len() > NUMBERS_MAX || header.marks.len() > MARKS_MAX || !header.marks.is_sorted_by(|a, b| a.0 < b.0) {
        return Err(damaged("what it asks about is too much or not in order"));
    }
    let base: Vec<f64> = header.base.iter().map(|bits| f64::from_bits(*bits)).collect();
    if base.len() != outputs(header.classes.len()) || base.iter().any(|base| !base.is_finite()) {
        return Err(damaged("what it says before any question is not of its classes"));
    }
    let (temperature, spread) = (f64::from_bits(header.temperature), f64::from_bits(header.spread));
    if !(temperature.is_finite() && temperature > 0.0 && (0.0..=1.0).contains(&spread)) {
        return Err(damaged("its calibration is none"));
    }
    let most = TREES_MAX.max(super::grow::ROUNDS_MIN * base.len());
    if header.trees > most || !header.trees.is_multiple_of(base.len()) || header.trees.saturating_mul(4) > reader.rest.len() {
        return Err(damaged("its trees are too many, or not as many for each class"));
    }
    let mark = |(bucket, field): (u32, Option<String>)| Mark { bucket, field };
    let columns = Columns { numbers: header.numbers, marks: header.marks.into_iter().map(mark).collect() };
    let trees = (0..header.trees).map(|_| tree(reader, columns.len())).collect::<Result<_, _>>()?;
    if !reader.rest.is_empty() {
        return Err(damaged("bytes are left over"));
    }
    let (classes, rows, data) = (header.classes, header.rows, header.data);
    Ok(Parts { classes, columns, forest: Forest { base, trees }, temperature, spread, rows, data })
}

fn tree(reader: &mut Reader<'_>, columns: usize) -> Result<Tree, FileError> {
    let damaged = FileError::Damaged;
    let nodes = reader.array().map(u32::from_le_bytes)?;
    if nodes == 0 || nodes as usize > NODES_MAX {
        return Err(damaged("a tree has no node, or too many"));
    }
    let number = |reader: &mut Reader<'_>| {
        let number = reader.array().map(f64::from_le_bytes)?;
        if number.is_finite() { Ok(number) } else { Err(damaged("a number is not finite")) }
    };
    let mut tree = Tree::with_capacity(nodes as usize);
    for at in 0..nodes {
        let value = number(reader)?;
        let column = reader.array().map(u32::from_le_bytes)?;
        if column == LEAF {
            tree.push(Node { question: None, value });
            continue;
        }
        if column as usize >= columns {
            return Err(damaged("a tree asks about what there is not"));
        }
        let most = number(reader)?;
        let [missing] = reader.array()?;
        let (yes, no) = (reader.array().map(u32::from_le_bytes)?, reader.array().map(u32::from_le_bytes)?);
        // Forwards only, so that every way ends.
        if missing > 1 || yes <= at || no <= at || yes >= nodes || no >= nodes {
            return Err(damaged("a tree leads nowhere, or back"));
        }
        tree.push(Node { question: Some(Question { column, most, missing_yes: missing == 1, yes, no }), value });
    }
    Ok(tree)
}
