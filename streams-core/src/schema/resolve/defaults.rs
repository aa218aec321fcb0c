//! Defaults of the reader's schema as bytes.

use apache_avro::Schema;
use serde_json::Value;

use super::types::{Named, Shape, shape, show, target};
use crate::schema::Writer;

/// The bytes of a default, which Avro writes as JSON; why it is none of this type.
pub(super) fn bytes(schema: &Schema, default: &Value, named: &Named<'_>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    write(schema, default, named, &mut Writer::new(&mut bytes))?;
    Ok(bytes)
}

fn write(schema: &Schema, value: &Value, named: &Named<'_>, out: &mut Writer<'_>) -> Result<(), String> {
    let schema = target(schema, named);
    let wrong = || format!("`{value}` is no `{}`", show(schema));
    match (shape(schema), value) {
        (Shape::Null, Value::Null) => {}
        (Shape::Boolean, Value::Bool(value)) => out.raw(&[u8::from(*value)]),
        (Shape::Int, value) => {
            let number = value.as_i64().and_then(|number| i32::try_from(number).ok()).ok_or_else(wrong)?;
            out.long(i64::from(number));
        }
        (Shape::Long, value) => out.long(value.as_i64().ok_or_else(wrong)?),
        (Shape::Float, value) => out.raw(&(value.as_f64().ok_or_else(wrong)? as f32).to_le_bytes()),
        (Shape::Double, value) => out.raw(&value.as_f64().ok_or_else(wrong)?.to_le_bytes()),
        (Shape::String, Value::String(text)) => out.bytes(text.as_bytes()),
        (Shape::Bytes, Value::String(text)) => out.bytes(&one_per_character(text).ok_or_else(wrong)?),
        (Shape::Fixed(size), Value::String(text)) => {
            let bytes = one_per_character(text).filter(|bytes| bytes.len() == size).ok_or_else(wrong)?;
            out.raw(&bytes);
        }
        (Shape::Enum(symbols), Value::String(text)) => {
            let number = symbols.symbols.iter().position(|symbol| symbol == text).ok_or_else(wrong)?;
            out.long(number as i64);
        }
        (Shape::Array(items), Value::Array(values)) => {
            if !values.is_empty() {
                out.long(values.len() as i64);
            }
            values.iter().try_for_each(|value| write(items, value, named, out))?;
            out.long(0);
        }
        (Shape::Map(values), Value::Object(entries)) => {
            if !entries.is_empty() {
                out.long(entries.len() as i64);
            }
            for (key, value) in entries {
                out.bytes(key.as_bytes());
                write(values, value, named, out)?;
            }
            out.long(0);
        }
        (Shape::Record(record), Value::Object(values)) => {
            for field in &record.fields {
                let value = values.get(&field.name).or(field.default.as_ref()).ok_or_else(wrong)?;
                write(&field.schema, value, named, out)?;
            }
        }
        // The first branch by the rules of most versions; a later one where only that takes it.
        (Shape::Union(branches), value) => {
            let fitting = branches.iter().enumerate().find_map(|(index, branch)| {
                let bytes = bytes(branch, value, named).ok()?;
                Some((index, bytes))
            });
            let (index, bytes) = fitting.ok_or_else(wrong)?;
            out.long(index as i64);
            out.raw(&bytes);
        }
        _ => return Err(wrong()),
    }
    Ok(())
}

fn one_per_character(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}
