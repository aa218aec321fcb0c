//! Byte arrays as `fixed`, which in Avro has a name.

use std::marker::PhantomData;

use serde::{Deserialize, Deserializer, Serializer};
use serde_json::Value;

use crate::error::Result;
use crate::schema::containers::List;
use crate::schema::primitives::bytes_as_default;
use crate::schema::{Codec, Datum, Names, Node, Reader, TypeName, Writer};

/// A `[u8; N]` as a `fixed`, by the name that `W` says.
#[derive(Debug)]
pub struct Fixed<W>(PhantomData<W>);

/// The name of a `fixed`.
pub trait FixedName: 'static {
    /// The name, without namespace; `FixedN` for `N` bytes if `None`.
    const NAME: Option<&'static str>;
}

/// Named after the number of bytes.
#[derive(Debug)]
pub struct BySize;

impl FixedName for BySize {
    const NAME: Option<&'static str> = None;
}

impl<const N: usize> Datum for [u8; N] {
    type Codec = Fixed<BySize>;
    type List = List<Fixed<BySize>>;
}

impl<W: FixedName, const N: usize> Codec<[u8; N]> for Fixed<W> {
    fn schema(names: &mut Names) -> Node {
        // A block of an array cannot have more items than bytes.
        const { assert!(N > 0, "a `fixed` has at least one byte") };
        let (by_size, identity) = (format!("Fixed{N}"), format!("[u8; {N}]"));
        let name = TypeName { name: W::NAME.unwrap_or(&by_size), identity: &identity, ..TypeName::default() };
        names.fixed(name, N)
    }

    #[inline]
    fn encode(value: &[u8; N], out: &mut Writer<'_>) -> Result<()> {
        out.raw(value);
        Ok(())
    }

    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<[u8; N]> {
        input.array()
    }

    fn write_json<S: Serializer>(value: &[u8; N], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(value)
    }

    fn read_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[u8; N], D::Error> {
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        let length = bytes.len();
        bytes.try_into().map_err(|_| serde::de::Error::invalid_length(length, &format!("{N} bytes").as_str()))
    }

    fn default_json(value: &[u8; N]) -> Value {
        bytes_as_default(value)
    }
}
