//! The types that occur in recordings: their bytes on topics and their form in JSON.

use serde_json::{Value, json};

/// Types of a topic's keys and values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TopicTypes {
    pub(crate) key: Type,
    pub(crate) value: Type,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Text,
    Long,
    Int,
    Double,
    Bytes,
    /// `[key, start, end]`; the bytes have no end, so it is the start plus the size.
    Windowed {
        size_ms: i64,
    },
    /// `[key, start, end]`.
    Session,
}

impl TopicTypes {
    pub(crate) fn parse(json: &Value) -> Result<TopicTypes, String> {
        let size_ms = json["window_ms"].as_i64().unwrap_or(0);
        let parse = |name: &str| match json[name].as_str() {
            Some("string") => Ok(Type::Text),
            Some("long") => Ok(Type::Long),
            Some("int") => Ok(Type::Int),
            Some("double") => Ok(Type::Double),
            Some("bytes") => Ok(Type::Bytes),
            Some("windowed") => Ok(Type::Windowed { size_ms }),
            Some("session") => Ok(Type::Session),
            other => Err(format!("an unknown type of {name}: {other:?}")),
        };
        Ok(TopicTypes { key: parse("key")?, value: parse("value")? })
    }
}

impl Type {
    /// The bytes of `value`; null has none.
    pub(crate) fn encode(self, value: &Value) -> Result<Option<Vec<u8>>, String> {
        if value.is_null() {
            return Ok(None);
        }
        let bytes = match self {
            Type::Text => value.as_str().map(|s| s.as_bytes().to_vec()),
            Type::Long => value.as_i64().map(|n| n.to_be_bytes().to_vec()),
            Type::Int => value.as_i64().and_then(|n| i32::try_from(n).ok()).map(|n| n.to_be_bytes().to_vec()),
            Type::Double => value.as_f64().map(|n| n.to_be_bytes().to_vec()),
            Type::Bytes => value.as_str().and_then(unhex),
            Type::Windowed { .. } => windowed_bytes(value, &[1]),
            Type::Session => windowed_bytes(value, &[2, 1]),
        };
        bytes.map(Some).ok_or_else(|| format!("{value} is not of type {self:?}"))
    }

    /// The value of these bytes; what cannot be read comes as text that no recording has.
    pub(crate) fn decode(self, bytes: Option<&[u8]>) -> Value {
        let Some(bytes) = bytes else { return Value::Null };
        self.read(bytes).unwrap_or_else(|| json!(format!("not {self:?}: {}", hex(bytes))))
    }

    fn read(self, bytes: &[u8]) -> Option<Value> {
        Some(match self {
            Type::Text => json!(std::str::from_utf8(bytes).ok()?),
            Type::Long => json!(i64::from_be_bytes(bytes.try_into().ok()?)),
            Type::Int => json!(i32::from_be_bytes(bytes.try_into().ok()?)),
            Type::Double => json!(f64::from_be_bytes(bytes.try_into().ok()?)),
            Type::Bytes => json!(hex(bytes)),
            Type::Windowed { size_ms } => {
                let (key, start) = split_time(bytes)?;
                json!([std::str::from_utf8(key).ok()?, start, start + size_ms])
            }
            Type::Session => {
                let (rest, start) = split_time(bytes)?;
                let (key, end) = split_time(rest)?;
                json!([std::str::from_utf8(key).ok()?, start, end])
            }
        })
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

/// Text, then the times at these places of `[key, start, end]`.
fn windowed_bytes(value: &Value, times: &[usize]) -> Option<Vec<u8>> {
    let mut bytes = value[0].as_str()?.as_bytes().to_vec();
    for &time in times {
        bytes.extend(value[time].as_i64()?.to_be_bytes());
    }
    Some(bytes)
}

fn split_time(bytes: &[u8]) -> Option<(&[u8], i64)> {
    let (rest, time) = bytes.split_last_chunk::<8>()?;
    Some((rest, i64::from_be_bytes(*time)))
}
