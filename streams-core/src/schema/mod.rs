//! Schemas of records: what `#[derive(Record)]` makes, and what it is made of.
//!
//! A record is a struct with `#[derive(Record)]`. It then has an Avro schema, bytes in Avro and in JSON, and, if its
//! fields say so, a key and an event time:
//!
//! ```
//! use streams_core::schema::Schema;
//! use streams_core::{Record, StreamsBuilder, Topic};
//!
//! /// Somebody clicked on an ad.
//! #[derive(Record, Debug, Clone, PartialEq)]
//! #[record(namespace = "com.example", format = "avro")]
//! struct Click {
//!     #[record(key)]
//!     user: String,
//!     ad: i64,
//!     #[record(timestamp, logical = "timestamp-millis")]
//!     at: i64,
//!     referrer: Option<String>,
//! }
//!
//! const CLICKS: Topic<Option<String>, Click> = Topic::new("clicks");
//! const PER_USER: Topic<String, i64> = Topic::new("clicks-per-user");
//!
//! let builder = StreamsBuilder::new();
//! builder.stream(&CLICKS).keyed().group_by_key().count().to_stream().to(&PER_USER);
//! # builder.build().unwrap();
//!
//! let schema = Schema::of::<Click>();
//! assert_eq!(schema.name().as_deref(), Some("com.example.Click"));
//! println!("{schema:#}");
//! ```
//!
//! - [`Schema`] is the schema as a value: print it, compare it, take its fingerprint, register it.
//! - [`Datum`] is the trait of types that can be in a record; [`Codec`] says how one is written. The derive makes
//!   both; implement them by hand for a type that needs bytes of its own.
//! - [`serde::avro`](crate::serde::avro) and [`serde::record_json`](crate::serde::record_json) are the serdes of
//!   records, whatever their default; [`serde::AvroSerde`](crate::serde::AvroSerde) also reads what was written with
//!   another schema, and [`serde::ConfluentAvro`](crate::serde::ConfluentAvro) what has the id of its schema in front.
//!
//! Avro is read and written straight from and to bytes, without a tree of values in between. In JSON a record is what
//! serde's derive would write for a struct with the same names. Named types without a `namespace` take that of the
//! type they lie in, as in Avro.

mod bytes;
mod canonical;
mod codec;
mod containers;
mod fixed;
mod json;
mod logical;
mod node;
mod primitives;
#[cfg(feature = "avro")]
mod resolve;
mod value;

pub use bytes::{DEEPEST, Reader, Writer};
pub use codec::{Codec, Datum, Keyed};
pub use node::{FieldNode, Names, Node, TypeName};
#[cfg(feature = "avro")]
pub(crate) use resolve::Resolution;
pub use value::Schema;

/// How the types of the standard library are written, for `Codec`s by hand.
pub mod codecs {
    pub use super::containers::{Boxed, Dictionary, List, NullLast, Nullable};
    pub use super::fixed::{BySize, Fixed, FixedName};
    pub use super::json::{AsJson, Seed, Text};
    pub use super::logical::{
        Date, Decimal, TimeMicros, TimeMillis, TimestampMicros, TimestampMillis, UuidText,
    };
    pub use super::primitives::{Bytes, Natural};
}

/// What generated code refers to. Not for other use.
#[doc(hidden)]
pub mod generated {
    use crate::error::Error;
    use crate::schema::bytes::wrong;

    pub use crate::error::Result as Outcome;
    pub use serde;
    pub use serde_json::Value;

    /// The error seen from the record around it.
    #[cold]
    pub fn in_field(error: Error, field: &str) -> Error {
        error.context(format_args!("field `{field}`"))
    }

    /// A number that no symbol of an enum has.
    #[cold]
    pub fn no_symbol(number: i64, name: &str, count: usize) -> Error {
        wrong(format!("`{name}` has {count} symbols, none with the number {number}"))
    }
}
