//! Typed constants that name topics and stores.

use std::marker::PhantomData;

/// A topic with the types of its keys and values.
///
/// Declare it once as a constant; builder, driver, producers and subscriptions all take it, so that a wrong type
/// does not compile. Nulls are in the types: a topic whose keys may be null is a `Topic<Option<K>, V>`.
///
/// ```
/// use streams_core::Topic;
/// const WORDS: Topic<Option<String>, String> = Topic::new("words");
/// ```
pub struct Topic<K, V> {
    name: &'static str,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Topic<K, V> {
    /// The topic of this name.
    pub const fn new(name: &'static str) -> Self {
        Topic { name, types: PhantomData }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

/// A store with the types of its keys and values; see [`Topic`].
pub struct Store<K, V> {
    name: &'static str,
    types: PhantomData<fn() -> (K, V)>,
}

impl<K, V> Store<K, V> {
    /// The store of this name.
    pub const fn new(name: &'static str) -> Self {
        Store { name, types: PhantomData }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<K, V> Clone for Topic<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K, V> Copy for Topic<K, V> {}

impl<K, V> Clone for Store<K, V> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K, V> Copy for Store<K, V> {}
