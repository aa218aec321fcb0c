//! The two traits behind the derive: which type can be in a record, and how it is written.

use serde::{Deserializer, Serializer};
use serde_json::Value;

use crate::error::Result;
use crate::schema::{Names, Node, Reader, Writer};

/// Types that can be in a record, and be one: `#[derive(Record)]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be in a record",
    label = "not a type that a record can hold",
    note = "for a type of your own: `#[derive(streams_core::Record)]` (structs with named fields, enums without fields)",
    note = "supported: bool, i8 to i64, u8 to u32, f32, f64, String, Vec<u8>, [u8; N], Option<T>, Vec<T>, Box<T>, HashMap and BTreeMap<String, T>; dates, times and decimals by `#[record(logical = \"..\")]` on a number"
)]
pub trait Datum: Sized + 'static {
    /// How one value is written.
    type Codec: Codec<Self>;
    /// How a `Vec` of values is written: as an array, but for bytes.
    type List: Codec<Vec<Self>>;
}

/// How values of `T` lie in Avro and in JSON. A type of its own, as one Rust type can be written in several ways:
/// an `i64` is a `long`, or a time.
pub trait Codec<T>: 'static {
    /// The Avro type.
    fn schema(names: &mut Names) -> Node;

    /// Writes Avro. Errs for values that the schema does not hold, such as decimals of too many digits.
    fn encode(value: &T, out: &mut Writer<'_>) -> Result<()>;

    /// Reads Avro that was written with this schema.
    fn decode(input: &mut Reader<'_>) -> Result<T>;

    /// Writes JSON, as serde's derive would.
    fn write_json<S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads JSON, as serde's derive would.
    fn read_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>;

    /// The value as a default in an Avro schema.
    fn default_json(value: &T) -> Value;

    /// The value of a field that is not there and has no default: `None` for an `Option`.
    fn absent() -> Option<T> {
        None
    }
}

/// Types with a field that is their key: `#[record(key)]`. [`KStream::keyed`](crate::KStream::keyed) selects it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which of its fields is the key",
    label = "has no key of its own",
    note = "mark a field with `#[record(key)]` under `#[derive(streams_core::Record)]`, or call `.select_key(..)`"
)]
pub trait Keyed {
    /// The type of the key.
    type Key;

    /// The key.
    fn key(&self) -> Self::Key;
}
