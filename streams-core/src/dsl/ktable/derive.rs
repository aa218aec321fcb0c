//! Verbs that look at one row at a time.

use std::panic::Location;
use std::sync::Arc;

use crate::dsl::KTable;
use crate::dsl::ktable::{derived, materialization};
use crate::dsl::options::Materialized;
use crate::operators::Change;
use crate::operators::table::{FilteredRows, Lookup, MappedRows, TableFilter, TableMapValues, TableMapper};
use crate::topology::{OldValues, lookup_or};

impl<K, V> KTable<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The rows the predicate accepts; a row that no longer passes is deleted.
    #[track_caller]
    pub fn filter(self, predicate: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> KTable<K, V> {
        self.filtered(Arc::new(predicate), true, None, Location::caller())
    }

    /// The same, kept in a store of its own.
    #[track_caller]
    pub fn filter_with(
        self,
        predicate: impl Fn(&K, &V) -> bool + Send + Sync + 'static,
        materialized: Materialized<K, V>,
    ) -> KTable<K, V> {
        self.filtered(Arc::new(predicate), true, Some(materialized), Location::caller())
    }

    /// The rows the predicate refuses.
    #[track_caller]
    pub fn filter_not(self, predicate: impl Fn(&K, &V) -> bool + Send + Sync + 'static) -> KTable<K, V> {
        self.filtered(Arc::new(predicate), false, None, Location::caller())
    }

    /// The same, kept in a store of its own.
    #[track_caller]
    pub fn filter_not_with(
        self,
        predicate: impl Fn(&K, &V) -> bool + Send + Sync + 'static,
        materialized: Materialized<K, V>,
    ) -> KTable<K, V> {
        self.filtered(Arc::new(predicate), false, Some(materialized), Location::caller())
    }

    /// The table with each value mapped. The mapper may run more than once per change, so it has to be pure. One that
    /// may delete rows goes to [`filter_map_values`](Self::filter_map_values).
    #[track_caller]
    pub fn map_values<V2>(self, mapper: impl Fn(V) -> V2 + Send + Sync + 'static) -> KTable<K, V2>
    where
        V2: Clone + Send + 'static,
    {
        self.mapped(Arc::new(move |_, value| Some(mapper(value))), None, Location::caller())
    }

    /// The same, kept in a store of its own.
    #[track_caller]
    pub fn map_values_with<V2>(
        self,
        mapper: impl Fn(V) -> V2 + Send + Sync + 'static,
        materialized: Materialized<K, V2>,
    ) -> KTable<K, V2>
    where
        V2: Clone + Send + 'static,
    {
        self.mapped(Arc::new(move |_, value| Some(mapper(value))), Some(materialized), Location::caller())
    }

    /// The table with each value mapped, seeing the key.
    #[track_caller]
    pub fn map_values_with_key<V2>(
        self,
        mapper: impl Fn(&K, V) -> V2 + Send + Sync + 'static,
    ) -> KTable<K, V2>
    where
        V2: Clone + Send + 'static,
    {
        self.mapped(Arc::new(move |key, value| Some(mapper(key, value))), None, Location::caller())
    }

    /// The table with each value mapped, without the rows whose mapper returns `None` (Kafka's null result).
    #[track_caller]
    pub fn filter_map_values<V2>(
        self,
        mapper: impl Fn(&K, V) -> Option<V2> + Send + Sync + 'static,
    ) -> KTable<K, V2>
    where
        V2: Clone + Send + 'static,
    {
        self.mapped(Arc::new(mapper), None, Location::caller())
    }

    /// The same, kept in a store of its own.
    #[track_caller]
    pub fn filter_map_values_with<V2>(
        self,
        mapper: impl Fn(&K, V) -> Option<V2> + Send + Sync + 'static,
        materialized: Materialized<K, V2>,
    ) -> KTable<K, V2>
    where
        V2: Clone + Send + 'static,
    {
        self.mapped(Arc::new(mapper), Some(materialized), Location::caller())
    }

    fn filtered(
        self,
        predicate: Arc<dyn Fn(&K, &V) -> bool + Send + Sync>,
        keep: bool,
        materialized: Option<Materialized<K, V>>,
        location: &'static Location<'static>,
    ) -> KTable<K, V> {
        let (name, store) = self.derive("KTABLE-FILTER-", materialized, location);
        // It makes use of old values where there are some, but does not make a store for them (rule T-9).
        let able = self.handle.graph().ask_old(self.handle.node, OldValues::FromInitial, false);
        let test = Arc::clone(&predicate);
        let handle = self.handle.add_named(
            name,
            location,
            Arc::new(move |wirer, node| {
                let filter = TableFilter {
                    node,
                    predicate: Arc::clone(&test),
                    keep,
                    store: materialization(wirer, node),
                    knows_old: wirer.old_values(node).are_sent(),
                    next: wirer.next(node),
                };
                wirer.register::<K, Change<V>, _>(node, filter)
            }),
        );
        let parent = self.handle.node;
        let lookup = lookup_or::<K, V>(move |wirer, view| {
            let rows = wirer.lookup::<K, V>(parent, view);
            Lookup::Computed(Box::new(FilteredRows { rows, predicate: Arc::clone(&predicate), keep }))
        });
        let table = derived(handle, &[&self.handle], store, lookup);
        if able && let Some(table) = &mut table.handle.graph().node_mut(table.handle.node).table {
            table.old = OldValues::FromInitial;
        }
        table
    }

    fn mapped<V2>(
        self,
        mapper: Arc<TableMapper<K, V, V2>>,
        materialized: Option<Materialized<K, V2>>,
        location: &'static Location<'static>,
    ) -> KTable<K, V2>
    where
        V2: Clone + Send + 'static,
    {
        let (name, store) = self.derive("KTABLE-MAPVALUES-", materialized, location);
        let map = Arc::clone(&mapper);
        let handle = self.handle.add_named(
            name,
            location,
            Arc::new(move |wirer, node| {
                let map = TableMapValues {
                    node,
                    mapper: Arc::clone(&map),
                    store: materialization(wirer, node),
                    send_old: wirer.old_values(node).are_sent(),
                    next: wirer.next(node),
                };
                wirer.register::<K, Change<V>, _>(node, map)
            }),
        );
        let parent = self.handle.node;
        let lookup = lookup_or::<K, V2>(move |wirer, view| {
            let rows = wirer.lookup::<K, V>(parent, view);
            Lookup::Computed(Box::new(MappedRows { rows, mapper: Arc::clone(&mapper) }))
        });
        derived(handle, &[&self.handle], store, lookup)
    }
}
