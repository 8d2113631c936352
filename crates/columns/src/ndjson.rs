//! A JSON object a line, by `serde_json`, of which only the wanted keys are looked at.

use crate::{
    builder::{Batch, Builder},
    error::{At, Error, thousands},
    limits::{COLUMNS_MAX, LINE_BYTES_MAX, NDJSON_NAMED_LINES},
};
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt,
    io::{BufRead as _, BufReader, Read},
};

const BUFFER_BYTES: usize = 256 << 10;
/// Lines between two reports of progress.
const TICK_ROWS: usize = 8_192;

/// Lines with their numbers and lengths; blank ones are passed over.
struct Lines<'f, R> {
    file: &'f str,
    reader: BufReader<R>,
    line: Vec<u8>,
    number: u64,
    bytes: u64,
}

impl<'f, R: Read> Lines<'f, R> {
    fn new(file: &'f str, inner: R) -> Self {
        Self { file, reader: BufReader::with_capacity(BUFFER_BYTES, inner), line: Vec::new(), number: 0, bytes: 0 }
    }

    fn advance(&mut self) -> Result<bool, Error> {
        loop {
            self.line.clear();
            let mut limited = (&mut self.reader).take(LINE_BYTES_MAX as u64 + 1);
            let read = limited.read_until(b'\n', &mut self.line).map_err(|error| Error::io(self.file, error))?;
            if read == 0 {
                return Ok(false);
            }
            self.number += 1;
            self.bytes += read as u64;
            if read > LINE_BYTES_MAX {
                return Err(self.fault(format!("a line of more than {} bytes", thousands(LINE_BYTES_MAX))));
            }
            if self.number == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
                self.line.drain(..3);
            }
            if !self.line.trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    fn fault(&self, why: impl Into<String>) -> Error {
        Error::at(self.file, At::Line(self.number), why)
    }

    /// What this line says.
    fn parse<'de, T>(&'de self, seed: impl DeserializeSeed<'de, Value = T>) -> Result<T, Error> {
        let mut deserializer = serde_json::Deserializer::from_slice(&self.line);
        let parsed = seed.deserialize(&mut deserializer).and_then(|parsed| deserializer.end().map(|()| parsed));
        parsed.map_err(|error| {
            let error = error.to_string();
            let error = error.replace(" at line 1 column ", " at character ").replace(" at line 2 column 0", " at the end");
            self.fault(format!("no JSON object: {error}"))
        })
    }
}

/// The keys of the first lines, in order of appearance.
pub(crate) fn names(file: &str, inner: impl Read) -> Result<Vec<String>, Error> {
    let mut lines = Lines::new(file, inner);
    let (mut names, mut known) = (Vec::new(), HashSet::new());
    while lines.number < NDJSON_NAMED_LINES as u64 && lines.advance()? {
        for name in lines.parse(Keys)? {
            if known.insert(name.clone()) {
                names.push(name);
            }
        }
        if names.len() > COLUMNS_MAX {
            return Err(lines.fault(format!("more than {} different keys", thousands(COLUMNS_MAX))));
        }
    }
    if lines.number == 0 {
        return Err(Error::input(file, "it is empty; a JSON object a line is needed"));
    }
    Ok(names)
}

/// Fills the batch and calls `more` after every few rows.
pub(crate) fn rows<E: From<Error>>(
    file: &str,
    inner: impl Read,
    batch: &mut Batch,
    progress: &mut dyn FnMut(u64),
    more: &mut impl FnMut(&mut Batch, usize) -> Result<(), E>,
) -> Result<(), E> {
    let mut slots: HashMap<String, usize> = HashMap::new();
    let slot_of: Vec<usize> = (0..batch.builders.len())
        .map(|i| {
            let next = slots.len();
            *slots.entry(batch.name(i).to_owned()).or_insert(next)
        })
        .collect();
    let mut lines = Lines::new(file, inner);
    let mut new = 0;
    while lines.advance()? {
        let cells = lines.parse(Wanted(&slots))?;
        for (i, (builder, slot)) in batch.builders.iter_mut().zip(&slot_of).enumerate() {
            if let Err(why) = push(builder, cells.get(*slot).unwrap_or(&Value::Null)) {
                return Err(Error::cell(file, At::Line(lines.number), batch.name(i), why).into());
            }
        }
        new += 1;
        if new == TICK_ROWS {
            progress(lines.bytes);
            more(batch, std::mem::take(&mut new))?;
        }
    }
    progress(lines.bytes);
    more(batch, new)
}

fn push(builder: &mut Builder, value: &Value<'_>) -> Result<(), String> {
    match value {
        Value::Null => {
            builder.missing();
            Ok(())
        }
        Value::Bool(value) => builder.written(value),
        Value::Integer(value) => builder.integer(*value),
        Value::Unsigned(value) => builder.written(value),
        Value::Number(value) => builder.number(*value),
        Value::Text(text) => builder.text(text.as_bytes()),
        Value::Nested(what) => Err(format!("{what}, where one value was expected; write its parts as keys of their own")),
    }
}

/// One value of a line.
enum Value<'de> {
    Null,
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    Number(f64),
    Text(Cow<'de, str>),
    Nested(&'static str),
}

struct Wanted<'a>(&'a HashMap<String, usize>);

impl<'de> DeserializeSeed<'de> for Wanted<'_> {
    type Value = Vec<Value<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Vec<Value<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object in braces")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut cells: Vec<Value<'de>> = (0..self.0.len()).map(|_| Value::Null).collect();
        while let Some(Text(key)) = map.next_key_seed(TextSeed)? {
            match self.0.get(key.as_ref()).and_then(|slot| cells.get_mut(*slot)) {
                Some(cell) => *cell = map.next_value_seed(ValueSeed)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(cells)
    }
}

struct Keys;

impl<'de> DeserializeSeed<'de> for Keys {
    type Value = Vec<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Keys {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object in braces")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut keys, mut known) = (Vec::new(), HashSet::new());
        while let Some((Text(key), IgnoredAny)) = map.next_entry_seed(TextSeed, std::marker::PhantomData)? {
            if !known.insert(key.clone()) {
                return Err(A::Error::custom(format!("the key `{key}` stands twice")));
            }
            keys.push(key.into_owned());
        }
        Ok(keys)
    }
}

struct Text<'de>(Cow<'de, str>);
struct TextSeed;

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Text<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }
}

struct ValueSeed;

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Value::Unsigned(value), Value::Integer))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Nested("an object"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Nested("a list"))
    }
}
