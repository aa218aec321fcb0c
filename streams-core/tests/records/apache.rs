//! Every type against `apache-avro`: what one writes, the other reads, with the schema of the derive.

use std::collections::HashMap;
use std::sync::LazyLock;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use apache_avro::{Decimal, Uuid};
use proptest::prelude::*;
use streams_core::schema::{Datum, Schema};
use streams_core::serde::avro;

use crate::types::{All, Click, Colour, Place, Tree, all, click, tree};

pub(crate) fn schema_of<T: Datum>() -> apache_avro::Schema {
    apache_avro::Schema::parse_str(Schema::of::<T>().json()).unwrap()
}

static ALL: LazyLock<apache_avro::Schema> = LazyLock::new(schema_of::<All>);

/// What apache-avro writes.
pub(crate) fn written(schema: &apache_avro::Schema, value: Value) -> Vec<u8> {
    GenericDatumWriter::builder(schema).build().unwrap().write_value_to_vec(value).unwrap()
}

/// What apache-avro reads.
pub(crate) fn read(schema: &apache_avro::Schema, bytes: &[u8]) -> Value {
    GenericDatumReader::builder(schema).build().unwrap().read_value(&mut &bytes[..]).unwrap()
}

/// What apache-avro reads of another writer.
pub(crate) fn resolved(writer: &apache_avro::Schema, reader: &apache_avro::Schema, bytes: &[u8]) -> Value {
    let both = GenericDatumReader::builder(writer).reader_schema(reader).build().unwrap();
    both.read_value(&mut &bytes[..]).unwrap()
}

/// Both directions.
fn agree<T: Datum + PartialEq + std::fmt::Debug>(schema: &apache_avro::Schema, ours: &T, theirs: Value) {
    let mut bytes = Vec::new();
    avro::<T>().serialize(ours, &mut bytes).unwrap();
    assert_eq!(read(schema, &bytes), theirs);
    let bytes = written(schema, theirs);
    assert_eq!(&avro::<T>().deserialize(&bytes).unwrap(), ours);
}

