//! JSON through serde.

use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Result};
use crate::serde::{Serde, SerdeRef};

/// JSON text of any serde type.
pub struct Json<T>(PhantomData<fn() -> T>);

/// The JSON serde of `T`.
///
/// ```
/// use streams_core::serde::{json, DefaultSerde, SerdeRef};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Click { ad: String, price: f64 }
///
/// impl DefaultSerde for Click {
///     fn serde() -> SerdeRef<Self> { json() }
/// }
/// ```
pub fn json<T: Serialize + DeserializeOwned + 'static>() -> SerdeRef<T> {
    Arc::new(Json(PhantomData))
}

impl<T: Serialize + DeserializeOwned + 'static> Serde<T> for Json<T> {
    fn serialize(&self, value: &T, out: &mut Vec<u8>) -> Result<()> {
        serde_json::to_writer(out, value).map_err(|e| self.error("cannot be written as JSON", e))
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<T> {
        serde_json::from_slice(bytes).map_err(|e| self.error("is not in this JSON", e))
    }
}

impl<T> Json<T> {
    #[cold]
    fn error(&self, what: &str, cause: serde_json::Error) -> Error {
        Error::new(ErrorKind::Serde, format!("`{}` {what}", std::any::type_name::<T>())).caused_by(cause)
    }
}
