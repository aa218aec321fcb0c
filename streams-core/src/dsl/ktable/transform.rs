//! Mapping the values of a table with state.

use std::panic::Location;
use std::sync::Arc;

use crate::dsl::KTable;
use crate::dsl::ktable::{derived, materialization};
use crate::dsl::options::Materialized;
use crate::operators::Change;
use crate::operators::table::{Lookup, TableTransform, TransformedRows, Transforming, ValueTransformer};
use crate::topology::{WireFn, lookup_or};

impl<K, V> KTable<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The table with each value transformed by code that may keep state; one instance per task. Connect it to stores
    /// with [`with_store`](Self::with_store).
    ///
    /// The transformer sees deletions too, as `None`, and may make a row of one. It runs once for each new value, and
    /// where the result has no store of its own also for the old value that something downstream asks for, and each
    /// time something looks a row up: so it should give the same result for the same value, or be materialized.
    ///
    /// ```
    /// use streams_core::processor::{TransformContext, ValueTransformer};
    /// use streams_core::{StreamsBuilder, Topic};
    ///
    /// const PRICES: Topic<String, i64> = Topic::new("prices");
    /// const LABELS: Topic<String, String> = Topic::new("labels");
    ///
    /// /// Says of what is not sold any more that it is gone.
    /// struct Label;
    ///
    /// impl ValueTransformer<String, i64, String> for Label {
    ///     fn transform(
    ///         &mut self,
    ///         _ctx: &mut TransformContext<'_>,
    ///         item: &String,
    ///         price: Option<i64>,
    ///     ) -> Result<Option<String>, Box<dyn std::error::Error + Send + Sync>> {
    ///         Ok(Some(price.map_or(format!("{item} is gone"), |price| format!("{item}: {price}"))))
    ///     }
    /// }
    ///
    /// let builder = StreamsBuilder::new();
    /// builder.table(&PRICES).transform_values(|| Label).to_stream().to(&LABELS);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn transform_values<V2, T>(self, supplier: impl Fn() -> T + Send + Sync + 'static) -> KTable<K, V2>
    where
        T: ValueTransformer<K, V, V2>,
        V2: Clone + Send + 'static,
    {
        self.transformed(Arc::new(supplier), None, Location::caller())
    }

    /// The same, kept in a store of its own: the transformer then runs once per change.
    #[track_caller]
    pub fn transform_values_with<V2, T>(
        self,
        supplier: impl Fn() -> T + Send + Sync + 'static,
        materialized: Materialized<K, V2>,
    ) -> KTable<K, V2>
    where
        T: ValueTransformer<K, V, V2>,
        V2: Clone + Send + 'static,
    {
        self.transformed(Arc::new(supplier), Some(materialized), Location::caller())
    }

    fn transformed<V2, T>(
        self,
        supplier: Arc<impl Fn() -> T + Send + Sync + 'static>,
        materialized: Option<Materialized<K, V2>>,
        location: &'static Location<'static>,
    ) -> KTable<K, V2>
    where
        T: ValueTransformer<K, V, V2>,
        V2: Clone + Send + 'static,
    {
        let (name, store) = self.derive("KTABLE-TRANSFORMVALUES-", materialized, location);
        let supply = Arc::clone(&supplier);
        let wire: Arc<WireFn> = Arc::new(move |wirer, node| {
            let (name, _, stores) = wirer.surroundings(node);
            let transform = TableTransform {
                transformer: Transforming::new(node, name, stores, supply()),
                store: materialization(wirer, node),
                send_old: wirer.old_values(node).are_sent(),
                next: wirer.next(node),
            };
            wirer.register::<K, Change<V>, _>(node, transform)
        });
        let handle = self.handle.add_named(name, location, wire);
        handle.graph().node_mut(handle.node).takes_stores = true;
        let (parent, own) = (self.handle.node, handle.node);
        let lookup = lookup_or::<K, V2>(move |wirer, view| {
            let (name, _, stores) = wirer.surroundings(own);
            let rows = wirer.lookup::<K, V>(parent, view);
            let transformer = Transforming::new(own, name, stores, supplier());
            Lookup::Computed(Box::new(TransformedRows { rows, transformer }))
        });
        derived(handle, &[&self.handle], store, lookup)
    }
}
