//! Which types are keys of left and outer joins: every `Key`, and every `Option` of one.

use crate::dsl::Key;
use crate::operators::join::JoinKey;
use crate::serde::{SerdeRef, optional};

impl<K: Key> JoinKey for K {
    type Key = K;

    #[inline]
    fn key(&self) -> Option<&K> {
        Some(self)
    }

    #[inline]
    fn into_key(self) -> Option<K> {
        Some(self)
    }

    #[inline]
    fn from_key(key: K) -> K {
        key
    }

    fn null() -> Option<K> {
        None
    }

    fn join_serde(key: SerdeRef<K>) -> SerdeRef<K> {
        key
    }
}

impl<K: Key> JoinKey for Option<K> {
    type Key = K;

    #[inline]
    fn key(&self) -> Option<&K> {
        self.as_ref()
    }

    #[inline]
    fn into_key(self) -> Option<K> {
        self
    }

    #[inline]
    fn from_key(key: K) -> Option<K> {
        Some(key)
    }

    fn null() -> Option<Option<K>> {
        Some(None)
    }

    fn join_serde(key: SerdeRef<K>) -> SerdeRef<Option<K>> {
        optional(key)
    }
}
