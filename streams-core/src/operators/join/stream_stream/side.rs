//! The two sides of a join, so that what is the same on both is written once.

use crate::error::Result;
use crate::operators::join::stream_stream::joiner::Joiner;
use crate::operators::join::stream_stream::node::{Serdes, Stores};
use crate::serde::SerdeRef;
use crate::state::{Side, UnmatchedStore, WindowStore};
use crate::time::Timestamp;

/// One side, seen from a record that came in on it.
pub(crate) trait SideOf<V1, V2>: 'static {
    /// Values of this side and of the other.
    type Own: Clone + Send + 'static;
    type Other: Clone + Send + 'static;
    const SIDE: Side;
    const OTHER: Side;

    fn serde<K>(serdes: &Serdes<K, V1, V2>) -> &SerdeRef<Self::Own>;

    /// The store of this side, and of the other.
    fn stores<K>(stores: &Stores<K, V1, V2>) -> (&WindowStore<K, Self::Own>, &WindowStore<K, Self::Other>);

    fn join<K, R>(joiner: &dyn Joiner<K, V1, V2, R>, key: &K, own: &Self::Own, other: &Self::Other) -> R;

    /// The result for a record without partner, if this side is an outer one.
    fn alone<K, R>(joiner: &dyn Joiner<K, V1, V2, R>, key: &K, own: &Self::Own) -> Option<R>;

    /// Keeps a record without partner.
    fn keep(store: &UnmatchedStore<V1, V2>, key: &[u8], time: Timestamp, value: Self::Own) -> Result<()>;
}

pub(crate) struct LeftSide;
pub(crate) struct RightSide;

impl<V1: Clone + Send + 'static, V2: Clone + Send + 'static> SideOf<V1, V2> for LeftSide {
    type Own = V1;
    type Other = V2;
    const SIDE: Side = Side::Left;
    const OTHER: Side = Side::Right;

    fn serde<K>(serdes: &Serdes<K, V1, V2>) -> &SerdeRef<V1> {
        &serdes.left
    }

    #[inline]
    fn stores<K>(stores: &Stores<K, V1, V2>) -> (&WindowStore<K, V1>, &WindowStore<K, V2>) {
        (&stores.left, &stores.right)
    }

    #[inline]
    fn join<K, R>(joiner: &dyn Joiner<K, V1, V2, R>, key: &K, own: &V1, other: &V2) -> R {
        joiner.both(key, own, other)
    }

    fn alone<K, R>(joiner: &dyn Joiner<K, V1, V2, R>, key: &K, own: &V1) -> Option<R> {
        joiner.left_alone(key, own)
    }

    fn keep(store: &UnmatchedStore<V1, V2>, key: &[u8], time: Timestamp, value: V1) -> Result<()> {
        store.add_left(key, time, value)
    }
}

impl<V1: Clone + Send + 'static, V2: Clone + Send + 'static> SideOf<V1, V2> for RightSide {
    type Own = V2;
    type Other = V1;
    const SIDE: Side = Side::Right;
    const OTHER: Side = Side::Left;

    fn serde<K>(serdes: &Serdes<K, V1, V2>) -> &SerdeRef<V2> {
        &serdes.right
    }

    #[inline]
    fn stores<K>(stores: &Stores<K, V1, V2>) -> (&WindowStore<K, V2>, &WindowStore<K, V1>) {
        (&stores.right, &stores.left)
    }

    #[inline]
    fn join<K, R>(joiner: &dyn Joiner<K, V1, V2, R>, key: &K, own: &V2, other: &V1) -> R {
        joiner.both(key, other, own)
    }

    fn alone<K, R>(joiner: &dyn Joiner<K, V1, V2, R>, key: &K, own: &V2) -> Option<R> {
        joiner.right_alone(key, own)
    }

    fn keep(store: &UnmatchedStore<V1, V2>, key: &[u8], time: Timestamp, value: V2) -> Result<()> {
        store.add_right(key, time, value)
    }
}
