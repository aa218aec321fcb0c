//! Adds stores to the graph.

use std::any::Any;
use std::panic::Location;
use std::sync::Arc;

use crate::dsl::options::{Materialized, WindowStoreOptions};
use crate::ids::StoreId;
use crate::state::{KeyValueStore, StoreSpec, WindowExpiry, WindowLayout, WindowSpec, WindowStore};
use crate::topology::{Graph, StoreNode, place};
use crate::windows::TimeWindows;

type Place = &'static Location<'static>;

/// Adds a key-value store, whose name is given by now.
pub(crate) fn key_value<K, V>(graph: &mut Graph, options: Materialized<K, V>, location: Place) -> StoreId
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    let Materialized { name, key, value, logged, cached, max_keys, retention, .. } = options;
    if retention.is_some() {
        graph.mistakes.add(format!(
            "the key-value store `{}` ({}) is given a retention, but it keeps its keys until they are deleted: leave it \
             out, or bound the store with `max_keys`",
            name.as_deref().unwrap_or_default(),
            place(location)
        ));
    }
    let mut spec = StoreSpec::key_value(name.unwrap_or_default()).logged(logged).cached(cached);
    spec.max_keys = max_keys;
    let made = spec.clone();
    let factory = move |per_commit: bool| {
        let spec = made.clone().cached(made.cached && per_commit);
        let store = KeyValueStore::<K, V>::new(spec, Arc::clone(&key), Arc::clone(&value));
        Ok((store.for_task(), Arc::new(store) as Arc<dyn Any + Send + Sync>))
    };
    graph.add_store(StoreNode::new(spec, location, Arc::new(factory)))
}

/// Adds the store of a windowed aggregation, whose name is given by now.
pub(crate) fn windowed<K, V>(
    graph: &mut Graph,
    options: Materialized<K, V>,
    windows: &TimeWindows,
    emit_on_close: bool,
    location: Place,
) -> StoreId
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    let least = windows.size().saturating_add(windows.grace_period());
    let retention = options.retention.unwrap_or(least);
    if retention < least {
        graph.mistakes.add(format!(
            "the window store `{}` ({}) keeps windows for {retention:?}, which is less than their size and grace \
             together ({least:?}): keep them at least that long",
            options.name.as_deref().unwrap_or_default(),
            place(location)
        ));
    }
    if options.max_keys.is_some() {
        graph.mistakes.add(format!(
            "the window store `{}` ({}) is given `max_keys`, which bounds key-value stores only: windows go by their \
             retention",
            options.name.as_deref().unwrap_or_default(),
            place(location)
        ));
    }
    let mut spec = WindowSpec::new(windows.size(), retention);
    if emit_on_close && !options.key_ordered && !options.in_memory {
        spec.layout = WindowLayout::TimeFirst;
    }
    let cached = options.cached && !emit_on_close;
    window(graph, options.cached(cached), spec, location)
}

/// Adds a window store for processors.
pub(crate) fn window_by_hand<K, V>(
    graph: &mut Graph,
    serdes: Materialized<K, V>,
    options: WindowStoreOptions,
    location: Place,
) -> StoreId
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    let mut spec = WindowSpec::new(options.size, options.retention);
    spec.retain_duplicates = options.retain_duplicates;
    let mut serdes = serdes.logged(options.logged).cached(false);
    serdes.in_memory = options.in_memory;
    window(graph, serdes, spec, location)
}

fn window<K, V>(
    graph: &mut Graph,
    options: Materialized<K, V>,
    mut spec: WindowSpec,
    location: Place,
) -> StoreId
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    let Materialized { name, key, value, logged, cached, in_memory, .. } = options;
    if in_memory {
        spec.expiry = WindowExpiry::InMemory;
    }
    let spec = StoreSpec::window(name.unwrap_or_default(), spec).logged(logged).cached(cached);
    let made = spec.clone();
    let factory = move |per_commit: bool| {
        let spec = made.clone().cached(made.cached && per_commit);
        let store = WindowStore::<K, V>::new(spec, Arc::clone(&key), Arc::clone(&value))?;
        Ok((store.for_task(), Arc::new(store) as Arc<dyn Any + Send + Sync>))
    };
    graph.add_store(StoreNode::new(spec, location, Arc::new(factory)))
}
