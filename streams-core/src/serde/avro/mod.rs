//! Records as plain Avro datums.

#[cfg(feature = "avro")]
mod confluent;

use std::marker::PhantomData;
use std::sync::Arc;

use crate::error::Result;
#[cfg(feature = "avro")]
use crate::schema::Resolution;
use crate::schema::{Codec, Datum, Reader, Schema, Writer};
use crate::serde::{Serde, SerdeRef};

#[cfg(feature = "avro")]
pub use confluent::{ConfluentAvro, InMemorySchemaIds, SchemaIds, confluent};

/// A record as an Avro datum, with nothing in front: the schema is not in the bytes, so both sides have to know it.
///
/// ```
/// # use streams_core::Record;
/// use streams_core::schema::Schema;
/// use streams_core::serde::{AvroSerde, Serde};
///
/// #[derive(Record, Debug, PartialEq)]
/// struct Order {
///     #[record(aliases = ["amount"])]
///     cents: i64,
///     #[record(default = "EUR")]
///     currency: String,
/// }
///
/// // What an older version of the program wrote: an `int` of another name, and no currency.
/// let old = Schema::parse(
///     r#"{"type": "record", "name": "Order", "fields": [{"name": "amount", "type": "int"}]}"#,
/// )?;
/// let order = AvroSerde::<Order>::with_writer_schema(&old)?.deserialize(&[14])?;
/// assert_eq!(order, Order { cents: 7, currency: "EUR".to_owned() });
/// # Ok::<(), streams_core::Error>(())
/// ```
pub struct AvroSerde<T> {
    /// What turns the writer's bytes into ours; nothing where they are ours already.
    #[cfg(feature = "avro")]
    resolution: Option<Resolution>,
    types: PhantomData<fn() -> T>,
}

/// The Avro serde of a record, whatever its default format is. Reads what was written with the same schema.
pub fn avro<T: Datum>() -> SerdeRef<T> {
    Arc::new(AvroSerde::new())
}

impl<T: Datum> AvroSerde<T> {
    /// Reads and writes with the schema of `T`.
    pub fn new() -> Self {
        AvroSerde {
            #[cfg(feature = "avro")]
            resolution: None,
            types: PhantomData,
        }
    }

    /// Writes with the schema of `T`, and reads what was written with `writer`, by Avro's rules of resolution.
    ///
    /// Errs with [`ErrorKind::Serde`](crate::ErrorKind::Serde) if such bytes can never be read as `T`; the message
    /// names each field that does not fit, with both types. A record may still fail where the writer's schema leaves
    /// a choice: a branch of a union or a symbol of an enum that `T` does not have.
    #[cfg(feature = "avro")]
    pub fn with_writer_schema(writer: &Schema) -> Result<Self> {
        let own = Schema::of::<T>();
        Ok(AvroSerde { resolution: resolution(writer, &own)?, types: PhantomData })
    }

    /// The schema it writes with.
    pub fn schema(&self) -> Schema {
        Schema::of::<T>()
    }
}

impl<T: Datum> Default for AvroSerde<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Datum> Serde<T> for AvroSerde<T> {
    #[cfg(feature = "avro")]
    fn identity(&self) -> Option<Vec<std::any::TypeId>> {
        self.resolution.is_none().then(|| vec![std::any::TypeId::of::<Self>()])
    }

    fn serialize(&self, value: &T, out: &mut Vec<u8>) -> Result<()> {
        encode(value, out)
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<T> {
        #[cfg(feature = "avro")]
        if let Some(resolution) = &self.resolution {
            return resolve(resolution, bytes);
        }
        decode(bytes)
    }
}

/// Appends the datum.
fn encode<T: Datum>(value: &T, out: &mut Vec<u8>) -> Result<()> {
    <T::Codec as Codec<T>>::encode(value, &mut Writer::new(out))
        .map_err(|e| e.context(format_args!("`{}` cannot be written as Avro", std::any::type_name::<T>())))
}

/// The value of a whole datum.
fn decode<T: Datum>(bytes: &[u8]) -> Result<T> {
    let mut input = Reader::new(bytes);
    let value = <T::Codec as Codec<T>>::decode(&mut input);
    value
        .and_then(|value| input.finish().map(|()| value))
        .map_err(|e| e.context(format_args!("not the Avro of `{}`", std::any::type_name::<T>())))
}

/// What turns the writer's bytes into ours; nothing where they are ours already. Errs where they can never be read.
#[cfg(feature = "avro")]
fn resolution(writer: &Schema, own: &Schema) -> Result<Option<Resolution>> {
    if writer == own {
        return Ok(None);
    }
    // Equal bytes may mean something else: decimals of another scale, times in another unit.
    let resolution = Resolution::new(writer, own)?;
    Ok((!writer.same_bytes(own)).then_some(resolution))
}

/// The value of a datum of another schema.
#[cfg(feature = "avro")]
fn resolve<T: Datum>(resolution: &Resolution, bytes: &[u8]) -> Result<T> {
    let bytes = resolution
        .apply(bytes)
        .map_err(|e| e.context(format_args!("not what `{}` is read from", std::any::type_name::<T>())))?;
    decode(&bytes)
}
