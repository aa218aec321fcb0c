//! Round trips, and bytes that are no records.

use proptest::prelude::*;
use streams_core::schema::{DEEPEST, Datum, Schema};
use streams_core::serde::{DefaultSerde, SerdeRef, avro, record_json};

use crate::types::{All, Click, Colour, Place, Tree, all, click, tree};

fn bytes<T: 'static>(serde: &SerdeRef<T>, value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    serde.serialize(value, &mut bytes).unwrap();
    bytes
}

fn survives<T: Datum + PartialEq + std::fmt::Debug>(serde: &SerdeRef<T>, value: &T) {
    let bytes = bytes(serde, value);
    assert_eq!(&serde.deserialize(&bytes).unwrap(), value, "{bytes:02x?}");
    // Bytes that are cut short, or have something behind them, are refused.
    assert!(serde.deserialize(&bytes[..bytes.len() - 1]).is_err());
    assert!(serde.deserialize(&[&bytes[..], b"1"].concat()).is_err());
}

fn small() -> Place {
    Place { street: "Elm".to_owned(), number: 12 }
}

proptest! {
    #[test]
    fn every_type_survives_avro(value in all()) {
        survives(&avro::<All>(), &value);
    }

    #[test]
    fn every_type_survives_json(value in all()) {
        survives(&record_json::<All>(), &value);
    }

    #[test]
    fn records_in_themselves_survive(value in tree()) {
        survives(&avro::<Tree>(), &value);
        survives(&record_json::<Tree>(), &value);
    }

    #[test]
    fn the_default_serde_is_the_one_asked_for(value in click()) {
        prop_assert_eq!(bytes(&Click::serde(), &value), bytes(&avro(), &value));
    }

    #[test]
    fn arbitrary_bytes_are_refused_or_read_but_never_panic(bytes in any::<Vec<u8>>()) {
        let _ = avro::<All>().deserialize(&bytes);
        let _ = avro::<Click>().deserialize(&bytes);
        let _ = avro::<Tree>().deserialize(&bytes);
        let _ = record_json::<All>().deserialize(&bytes);
    }

    #[test]
    fn changed_bytes_are_refused_or_read_but_never_panic(
        value in all(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5)
    ) {
        let mut bytes = bytes(&avro::<All>(), &value);
        for (place, byte) in changes {
            let index = place.index(bytes.len());
            bytes[index] = byte;
        }
        let _ = avro::<All>().deserialize(&bytes);
    }
}

#[test]
fn the_bytes_are_those_of_avro() {
    assert_eq!(bytes(&avro(), &small()), b"\x06Elm\x18");
    assert_eq!(bytes(&avro(), &Colour::DarkBlue), [4]);
    let tree = Tree {
        value: -1,
        left: Some(Box::new(Tree { value: 64, left: None, others: vec![] })),
        others: vec![],
    };
    assert_eq!(bytes(&avro(), &tree), [1, 2, 0x80, 1, 0, 0, 0]);
}

#[test]
fn the_schema_is_written_with_names_docs_and_defaults() {
    let place = Schema::of::<Place>();
    assert_eq!(
        place.json(),
        r#"{"type":"record","name":"Place","doc":"A record in a record.","fields":[{"name":"street","type":"string"},{"name":"number","doc":"Number of the house.","type":"int"}]}"#
    );
    assert_eq!(
        format!("{:#}", Schema::of::<Colour>()),
        "{\n  \"type\": \"enum\",\n  \"name\": \"Colour\",\n  \"doc\": \"A colour.\",\n  \"symbols\": [\n    \"RED\",\n    \"UNKNOWN\",\n    \"navy\"\n  ],\n  \"default\": \"UNKNOWN\"\n}"
    );
    assert_eq!(
        Schema::of::<Tree>().json(),
        r#"{"type":"record","name":"Tree","namespace":"com.example","doc":"A record that contains itself.","fields":[{"name":"value","type":"int"},{"name":"left","type":["null","com.example.Tree"],"default":null},{"name":"others","type":{"type":"array","items":"com.example.Tree"}}]}"#
    );
    let all = Schema::of::<All>();
    all.check().unwrap();
    for part in [
        r#""aliases":["Everything","com.old.Everything"]"#,
        r#"{"name":"words","aliases":["text","txt"],"type":"string"}"#,
        r#"{"name":"sixteen","type":{"type":"fixed","name":"Fixed16","namespace":"com.example.all","size":16}}"#,
        r#"{"name":"digest","type":{"type":"fixed","name":"Md5","namespace":"com.example.all","size":16}}"#,
        r#"{"name":"half","type":["double","null"],"default":-0.5}"#,
        r#"{"name":"paint","type":"com.example.all.Colour","default":"navy"}"#,
        r#"{"name":"home","type":"com.example.all.Place","default":{"number":0,"street":""}}"#,
        r#"{"name":"list","type":{"type":"array","items":"int"},"default":[1,2]}"#,
        "{\"name\":\"raw\",\"type\":\"bytes\",\"default\":\"\\u0000\u{ff}\"}",
        "{\"name\":\"fee\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":5,\"scale\":1},\"default\":\"\\u0000\u{ff}\"}",
        r#"{"name":"tsMicros","type":["null",{"type":"long","logicalType":"timestamp-micros"}],"default":null}"#,
    ] {
        assert!(all.json().contains(part), "{part}\nis not in\n{all:#}");
    }
    assert!(!all.json().contains("notWritten"));
}

