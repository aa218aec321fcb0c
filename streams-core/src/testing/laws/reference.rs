//! References: slow and obvious functions of the events that say what a topology writes.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::error::Result;
use crate::record::Headers;
use crate::serde::{DefaultSerde, MaybeNull, Serde, SerdeRef, to_bytes};
use crate::testing::laws::builder::{Check, Laws};
use crate::testing::laws::compare::{by_key, latest, same, sorted};
use crate::testing::laws::declare::show;
use crate::testing::laws::event::Event;
use crate::testing::{RawRecord, TestDriver};
use crate::time::Timestamp;
use crate::topic::Topic;

impl Laws {
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
    (key_serde, key): (&dyn Serde<K>, &K),
    (value_serde, value): (&dyn Serde<V>, Option<&V>),
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
