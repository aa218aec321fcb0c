//! How two types are told apart: the shape of the bytes, the meaning on top of it, and words for both.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::schema::{
    EnumSchema, FixedSchema, InnerDecimalSchema, RecordField, RecordSchema, UuidSchema,
};

/// The named types of a schema.
pub(super) type Named<'s> = HashMap<String, &'s Schema>;

/// A type by the shape of its bytes.
#[derive(Clone, Copy)]
pub(super) enum Shape<'s> {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(usize),
    Enum(&'s EnumSchema),
    Array(&'s Schema),
    Map(&'s Schema),
    Union(&'s [Schema]),
    Record(&'s RecordSchema),
}

/// Every named type in a schema, by full name.
pub(super) fn named<'s>(schema: &'s Schema, found: &mut Named<'s>) {
    if let Some(name) = full_name(schema)
        && !matches!(schema, Schema::Ref { .. })
    {
        found.insert(name, schema);
    }
    match schema {
        Schema::Array(array) => named(&array.items, found),
        Schema::Map(map) => named(&map.types, found),
        Schema::Union(union) => union.variants().iter().for_each(|branch| named(branch, found)),
        Schema::Record(record) => record.fields.iter().for_each(|field| named(&field.schema, found)),
        _ => {}
    }
}

/// The type that a schema is or names.
pub(super) fn target<'s>(schema: &'s Schema, named: &Named<'s>) -> &'s Schema {
    match schema {
        Schema::Ref { name } => named.get(&name.fullname(None)).copied().unwrap_or(schema),
        schema => schema,
    }
}

/// The shape of a type that is no reference; a reference to nothing has no value.
pub(super) fn shape(schema: &Schema) -> Shape<'_> {
    match schema {
        Schema::Null | Schema::Ref { .. } => Shape::Null,
        Schema::Boolean => Shape::Boolean,
        Schema::Int | Schema::Date | Schema::TimeMillis => Shape::Int,
        Schema::Long
        | Schema::TimeMicros
        | Schema::TimestampMillis
        | Schema::TimestampMicros
        | Schema::TimestampNanos
        | Schema::LocalTimestampMillis
        | Schema::LocalTimestampMicros
        | Schema::LocalTimestampNanos => Shape::Long,
        Schema::Float => Shape::Float,
        Schema::Double => Shape::Double,
        Schema::Bytes | Schema::BigDecimal | Schema::Uuid(UuidSchema::Bytes) => Shape::Bytes,
        Schema::String | Schema::Uuid(UuidSchema::String) => Shape::String,
        Schema::Decimal(decimal) => match &decimal.inner {
            InnerDecimalSchema::Bytes => Shape::Bytes,
            InnerDecimalSchema::Fixed(fixed) => Shape::Fixed(fixed.size),
        },
        Schema::Fixed(fixed) | Schema::Duration(fixed) | Schema::Uuid(UuidSchema::Fixed(fixed)) => {
            Shape::Fixed(fixed.size)
        }
        Schema::Enum(symbols) => Shape::Enum(symbols),
        Schema::Array(array) => Shape::Array(&array.items),
        Schema::Map(map) => Shape::Map(&map.types),
        Schema::Union(union) => Shape::Union(union.variants()),
        Schema::Record(record) => Shape::Record(record),
    }
}

/// The meaning on top of the shape: a logical type; for a decimal with the digits behind its point.
pub(super) fn logical(schema: &Schema) -> Option<String> {
    let name = match schema {
        Schema::Decimal(decimal) => return Some(format!("decimal of scale {}", decimal.scale)),
        Schema::BigDecimal => "big-decimal",
        Schema::Uuid(_) => "uuid",
        Schema::Date => "date",
        Schema::TimeMillis => "time-millis",
        Schema::TimeMicros => "time-micros",
        Schema::TimestampMillis => "timestamp-millis",
        Schema::TimestampMicros => "timestamp-micros",
        Schema::TimestampNanos => "timestamp-nanos",
        Schema::LocalTimestampMillis => "local-timestamp-millis",
        Schema::LocalTimestampMicros => "local-timestamp-micros",
        Schema::LocalTimestampNanos => "local-timestamp-nanos",
        Schema::Duration(_) => "duration",
        _ => return None,
    };
    Some(name.to_owned())
}

/// Full name of a named type or of what a reference refers to.
pub(super) fn full_name(schema: &Schema) -> Option<String> {
    match schema {
        Schema::Record(RecordSchema { name, .. })
        | Schema::Enum(EnumSchema { name, .. })
        | Schema::Ref { name } => Some(name.fullname(None)),
        schema => fixed(schema).map(|fixed| fixed.name.fullname(None)),
    }
}

/// Whether named types match: the same name without namespace, or one that the reader's type had before.
pub(super) fn same_name(writer: &Schema, reader: &Schema) -> bool {
    let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let (Some(written), Some(read)) = (full_name(writer), full_name(reader)) else { return true };
    let aliases = match reader {
        Schema::Record(RecordSchema { aliases, .. }) | Schema::Enum(EnumSchema { aliases, .. }) => aliases,
        reader => fixed(reader).map_or(&None, |fixed| &fixed.aliases),
    };
    let aliases = aliases.iter().flatten().map(|alias| alias.name().to_owned());
    std::iter::once(last(&read)).chain(aliases).any(|name| name == last(&written))
}

/// A field of the writer's by the name, or a former name, of the reader's field.
pub(super) fn matching(fields: &[RecordField], reader: &RecordField) -> Option<usize> {
    let mut names = std::iter::once(&reader.name).chain(&reader.aliases);
    names.find_map(|name| fields.iter().position(|field| field.name == *name))
}

/// The type in words, for messages.
pub(super) fn show(schema: &Schema) -> String {
    let kind = match shape(schema) {
        Shape::Null => "null".to_owned(),
        Shape::Boolean => "boolean".to_owned(),
        Shape::Int => "int".to_owned(),
        Shape::Long => "long".to_owned(),
        Shape::Float => "float".to_owned(),
        Shape::Double => "double".to_owned(),
        Shape::Bytes => "bytes".to_owned(),
        Shape::String => "string".to_owned(),
        Shape::Fixed(size) => format!("fixed of {size} bytes"),
        Shape::Enum(_) => "enum".to_owned(),
        Shape::Array(items) => format!("array of {}", show(items)),
        Shape::Map(values) => format!("map of {}", show(values)),
        Shape::Union(branches) => branches.iter().map(show).collect::<Vec<_>>().join(" or "),
        Shape::Record(_) => "record".to_owned(),
    };
    match (schema, full_name(schema), logical(schema)) {
        (Schema::Ref { .. }, Some(name), _) => name,
        (_, Some(name), None) => format!("{kind} {name}"),
        (_, _, Some(logical)) => format!("{kind} ({logical})"),
        _ => kind,
    }
}

fn fixed(schema: &Schema) -> Option<&FixedSchema> {
    match schema {
        Schema::Fixed(fixed) | Schema::Duration(fixed) | Schema::Uuid(UuidSchema::Fixed(fixed)) => {
            Some(fixed)
        }
        Schema::Decimal(decimal) => match &decimal.inner {
            InnerDecimalSchema::Fixed(fixed) => Some(fixed),
            InnerDecimalSchema::Bytes => None,
        },
        _ => None,
    }
}
