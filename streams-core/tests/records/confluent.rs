//! Records behind the ids of their schemas.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use streams_core::schema::Schema;
use streams_core::serde::{ConfluentAvro, InMemorySchemaIds, SchemaIds, Serde, confluent};
use streams_core::{Error, ErrorKind, Record, Result};

use crate::types::{Click, Tree, click};

#[derive(Record, Debug, PartialEq)]
#[record(name = "Click", namespace = "com.example")]
struct OldClick {
    user: String,
    ad: i32,
    at: i64,
    price: f32,
    clicked: bool,
}

/// Counts what it is asked.
#[derive(Default)]
struct Counting {
    ids: InMemorySchemaIds,
    asked: AtomicUsize,
    down: AtomicUsize,
}

impl Counting {
    fn ask(&self) -> Result<()> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.down.load(Ordering::Relaxed) {
            0 => Ok(()),
            _ => Err(Error::new(ErrorKind::Io, "the registry does not answer")),
        }
    }
}

impl SchemaIds for Counting {
    fn id_of(&self, subject: &str, schema: &Schema) -> Result<u32> {
        self.ask().and_then(|()| self.ids.id_of(subject, schema))
    }

    fn schema_of(&self, id: u32) -> Result<Option<Schema>> {
        self.ask().and_then(|()| self.ids.schema_of(id))
    }
}

fn bytes<T: 'static>(serde: &dyn Serde<T>, value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    serde.serialize(value, &mut bytes).unwrap();
    bytes
}

fn old(ad: i32) -> OldClick {
    OldClick { user: "ann".to_owned(), ad, at: 3, price: 0.5, clicked: true }
}

proptest! {
    #[test]
    fn records_survive_with_their_id(value in click()) {
        let serde = confluent::<Click>(Arc::new(InMemorySchemaIds::new()), "clicks-value");
        let bytes = bytes(&*serde, &value);
        prop_assert_eq!(&bytes[..5], [0, 0, 0, 0, 1]);
        prop_assert_eq!(serde.deserialize(&bytes).unwrap(), value);
    }

    #[test]
    fn arbitrary_bytes_never_panic(mut bytes in any::<Vec<u8>>(), id in 0..4_u32) {
        let ids = Arc::new(InMemorySchemaIds::new());
        ids.register(&Schema::of::<OldClick>());
        ids.register(&Schema::of::<Tree>());
        ids.register(&Schema::of::<Click>());
        let serde = confluent::<Click>(ids, "clicks-value");
        let _ = serde.deserialize(&bytes);
        bytes.splice(0..0, [&[0][..], &id.to_be_bytes()].concat());
        let _ = serde.deserialize(&bytes);
    }
}

#[test]
fn each_id_is_looked_up_once_and_old_records_are_resolved() {
    let ids = Arc::new(Counting::default());
    let old_serde = ConfluentAvro::<OldClick>::new(Arc::clone(&ids) as _, "clicks-value");
    let (one, two) = (bytes(&old_serde, &old(1)), bytes(&old_serde, &old(2)));
    assert_eq!(ids.asked.load(Ordering::Relaxed), 1);

    let serde = ConfluentAvro::<Click>::new(Arc::clone(&ids) as _, "clicks-value");
    for (bytes, ad) in [(&one, 1), (&two, 2), (&one, 1)] {
        let click = serde.deserialize(bytes).unwrap();
        assert_eq!((click.user.as_str(), click.ad, click.price, click.referrer), ("ann", ad, 0.5, None));
    }
    assert_eq!(ids.asked.load(Ordering::Relaxed), 2);
    let new = Click {
        user: "bob".to_owned(),
        ad: 1,
        at: 0,
        price: 1.0,
        referrer: None,
        position: None,
        clicked: false,
    };
    let written = bytes(&serde, &new);
    assert_eq!(written[4], 2);
    assert_eq!(serde.deserialize(&written).unwrap(), new);
    assert_eq!(ids.asked.load(Ordering::Relaxed), 3);
}

#[test]
fn what_is_wrong_is_named() {
    let ids = Arc::new(Counting::default());
    ids.ids.register(&Schema::of::<Tree>());
    let serde = ConfluentAvro::<Click>::new(Arc::clone(&ids) as _, "clicks-value");
    let error = |bytes: &[u8]| serde.deserialize(bytes).unwrap_err().to_string();
    assert_eq!(
        error(&[0, 0, 0]),
        "a record with a schema id begins with a zero byte and four bytes of id, these are 3 bytes"
    );
    assert_eq!(
        error(b"{\"user\":1}"),
        "a record with a schema id begins with a zero byte, not 0x7b: it was written without one"
    );
    assert_eq!(error(&[0, 0, 0, 0, 9, 1]), "no schema has the id 9: the record comes from another registry");
    for _ in 0..2 {
        let text = error(&[0, 0, 0, 0, 1, 1]);
        let expected =
            "schema id 1: what was written as `com.example.Tree` cannot be read as `com.example.Click`";
        assert!(text.starts_with(expected), "{text}");
    }
    ids.down.store(1, Ordering::Relaxed);
    assert_eq!(
        error(&[0, 0, 0, 0, 7, 1]),
        "the schema with the id 7 could not be looked up: the registry does not answer"
    );
    let click = Click {
        user: String::new(),
        ad: 0,
        at: 0,
        price: 0.0,
        referrer: None,
        position: None,
        clicked: false,
    };
    let refused = serde.serialize(&click, &mut Vec::new()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Io);
    assert!(refused.to_string().contains("`clicks-value`"), "{refused}");
    ids.down.store(0, Ordering::Relaxed);
    serde.serialize(&click, &mut Vec::new()).unwrap();
}
