//! Records with the id of their schema in front, as Confluent's serializers write them.
//!
//! A zero byte, the id as four bytes (big-endian), and then the datum. Where ids come from is behind a trait; a client
//! for a registry is not here.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use crate::error::{Error, ErrorKind, Result};
use crate::schema::{Datum, Resolution, Schema};
use crate::serde::avro::{decode, encode, resolution, resolve};
use crate::serde::{Serde, SerdeRef};

/// Who knows which schema has which id: a schema registry. Answers are kept by those who ask.
pub trait SchemaIds: Send + Sync + 'static {
    /// The id of a schema under a subject (for values of a topic by convention `<topic>-value`); registers it if it is
    /// new. Errs if the registry refuses it.
    fn id_of(&self, subject: &str, schema: &Schema) -> Result<u32>;

    /// The schema of an id, `None` if there is none. Errs if that cannot be found out now.
    fn schema_of(&self, id: u32) -> Result<Option<Schema>>;
}

/// Ids inside of this process, from 1: for tests, and for topics that no other program reads.
#[derive(Debug, Default)]
pub struct InMemorySchemaIds(Mutex<Vec<Schema>>);

impl InMemorySchemaIds {
    /// Without schemas.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id of this schema, a new one if it is new.
    pub fn register(&self, schema: &Schema) -> u32 {
        let mut schemas = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let index = schemas.iter().position(|known| known == schema).unwrap_or_else(|| {
            schemas.push(schema.clone());
            schemas.len() - 1
        });
        index as u32 + 1
    }
}

impl SchemaIds for InMemorySchemaIds {
    fn id_of(&self, _subject: &str, schema: &Schema) -> Result<u32> {
        Ok(self.register(schema))
    }

    fn schema_of(&self, id: u32) -> Result<Option<Schema>> {
        let schemas = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok((id as usize).checked_sub(1).and_then(|index| schemas.get(index)).cloned())
    }
}

/// A record as an Avro datum behind the id of its schema. Reads what was written with any schema that resolves to
/// that of `T`; what was found out of an id is kept.
pub struct ConfluentAvro<T> {
    ids: Arc<dyn SchemaIds>,
    subject: String,
    schema: Schema,
    /// The id of our schema, asked for with the first record that is written.
    own: OnceLock<u32>,
    known: RwLock<HashMap<u32, Arc<Reading>>>,
    types: PhantomData<fn() -> T>,
}

/// How the records of one id are read.
enum Reading {
    Same,
    Resolved(Resolution),
    /// Never, and why.
    Incompatible(String),
}

/// The serde of a record with ids from `ids`; written schemas are registered under `subject`.
///
/// ```
/// use std::sync::Arc;
/// use streams_core::Record;
/// use streams_core::serde::{InMemorySchemaIds, confluent};
///
/// #[derive(Record)]
/// struct Click {
///     ad: i64,
/// }
///
/// let serde = confluent::<Click>(Arc::new(InMemorySchemaIds::new()), "clicks-value");
/// let mut bytes = Vec::new();
/// serde.serialize(&Click { ad: 3 }, &mut bytes)?;
/// assert_eq!(bytes, [0, 0, 0, 0, 1, 6]);
/// # Ok::<(), streams_core::Error>(())
/// ```
pub fn confluent<T: Datum>(ids: Arc<dyn SchemaIds>, subject: impl Into<String>) -> SerdeRef<T> {
    Arc::new(ConfluentAvro::new(ids, subject))
}

impl<T: Datum> ConfluentAvro<T> {
    /// With ids from `ids`; written schemas are registered under `subject`.
    pub fn new(ids: Arc<dyn SchemaIds>, subject: impl Into<String>) -> Self {
        ConfluentAvro {
            ids,
            subject: subject.into(),
            schema: Schema::of::<T>(),
            own: OnceLock::new(),
            known: RwLock::default(),
            types: PhantomData,
        }
    }

    fn own_id(&self) -> Result<u32> {
        if let Some(id) = self.own.get() {
            return Ok(*id);
        }
        self.schema.check()?;
        let id = self
            .ids
            .id_of(&self.subject, &self.schema)
            .map_err(|e| e.context(format_args!("the schema of the subject `{}` has no id", self.subject)))?;
        Ok(*self.own.get_or_init(|| id))
    }

    fn reading(&self, id: u32) -> Result<Arc<Reading>> {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(Arc::clone(known));
        }
        let writer = self
            .ids
            .schema_of(id)
            .map_err(|e| e.context(format_args!("the schema with the id {id} could not be looked up")))?
            .ok_or_else(|| {
                let text = format!("no schema has the id {id}: the record comes from another registry");
                Error::new(ErrorKind::Serde, text)
            })?;
        let reading = match resolution(&writer, &self.schema) {
            Ok(None) => Reading::Same,
            Ok(Some(resolution)) => Reading::Resolved(resolution),
            Err(error) => Reading::Incompatible(format!("schema id {id}: {error}")),
        };
        let reading = Arc::new(reading);
        self.known.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&reading));
        Ok(reading)
    }
}

impl<T: Datum> Serde<T> for ConfluentAvro<T> {
    fn serialize(&self, value: &T, out: &mut Vec<u8>) -> Result<()> {
        let id = self.own_id()?;
        out.push(0);
        out.extend_from_slice(&id.to_be_bytes());
        encode(value, out)
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<T> {
        let (id, datum) = split(bytes)?;
        if self.own.get() == Some(&id) {
            return decode(datum);
        }
        match &*self.reading(id)? {
            Reading::Same => decode(datum),
            Reading::Resolved(resolution) => resolve(resolution, datum),
            Reading::Incompatible(why) => Err(Error::new(ErrorKind::Serde, why.as_str())),
        }
    }
}

/// The id and the datum behind it.
fn split(bytes: &[u8]) -> Result<(u32, &[u8])> {
    let text = match bytes {
        [0, a, b, c, d, datum @ ..] => return Ok((u32::from_be_bytes([*a, *b, *c, *d]), datum)),
        [0, ..] | [] => format!(
            "a record with a schema id begins with a zero byte and four bytes of id, these are {} bytes",
            bytes.len()
        ),
        [first, ..] => format!(
            "a record with a schema id begins with a zero byte, not {first:#04x}: it was written without one"
        ),
    };
    Err(Error::new(ErrorKind::Serde, text))
}
