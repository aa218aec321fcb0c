//! `Option<T>`: null is `None`.

use std::any::TypeId;
use std::sync::Arc;

use crate::error::Result;
use crate::serde::{DefaultSerde, Serde, SerdeRef};
use crate::time::Timestamp;

/// Null is `None`; everything else is as with the serde inside.
#[derive(Clone)]
pub struct OptionSerde<T: 'static>(SerdeRef<T>);

/// `Option<T>` by the serde of `T`.
pub fn optional<T: 'static>(inner: SerdeRef<T>) -> SerdeRef<Option<T>> {
    Arc::new(OptionSerde(inner))
}

impl<T: 'static> Serde<Option<T>> for OptionSerde<T> {
    fn serialize(&self, value: &Option<T>, out: &mut Vec<u8>) -> Result<()> {
        value.as_ref().map_or(Ok(()), |value| self.0.serialize(value, out))
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<Option<T>> {
        self.0.deserialize(bytes).map(Some)
    }

    fn is_null(&self, value: &Option<T>) -> bool {
        value.is_none()
    }

    fn partition_suffix(&self) -> usize {
        self.0.partition_suffix()
    }

    fn identity(&self) -> Option<Vec<TypeId>> {
        let mut identity = self.0.identity()?;
        identity.push(TypeId::of::<Self>());
        Some(identity)
    }

    fn null(&self) -> Option<Option<T>> {
        Some(None)
    }
}

impl<T: DefaultSerde> DefaultSerde for Option<T> {
    fn serde() -> SerdeRef<Self> {
        optional(T::serde())
    }

    #[inline]
    fn event_time(&self) -> Option<Timestamp> {
        self.as_ref().and_then(T::event_time)
    }
}
