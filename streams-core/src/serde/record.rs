//! Records as JSON.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::schema::Datum;
use crate::schema::codecs::{AsJson, Seed};
use crate::serde::{Serde, SerdeRef};

/// A record as JSON text: the default of `#[derive(Record)]`.
pub struct RecordJson<T>(PhantomData<fn() -> T>);

/// The JSON serde of a record, whatever its default format is.
pub fn record_json<T: Datum>() -> SerdeRef<T> {
    Arc::new(RecordJson(PhantomData))
}

impl<T: Datum> Serde<T> for RecordJson<T> {
    fn serialize(&self, value: &T, out: &mut Vec<u8>) -> Result<()> {
        serde_json::to_writer(out, &AsJson::<T::Codec, T>::new(value))
            .map_err(|e| self.error("cannot be written as JSON", e))
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<T> {
        use serde::de::DeserializeSeed;

        let mut input = serde_json::Deserializer::from_slice(bytes);
        Seed::<T::Codec, T>::new()
            .deserialize(&mut input)
            .and_then(|value| input.end().map(|()| value))
            .map_err(|e| self.error("is not in this JSON", e))
    }
}

impl<T> RecordJson<T> {
    #[cold]
    fn error(&self, what: &str, cause: serde_json::Error) -> Error {
        Error::new(ErrorKind::Serde, format!("`{}` {what}", std::any::type_name::<T>())).caused_by(cause)
    }
}
