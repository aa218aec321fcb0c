//! Grouping the rows of a table.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use crate::dsl::grouped_table::KGroupedTable;
use crate::dsl::handle::wire_stage;
use crate::dsl::options::Grouped;
use crate::dsl::{KTable, Key};
use crate::operators::Change;
use crate::operators::stage::Stage;
use crate::operators::table::GroupChanges;
use crate::serde::{DefaultSerde, MaybeNull};
use crate::topology::{OldValues, place};

impl<K, V> KTable<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Groups the rows: the mapper says to which group a row goes and as what value. When a row changes, its old
    /// value is taken out of its old group and the new one added to the new group. A mapper that returns `None`
    /// leaves the row out.
    ///
    /// The join of a table with itself, or with one made of it, has to be kept in a store to be grouped, or `build`
    /// reports it: when both sides have changed, nothing else knows the old value.
    ///
    /// Aggregations of the groups repartition always; between taking a row out of one group and adding it to
    /// another, other changes may come.
    ///
    /// ```
    /// use streams_core::{StreamsBuilder, Topic, testing::TestDriver};
    ///
    /// const CITY_OF_USER: Topic<String, String> = Topic::new("city-of-user");
    /// const USERS_PER_CITY: Topic<String, i64> = Topic::new("users-per-city");
    ///
    /// let builder = StreamsBuilder::new();
    /// builder
    ///     .table(&CITY_OF_USER)
    ///     .group_by(|user, city| (city, user.clone()))
    ///     .count()
    ///     .to_stream()
    ///     .to(&USERS_PER_CITY);
    ///
    /// let mut driver = TestDriver::new(&builder.build()?)?;
    /// driver.pipe(&CITY_OF_USER, "ann".to_owned(), "Oslo".to_owned(), 1)?;
    /// driver.pipe(&CITY_OF_USER, "ann".to_owned(), "Bergen".to_owned(), 2)?;
    /// let counts = driver.read(&USERS_PER_CITY)?.into_iter().map(|record| (record.key, record.value));
    /// assert_eq!(counts.collect::<Vec<_>>(), [("Oslo".into(), 1), ("Oslo".into(), 0), ("Bergen".into(), 1)]);
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    #[track_caller]
    pub fn group_by<K2, V2, G>(
        self,
        mapper: impl Fn(&K, V) -> G + Send + Sync + 'static,
    ) -> KGroupedTable<K2, V2>
    where
        G: MaybeNull<(K2, V2)>,
        K2: Key + PartialEq + DefaultSerde,
        V2: DefaultSerde + Send,
    {
        self.group_by_with(mapper, Grouped::new())
    }

    /// The same, with these serdes and name.
    #[track_caller]
    pub fn group_by_with<K2, V2, G>(
        self,
        mapper: impl Fn(&K, V) -> G + Send + Sync + 'static,
        grouped: Grouped<K2, V2>,
    ) -> KGroupedTable<K2, V2>
    where
        G: MaybeNull<(K2, V2)>,
        K2: Key + PartialEq,
        V2: Send + 'static,
    {
        let location = Location::caller();
        {
            let mut graph = self.handle.graph();
            if !graph.ask_old(self.handle.node, OldValues::Exact, true) {
                graph.mistakes.add(format!(
                    "the table grouped at {} is, or is made of, a join of a table with itself or with one made of it: what a row \
                     was before a change, which is taken out of its group, only a store can tell. Keep the joined table \
                     in one: give the join a `Materialized`",
                    place(location)
                ));
            }
        }
        let select = GroupChanges {
            mapper,
            key: Arc::clone(&grouped.key),
            value: Arc::clone(&grouped.value),
            together: !grouped.split_changes,
            group: PhantomData,
        };
        let stage: Arc<dyn Stage<K, Change<V>, K2, Change<V2>>> = Arc::new(select);
        let handle = self.handle.add("KTABLE-SELECT-", location, wire_stage(stage));
        handle.set_key_changed(true);
        if let Some(name) = &grouped.name {
            handle.rename(name);
        }
        KGroupedTable::new(handle, grouped)
    }
}
