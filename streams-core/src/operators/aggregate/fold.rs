//! What an aggregation does with one value.

use std::marker::PhantomData;

use crate::serde::MaybeNull;

/// Adds values to an aggregate. `None` is "no aggregate": nothing stored yet, or deleted.
pub(crate) trait Fold<K, V, A>: Send + Sync {
    fn add(&self, key: &K, value: V, aggregate: Option<A>) -> Option<A>;

    /// The aggregate of no values, which the first change has as its old value (rule A-6).
    fn initial(&self) -> Option<A>;
}

pub(crate) struct Count;

impl<K, V> Fold<K, V, i64> for Count {
    #[inline]
    fn add(&self, _key: &K, _value: V, aggregate: Option<i64>) -> Option<i64> {
        Some(aggregate.unwrap_or(0) + 1)
    }

    fn initial(&self) -> Option<i64> {
        Some(0)
    }
}

/// Folds values of one type; the first is taken as it is (rule A-4).
pub(crate) struct Reduce<F, R>(pub(crate) F, pub(crate) PhantomData<fn() -> R>);

impl<K, V, R, F> Fold<K, V, V> for Reduce<F, R>
where
    F: Fn(V, V) -> R + Send + Sync,
    R: MaybeNull<V>,
{
    fn add(&self, _key: &K, value: V, aggregate: Option<V>) -> Option<V> {
        match aggregate {
            Some(aggregate) => (self.0)(aggregate, value).into_option(),
            None => Some(value),
        }
    }

    fn initial(&self) -> Option<V> {
        None
    }
}

/// Starts from an initializer; a null result deletes, and the next value starts afresh (rule A-3).
pub(crate) struct AggregateFold<I, F, R> {
    pub(crate) initializer: I,
    pub(crate) aggregator: F,
    pub(crate) result: PhantomData<fn() -> R>,
}

impl<K, V, A, R, I, F> Fold<K, V, A> for AggregateFold<I, F, R>
where
    I: Fn() -> A + Send + Sync,
    F: Fn(&K, V, A) -> R + Send + Sync,
    R: MaybeNull<A>,
{
    #[inline]
    fn add(&self, key: &K, value: V, aggregate: Option<A>) -> Option<A> {
        (self.aggregator)(key, value, aggregate.unwrap_or_else(|| (self.initializer)())).into_option()
    }

    fn initial(&self) -> Option<A> {
        Some((self.initializer)())
    }
}
