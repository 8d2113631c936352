//! The parts of an ONNX file that are read, out of the bytes of its protocol buffers
//! (<https://protobuf.dev/programming-guides/encoding/>, `onnx.proto3`). Nothing is set aside that the bytes do not hold, and nothing is
//! read deeper than these messages go. Never opens a file: data that lies beside the file is refused by whoever needs it.

use crate::Error;

/// The kind of a tensor of floats of 32 bits.
pub const FLOAT: i64 = 1;
/// The kind of a tensor of whole numbers of 32 bits.
pub const INT32: i64 = 6;
/// The kind of a tensor of whole numbers of 64 bits.
pub const INT64: i64 = 7;

/// Operators, constants, and what goes in or comes out, of one graph; each at most.
const GRAPH_PARTS_MAX: usize = 10_000;
/// What goes into one operator, comes out of it or parametrises it; each at most.
const NODE_PARTS_MAX: usize = 1_024;

/// A graph, as far as it is read.
#[derive(Debug, Default)]
pub struct Graph {
    /// The version of ONNX's own operators that the file is written in; 0 where it does not say.
    pub operators: i64,
    /// Operators, in the order of the file.
    pub nodes: Vec<Node>,
    /// What goes in.
    pub inputs: Vec<Value>,
    /// What comes out.
    pub outputs: Vec<Value>,
    /// Names of constants.
    pub constants: Vec<String>,
    /// The same constants as they are.
    pub tensors: Vec<Tensor>,
}

/// A constant, as its file holds it.
#[derive(Debug, Clone, Default)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its sizes.
    pub sizes: Vec<i64>,
    /// The kind of its numbers: [`FLOAT`], [`INT32`], [`INT64`], or one that is not known here.
    pub element: i64,
    /// Its numbers as bytes, little-endian, where they are written so.
    pub raw: Vec<u8>,
    /// Its floats, where they are written one by one.
    pub floats: Vec<f32>,
    /// Its whole numbers, likewise.
    pub whole: Vec<i64>,
    /// They lie in another file.
    pub outside: bool,
}

/// One operator.
#[derive(Debug, Default)]
pub struct Node {
    /// Names of what goes in.
    pub inputs: Vec<String>,
    /// Names of what comes out.
    pub outputs: Vec<String>,
    /// Its name.
    pub operator: String,
    /// Whose operator it is; empty: ONNX's own.
    pub domain: String,
    /// Its parameters.
    pub attributes: Vec<Attribute>,
}

/// A parameter of an operator. Which of them it is its name says.
#[derive(Debug, Default)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its number, where it is a float.
    pub float: f32,
    /// Its number, where it is whole.
    pub int: i64,
    /// Its text.
    pub text: String,
    /// Its floats.
    pub floats: Vec<f32>,
    /// Its whole numbers.
    pub ints: Vec<i64>,
    /// Its texts.
    pub texts: Vec<String>,
    /// Its tensor.
    pub tensor: Option<Tensor>,
}

/// What goes in or comes out.
#[derive(Debug, Default)]
pub struct Value {
    /// Its name.
    pub name: String,
    /// The kind of its numbers (1 is a float of 32 bits); 0 where it is no tensor.
    pub element: i64,
    /// Its sizes; `None` for one that is open.
    pub sizes: Vec<Option<i64>>,
}

enum Field<'b> {
    Number(u64),
    Four([u8; 4]),
    Bytes(&'b [u8]),
    Eight,
}

struct Reader<'b>(&'b [u8]);

fn damaged() -> Error {
    Error::Damaged("its bytes are no ONNX model")
}

impl<'b> Reader<'b> {
    fn varint(&mut self) -> Result<u64, Error> {
        let mut out = 0u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or_else(damaged)?;
            self.0 = rest;
            out |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(out);
            }
        }
        Err(damaged())
    }

    fn take(&mut self, bytes: usize) -> Result<&'b [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(bytes).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    /// The next field with its number; `None` at the end.
    fn next(&mut self) -> Result<Option<(u64, Field<'b>)>, Error> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let field = match tag & 7 {
            0 => Field::Number(self.varint()?),
            1 => {
                self.take(8)?;
                Field::Eight
            }
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| damaged())?;
                Field::Bytes(self.take(length)?)
            }
            5 => Field::Four(self.take(4)?.try_into().map_err(|_| damaged())?),
            _ => return Err(damaged()),
        };
        Ok(Some((tag >> 3, field)))
    }
}