#[test]
fn two_types_of_one_name_in_a_schema_are_a_mistake() {
    mod other {
        #[derive(streams_core::Record)]
        pub(super) struct Place {
            pub(super) id: i32,
        }
    }
    #[derive(streams_core::Record)]
    struct Both {
        one: Place,
        other: other::Place,
    }
    let error = Schema::of::<Both>().check().unwrap_err().to_string();
    assert!(error.contains("records::types::Place") && error.contains("other::Place"), "{error}");
}

#[test]
fn what_is_wrong_is_said_with_the_field() {
    let error = |bytes: &[u8]| avro::<Tree>().deserialize(bytes).unwrap_err().to_string();
    let name = "not the Avro of `records::types::Tree`: ";
    assert_eq!(error(&[]), format!("{name}field `value`: the bytes end within a number"));
    assert_eq!(error(&[2, 4]), format!("{name}field `left`: branch 2 of a union of two"));
    assert_eq!(
        error(&[2, 0, 2, 2, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]),
        format!("{name}field `others`: item 0: field `others`: a block of -2147483648 items in 0 bytes")
    );
    assert_eq!(error(&[2, 0, 0, 0]), format!("{name}1 bytes are left over behind the record"));
    assert_eq!(error(&[0xff; 11]), format!("{name}field `value`: a number is longer than 64 bits"));
    let text = avro::<Place>().deserialize(&[0xfe, 0xff, 0xff, 0xff, 0xff, 0x0f]).unwrap_err().to_string();
    assert!(text.ends_with("field `street`: 274877906943 bytes are wanted and 0 are left"), "{text}");
    let json = record_json::<Place>().deserialize(b"{\"street\":\"x\"}").unwrap_err().to_string();
    assert!(json.contains("missing field `number`"), "{json}");
}

#[test]
fn values_that_the_schema_does_not_hold_are_refused() {
    #[derive(streams_core::Record)]
    struct Strict {
        #[record(logical = "decimal", precision = 3)]
        amount: i128,
        #[record(logical = "uuid")]
        id: String,
    }
    let id = "123e4567-e89b-12d3-a456-426614174000";
    let error = |amount, id: &str| {
        let value = Strict { amount, id: id.to_owned() };
        avro::<Strict>().serialize(&value, &mut Vec::new()).map_err(|e| e.to_string())
    };
    error(-999, id).unwrap();
    assert!(error(1000, id).unwrap_err().ends_with("field `amount`: a decimal has more than 3 digits"));
    assert!(error(0, "123").unwrap_err().contains("field `id`: `123` is no UUID"));
}

#[test]
fn records_are_followed_only_so_deep() {
    let deep = |depth: u32| {
        let leaf = Tree { value: 0, left: None, others: Vec::new() };
        (1..depth).fold(leaf, |inner, value| Tree {
            value: value as i32,
            left: Some(Box::new(inner)),
            others: Vec::new(),
        })
    };
    survives(&avro(), &deep(DEEPEST));
    assert!(avro::<Tree>().serialize(&deep(DEEPEST + 1), &mut Vec::new()).is_err());
    let error = avro::<Tree>().deserialize(&[2; 10_000]).unwrap_err();
    assert!(error.to_string().ends_with("records lie more than 128 deep in each other"), "{error}");
    let json = "{\"value\":1,\"others\":[],\"left\":".repeat(100_000);
    assert!(record_json::<Tree>().deserialize(json.as_bytes()).is_err());
}

