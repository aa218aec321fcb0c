//! Records that were written with another schema.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use apache_avro::types::Value;
use proptest::prelude::*;
use streams_core::schema::{Datum, Schema};
use streams_core::serde::{AvroSerde, Serde, avro};
use streams_core::{ErrorKind, Record};

use crate::apache::{click_value, resolved, schema_of, written};
use crate::types::{All, Click, Colour, Place, all, click};

#[derive(Record, Debug, Clone, PartialEq)]
#[record(namespace = "shop", aliases = ["Purchase"])]
struct Order {
    #[record(aliases = ["number"])]
    id: i64,
    total: f64,
    #[record(default = "EUR")]
    currency: String,
    note: Option<String>,
    #[record(default = b"\x01\xfe")]
    raw: Vec<u8>,
    #[record(default = Colour::Red)]
    colour: Colour,
    #[record(default)]
    place: Place,
    #[record(default)]
    tags: Vec<String>,
    #[record(default)]
    scores: BTreeMap<String, f32>,
}

fn old(fields: &str) -> Schema {
    Schema::parse(&format!(
        r#"{{"type": "record", "name": "Order", "namespace": "shop", "fields": [{fields}]}}"#
    ))
    .unwrap()
}

/// What apache-avro writes with a schema, read by ours.
fn read<T: Datum>(writer: &Schema, value: Value) -> streams_core::Result<T> {
    let schema = apache_avro::Schema::parse_str(writer.json()).unwrap();
    let bytes = written(&schema, value);
    AvroSerde::<T>::with_writer_schema(writer)?.deserialize(&bytes)
}