fn record(fields: Vec<(&str, Value)>) -> Value {
    Value::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn union(branch: u32, value: Value) -> Value {
    Value::Union(branch, Box::new(value))
}

fn maybe<T>(value: Option<T>, make: impl FnOnce(T) -> Value) -> Value {
    value.map_or(union(0, Value::Null), |value| union(1, make(value)))
}

fn list<T>(values: &[T], make: impl FnMut(&T) -> Value) -> Value {
    Value::Array(values.iter().map(make).collect())
}

fn map<'a, T: 'a>(
    values: impl IntoIterator<Item = (&'a String, &'a T)>,
    make: impl Fn(&T) -> Value,
) -> Value {
    let entries: HashMap<String, Value> = values.into_iter().map(|(k, v)| (k.clone(), make(v))).collect();
    Value::Map(entries)
}

fn decimal(value: i128) -> Value {
    let wide = value.to_be_bytes();
    let start = (0..15)
        .find(|i| !matches!((wide[*i], wide[i + 1]), (0, 0..=0x7f) | (0xff, 0x80..=0xff)))
        .unwrap_or(15);
    Value::Decimal(Decimal::from(&wide[start..]))
}

fn colour(colour: Colour) -> Value {
    match colour {
        Colour::Red => Value::Enum(0, "RED".to_owned()),
        Colour::Unknown => Value::Enum(1, "UNKNOWN".to_owned()),
        Colour::DarkBlue => Value::Enum(2, "navy".to_owned()),
    }
}

fn place(place: &Place) -> Value {
    record(vec![
        ("street", Value::String(place.street.clone())),
        ("number", Value::Int(i32::from(place.number))),
    ])
}

fn tree_value(tree: &Tree) -> Value {
    record(vec![
        ("value", Value::Int(tree.value)),
        ("left", maybe(tree.left.as_ref(), |left| tree_value(left))),
        ("others", list(&tree.others, tree_value)),
    ])
}

pub(crate) fn click_value(click: &Click) -> Value {
    record(vec![
        ("user", Value::String(click.user.clone())),
        ("ad", Value::Long(click.ad)),
        ("at", Value::TimestampMillis(click.at)),
        ("price", Value::Double(click.price)),
        ("referrer", maybe(click.referrer.clone(), Value::String)),
        ("position", maybe(click.position, Value::Int)),
        ("clicked", Value::Boolean(click.clicked)),
    ])
}

fn all_value(all: &All) -> Value {
    record(vec![
        ("aBool", Value::Boolean(all.a_bool)),
        ("anI8", Value::Int(i32::from(all.an_i8))),
        ("anI16", Value::Int(i32::from(all.an_i16))),
        ("anI32", Value::Int(all.an_i32)),
        ("anI64", Value::Long(all.an_i64)),
        ("aU8", Value::Int(i32::from(all.a_u8))),
        ("aU16", Value::Int(i32::from(all.a_u16))),
        ("aU32", Value::Long(i64::from(all.a_u32))),
        ("anF32", Value::Float(all.an_f32)),
        ("anF64", Value::Double(all.an_f64)),
        ("words", Value::String(all.a_string.clone())),
        ("someBytes", Value::Bytes(all.some_bytes.clone())),
        ("sixteen", Value::Fixed(16, all.sixteen.to_vec())),
        ("digest", Value::Fixed(16, all.digest.to_vec())),
        ("maybe", maybe(all.maybe, Value::Int)),
        ("maybeBytes", maybe(all.maybe_bytes.clone(), Value::Bytes)),
        ("colour", colour(all.colour)),
        ("place", place(&all.place)),
        ("maybePlace", maybe(all.maybe_place.as_ref(), place)),
        ("places", list(&all.places, place)),
        ("placesByName", map(&all.places_by_name, place)),
        ("numbers", list(&all.numbers, |n| Value::Long(*n))),
        ("nested", list(&all.nested, |inner| list(inner, |n| Value::Double(*n)))),
        ("counts", map(&all.counts, |n| Value::Long(*n))),
        ("maybeList", list(&all.maybe_list, |text| maybe(text.clone(), Value::String))),
        ("boxed", place(&all.boxed)),
        ("tsMillis", Value::TimestampMillis(all.ts_millis)),
        ("tsMicros", maybe(all.ts_micros, Value::TimestampMicros)),
        ("date", Value::Date(all.date)),
        ("timeMillis", Value::TimeMillis(all.time_millis)),
        ("timeMicros", list(&all.time_micros, |n| Value::TimeMicros(*n))),
        ("amount", decimal(all.amount)),
        ("maybeAmount", maybe(all.maybe_amount, decimal)),
        ("id", Value::Uuid(Uuid::parse_str(&all.id).unwrap())),
        ("seven", Value::Int(all.seven)),
        ("currency", Value::String(all.currency.clone())),
        ("half", all.half.map_or(union(1, Value::Null), |half| union(0, Value::Double(half)))),
        ("paint", colour(all.paint)),
        ("home", place(&all.home)),
        ("list", list(&all.list, |n| Value::Int(*n))),
        ("raw", Value::Bytes(all.raw.clone())),
        ("fee", decimal(all.fee)),
    ])
}

proptest! {
    #[test]
    fn every_type_is_read_and_written_alike(value in all()) {
        agree(&ALL, &value, all_value(&value));
    }

    #[test]
    fn a_click_is_read_and_written_alike(value in click()) {
        agree(&schema_of::<Click>(), &value, click_value(&value));
    }

    #[test]
    fn a_record_in_itself_is_read_and_written_alike(value in tree()) {
        agree(&schema_of::<Tree>(), &value, tree_value(&value));
    }
}

#[test]
fn canonical_forms_and_fingerprints_are_the_same() {
    // Those of types without logical types: apache-avro leaves `{"type":"long"}` of them, which is not canonical.
    fn same<T: Datum>() {
        let (ours, theirs) = (Schema::of::<T>(), schema_of::<T>());
        assert_eq!(ours.canonical(), theirs.canonical_form());
        let sum = theirs.fingerprint::<apache_avro::rabin::Rabin>().bytes;
        assert_eq!(ours.fingerprint().to_le_bytes(), sum[..]);
    }
    same::<Tree>();
    same::<Colour>();
    same::<Vec<Option<Place>>>();
    same::<HashMap<String, [u8; 3]>>();
}

#[test]
fn a_schema_survives_being_printed_and_parsed() {
    fn same<T: Datum>() {
        let schema = Schema::of::<T>();
        for text in [format!("{schema}"), format!("{schema:#}")] {
            assert_eq!(Schema::parse(&text).unwrap(), schema);
        }
        assert!(Schema::parse(&schema.canonical()).unwrap().same_bytes(&schema));
    }
    same::<All>();
    same::<Click>();
    same::<Tree>();
    same::<Colour>();
}

#[test]
fn bytes_in_blocks_with_sizes_are_read() {
    let tree = Tree {
        value: 1,
        left: None,
        others: vec![
            Tree { value: 2, left: None, others: vec![] },
            Tree { value: 3, left: None, others: vec![] },
        ],
    };
    // Two blocks of one item each, with the size in front of it.
    let bytes = [2, 0, 1, 6, 4, 0, 0, 1, 6, 6, 0, 0, 0];
    assert_eq!(avro::<Tree>().deserialize(&bytes).unwrap(), tree);
}
