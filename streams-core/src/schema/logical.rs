//! Logical types: numbers and strings with a meaning.
//!
//! In Rust they stay what they are, in JSON too; only the schema says more. Decimals are `i128` numbers of the last
//! digit: with a scale of 2, 1999 stands for 19.99.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::schema::bytes::wrong;
use crate::schema::primitives::{Natural, bytes_as_default, json_by_serde};
use crate::schema::{Codec, Names, Node, Reader, Writer};

macro_rules! numbers {
    ($($(#[$doc:meta])* $codec:ident, $type:ty, $base:literal, $logical:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $codec;

        impl Codec<$type> for $codec {
            fn schema(_names: &mut Names) -> Node {
                Node::logical($base, $logical)
            }

            #[inline]
            fn encode(value: &$type, out: &mut Writer<'_>) -> Result<()> {
                Natural::encode(value, out)
            }

            #[inline]
            fn decode(input: &mut Reader<'_>) -> Result<$type> {
                Natural::decode(input)
            }

            json_by_serde!($type);

            fn default_json(value: &$type) -> Value {
                Value::from(*value)
            }
        }
    )*};
}

numbers! {
    /// Milliseconds since the epoch, UTC.
    TimestampMillis, i64, "long", "timestamp-millis";
    /// Microseconds since the epoch, UTC.
    TimestampMicros, i64, "long", "timestamp-micros";
    /// Days since the epoch.
    Date, i32, "int", "date";
    /// Milliseconds since midnight.
    TimeMillis, i32, "int", "time-millis";
    /// Microseconds since midnight.
    TimeMicros, i64, "long", "time-micros";
}

/// An `i128` as a decimal of `P` digits, `S` of them behind the point.
#[derive(Debug)]
pub struct Decimal<const PRECISION: u32, const SCALE: u32>;

impl<const PRECISION: u32, const SCALE: u32> Codec<i128> for Decimal<PRECISION, SCALE> {
    fn schema(_names: &mut Names) -> Node {
        Node::decimal(PRECISION, SCALE)
    }

    fn encode(value: &i128, out: &mut Writer<'_>) -> Result<()> {
        out.bytes(minimal(&digits(*value, PRECISION)?.to_be_bytes()));
        Ok(())
    }

    fn decode(input: &mut Reader<'_>) -> Result<i128> {
        let bytes = minimal(input.bytes()?);
        let Some(first) = bytes.first() else { return Err(wrong("a decimal of no bytes")) };
        let mut wide = [if *first < 0x80 { 0 } else { 0xff }; 16];
        let Some(start) = wide.len().checked_sub(bytes.len()) else { return Err(too_long(PRECISION)) };
        wide[start..].copy_from_slice(bytes);
        digits(i128::from_be_bytes(wide), PRECISION)
    }

    json_by_serde!(i128);

    fn default_json(value: &i128) -> Value {
        bytes_as_default(minimal(&value.to_be_bytes()))
    }
}

/// The number, if it has no more digits than that.
fn digits(value: i128, precision: u32) -> Result<i128> {
    match 10_u128.checked_pow(precision) {
        Some(limit) if value.unsigned_abs() >= limit => Err(too_long(precision)),
        _ => Ok(value),
    }
}

#[cold]
fn too_long(precision: u32) -> Error {
    wrong(format!("a decimal has more than {precision} digits"))
}

/// The bytes without those at the beginning that only repeat the sign, as Java writes them.
fn minimal(bytes: &[u8]) -> &[u8] {
    let repeated =
        bytes.windows(2).take_while(|pair| matches!(pair, [0, 0..=0x7f] | [0xff, 0x80..=0xff])).count();
    &bytes[repeated..]
}

/// A string that is a UUID: 8-4-4-4-12 hex digits.
#[derive(Debug)]
pub struct UuidText;

impl Codec<String> for UuidText {
    fn schema(_names: &mut Names) -> Node {
        Node::logical("string", "uuid")
    }

    fn encode(value: &String, out: &mut Writer<'_>) -> Result<()> {
        out.bytes(uuid(value)?.as_bytes());
        Ok(())
    }

    fn decode(input: &mut Reader<'_>) -> Result<String> {
        uuid(input.string()?).map(str::to_owned)
    }

    json_by_serde!(String);

    fn default_json(value: &String) -> Value {
        Value::from(value.as_str())
    }
}

fn uuid(text: &str) -> Result<&str> {
    let fits = text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if fits { Ok(text) } else { Err(wrong(format!("`{text}` is no UUID (8-4-4-4-12 hex digits)"))) }
}
