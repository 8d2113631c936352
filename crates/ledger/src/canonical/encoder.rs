//! The `serde` serializer behind [`super::to_vec`]. It holds the output and the marks of the objects still open.

use std::cmp::Ordering;
use std::ops::Range;

use serde::ser::{self, Serialize};

use super::key::Key;
use super::{Error, INTEGER_MAGNITUDE_MAX, NESTING_LEVELS_MAX, utf16_order};

/// Room for a usual event without growing.
const OUTPUT_BYTES_INITIAL: usize = 1024;

/// One member of an open object: where its raw key lies in `keys`, and where `"key":value` lies in `output`.
struct Member {
    key: Range<usize>,
    text: Range<usize>,
}

/// Writes canonical JSON into one buffer.
pub(super) struct Encoder {
    output: Vec<u8>,
    /// Raw keys (before escaping) of all open objects, as RFC 8785 sorts by the raw key.
    keys: Vec<u8>,
    /// Members of all open objects; each object owns the tail that it began.
    members: Vec<Member>,
    scratch: Vec<u8>,
    depth: usize,
}

impl Default for Encoder {
    fn default() -> Self {
        Encoder {
            output: Vec::with_capacity(OUTPUT_BYTES_INITIAL),
            keys: Vec::with_capacity(256),
            members: Vec::with_capacity(32),
            scratch: Vec::new(),
            depth: 0,
        }
    }
}

impl Encoder {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.output
    }

    fn open(&mut self, bracket: u8) -> Result<(), Error> {
        if self.depth == NESTING_LEVELS_MAX {
            return Err(Error::TooDeep);
        }
        self.depth += 1;
        self.output.push(bracket);
        Ok(())
    }

    fn close(&mut self, bracket: u8) {
        self.depth -= 1;
        self.output.push(bracket);
    }

    fn object(&mut self) -> Result<Object<'_>, Error> {
        self.open(b'{')?;
        let (member_first, key_first) = (self.members.len(), self.keys.len());
        Ok(Object { encoder: self, member_first, key_first, sorted: true, variant: false })
    }

    fn array(&mut self) -> Result<Array<'_>, Error> {
        self.open(b'[')?;
        Ok(Array { encoder: self, empty: true, variant: false })
    }

    /// Writes `{"name":` of an enum variant that carries data; the caller closes the brace.
    fn variant_open(&mut self, name: &str) -> Result<(), Error> {
        self.open(b'{')?;
        self.string(name)?;
        self.output.push(b':');
        Ok(())
    }

    fn unsigned(&mut self, value: u64) -> Result<(), Error> {
        if value > INTEGER_MAGNITUDE_MAX {
            return Err(Error::IntegerRange(value.to_string()));
        }
        self.digits(value);
        Ok(())
    }

    fn signed(&mut self, value: i64) -> Result<(), Error> {
        let magnitude = value.unsigned_abs();
        if magnitude > INTEGER_MAGNITUDE_MAX {
            return Err(Error::IntegerRange(value.to_string()));
        }
        if value < 0 {
            self.output.push(b'-');
        }
        self.digits(magnitude);
        Ok(())
    }

    /// Decimal digits, written from the right into a buffer that fits any u64.
    fn digits(&mut self, mut value: u64) {
        let mut buffer = [0_u8; 20];
        let mut start = buffer.len();
        for slot in buffer.iter_mut().rev() {
            *slot = b'0' + (value % 10) as u8;
            value /= 10;
            start -= 1;
            if value == 0 {
                break;
            }
        }
        self.output.extend_from_slice(&buffer[start..]);
    }

    fn string(&mut self, text: &str) -> Result<(), Error> {
        let bytes = text.as_bytes();
        self.output.push(b'"');
        // Without an early exit the loop becomes vector code; text that needs no escape is by far the usual case.
        let clean = !bytes.iter().fold(false, |found, &byte| found | needs_escape(byte));
        if clean {
            self.output.extend_from_slice(bytes);
        } else {
            self.escaped(bytes)?;
        }
        self.output.push(b'"');
        Ok(())
    }

    fn escaped(&mut self, bytes: &[u8]) -> Result<(), Error> {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        for &byte in bytes {
            let short = match byte {
                0 => return Err(Error::Nul),
                0x08 => b'b',
                b'\t' => b't',
                b'\n' => b'n',
                0x0C => b'f',
                b'\r' => b'r',
                b'"' => b'"',
                b'\\' => b'\\',
                control @ ..0x20 => {
                    let digits = [HEX[usize::from(control >> 4)], HEX[usize::from(control & 15)]];
                    self.output.extend_from_slice(b"\\u00");
                    self.output.extend_from_slice(&digits);
                    continue;
                }
                plain => {
                    self.output.push(plain);
                    continue;
                }
            };
            self.output.extend_from_slice(&[b'\\', short]);
        }
        Ok(())
    }
}

fn needs_escape(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// An open array.
pub(super) struct Array<'a> {
    encoder: &'a mut Encoder,
    empty: bool,
    /// True when the array is an enum variant's data, whose enclosing brace must be closed as well.
    variant: bool,
}

impl Array<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        if !self.empty {
            self.encoder.output.push(b',');
        }
        self.empty = false;
        value.serialize(&mut *self.encoder)
    }

    fn finish(self) -> Result<(), Error> {
        self.encoder.close(b']');
        if self.variant {
            self.encoder.close(b'}');
        }
        Ok(())
    }
}