#[test]
fn json_takes_old_names_and_defaults() {
    let serde = record_json::<All>();
    let value = proptest::strategy::ValueTree::current(
        &Strategy::new_tree(&all(), &mut proptest::test_runner::TestRunner::deterministic()).unwrap(),
    );
    let text = String::from_utf8(bytes(&serde, &value)).unwrap();
    let mut object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    for name in ["seven", "currency", "half", "paint", "home", "list", "raw", "fee", "maybe"] {
        object.remove(name).unwrap();
    }
    let words = object.remove("words").unwrap();
    object.insert("txt".to_owned(), words);
    object.insert("colour".to_owned(), "a colour of later".into());
    object.insert("more".to_owned(), serde_json::json!({"a": [1]}));
    object.remove("amount");
    let mut text = serde_json::Value::Object(object).to_string();
    text.insert_str(1, "\"amount\":1,");
    let read = serde.deserialize(text.as_bytes()).unwrap();
    assert_eq!(
        read,
        All {
            seven: 7,
            currency: "EUR".to_owned(),
            half: Some(-0.5),
            paint: Colour::DarkBlue,
            home: Place::default(),
            list: vec![1, 2],
            raw: vec![0, 255],
            fee: 255,
            maybe: None,
            colour: Colour::Unknown,
            amount: 1,
            ..value
        }
    );
    let twice = serde.deserialize(b"{\"aBool\":true,\"aBool\":true}").unwrap_err().to_string();
    assert!(twice.contains("duplicate field `aBool`"), "{twice}");
}

/// With serde's derive as well, for comparison: the two do not get in each other's way.
#[derive(streams_core::Record, serde::Serialize, serde::Deserialize, Debug, PartialEq)]
#[record(rename_all = "camelCase", crate = "crate::basics::elsewhere::streams")]
#[serde(rename_all = "camelCase")]
struct Both {
    first_name: String,
    #[record(name = "no", aliases = ["number"])]
    #[serde(rename = "no", alias = "number")]
    house_number: Option<u16>,
    bytes: Vec<u8>,
    fixed: [u8; 3],
    kind: Kind,
    by_name: std::collections::BTreeMap<String, Vec<Option<f32>>>,
    #[record(logical = "decimal", precision = 38)]
    amount: i128,
    #[record(default = 3)]
    #[serde(default = "three")]
    r#type: i64,
    #[record(skip)]
    #[serde(skip)]
    skipped: u64,
}

#[derive(streams_core::Record, serde::Serialize, serde::Deserialize, Debug, PartialEq, Clone, Copy)]
#[record(rename_all = "lowercase")]
#[serde(rename_all = "lowercase")]
enum Kind {
    Large,
    Small,
}

fn three() -> i64 {
    3
}

mod elsewhere {
    pub(crate) use streams_core as streams;
}

proptest! {
    #[test]
    fn json_is_what_serde_would_write_and_read(
        first_name in ".*", house_number in any::<Option<u16>>(), bytes in any::<Vec<u8>>(), fixed in any::<[u8; 3]>(),
        large in any::<bool>(), amount in any::<i64>(), number in any::<i64>(),
        by_name in prop::collection::btree_map(".*", prop::collection::vec(any::<Option<f32>>(), 0..3), 0..3),
    ) {
        let kind = if large { Kind::Large } else { Kind::Small };
        let amount = i128::from(amount) * i128::from(amount);
        let value = Both { first_name, house_number, bytes, fixed, kind, by_name, amount, r#type: number, skipped: 0 };
        let ours = self::bytes(&record_json::<Both>(), &value);
        prop_assert_eq!(std::str::from_utf8(&ours).unwrap(), serde_json::to_string(&value).unwrap());
        prop_assert_eq!(serde_json::from_slice::<Both>(&ours).unwrap(), record_json::<Both>().deserialize(&ours).unwrap());
    }
}

/// Names that generated code could want for itself.
mod short_names {
    use streams_core::Record;

    #[derive(Record, Debug, Clone, PartialEq)]
    pub(super) struct Fields {
        pub(super) a: A,
        pub(super) s: Option<S>,
        #[record(fixed = "Id")]
        pub(super) fixed: [u8; 2],
        pub(super) d: Vec<D>,
        pub(super) id: FixedId,
    }

    #[derive(Record, Debug, Clone, PartialEq)]
    pub(super) struct A {
        pub(super) codec: Codec0,
    }

    #[derive(Record, Debug, Clone, PartialEq)]
    pub(super) struct S {
        pub(super) value: i64,
    }

    #[derive(Record, Debug, Clone, PartialEq)]
    pub(super) enum D {
        One,
    }

    #[derive(Record, Debug, Clone, PartialEq)]
    pub(super) struct Codec0 {
        pub(super) out: bool,
    }

    #[derive(Record, Debug, Clone, PartialEq)]
    pub(super) struct FixedId {
        pub(super) input: i8,
    }
}

#[test]
fn records_have_any_names() {
    use short_names::{A, Codec0, D, Fields, FixedId, S};

    let value = Fields {
        a: A { codec: Codec0 { out: true } },
        s: Some(S { value: 3 }),
        fixed: [1, 2],
        d: vec![D::One],
        id: FixedId { input: -1 },
    };
    for serde in [avro(), record_json()] {
        let mut bytes = Vec::new();
        serde.serialize(&value, &mut bytes).unwrap();
        assert_eq!(serde.deserialize(&bytes).unwrap(), value);
    }
}
