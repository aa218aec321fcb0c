//! The schema as a value.

use std::fmt;

use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Codec, Datum, Names, canonical};

/// An Avro schema: of a Rust type, or parsed from JSON.
///
/// Displays as JSON on one line, or indented with `{:#}`. Two schemas are equal if their JSON is, however it is
/// formatted; [`same_bytes`](Self::same_bytes) asks for less.
#[derive(Debug, Clone)]
pub struct Schema {
    text: String,
    content: Value,
    mistakes: Vec<String>,
}

impl Schema {
    /// The schema of a Rust type.
    pub fn of<T: Datum>() -> Schema {
        let mut names = Names::default();
        let text = <T::Codec as Codec<T>>::schema(&mut names).into_text();
        // What is written piece by piece is JSON; if it ever were not, `check` would say so.
        let content = serde_json::from_str(&text).unwrap_or_default();
        Schema { text, content, mistakes: names.mistakes }
    }

    /// Parses a schema. Errs with [`ErrorKind::Serde`] if it is not JSON, or no valid Avro schema.
    #[cfg(feature = "avro")]
    pub fn parse(text: &str) -> Result<Schema> {
        let content = serde_json::from_str(text)
            .map_err(|e| Error::new(ErrorKind::Serde, "an Avro schema is JSON, this is not").caused_by(e))?;
        let schema = Schema { text: on_one_line(text), content, mistakes: Vec::new() };
        schema.to_apache()?;
        Ok(schema)
    }

    /// Errs if the schema cannot be used outside of this process: two Rust types have the same name in it.
    pub fn check(&self) -> Result<()> {
        if self.mistakes.is_empty() {
            return Ok(());
        }
        let text = format!(
            "a schema has two types of one name: {}; give one of them another `name` or `namespace`",
            self.mistakes.join("; ")
        );
        Err(Error::new(ErrorKind::Serde, text))
    }

    /// The full name, with namespace, if the type has one: records, enums and fixed.
    pub fn name(&self) -> Option<String> {
        canonical::full_name(&self.content)
    }

    /// As JSON on one line, with documentation, aliases and defaults.
    pub fn json(&self) -> &str {
        &self.text
    }

    /// Avro's Parsing Canonical Form: what decides the bytes, in one spelling.
    pub fn canonical(&self) -> String {
        canonical::canonical(&self.content)
    }

    /// The 64-bit fingerprint of the canonical form (CRC-64-AVRO).
    pub fn fingerprint(&self) -> u64 {
        canonical::crc64(self.canonical().as_bytes())
    }

    /// Whether the bytes of one have the form of the other's: the canonical forms are equal. Logical types are not
    /// in these: decimals of other scales have the same bytes and another meaning.
    pub fn same_bytes(&self, other: &Schema) -> bool {
        self.canonical() == other.canonical()
    }

    #[cfg(feature = "avro")]
    pub(crate) fn to_apache(&self) -> Result<apache_avro::Schema> {
        self.check()?;
        apache_avro::Schema::parse(&self.content)
            .map_err(|e| Error::new(ErrorKind::Serde, "this is no valid Avro schema").caused_by(e))
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.content == other.content
    }
}

impl Eq for Schema {}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return f.write_str(&self.text);
        }
        let mut depth = 0_usize;
        let line = |f: &mut fmt::Formatter<'_>, depth: usize| write!(f, "\n{:1$}", "", depth * 2);
        for (c, in_string) in characters(&self.text) {
            match c {
                '{' | '[' if !in_string => {
                    depth += 1;
                    write!(f, "{c}")?;
                    line(f, depth)?;
                }
                '}' | ']' if !in_string => {
                    depth = depth.saturating_sub(1);
                    line(f, depth)?;
                    write!(f, "{c}")?;
                }
                ',' if !in_string => {
                    f.write_str(",")?;
                    line(f, depth)?;
                }
                ':' if !in_string => f.write_str(": ")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// The JSON without what only formats it.
#[cfg(feature = "avro")]
fn on_one_line(text: &str) -> String {
    characters(text).filter(|(c, in_string)| *in_string || !c.is_whitespace()).map(|(c, _)| c).collect()
}

/// The characters of JSON, and whether each is part of a string.
fn characters(text: &str) -> impl Iterator<Item = (char, bool)> {
    let (mut in_string, mut escaped) = (false, false);
    text.chars().map(move |c| {
        let quote = c == '"' && !escaped;
        let inside = in_string || quote;
        in_string ^= quote;
        escaped = in_string && c == '\\' && !escaped;
        (c, inside)
    })
}