fn record(fields: &[(&str, Value)]) -> Value {
    Value::Record(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

fn incompatible<T: Datum>(writer: &Schema) -> String {
    let error = AvroSerde::<T>::with_writer_schema(writer).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Serde);
    error.to_string()
}

fn order(id: i64, total: f64) -> Order {
    Order {
        id,
        total,
        currency: "EUR".to_owned(),
        note: None,
        raw: vec![1, 254],
        colour: Colour::Red,
        place: Place::default(),
        tags: vec![],
        scores: BTreeMap::new(),
    }
}

#[test]
fn numbers_widen_aliases_are_found_and_defaults_fill_in() {
    let writer = old(r#"{"name": "total", "type": "int"}, {"name": "number", "type": "int"}"#);
    let value = record(&[("total", Value::Int(3)), ("number", Value::Int(-7))]);
    assert_eq!(read::<Order>(&writer, value).unwrap(), order(-7, 3.0));
}

#[test]
fn what_nobody_reads_is_skipped() {
    let writer = old(
        r#"{"name": "gone", "type": {"type": "map", "values": {"type": "array", "items": ["null", "string"]}}},
           {"name": "id", "type": "long"},
           {"name": "nodes", "type": {"type": "record", "name": "Node", "fields": [
               {"name": "next", "type": ["null", "Node"]}]}},
           {"name": "total", "type": "float"}"#,
    );
    let texts =
        Value::Array(vec![Value::Union(1, Box::new("x".into())), Value::Union(0, Box::new(Value::Null))]);
    let leaf = record(&[("next", Value::Union(0, Box::new(Value::Null)))]);
    let value = record(&[
        ("gone", Value::Map([("a".to_owned(), texts)].into())),
        ("id", Value::Long(5)),
        ("nodes", record(&[("next", Value::Union(1, Box::new(leaf)))])),
        ("total", Value::Float(0.5)),
    ]);
    assert_eq!(read::<Order>(&writer, value).unwrap(), order(5, 0.5));
}

#[test]
fn unions_open_and_close() {
    let writer = old(r#"{"name": "id", "type": ["string", "int"]}, {"name": "total", "type": "double"},
           {"name": "note", "type": "string"}, {"name": "currency", "type": ["null", "string"]}"#);
    let value = |id: Value, currency: Value| {
        record(&[("id", id), ("total", Value::Double(1.0)), ("note", "n".into()), ("currency", currency)])
    };
    let (int, text) = (Value::Union(1, Box::new(Value::Int(5))), Value::Union(1, Box::new("CHF".into())));
    let expected = Order { note: Some("n".to_owned()), currency: "CHF".to_owned(), ..order(5, 1.0) };
    assert_eq!(read::<Order>(&writer, value(int.clone(), text.clone())).unwrap(), expected);

    let string = Value::Union(0, Box::new("5".into()));
    let error = read::<Order>(&writer, value(string, text)).unwrap_err().to_string();
    assert!(error.contains("field `id`: written as `string`, read as `long`"), "{error}");
    let null = Value::Union(0, Box::new(Value::Null));
    let error = read::<Order>(&writer, value(int, null)).unwrap_err().to_string();
    assert!(error.contains("field `currency`: written as `null`, read as `string`"), "{error}");
}

#[test]
fn symbols_that_are_new_become_the_default() {
    let enumeration = r#"{"type": "enum", "name": "shop.Colour", "symbols": ["GREEN", "navy", "RED"]}"#;
    let writer = old(&format!(
        r#"{{"name": "id", "type": "long"}}, {{"name": "total", "type": "double"}}, {{"name": "colour", "type": {enumeration}}}"#
    ));
    for (number, symbol, expected) in
        [(0, "GREEN", Colour::Unknown), (1, "navy", Colour::DarkBlue), (2, "RED", Colour::Red)]
    {
        let colour = Value::Enum(number, symbol.to_owned());
        let value = record(&[("id", Value::Long(1)), ("total", Value::Double(1.0)), ("colour", colour)]);
        assert_eq!(read::<Order>(&writer, value).unwrap().colour, expected);
    }

    #[derive(Record, Debug, PartialEq)]
    enum Strict {
        A,
        B,
    }
    let writer = Schema::parse(r#"{"type": "enum", "name": "Strict", "symbols": ["B", "C"]}"#).unwrap();
    assert_eq!(read::<Strict>(&writer, Value::Enum(0, "B".to_owned())).unwrap(), Strict::B);
    let error = read::<Strict>(&writer, Value::Enum(1, "C".to_owned())).unwrap_err().to_string();
    assert!(error.contains("the symbol `C` of the writer's `Strict` is not in the reader's"), "{error}");
    let writer = Schema::parse(r#"{"type": "enum", "name": "Strict", "symbols": ["X"]}"#).unwrap();
    assert!(incompatible::<Strict>(&writer).contains("the symbol `X`"));
}

#[test]
fn types_that_were_renamed_are_found_by_their_alias() {
    let schema = |name: &str| {
        let fields = r#"[{"name": "id", "type": "long"}, {"name": "total", "type": "double"}]"#;
        Schema::parse(&format!(r#"{{"type": "record", "name": "{name}", "fields": {fields}}}"#)).unwrap()
    };
    let value = record(&[("id", Value::Long(1)), ("total", Value::Double(2.0))]);
    for name in ["shop.Order", "Order", "elsewhere.Order", "Purchase", "shop.Purchase"] {
        assert_eq!(read::<Order>(&schema(name), value.clone()).unwrap(), order(1, 2.0));
    }
    assert_eq!(
        incompatible::<Order>(&schema("shop.Sale")),
        "what was written as `shop.Sale` cannot be read as `shop.Order`: written as `record shop.Sale`, read as `record shop.Order` (for a type that was renamed: `#[record(aliases = [\"..\"])]`)"
    );
}

#[test]
fn what_cannot_be_read_is_said_with_every_field_and_both_types() {
    let writer = old(r#"{"name": "total", "type": "string"}, {"name": "note", "type": "int"},
           {"name": "place", "type": {"type": "record", "name": "Place", "fields": [
               {"name": "street", "type": {"type": "array", "items": "int"}}]}},
           {"name": "tags", "type": {"type": "array", "items": "long"}},
           {"name": "scores", "type": {"type": "map", "values": ["null", "double"]}}"#);
    assert_eq!(
        incompatible::<Order>(&writer),
        "what was written as `shop.Order` cannot be read as `shop.Order`: \
         field `total`: written as `string`, read as `double`; \
         field `note`: written as `int`, read as `null or string`; \
         field `place.street`: written as `array of int`, read as `string`; \
         field `place.number` was not written and has no default, read as `int`: give it one, or let it be an `Option`; \
         field `tags[]`: written as `long`, read as `string`; \
         field `scores{}`: written as `null`, read as `float`; \
         field `scores{}`: written as `double`, read as `float`; \
         field `id` was not written and has no default, read as `long`: give it one, or let it be an `Option`"
    );
}

#[test]
fn meanings_on_the_same_bytes_do_not_mix() {
    #[derive(Record, Debug, PartialEq)]
    struct Payment {
        #[record(logical = "timestamp-millis")]
        at: i64,
        #[record(logical = "decimal", precision = 9, scale = 2)]
        amount: i128,
    }
    let with = |old: &str, at: &str, scale: u32| {
        Schema::parse(&format!(
            r#"{{"type": "record", "name": "Payment", "fields": [{old}
                {{"name": "at", "type": {at}}},
                {{"name": "amount", "type": {{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": {scale}}}}}]}}"#
        ))
        .unwrap()
    };
    let writer = |at: &str, scale: u32| with(r#"{"name": "old", "type": "null"},"#, at, scale);
    let micros = r#"{"type": "long", "logicalType": "timestamp-micros"}"#;
    // Also where nothing else tells the schemas apart, and the bytes would be read without a word.
    for writer in [writer(micros, 3), with("", micros, 3)] {
        let error = incompatible::<Payment>(&writer);
        assert!(
            error.contains("field `at`: written as `long (timestamp-micros)`, read as `long (timestamp-millis)`; field `amount`: written as `bytes (decimal of scale 3)`, read as `bytes (decimal of scale 2)`"),
            "{error}"
        );
    }
    let serde = AvroSerde::<Payment>::with_writer_schema(&writer("\"int\"", 2)).unwrap();
    assert_eq!(serde.deserialize(&[2, 4, 1, 0]).unwrap(), Payment { at: 1, amount: 256 });
}

#[test]
fn schemas_that_are_none_are_refused() {
    for text in ["{", "\"lng\"", r#"{"type": "record", "name": "A"}"#, r#"{"type": "enum", "name": "1"}"#] {
        assert_eq!(Schema::parse(text).unwrap_err().kind(), ErrorKind::Serde, "{text}");
    }
}

#[derive(Record, Debug, Clone, PartialEq)]
struct Wide {
    number: i64,
    float: f32,
    double: f64,
    text: String,
    #[record(default)]
    bytes: Vec<u8>,
    #[record(default = 4)]
    four: i32,
    maybe: Option<i64>,
    #[record(default = true)]
    yes: bool,
}

proptest! {
    /// Fields in any order, without some that have defaults, in types that widen.
    #[test]
    fn any_older_writer_is_read_as_apache_avro_reads_it(
        order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle(), keep in any::<[bool; 4]>(),
        number in any::<i32>(), text in ".*", bytes in any::<Vec<u8>>(), narrow in 0..3_usize,
    ) {
        let int = |n| match narrow { 0 => Value::Int(n), 1 => Value::Long(i64::from(n)), _ => Value::Float(n as f32) };
        let kind = ["int", "long", "float"][narrow];
        let whole = ["int", "long", "int"][narrow];
        let wholes = |n| if narrow == 1 { Value::Long(i64::from(n)) } else { Value::Int(n) };
        let fields = [
            ("number", whole, wholes(number)),
            ("float", kind, int(number)),
            ("double", kind, int(number)),
            ("text", "string", Value::String(text)),
            ("bytes", "bytes", Value::Bytes(bytes)),
            ("four", "int", Value::Int(number)),
            ("maybe", whole, wholes(number)),
            ("yes", "boolean", Value::Boolean(number % 2 == 0)),
        ];
        let chosen: Vec<_> = order.iter().filter(|i| **i < 4 || keep[**i - 4]).map(|i| fields[*i].clone()).collect();
        let columns: Vec<String> =
            chosen.iter().map(|(name, ty, _)| format!(r#"{{"name": "{name}", "type": "{ty}"}}"#)).collect();
        let writer = format!(r#"{{"type": "record", "name": "Wide", "fields": [{}]}}"#, columns.join(","));
        let writer = Schema::parse(&writer).unwrap();
        let value = Value::Record(chosen.into_iter().map(|(name, _, value)| (name.to_owned(), value)).collect());

        let schema = apache_avro::Schema::parse_str(writer.json()).unwrap();
        let bytes = written(&schema, value);
        let ours = AvroSerde::<Wide>::with_writer_schema(&writer).unwrap().deserialize(&bytes).unwrap();
        let theirs = resolved(&schema, &schema_of::<Wide>(), &bytes);
        let bytes = written(&schema_of::<Wide>(), theirs);
        prop_assert_eq!(ours, avro::<Wide>().deserialize(&bytes).unwrap());
    }

    #[test]
    fn an_equal_schema_of_other_words_takes_the_straight_way(value in click()) {
        let own = Schema::of::<Click>();
        let writer = Schema::parse(&own.canonical()).unwrap();
        prop_assert!(writer != own && writer.same_bytes(&own));
        prop_assert_eq!(read::<Click>(&own, click_value(&value)).unwrap(), value.clone());
        prop_assert_eq!(read::<Click>(&writer, plain(&value)).unwrap(), value);
    }
}

/// As if the writer had a field in front that the reader does not know.
fn one_more(ty: &str) -> AvroSerde<All> {
    let field = format!(r#""fields":[{{"name":"more","type":{ty}}},"#);
    let writer = Schema::of::<All>().json().replacen(r#""fields":["#, &field, 1);
    AvroSerde::with_writer_schema(&Schema::parse(&writer).unwrap()).unwrap()
}

static MORE: LazyLock<AvroSerde<All>> = LazyLock::new(|| one_more("\"long\""));
static DEEP: LazyLock<AvroSerde<All>> = LazyLock::new(|| one_more(r#"["null","com.example.all.All"]"#));

proptest! {
    #[test]
    fn every_type_survives_a_reader_with_a_field_less(value in all()) {
        let mut bytes = vec![2];
        avro::<All>().serialize(&value, &mut bytes).unwrap();
        prop_assert_eq!(MORE.deserialize(&bytes).unwrap(), value);
        prop_assert!(MORE.deserialize(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn arbitrary_bytes_of_another_schema_never_panic(bytes in any::<Vec<u8>>(), depth in 0..200_usize) {
        let _ = MORE.deserialize(&bytes);
        let _ = DEEP.deserialize(&bytes);
        let _ = DEEP.deserialize(&[&vec![2; depth], &bytes[..]].concat());
    }
}

/// The click without logical types.
fn plain(click: &Click) -> Value {
    let Value::Record(mut fields) = click_value(click) else { panic!("a click is a record") };
    for (_, value) in &mut fields {
        if let Value::TimestampMillis(millis) = value {
            *value = Value::Long(*millis);
        }
    }
    Value::Record(fields)
}
