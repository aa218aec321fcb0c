//! Kafka's primitive serdes, byte for byte.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::serde::{DefaultSerde, Serde, SerdeRef};

/// UTF-8. Invalid bytes become U+FFFD, as in Kafka's `StringDeserializer`, and are never an error.
#[derive(Debug, Clone, Copy, Default)]
pub struct StringSerde;

impl Serde<String> for StringSerde {
    #[inline]
    fn serialize(&self, value: &String, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(value.as_bytes());
        Ok(())
    }

    #[inline]
    fn deserialize(&self, bytes: &[u8]) -> Result<String> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Ok(String::from_utf8_lossy(bytes).into_owned()),
        }
    }
}

/// The bytes as they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct BytesSerde;

impl Serde<Vec<u8>> for BytesSerde {
    fn serialize(&self, value: &Vec<u8>, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(value);
        Ok(())
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        Ok(bytes.to_vec())
    }
}

/// One byte, 0 or 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct BoolSerde;

impl Serde<bool> for BoolSerde {
    fn serialize(&self, value: &bool, out: &mut Vec<u8>) -> Result<()> {
        out.push(u8::from(*value));
        Ok(())
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<bool> {
        match bytes {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(Error::new(
                ErrorKind::Serde,
                format!("a boolean is one byte, 00 or 01, not {bytes:02x?}"),
            )),
        }
    }
}

/// `()` as the one-key table or stream needs it: no bytes at all, which is not null.
#[derive(Debug, Clone, Copy, Default)]
pub struct UnitSerde;

impl Serde<()> for UnitSerde {
    fn serialize(&self, _value: &(), _out: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() { Ok(()) } else { Err(wrong_length("unit", 0, bytes.len())) }
    }
}

#[cold]
fn wrong_length(what: &str, expected: usize, found: usize) -> Error {
    Error::new(ErrorKind::Serde, format!("{what} is {expected} bytes, not {found}"))
}

macro_rules! big_endian {
    ($($serde:ident $type:ty, $what:literal, $to_bits:expr, $from_bits:expr;)*) => {$(
        #[doc = concat!("Big-endian ", $what, ".")]
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $serde;

        impl Serde<$type> for $serde {
            #[inline]
            fn serialize(&self, value: &$type, out: &mut Vec<u8>) -> Result<()> {
                out.extend_from_slice(&$to_bits(*value).to_be_bytes());
                Ok(())
            }

            #[inline]
            fn deserialize(&self, bytes: &[u8]) -> Result<$type> {
                match bytes.try_into() {
                    Ok(bytes) => Ok($from_bits(bytes)),
                    Err(_) => Err(wrong_length($what, size_of::<$type>(), bytes.len())),
                }
            }
        }

        impl DefaultSerde for $type {
            fn serde() -> SerdeRef<Self> {
                Arc::new($serde)
            }
        }
    )*};
}

big_endian! {
    I16Serde i16, "a 16-bit integer", std::convert::identity, i16::from_be_bytes;
    I32Serde i32, "a 32-bit integer", std::convert::identity, i32::from_be_bytes;
    I64Serde i64, "a 64-bit integer", std::convert::identity, i64::from_be_bytes;
    F32Serde f32, "a 32-bit float", f32::to_bits, f32::from_be_bytes;
    F64Serde f64, "a 64-bit float (every NaN is written as Java's canonical one)", canonical_bits, f64::from_be_bytes;
}

/// Java's `doubleToLongBits`.
fn canonical_bits(value: f64) -> u64 {
    if value.is_nan() { 0x7ff8_0000_0000_0000 } else { value.to_bits() }
}

macro_rules! default_serde {
    ($($type:ty => $serde:expr;)*) => {$(
        impl DefaultSerde for $type {
            fn serde() -> SerdeRef<Self> {
                Arc::new($serde)
            }
        }
    )*};
}

default_serde! {
    String => StringSerde;
    Vec<u8> => BytesSerde;
    bool => BoolSerde;
    () => UnitSerde;
}
