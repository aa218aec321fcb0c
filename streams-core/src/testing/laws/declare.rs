//! What a topology promises: typed outputs, stores, counted drops, and laws of the user's own.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::error::Result;
use crate::operators::DropReason;
use crate::serde::{DefaultSerde, SerdeRef, from_bytes};
use crate::testing::TestDriver;
use crate::testing::laws::builder::{Laws, Output};
use crate::testing::laws::compare::{Broken, Show, shown};
use crate::testing::laws::event::{Event, or_null};
use crate::testing::laws::stores::Stored;
use crate::topic::{Store, Topic};

impl Laws {
    /// An output topic: reports show its records typed.
    #[must_use]
    pub fn output<K, V>(self, topic: &Topic<K, V>) -> Self
    where
        K: DefaultSerde + fmt::Debug,
        V: DefaultSerde + fmt::Debug,
    {
        self.output_with(topic, K::serde(), V::serde())
    }

    /// An output topic with these serdes.
    #[must_use]
    pub fn output_with<K, V>(mut self, topic: &Topic<K, V>, key: SerdeRef<K>, value: SerdeRef<V>) -> Self
    where
        K: fmt::Debug + 'static,
        V: fmt::Debug + 'static,
    {
        self.outputs.push(Output { topic: topic.name(), show: show(key, value), is_table: false });
        self
    }

    /// An output topic that has the changes of a table: its last value per key is what counts, and a null deletes.
    /// The [law of forwarding per commit](Laws::per_commit_invariance) holds for it.
    #[must_use]
    pub fn table_output<K, V>(self, topic: &Topic<K, V>) -> Self
    where
        K: DefaultSerde + fmt::Debug,
        V: DefaultSerde + fmt::Debug,
    {
        self.table_output_with(topic, K::serde(), V::serde())
    }

    /// The same with these serdes.
    #[must_use]
    pub fn table_output_with<K, V>(
        mut self,
        topic: &Topic<K, V>,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
    ) -> Self
    where
        K: fmt::Debug + 'static,
        V: fmt::Debug + 'static,
    {
        self.outputs.push(Output { topic: topic.name(), show: show(key, value), is_table: true });
        self
    }

    /// A key-value store, which must be the fold of its changelog.
    #[must_use]
    pub fn store<K: DefaultSerde, V: DefaultSerde + Clone + Send>(self, store: &Store<K, V>) -> Self {
        self.store_with(store, K::serde(), V::serde())
    }

    /// The same with these serdes.
    #[must_use]
    pub fn store_with<K: 'static, V: Clone + Send + 'static>(
        mut self,
        store: &Store<K, V>,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
    ) -> Self {
        self.stores.push(Stored::key_value(*store, key, value));
        self
    }

    /// A window store, which must be the fold of its changelog as far as it is kept.
    #[must_use]
    pub fn window_store<K: DefaultSerde, V: DefaultSerde + Clone + Send>(self, store: &Store<K, V>) -> Self {
        self.window_store_with(store, K::serde(), V::serde())
    }

    /// The same with these serdes.
    #[must_use]
    pub fn window_store_with<K: 'static, V: Clone + Send + 'static>(
        mut self,
        store: &Store<K, V>,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
    ) -> Self {
        self.stores.push(Stored::window(*store, key, value));
        self
    }

    /// The store declared last is the table whose changes go to `topic`, every one of them: it must be the fold of
    /// that topic too. The keys in the topic must have the bytes of those in the store; of windows, those of
    /// [`time_windowed`](crate::serde::time_windowed).
    #[must_use]
    pub fn written_to<K, V>(mut self, topic: &Topic<K, V>) -> Self {
        if let Some(store) = self.stores.last_mut() {
            store.topic = Some(topic.name());
        }
        self
    }

    /// Results of a key depend on records of that key only, not on those of others between them.
    #[must_use]
    pub fn keys_are_independent(mut self) -> Self {
        self.keys_independent = true;
        self
    }

