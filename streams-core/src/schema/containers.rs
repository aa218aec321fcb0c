//! Options, lists, maps and boxes, each over the codec of what it holds.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;
use std::marker::PhantomData;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserializer, Serializer};
use serde_json::Value;

use crate::error::Result;
use crate::schema::bytes::wrong;
use crate::schema::json::{AsJson, Seed};
use crate::schema::{Codec, Datum, Names, Node, Reader, Writer};

/// An `Option` as a union of null and `C`.
#[derive(Debug)]
pub struct Nullable<C>(PhantomData<C>);

/// An `Option` as a union of `C` and null: where the default is a value, which Avro wants to be of the first branch.
#[derive(Debug)]
pub struct NullLast<C>(PhantomData<C>);

/// A `Vec` as an array.
#[derive(Debug)]
pub struct List<C>(PhantomData<C>);

/// A map from strings.
#[derive(Debug)]
pub struct Dictionary<C>(PhantomData<C>);

/// A `Box`, which is no more than what is in it.
#[derive(Debug)]
pub struct Boxed<C>(PhantomData<C>);

impl<T: Datum> Datum for Option<T> {
    type Codec = Nullable<T::Codec>;
    type List = List<Self::Codec>;
}

impl<T: Datum> Datum for Vec<T> {
    type Codec = T::List;
    type List = List<Self::Codec>;
}

impl<T: Datum> Datum for Box<T> {
    type Codec = Boxed<T::Codec>;
    type List = List<Self::Codec>;
}

macro_rules! nullable {
    ($codec:ident, $null:literal, |$inner:ident, $none:ident| $branches:expr, |$value:ident| $default:expr) => {
        impl<T, C: Codec<T>> Codec<Option<T>> for $codec<C> {
            fn schema(names: &mut Names) -> Node {
                let ($inner, $none) = (C::schema(names), Node::primitive("null"));
                Node::union(&$branches)
            }

            #[inline]
            fn encode(value: &Option<T>, out: &mut Writer<'_>) -> Result<()> {
                match value {
                    None => {
                        out.long($null);
                        Ok(())
                    }
                    Some(value) => {
                        out.long(1 - $null);
                        C::encode(value, out)
                    }
                }
            }

            #[inline]
            fn decode(input: &mut Reader<'_>) -> Result<Option<T>> {
                match input.long()? {
                    $null => Ok(None),
                    branch if branch == 1 - $null => C::decode(input).map(Some),
                    branch => Err(wrong(format!("branch {branch} of a union of two"))),
                }
            }

            fn write_json<S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
                match value {
                    None => serializer.serialize_none(),
                    Some(value) => serializer.serialize_some(&AsJson::<C, T>::new(value)),
                }
            }

            fn read_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
                deserializer.deserialize_option(OptionVisitor::<C, T>(PhantomData))
            }

            fn default_json($value: &Option<T>) -> Value {
                $default
            }

            fn absent() -> Option<Option<T>> {
                Some(None)
            }
        }
    };
}

nullable!(Nullable, 0, |inner, null| [&null, &inner], |_value| Value::Null);
nullable!(NullLast, 1, |inner, null| [&inner, &null], |value| value
    .as_ref()
    .map_or(Value::Null, C::default_json));

struct OptionVisitor<C, T>(PhantomData<(C, T)>);

impl<'de, C: Codec<T>, T> Visitor<'de> for OptionVisitor<C, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        C::read_json(deserializer).map(Some)
    }
}

/// Room is made for no more items than this before they are read.
const FIRST_ROOM: usize = 1024;

impl<T, C: Codec<T>> Codec<Vec<T>> for List<C> {
    fn schema(names: &mut Names) -> Node {
        Node::array(&C::schema(names))
    }

    fn encode(value: &Vec<T>, out: &mut Writer<'_>) -> Result<()> {
        if !value.is_empty() {
            out.long(value.len() as i64);
            for (index, item) in value.iter().enumerate() {
                C::encode(item, out).map_err(|e| e.context(format_args!("item {index}")))?;
            }
        }
        out.long(0);
        Ok(())
    }

    fn decode(input: &mut Reader<'_>) -> Result<Vec<T>> {
        let mut items = Vec::new();
        loop {
            let count = input.block()?;
            if count == 0 {
                return Ok(items);
            }
            items.reserve(count.min(FIRST_ROOM));
            for _ in 0..count {
                let item = C::decode(input).map_err(|e| e.context(format_args!("item {}", items.len())))?;
                items.push(item);
            }
        }
    }

