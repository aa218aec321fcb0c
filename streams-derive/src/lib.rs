//! `#[derive(Record)]` for `streams-core`, which re-exports it: use it from there.
//!
//! The derive reads the struct and its attributes (`attributes`), checks them and gathers every mistake (`model`,
//! `field`, `types`, `names`, `errors`), and writes implementations of the traits in `streams_core::schema` and
//! `streams_core::serde` (`emit`). It knows nothing of Avro but names; the bytes of each type are in `streams_core`.

mod attributes;
mod emit;
mod errors;
mod field;
mod model;
mod names;
mod types;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct with named fields, or an enum of plain names, a record: with a schema, a serde, and if its fields
/// say so a key and an event time.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use streams_core::Record;
/// use streams_core::schema::Schema;
/// use streams_core::serde::DefaultSerde;
///
/// /// An order as it comes in.
/// #[derive(Record, Debug, Clone, PartialEq)]
/// #[record(namespace = "com.example.shop", rename_all = "camelCase", aliases = ["Purchase"])]
/// struct Order {
///     /// Who ordered.
///     #[record(key)]
///     customer_id: CustomerId,
///     #[record(timestamp, logical = "timestamp-millis")]
///     ordered_at: i64,
///     #[record(name = "lines", aliases = ["items"])]
///     order_lines: Vec<Line>,
///     #[record(default = Currency::Eur)]
///     currency: Currency,
///     #[record(default = "standard")]
///     delivery: String,
///     #[record(default)]
///     labels: BTreeMap<String, String>,
///     voucher: Option<String>,
///     #[record(skip)]
///     seen: bool,
/// }
///
/// #[derive(Record, Debug, Clone, PartialEq)]
/// #[record(namespace = "com.example.shop", key_type)]
/// struct CustomerId {
///     #[record(logical = "uuid")]
///     id: String,
/// }
///
/// #[derive(Record, Debug, Clone, PartialEq)]
/// struct Line {
///     product: i64,
///     #[record(doc = "In the currency of the order, with two digits behind the point.")]
///     #[record(logical = "decimal", precision = 12, scale = 2)]
///     price: i128,
///     #[record(fixed = "Md5")]
///     checksum: [u8; 16],
/// }
///
/// #[derive(Record, Debug, Clone, PartialEq)]
/// #[record(rename_all = "UPPERCASE")]
/// enum Currency {
///     #[record(default)]
///     Unknown,
///     Eur,
///     #[record(name = "SFR")]
///     Chf,
/// }
///
/// let schema = Schema::of::<Order>();
/// assert_eq!(schema.name().as_deref(), Some("com.example.shop.Order"));
///
/// let text = r#"{"customerId":{"id":"123e4567-e89b-12d3-a456-426614174000"},"orderedAt":1000,"items":[]}"#;
/// let order = Order::serde().deserialize(text.as_bytes())?;
/// assert_eq!((order.currency.clone(), order.delivery.as_str()), (Currency::Eur, "standard"));
/// assert_eq!(order.event_time(), Some(1000));
/// # Ok::<(), streams_core::Error>(())
/// ```
///
/// # On a struct or an enum
///
/// | attribute | meaning |
/// |---|---|
/// | `name = ".."` | the name in schemas; that of the type without it |
/// | `namespace = ".."` | the namespace; without it the one of the type around it, as in Avro |
/// | `doc = ".."` | the documentation in schemas; without it the doc comment |
/// | `aliases = [".."]` | former names, under which old bytes are still read |
/// | `format = "json"`, `"avro"` | what the `DefaultSerde` writes; JSON without it |
/// | `rename_all = ".."` | a spelling for all names without a `name`: `camelCase`, `PascalCase`, `snake_case`, `SCREAMING_SNAKE_CASE`, `UPPERCASE`, `lowercase` |
/// | `key_type` | the type can be the key of groups, tables and joins (`streams_core::Key`); it has to be `Clone` and `Send`, and has no floats and no `HashMap`, of which equal ones may have different bytes |
/// | `crate = ".."` | the path of streams-core, where it is not `::streams_core` |
///
/// # On a field
///
/// | attribute | meaning |
/// |---|---|
/// | `name = ".."`, `doc = ".."`, `aliases = [".."]` | as above |
/// | `default = value` | what stands for the field where it is missing: an expression of its type; for an `Option<T>` one of `T`; a text for a `String` |
/// | `default` | the same with `Default::default()`. Fields that are `Option`s are `None` without a word |
/// | `key` | the key, for `stream.keyed()`; a key of several fields is a struct of its own |
/// | `timestamp`, `timestamp = "micros"`, `"seconds"` | the event time of the record: an `i64` or `Option<i64>` since the epoch, in milliseconds if neither this nor `logical` says another unit. Where it is `None` the record keeps the time of its topic |
/// | `logical = ".."` | a meaning in Avro: `timestamp-millis`, `timestamp-micros`, `time-micros` on `i64`; `date`, `time-millis` on `i32`; `decimal` on `i128`; `uuid` on `String`; also inside of `Option`, `Vec` and maps |
/// | `precision = 12`, `scale = 2` | for decimals: how many digits, and how many of them behind the point. The field counts the last digit |
/// | `fixed = ".."` | the name in Avro of a `[u8; N]`; `FixedN` without it |
/// | `skip` | not in the bytes; when read its `default`, or `Default::default()` |
///
/// On the variants of an enum: `name = ".."`, and `default` for the one that stands for names a reader does not know.
///
/// # Types
///
/// `bool`, `i8` to `i32`, `u8` and `u16` (`int`), `i64` and `u32` (`long`), `f32`, `f64`, `String`, `Vec<u8>` (`bytes`),
/// `[u8; N]` (`fixed`), `Option<T>` (a union with null), `Vec<T>`, `HashMap<String, T>`, `BTreeMap<String, T>`, `Box<T>`,
/// and types with this derive, also ones that contain themselves. Records have no parameters: a schema has one name and
/// one shape.
///
/// # JSON
///
/// In JSON a record is what serde's derive would write for the same names: enums as text, bytes as arrays of numbers,
/// `None` as null. Fields that are not known are passed over. The derive does not implement `Serialize` and
/// `Deserialize`, so that a struct may have those as well, for other uses and with names of its own.
///
/// # What it implements
///
/// `schema::Datum` and `schema::Codec` (schema and bytes), `serde::DefaultSerde`, with `key` also `schema::Keyed`, with
/// `key_type` also `Key`. Everything that is wrong with the attributes is reported at once.
#[proc_macro_derive(Record, attributes(record))]
pub fn derive_record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let tokens = match model::Model::of(&input) {
        Ok(model) => emit::all(&model),
        Err(error) => error.into_compile_error(),
    };
    tokens.into()
}
