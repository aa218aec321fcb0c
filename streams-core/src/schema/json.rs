//! What generated code needs to read and write JSON by a codec.

use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Visitor};
use serde::{Deserializer, Serialize, Serializer};

use crate::schema::Codec;

/// A value that serde writes by a codec.
#[derive(Debug)]
pub struct AsJson<'a, C, T>(&'a T, PhantomData<C>);

impl<'a, C, T> AsJson<'a, C, T> {
    /// Borrows the value.
    pub fn new(value: &'a T) -> Self {
        AsJson(value, PhantomData)
    }
}

impl<C: Codec<T>, T> Serialize for AsJson<'_, C, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        C::write_json(self.0, serializer)
    }
}

/// Reads a value by a codec.
#[derive(Debug)]
pub struct Seed<C, T>(PhantomData<(C, T)>);

impl<C, T> Seed<C, T> {
    /// The seed.
    #[allow(clippy::new_without_default, reason = "only generated code makes one")]
    pub fn new() -> Self {
        Seed(PhantomData)
    }
}

impl<'de, C: Codec<T>, T> DeserializeSeed<'de> for Seed<C, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        C::read_json(deserializer)
    }
}

/// Reads a text and gives what a function makes of it: the number of a field or symbol.
#[derive(Debug)]
pub struct Text<F>(pub F, pub &'static str);

impl<'de, F, R> DeserializeSeed<'de> for Text<F>
where
    F: FnOnce(&str) -> R,
{
    type Value = R;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<F, R> Visitor<'_> for Text<F>
where
    F: FnOnce(&str) -> R,
{
    type Value = R;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.1)
    }

    fn visit_str<E>(self, text: &str) -> Result<R, E> {
        Ok((self.0)(text))
    }
}