fn text(bytes: &[u8]) -> Result<String, Error> {
    String::from_utf8(bytes.to_vec()).map_err(|_| damaged())
}

/// The graph of a model.
///
/// # Errors
/// Where the bytes are no ONNX model.
pub fn graph(bytes: &[u8]) -> Result<Graph, Error> {
    let (mut reader, mut found, mut operators) = (Reader(bytes), None, 0);
    while let Some((number, field)) = reader.next()? {
        match (number, field) {
            (7, Field::Bytes(bytes)) => found = Some(graph_of(bytes)?),
            (8, Field::Bytes(bytes)) => {
                let (domain, version) = operators_of(bytes)?;
                if is_own(&domain) {
                    operators = version;
                }
            }
            (25, _) => return Err(Error::Refused("it defines operators of its own".into())),
            _ => {}
        }
    }
    let found = found.filter(|graph: &Graph| !graph.nodes.is_empty()).ok_or_else(damaged)?;
    Ok(Graph { operators, ..found })
}

/// Whether a domain is ONNX's own.
#[must_use]
pub fn is_own(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

/// Whose operators are used, and in which version.
fn operators_of(bytes: &[u8]) -> Result<(String, i64), Error> {
    let (mut reader, mut out) = (Reader(bytes), (String::new(), 0));
    while let Some((number, field)) = reader.next()? {
        match (number, field) {
            (1, Field::Bytes(bytes)) => out.0 = text(bytes)?,
            (2, Field::Number(version)) => out.1 = version.cast_signed(),
            _ => {}
        }
    }
    Ok(out)
}

/// Adds to a list that has a bound: a few bytes of a file become hundreds in memory.
fn push<T>(to: &mut Vec<T>, one: T, most: usize, what: &str) -> Result<(), Error> {
    if to.len() >= most {
        return Err(Error::Refused(format!("it has more than {most} {what}")));
    }
    to.push(one);
    Ok(())
}

fn graph_of(bytes: &[u8]) -> Result<Graph, Error> {
    let (mut reader, mut graph) = (Reader(bytes), Graph::default());
    while let Some((number, field)) = reader.next()? {
        match (number, field) {
            (1, Field::Bytes(bytes)) => push(&mut graph.nodes, node(bytes)?, GRAPH_PARTS_MAX, "operators")?,
            (5, Field::Bytes(bytes)) => {
                let tensor = tensor(bytes)?;
                graph.constants.push(tensor.name.clone());
                push(&mut graph.tensors, tensor, GRAPH_PARTS_MAX, "constants")?;
            }
            (11, Field::Bytes(bytes)) => push(&mut graph.inputs, value(bytes)?, GRAPH_PARTS_MAX, "inputs")?,
            (12, Field::Bytes(bytes)) => push(&mut graph.outputs, value(bytes)?, GRAPH_PARTS_MAX, "outputs")?,
            _ => {}
        }
    }
    Ok(graph)
}

/// Whole numbers, one by one or in one piece.
fn packed(field: &Field<'_>, out: &mut Vec<i64>) -> Result<(), Error> {
    match field {
        Field::Number(number) => out.push(number.cast_signed()),
        Field::Bytes(bytes) => {
            let mut packed = Reader(bytes);
            while !packed.0.is_empty() {
                out.push(packed.varint()?.cast_signed());
            }
        }
        Field::Four(_) | Field::Eight => return Err(damaged()),
    }
    Ok(())
}

fn tensor(bytes: &[u8]) -> Result<Tensor, Error> {
    let (mut reader, mut out) = (Reader(bytes), Tensor::default());
    while let Some((number, field)) = reader.next()? {
        match (number, field) {
            (1, field) => packed(&field, &mut out.sizes)?,
            (2, Field::Number(element)) => out.element = element.cast_signed(),
            (4, Field::Four(bytes)) => out.floats.push(f32::from_le_bytes(bytes)),
            (4, Field::Bytes(bytes)) => out.floats.extend(bytes.as_chunks::<4>().0.iter().map(|one| f32::from_le_bytes(*one))),
            (5 | 7, field) => packed(&field, &mut out.whole)?,
            (8, Field::Bytes(bytes)) => out.name = text(bytes)?,
            (9, Field::Bytes(bytes)) => out.raw = bytes.to_vec(),
            (13, _) => out.outside = true,
            (14, Field::Number(place)) => out.outside |= place != 0,
            _ => {}
        }
    }
    Ok(out)
}

fn node(bytes: &[u8]) -> Result<Node, Error> {
    let (mut reader, mut node) = (Reader(bytes), Node::default());
    while let Some((number, field)) = reader.next()? {
        match (number, field) {
            (1, Field::Bytes(bytes)) => push(&mut node.inputs, text(bytes)?, NODE_PARTS_MAX, "inputs of one operator")?,
            (2, Field::Bytes(bytes)) => push(&mut node.outputs, text(bytes)?, NODE_PARTS_MAX, "outputs of one operator")?,
            (4, Field::Bytes(bytes)) => node.operator = text(bytes)?,
            (7, Field::Bytes(bytes)) => node.domain = text(bytes)?,
            (5, Field::Bytes(bytes)) => push(&mut node.attributes, attribute(bytes)?, NODE_PARTS_MAX, "parameters of one operator")?,
            _ => {}
        }
    }
    Ok(node)
}

fn attribute(bytes: &[u8]) -> Result<Attribute, Error> {
    let (mut reader, mut out) = (Reader(bytes), Attribute::default());
    while let Some((number, field)) = reader.next()? {
        match (number, field) {
            (1, Field::Bytes(bytes)) => out.name = text(bytes)?,
            (2, Field::Four(bytes)) => out.float = f32::from_le_bytes(bytes),
            (5, Field::Bytes(bytes)) => out.tensor = Some(tensor(bytes)?),
            (3, Field::Number(number)) => out.int = number.cast_signed(),
            (4, Field::Bytes(bytes)) => out.text = text(bytes)?,
            (7, Field::Four(bytes)) => out.floats.push(f32::from_le_bytes(bytes)),
            // Many numbers come in one piece, by newer writers.
            (7, Field::Bytes(bytes)) => {
                let (all, rest) = bytes.as_chunks::<4>();
                if !rest.is_empty() {
                    return Err(damaged());
                }
                out.floats.extend(all.iter().map(|one| f32::from_le_bytes(*one)));
            }
            (8, Field::Number(number)) => out.ints.push(number.cast_signed()),
            (8, Field::Bytes(bytes)) => {
                let mut packed = Reader(bytes);
                while !packed.0.is_empty() {
                    out.ints.push(packed.varint()?.cast_signed());
                }
            }
            (9, Field::Bytes(bytes)) => out.texts.push(text(bytes)?),
            (2, Field::Number(_) | Field::Eight) => return Err(damaged()),
            _ => {}
        }
    }
    Ok(out)
}

fn value(bytes: &[u8]) -> Result<Value, Error> {
    let (mut reader, mut out) = (Reader(bytes), Value::default());
    while let Some((number, field)) = reader.next()? {
        match (number, field) {
            (1, Field::Bytes(bytes)) => out.name = text(bytes)?,
            (2, Field::Bytes(bytes)) => kind(bytes, &mut out)?,
            _ => {}
        }
    }
    Ok(out)
}

/// A tensor's kind and sizes; of a map or a sequence nothing.
fn kind(bytes: &[u8], out: &mut Value) -> Result<(), Error> {
    let mut reader = Reader(bytes);
    while let Some((number, field)) = reader.next()? {
        let (1, Field::Bytes(tensor)) = (number, field) else { continue };
        let mut tensor = Reader(tensor);
        while let Some((number, field)) = tensor.next()? {
            match (number, field) {
                (1, Field::Number(element)) => out.element = element.cast_signed(),
                (2, Field::Bytes(shape)) => {
                    let mut shape = Reader(shape);
                    while let Some((_, field)) = shape.next()? {
                        let Field::Bytes(size) = field else { continue };
                        let (mut size, mut told) = (Reader(size), None);
                        while let Some((number, field)) = size.next()? {
                            if let (1, Field::Number(number)) = (number, field) {
                                told = Some(number.cast_signed());
                            }
                        }
                        out.sizes.push(told);
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}
