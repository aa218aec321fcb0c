//! Serdes: how typed keys and values become the bytes of topics and stores.

mod avro;
mod change;
mod json;
mod maybe_null;
mod option;
mod primitives;
mod record;
mod windowed;

pub use avro::{AvroSerde, avro};
#[cfg(feature = "avro")]
pub use avro::{ConfluentAvro, InMemorySchemaIds, SchemaIds, confluent};
pub(crate) use change::changes;
pub use json::{Json, json};
pub use maybe_null::MaybeNull;
pub use option::{OptionSerde, optional};
pub use primitives::{
    BoolSerde, BytesSerde, F32Serde, F64Serde, I16Serde, I32Serde, I64Serde, StringSerde, UnitSerde,
};
pub use record::{RecordJson, record_json};
pub use windowed::{TimeWindowedSerde, time_windowed};

use std::any::TypeId;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::time::Timestamp;

/// Turns values of `T` into bytes and back.
///
/// Null is not a value of `T` unless the serde says so: [`is_null`](Self::is_null) and [`null`](Self::null) are
/// what [`OptionSerde`] overrides. Bytes are opaque to everything else, but their unsigned order is the order of
/// range reads in stores.
pub trait Serde<T: 'static>: Send + Sync + 'static {
    /// Appends the bytes of `value` to `out`. Not called for values that are null.
    fn serialize(&self, value: &T, out: &mut Vec<u8>) -> Result<()>;

    /// The value of these bytes. Errs with [`ErrorKind::Serde`], saying what was expected.
    fn deserialize(&self, bytes: &[u8]) -> Result<T>;

    /// Whether `value` stands for null.
    #[inline]
    fn is_null(&self, _value: &T) -> bool {
        false
    }

    /// How many bytes at the end do not decide a key's partition: for windowed keys those of the window, so that
    /// all windows of a key share a partition (Kafka's `WindowedStreamPartitioner`).
    fn partition_suffix(&self) -> usize {
        0
    }

    /// Tells serdes of one type apart: two whose identities are equal make the same bytes. `None` says that it is not
    /// known; that is so by default of serdes that have fields.
    fn identity(&self) -> Option<Vec<TypeId>> {
        (size_of_val(self) == 0).then(|| vec![TypeId::of::<Self>()])
    }

    /// The value that stands for null; `None` if the type has none, and a null is then a bad record.
    #[inline]
    fn null(&self) -> Option<T> {
        None
    }
}

/// A serde that is shared; what all options hold.
pub type SerdeRef<T> = Arc<dyn Serde<T>>;

/// Types that say how they become bytes, so that no serde has to be named.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default serde: nothing says how it becomes bytes",
    label = "`{Self}` has to become bytes here",
    note = "for a type of your own write `#[derive(streams_core::Record)]` on it, or `impl DefaultSerde` with a serde such as `json()`",
    note = "for a type of others, and for `Windowed` keys (`time_windowed(..)`), use the `_with` form of the method"
)]
pub trait DefaultSerde: Sized + 'static {
    /// The serde of this type.
    fn serde() -> SerdeRef<Self>;

    /// The event time that a value carries, in milliseconds since the epoch: where topics of this value are read
    /// with their defaults, it is the time of the record. `None`, which is what this does, leaves the record the
    /// time it has in its topic. `#[record(timestamp)]` makes it the value of a field.
    #[inline]
    fn event_time(&self) -> Option<Timestamp> {
        None
    }
}

/// Whether both are known to make the same bytes.
pub(crate) fn same<T: 'static>(a: &SerdeRef<T>, b: &SerdeRef<T>) -> bool {
    Arc::ptr_eq(a, b) || a.identity().is_some_and(|identity| b.identity() == Some(identity))
}

/// Bytes of `value`, or `None` for null; they replace what is in `out`.
#[inline]
pub(crate) fn to_bytes<'a, T: 'static>(
    serde: &dyn Serde<T>,
    value: &T,
    out: &'a mut Vec<u8>,
) -> Result<Option<&'a [u8]>> {
    out.clear();
    if serde.is_null(value) {
        return Ok(None);
    }
    serde.serialize(value, out)?;
    Ok(Some(out))
}

/// The value of these bytes, or of null.
#[inline]
pub(crate) fn from_bytes<T: 'static>(serde: &dyn Serde<T>, bytes: Option<&[u8]>) -> Result<T> {
    match bytes {
        Some(bytes) => serde.deserialize(bytes),
        None => serde.null().ok_or_else(null_in_non_null),
    }
}

#[cold]
fn null_in_non_null() -> Error {
    Error::new(
        ErrorKind::Serde,
        "null where the type has none (use `Option<..>` in the topic's type if nulls are expected)",
    )
}