/// An open object. Its members are the tail of the encoder's `members` from `member_first` on.
pub(super) struct Object<'a> {
    encoder: &'a mut Encoder,
    member_first: usize,
    key_first: usize,
    /// True while every key came after the one before it.
    sorted: bool,
    variant: bool,
}

impl Object<'_> {
    pub(super) fn key(&mut self, key: &str) -> Result<(), Error> {
        let encoder = &mut *self.encoder;
        if let Some(last) = encoder.members.get(self.member_first..).and_then(<[Member]>::last) {
            let in_order = utf16_order(&encoder.keys[last.key.clone()], key.as_bytes()) == Ordering::Less;
            self.sorted &= in_order;
            encoder.output.push(b',');
        }
        let key_start = encoder.keys.len();
        encoder.keys.extend_from_slice(key.as_bytes());
        let text_start = encoder.output.len();
        encoder.members.push(Member { key: key_start..encoder.keys.len(), text: text_start..text_start });
        encoder.string(key)?;
        encoder.output.push(b':');
        Ok(())
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.encoder)?;
        let end = self.encoder.output.len();
        if let Some(member) = self.encoder.members.last_mut() {
            member.text.end = end;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Error> {
        if !self.sorted {
            self.reorder()?;
        }
        self.encoder.members.truncate(self.member_first);
        self.encoder.keys.truncate(self.key_first);
        self.encoder.close(b'}');
        if self.variant {
            self.encoder.close(b'}');
        }
        Ok(())
    }

    /// Sorts the members and rewrites them in that order; the commas between them keep the length the same.
    fn reorder(&mut self) -> Result<(), Error> {
        let Encoder { output, keys, members, scratch, .. } = &mut *self.encoder;
        let Some(members) = members.get_mut(self.member_first..) else {
            return Ok(());
        };
        let Some(first) = members.first() else {
            return Ok(());
        };
        let body_start = first.text.start;
        members.sort_unstable_by(|left, right| utf16_order(&keys[left.key.clone()], &keys[right.key.clone()]));
        for pair in members.windows(2) {
            let (left, right) = (&keys[pair[0].key.clone()], &keys[pair[1].key.clone()]);
            if left == right {
                return Err(Error::DuplicateKey(String::from_utf8_lossy(left).into_owned()));
            }
        }
        scratch.clear();
        scratch.extend_from_slice(&output[body_start..]);
        output.truncate(body_start);
        for (position, member) in members.iter().enumerate() {
            if position > 0 {
                output.push(b',');
            }
            output.extend_from_slice(&scratch[member.text.start - body_start..member.text.end - body_start]);
        }
        Ok(())
    }
}

impl<'a> ser::Serializer for &'a mut Encoder {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Array<'a>;
    type SerializeTuple = Array<'a>;
    type SerializeTupleStruct = Array<'a>;
    type SerializeTupleVariant = Array<'a>;
    type SerializeMap = Object<'a>;
    type SerializeStruct = Object<'a>;
    type SerializeStructVariant = Object<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.output.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }
    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.signed(value.into())
    }
    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.signed(value.into())
    }
    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.signed(value.into())
    }
    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.signed(value)
    }
    fn serialize_i128(self, value: i128) -> Result<(), Error> {
        self.signed(i64::try_from(value).map_err(|_| Error::IntegerRange(value.to_string()))?)
    }
    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.unsigned(value.into())
    }
    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.unsigned(value.into())
    }
    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.unsigned(value.into())
    }
    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.unsigned(value)
    }
    fn serialize_u128(self, value: u128) -> Result<(), Error> {
        self.unsigned(u64::try_from(value).map_err(|_| Error::IntegerRange(value.to_string()))?)
    }
    fn serialize_f32(self, _: f32) -> Result<(), Error> {
        Err(Error::Float)
    }
    fn serialize_f64(self, _: f64) -> Result<(), Error> {
        Err(Error::Float)
    }
    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.string(value.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.string(value)
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Error> {
        self.output.extend_from_slice(b"null");
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.string(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.variant_open(variant)?;
        value.serialize(&mut *self)?;
        self.close(b'}');
        Ok(())
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Array<'a>, Error> {
        self.array()
    }
    fn serialize_tuple(self, _: usize) -> Result<Array<'a>, Error> {
        self.array()
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Array<'a>, Error> {
        self.array()
    }
    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Array<'a>, Error> {
        self.variant_open(variant)?;
        Ok(Array { variant: true, ..self.array()? })
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Object<'a>, Error> {
        self.object()
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Object<'a>, Error> {
        self.object()
    }
    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Object<'a>, Error> {
        self.variant_open(variant)?;
        Ok(Object { variant: true, ..self.object()? })
    }
}

/// Implements the array-like traits, which differ in the name of their one method.
macro_rules! array_traits {
    ($($name:ident :: $method:ident),*) => {$(
        impl ser::$name for Array<'_> {
            type Ok = ();
            type Error = Error;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }
            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}
array_traits!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

/// Implements the struct-like traits, which have the same two methods.
macro_rules! struct_traits {
    ($($name:ident),*) => {$(
        impl ser::$name for Object<'_> {
            type Ok = ();
            type Error = Error;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.key(key)?;
                self.value(value)
            }
            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}
struct_traits!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Object<'_> {
    type Ok = ();
    type Error = Error;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        key.serialize(Key(self))
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }
    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}