    /// The final results do not depend on the order in which records come, as long as none is further behind than
    /// `grace`.
    #[must_use]
    pub fn order_insensitive_within(mut self, grace: Duration) -> Self {
        self.grace = Some(grace);
        self
    }

    /// What was declared by `reference` and its like, `accounts_for` and `law` holds wherever commits come. Where
    /// commits change the order in which tasks see their records, this cannot be taken for granted; with this, it is
    /// checked too.
    #[must_use]
    pub fn commits_do_not_matter(mut self) -> Self {
        self.under_any_commits = true;
        self
    }

    /// How many records are dropped for each reason, by a slow and obvious function of the events. Reasons that it
    /// does not name must not come.
    #[must_use]
    pub fn reference_drops(self, reference: impl Fn(&[Event]) -> Vec<(DropReason, u64)> + 'static) -> Self {
        self.law("counting of dropped records", move |events, driver| {
            let mut expected: BTreeMap<DropReason, u64> = BTreeMap::new();
            for (reason, count) in reference(events) {
                *expected.entry(reason).or_default() += count;
            }
            expected.retain(|_, count| *count > 0);
            let mut got: BTreeMap<DropReason, u64> = BTreeMap::new();
            for (_, reason, count) in driver.dropped().iter() {
                *got.entry(reason).or_default() += count;
            }
            if expected == got {
                return Ok(());
            }
            Err(format!("dropped records: expected {expected:?}, got {got:?}").into())
        })
    }

    /// No record vanishes uncounted: as many as came in are dropped and counted, or are among those that
    /// `contributed` says had a part in results. It is given the driver after the run.
    #[must_use]
    pub fn accounts_for(self, contributed: impl Fn(&mut TestDriver) -> Result<u64> + 'static) -> Self {
        self.law("accounting for every record", move |events, driver| {
            let (contributed, dropped) = (contributed(driver)?, driver.dropped().total());
            let all = events.len() as u64;
            if all == contributed + dropped {
                return Ok(());
            }
            Err(format!("{all} records came in, {contributed} contributed and {dropped} were dropped").into())
        })
    }

    /// A law of your own, checked after a run in which every event was committed by itself and the input ended. It
    /// is broken if it returns an error or panics.
    ///
    /// ```no_run
    /// # use streams_core::{Topic, Topology, testing::laws::{Events, Laws, keys}};
    /// # const IN: Topic<String, i64> = Topic::new("in");
    /// # const OUT: Topic<String, i64> = Topic::new("out");
    /// # fn check(topology: &Topology) -> Result<(), Box<dyn std::error::Error>> {
    /// Laws::of(topology)
    ///     .input(&IN, Events::of(keys(2), -5..5i64))
    ///     .law("no result is negative", |_events, driver| {
    ///         assert!(driver.read(&OUT)?.iter().all(|record| record.value >= 0));
    ///         Ok(())
    ///     })
    ///     .check_all()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn law(
        mut self,
        name: &str,
        law: impl Fn(&[Event], &mut TestDriver) -> Result<(), Box<dyn StdError>> + 'static,
    ) -> Self {
        let check = move |events: &[Event], driver: &mut TestDriver| {
            law(events, driver).map_err(|error| Broken(error.to_string()))
        };
        self.declared.push((name.to_owned(), Rc::new(check)));
        self
    }
}

/// Shows records by their types; what the serdes refuse is shown as such.
pub(super) fn show<K: fmt::Debug + 'static, V: fmt::Debug + 'static>(
    key: SerdeRef<K>,
    value: SerdeRef<V>,
) -> Show {
    fn text<T: fmt::Debug + 'static>(serde: &SerdeRef<T>, bytes: Option<&[u8]>) -> String {
        match bytes.map(|bytes| from_bytes(&**serde, Some(bytes))) {
            None => "null".to_owned(),
            Some(Ok(value)) => or_null(Some(&value)),
            Some(Err(error)) => format!("({error})"),
        }
    }
    Rc::new(move |record| {
        shown(record, &text(&key, record.key.as_deref()), &text(&value, record.value.as_deref()))
    })
}
