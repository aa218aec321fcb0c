//! Records as plain Avro datums.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::error::Result;
use crate::schema::{Codec, Datum, Reader, Schema, Writer};
use crate::serde::{Serde, SerdeRef};

/// A record as an Avro datum, with nothing in front: the schema is not in the bytes.
pub struct AvroSerde<T> {
    types: PhantomData<fn() -> T>,
}

/// The Avro serde of a record, whatever its default format is. Reads what was written with the same schema.
pub fn avro<T: Datum>() -> SerdeRef<T> {
    Arc::new(AvroSerde::new())
}

impl<T: Datum> AvroSerde<T> {
    /// Reads and writes with the schema of `T`.
    pub fn new() -> Self {
        AvroSerde { types: PhantomData }
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
    fn serialize(&self, value: &T, out: &mut Vec<u8>) -> Result<()> {
        encode(value, out)
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<T> {
        decode(bytes)
    }
}

/// Appends the datum.
pub(crate) fn encode<T: Datum>(value: &T, out: &mut Vec<u8>) -> Result<()> {
    <T::Codec as Codec<T>>::encode(value, &mut Writer::new(out))
        .map_err(|e| e.context(format_args!("`{}` cannot be written as Avro", std::any::type_name::<T>())))
}

/// The value of a whole datum.
pub(crate) fn decode<T: Datum>(bytes: &[u8]) -> Result<T> {
    let mut input = Reader::new(bytes);
    let value = <T::Codec as Codec<T>>::decode(&mut input);
    value
        .and_then(|value| input.finish().map(|()| value))
        .map_err(|e| e.context(format_args!("not the Avro of `{}`", std::any::type_name::<T>())))
}
