//! Numbers, strings and bytes.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::error::Result;
use crate::schema::bytes::wrong;
use crate::schema::containers::List;
use crate::schema::{Codec, Datum, Names, Node, Reader, Writer};

/// The Avro type that a Rust type is by itself.
#[derive(Debug)]
pub struct Natural;

/// A `Vec<u8>` as `bytes`.
#[derive(Debug)]
pub struct Bytes;

/// JSON as serde does it for the type itself.
macro_rules! json_by_serde {
    ($type:ty) => {
        fn write_json<S: Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
            value.serialize(serializer)
        }

        fn read_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
            <$type>::deserialize(deserializer)
        }
    };
}
pub(super) use json_by_serde;

macro_rules! primitives {
    ($($type:ty, $name:literal, $list:ty,
        |$value:ident, $out:ident| $encode:expr, |$input:ident| $decode:expr;)*) => {$(
        impl Datum for $type {
            type Codec = Natural;
            type List = $list;
        }

        impl Codec<$type> for Natural {
            fn schema(_names: &mut Names) -> Node {
                Node::primitive($name)
            }

            #[inline]
            fn encode($value: &$type, $out: &mut Writer<'_>) -> Result<()> {
                $encode;
                Ok(())
            }

            #[inline]
            fn decode($input: &mut Reader<'_>) -> Result<$type> {
                $decode
            }

            json_by_serde!($type);

            fn default_json(value: &$type) -> Value {
                Value::from(value.clone())
            }
        }
    )*};
}

primitives! {
    bool, "boolean", List<Natural>, |value, out| out.raw(&[u8::from(*value)]), |input| boolean(input);
    i8, "int", List<Natural>, |value, out| out.long(i64::from(*value)), |input| narrow(input);
    i16, "int", List<Natural>, |value, out| out.long(i64::from(*value)), |input| narrow(input);
    i32, "int", List<Natural>, |value, out| out.long(i64::from(*value)), |input| input.int();
    i64, "long", List<Natural>, |value, out| out.long(*value), |input| input.long();
    u8, "int", Bytes, |value, out| out.long(i64::from(*value)), |input| narrow(input);
    u16, "int", List<Natural>, |value, out| out.long(i64::from(*value)), |input| narrow(input);
    u32, "long", List<Natural>, |value, out| out.long(i64::from(*value)), |input| narrow(input);
    f32, "float", List<Natural>, |value, out| out.raw(&value.to_le_bytes()), |input| Ok(f32::from_le_bytes(input.array()?));
    f64, "double", List<Natural>, |value, out| out.raw(&value.to_le_bytes()), |input| Ok(f64::from_le_bytes(input.array()?));
    String, "string", List<Natural>, |value, out| out.bytes(value.as_bytes()), |input| Ok(input.string()?.to_owned());
}

#[inline]
fn boolean(input: &mut Reader<'_>) -> Result<bool> {
    match input.array()? {
        [0] => Ok(false),
        [1] => Ok(true),
        [other] => Err(wrong(format!("a boolean is 0 or 1, not {other}"))),
    }
}

#[inline]
fn narrow<T: TryFrom<i64>>(input: &mut Reader<'_>) -> Result<T> {
    let number = input.long()?;
    T::try_from(number)
        .map_err(|_| wrong(format!("{number} is out of the range of `{}`", std::any::type_name::<T>())))
}

/// Bytes in the JSON of a default: a string with one character for each byte.
pub(super) fn bytes_as_default(bytes: &[u8]) -> Value {
    Value::from(bytes.iter().map(|byte| char::from(*byte)).collect::<String>())
}

impl Codec<Vec<u8>> for Bytes {
    fn schema(_names: &mut Names) -> Node {
        Node::primitive("bytes")
    }

    #[inline]
    fn encode(value: &Vec<u8>, out: &mut Writer<'_>) -> Result<()> {
        out.bytes(value);
        Ok(())
    }

    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Vec<u8>> {
        Ok(input.bytes()?.to_vec())
    }

    json_by_serde!(Vec<u8>);

    fn default_json(value: &Vec<u8>) -> Value {
        bytes_as_default(value)
    }
}
