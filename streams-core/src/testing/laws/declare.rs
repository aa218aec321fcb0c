//! What a topology promises: typed outputs, stores, references, counted drops, and laws of the user's own.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::operators::DropReason;
use crate::record::Headers;
use crate::serde::{DefaultSerde, MaybeNull, SerdeRef, from_bytes, to_bytes};
use crate::testing::laws::builder::{Check, Laws, Output};
use crate::testing::laws::compare::{Broken, Show, by_key, latest, same, shown, sorted};
use crate::testing::laws::event::{Event, or_null};
use crate::testing::laws::stores::Stored;
use crate::testing::{RawRecord, TestDriver};
use crate::time::Timestamp;
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

    /// What a slow and obvious function of the events says is written to `topic`: key, value and time of each record
    /// in order. A value may be an `Option`, `None` being a tombstone. With several partitions, the order is compared
    /// per key.
    #[must_use]
    pub fn reference<K, V, V2>(
        self,
        topic: &Topic<K, V>,
        reference: impl Fn(&[Event]) -> Vec<(K, V2, Timestamp)> + 'static,
    ) -> Self
    where
        K: DefaultSerde + fmt::Debug,
        V: DefaultSerde + fmt::Debug,
        V2: MaybeNull<V>,
    {
        self.reference_with(topic, K::serde(), V::serde(), reference)
    }

    /// The same, where the topic is written by these serdes.
    #[must_use]
    pub fn reference_with<K, V, V2>(
        self,
        topic: &Topic<K, V>,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
        reference: impl Fn(&[Event]) -> Vec<(K, V2, Timestamp)> + 'static,
    ) -> Self
    where
        K: fmt::Debug + 'static,
        V: fmt::Debug + 'static,
        V2: MaybeNull<V>,
    {
        let order = |records, partitions| if partitions == 1 { records } else { by_key(records) };
        self.compared(topic, key, value, reference, "equality with its reference", order)
    }

    /// The same without regard to order: the reference's records in any order.
    #[must_use]
    pub fn reference_unordered<K, V, V2>(
        self,
        topic: &Topic<K, V>,
        reference: impl Fn(&[Event]) -> Vec<(K, V2, Timestamp)> + 'static,
    ) -> Self
    where
        K: DefaultSerde + fmt::Debug,
        V: DefaultSerde + fmt::Debug,
        V2: MaybeNull<V>,
    {
        let name = "equality with its reference in any order";
        self.compared(topic, K::serde(), V::serde(), reference, name, |records, _| sorted(records))
    }

    /// What a slow and obvious function of the events says is the last value of each key in `topic`. Keys that were
    /// deleted are in neither; times are not compared.
    #[must_use]
    pub fn reference_latest<K, V>(
        self,
        topic: &Topic<K, V>,
        reference: impl Fn(&[Event]) -> BTreeMap<K, V> + 'static,
    ) -> Self
    where
        K: DefaultSerde + fmt::Debug,
        V: DefaultSerde + fmt::Debug,
    {
        self.reference_latest_with(topic, K::serde(), V::serde(), reference)
    }

    /// The same, where the topic is written by these serdes.
    #[must_use]
    pub fn reference_latest_with<K, V>(
        self,
        topic: &Topic<K, V>,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
        reference: impl Fn(&[Event]) -> BTreeMap<K, V> + 'static,
    ) -> Self
    where
        K: fmt::Debug + 'static,
        V: fmt::Debug + 'static,
    {
        let rows = move |events: &[Event]| {
            reference(events).into_iter().map(|(key, value)| (key, value, 0)).collect::<Vec<_>>()
        };
        let order = |records, _| {
            let timeless = |record| RawRecord { timestamp: 0, ..record };
            latest(records).into_values().map(timeless).collect()
        };
        self.compared(topic, key, value, rows, "equality of the last values with its reference", order)
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

    fn compared<K, V, V2>(
        mut self,
        topic: &Topic<K, V>,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
        reference: impl Fn(&[Event]) -> Vec<(K, V2, Timestamp)> + 'static,
        name: &str,
        order: impl Fn(Vec<RawRecord>, u32) -> Vec<RawRecord> + 'static,
    ) -> Self
    where
        K: fmt::Debug + 'static,
        V: fmt::Debug + 'static,
        V2: MaybeNull<V>,
    {
        let topic = topic.name();
        let show = show(Arc::clone(&key), Arc::clone(&value));
        let check: Rc<Check> = Rc::new(move |events: &[Event], driver: &mut TestDriver| {
            let mut expected = Vec::new();
            for (row_key, row_value, timestamp) in reference(events) {
                expected.push(encoded((&*key, &row_key), (&*value, row_value.as_option()), timestamp)?);
            }
            // Where a record went and with which headers is not the reference's business.
            let plain = |record| RawRecord { partition: 0, headers: Headers::default(), ..record };
            let got: Vec<RawRecord> = driver.topic_records(topic).into_iter().map(plain).collect();
            let partitions = driver.options.default_partitions;
            same(&format!("topic {topic}"), &order(expected, partitions), &order(got, partitions), &show)
        });
        self.declared.push((format!("{name} (topic {topic})"), check));
        self
    }
}

fn encoded<K: 'static, V: 'static>(
    (key_serde, key): (&dyn crate::serde::Serde<K>, &K),
    (value_serde, value): (&dyn crate::serde::Serde<V>, Option<&V>),
    timestamp: Timestamp,
) -> Result<RawRecord> {
    let mut buffer = Vec::new();
    let key = to_bytes(key_serde, key, &mut buffer)?.map(<[u8]>::to_vec);
    let value = match value {
        Some(value) => to_bytes(value_serde, value, &mut buffer)?.map(<[u8]>::to_vec),
        None => None,
    };
    Ok(RawRecord { partition: 0, key, value, timestamp, headers: Headers::default() })
}

/// Shows records by their types; what the serdes refuse is shown as such.
fn show<K: fmt::Debug + 'static, V: fmt::Debug + 'static>(key: SerdeRef<K>, value: SerdeRef<V>) -> Show {
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