    fn write_json<S: Serializer>(value: &Vec<T>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(value.iter().map(AsJson::<C, T>::new))
    }

    fn read_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
        struct Items<C, T>(PhantomData<(C, T)>);
        impl<'de, C: Codec<T>, T> Visitor<'de> for Items<C, T> {
            type Value = Vec<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
                let mut found = Vec::new();
                while let Some(item) = items.next_element_seed(Seed::<C, T>::new())? {
                    found.push(item);
                }
                Ok(found)
            }
        }
        deserializer.deserialize_seq(Items::<C, T>(PhantomData))
    }

    fn default_json(value: &Vec<T>) -> Value {
        value.iter().map(C::default_json).collect()
    }
}

/// The two maps of the standard library.
trait Entries<T>: Default {
    fn put(&mut self, key: String, value: T);
}

impl<T> Entries<T> for BTreeMap<String, T> {
    fn put(&mut self, key: String, value: T) {
        self.insert(key, value);
    }
}

impl<T, H: BuildHasher + Default> Entries<T> for HashMap<String, T, H> {
    fn put(&mut self, key: String, value: T) {
        self.insert(key, value);
    }
}

struct MapVisitor<M, C, T>(PhantomData<(M, C, T)>);

impl<'de, M: Entries<T>, C: Codec<T>, T> Visitor<'de> for MapVisitor<M, C, T> {
    type Value = M;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<M, A::Error> {
        let mut found = M::default();
        while let Some(key) = entries.next_key::<String>()? {
            found.put(key, entries.next_value_seed(Seed::<C, T>::new())?);
        }
        Ok(found)
    }
}

fn decode_map<M: Entries<T>, C: Codec<T>, T>(input: &mut Reader<'_>) -> Result<M> {
    let mut found = M::default();
    loop {
        let count = input.block()?;
        if count == 0 {
            return Ok(found);
        }
        for _ in 0..count {
            let key = input.string()?;
            let value = C::decode(input).map_err(|e| e.context(format_args!("entry `{key}`")))?;
            found.put(key.to_owned(), value);
        }
    }
}

macro_rules! maps {
    ($([$($hasher:ident)?] $map:ty;)*) => {$(
        impl<T: Datum $(, $hasher: BuildHasher + Default + 'static)?> Datum for $map {
            type Codec = Dictionary<T::Codec>;
            type List = List<Self::Codec>;
        }

        impl<T, C: Codec<T> $(, $hasher: BuildHasher + Default)?> Codec<$map> for Dictionary<C> {
            fn schema(names: &mut Names) -> Node {
                Node::map(&C::schema(names))
            }

            fn encode(value: &$map, out: &mut Writer<'_>) -> Result<()> {
                if !value.is_empty() {
                    out.long(value.len() as i64);
                    for (key, value) in value {
                        out.bytes(key.as_bytes());
                        C::encode(value, out).map_err(|e| e.context(format_args!("entry `{key}`")))?;
                    }
                }
                out.long(0);
                Ok(())
            }

            fn decode(input: &mut Reader<'_>) -> Result<$map> {
                decode_map::<$map, C, T>(input)
            }

            fn write_json<S: Serializer>(value: &$map, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(value.iter().map(|(key, value)| (key, AsJson::<C, T>::new(value))))
            }

            fn read_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$map, D::Error> {
                deserializer.deserialize_map(MapVisitor::<$map, C, T>(PhantomData))
            }

            fn default_json(value: &$map) -> Value {
                let entries = value.iter().map(|(key, value)| (key.clone(), C::default_json(value)));
                Value::Object(entries.collect())
            }
        }
    )*};
}

maps! {
    [] BTreeMap<String, T>;
    [H] HashMap<String, T, H>;
}

impl<T, C: Codec<T>> Codec<Box<T>> for Boxed<C> {
    fn schema(names: &mut Names) -> Node {
        C::schema(names)
    }

    fn encode(value: &Box<T>, out: &mut Writer<'_>) -> Result<()> {
        C::encode(value, out)
    }

    fn decode(input: &mut Reader<'_>) -> Result<Box<T>> {
        C::decode(input).map(Box::new)
    }

    fn write_json<S: Serializer>(value: &Box<T>, serializer: S) -> Result<S::Ok, S::Error> {
        C::write_json(value, serializer)
    }

    fn read_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<T>, D::Error> {
        C::read_json(deserializer).map(Box::new)
    }

    fn default_json(value: &Box<T>) -> Value {
        C::default_json(value)
    }

    fn absent() -> Option<Box<T>> {
        C::absent().map(Box::new)
    }
}
