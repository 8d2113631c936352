//! The parts of an ONNX file that are read, out of the bytes of its protocol buffers
//! (<https://protobuf.dev/programming-guides/encoding/>, `onnx.proto3`). Nothing is set aside that the bytes do not hold, and nothing is
//! read deeper than these messages go. Never opens a file: data that lies beside the file is refused by whoever needs it.

use crate::Error;

/// A graph, as far as it is read.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub nodes: Vec<Node>,
    pub inputs: Vec<Value>,
    pub outputs: Vec<Value>,
    /// Names of constants.
    pub constants: Vec<String>,
}

/// One operator.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub operator: String,
    pub attributes: Vec<Attribute>,
}

/// A parameter of an operator. Which of them it is its name says.
#[derive(Debug, Default)]
pub(crate) struct Attribute {
    pub name: String,
    pub int: i64,
    pub text: String,
    pub floats: Vec<f32>,
    pub ints: Vec<i64>,
    pub texts: Vec<String>,
}

/// What goes in or comes out.
#[derive(Debug, Default)]
pub(crate) struct Value {
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
pub(crate) fn graph(bytes: &[u8]) -> Result<Graph, Error> {
    let (mut reader, mut found) = (Reader(bytes), None);
    while let Some((number, field)) = reader.next()? {
        match (number, field) {
            (7, Field::Bytes(bytes)) => found = Some(graph_of(bytes)?),
            (25, _) => return Err(Error::Refused("it defines operators of its own".into())),
            _ => {}
        }
    }
    found.filter(|graph| !graph.nodes.is_empty()).ok_or_else(damaged)
}

fn graph_of(bytes: &[u8]) -> Result<Graph, Error> {
    let (mut reader, mut graph) = (Reader(bytes), Graph::default());
    while let Some((number, field)) = reader.next()? {
        match (number, field) {
            (1, Field::Bytes(bytes)) => graph.nodes.push(node(bytes)?),
            (5, Field::Bytes(bytes)) => graph.constants.push(name(bytes, 8)?),
            (11, Field::Bytes(bytes)) => graph.inputs.push(value(bytes)?),
            (12, Field::Bytes(bytes)) => graph.outputs.push(value(bytes)?),
            _ => {}
        }
    }
    Ok(graph)
}

/// The text in one field of a message.
fn name(bytes: &[u8], at: u64) -> Result<String, Error> {
    let (mut reader, mut out) = (Reader(bytes), String::new());
    while let Some((number, field)) = reader.next()? {
        if let (true, Field::Bytes(bytes)) = (number == at, field) {
            out = text(bytes)?;
        }
    }
    Ok(out)
}

fn node(bytes: &[u8]) -> Result<Node, Error> {
    let (mut reader, mut node) = (Reader(bytes), Node::default());
    while let Some((number, field)) = reader.next()? {
        match (number, field) {
            (1, Field::Bytes(bytes)) => node.inputs.push(text(bytes)?),
            (2, Field::Bytes(bytes)) => node.outputs.push(text(bytes)?),
            (4, Field::Bytes(bytes)) => node.operator = text(bytes)?,
            (5, Field::Bytes(bytes)) => node.attributes.push(attribute(bytes)?),
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
