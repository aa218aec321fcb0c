//! Strategies for streams of events: which keys and values, how time goes on, how far records come out of order.

use std::fmt;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::{BoxedStrategy, Union};

use crate::time::millis;

/// The events of one topic: a strategy for keys, one for values, and how time goes on from one event to the next.
///
/// Without further words, records come up to 10 ms after one another, a fifth of them at the time of the one before,
/// none out of order. Everything shrinks: to fewer records, to time that stands still, to the simplest key and value.
///
/// ```
/// use std::time::Duration;
/// use streams_core::testing::laws::{Events, keys, nullable, proptest::prelude::*};
///
/// // Tombstones among the values, disorder of up to 5 ms, some records up to a second late.
/// let events: Events<String, Option<i64>> = Events::of(keys(3), nullable(0..10i64))
///     .disorder(Duration::from_millis(5))
///     .late(Duration::from_secs(1));
/// # let _ = events;
/// ```
pub struct Events<K, V> {
    pub(super) keys: BoxedStrategy<K>,
    pub(super) values: BoxedStrategy<V>,
    pub(super) share: u32,
    gap: Duration,
    ties: u32,
    jump: Duration,
    disorder: Duration,
    late: Duration,
}

impl<K: fmt::Debug + 'static, V: fmt::Debug + 'static> Events<K, V> {
    /// Events with these keys and values.
    pub fn of(keys: impl Strategy<Value = K> + 'static, values: impl Strategy<Value = V> + 'static) -> Self {
        Events {
            keys: keys.boxed(),
            values: values.boxed(),
            share: 1,
            gap: Duration::from_millis(10),
            ties: 20,
            jump: Duration::ZERO,
            disorder: Duration::ZERO,
            late: Duration::ZERO,
        }
    }

    /// Time goes on by up to this much from one event to the next (10 ms).
    #[must_use]
    pub fn gap(mut self, gap: Duration) -> Self {
        self.gap = gap;
        self
    }

    /// In how many of a hundred events no time passes since the one before (20).
    #[must_use]
    pub fn ties(mut self, percent: u32) -> Self {
        self.ties = percent.min(100);
        self
    }

    /// Now and then time jumps by up to this much: choose more than windows, grace and retention.
    #[must_use]
    pub fn jumps(mut self, jump: Duration) -> Self {
        self.jump = jump;
        self
    }

    /// A third of the events lie up to this far behind the time of those before them.
    #[must_use]
    pub fn disorder(mut self, disorder: Duration) -> Self {
        self.disorder = disorder;
        self
    }

    /// Now and then an event lies up to this far behind: choose more than the grace period.
    #[must_use]
    pub fn late(mut self, late: Duration) -> Self {
        self.late = late;
        self
    }

    /// How many events come from here, in relation to the shares of other topics (1).
    #[must_use]
    pub fn share(mut self, share: u32) -> Self {
        self.share = share;
        self
    }

    /// How much time passes before an event, in milliseconds.
    pub(super) fn forward(&self) -> BoxedStrategy<i64> {
        let gap = millis(self.gap);
        let mut choices = vec![(self.ties, Just(0).boxed()), (100 - self.ties, (0..=gap).boxed())];
        if !self.jump.is_zero() {
            choices.push((6, (0..=millis(self.jump)).boxed()));
        }
        weighted(choices)
    }

    /// How far an event lies behind, in milliseconds.
    pub(super) fn back(&self) -> BoxedStrategy<i64> {
        let mut choices = vec![(60, Just(0).boxed())];
        if !self.disorder.is_zero() {
            choices.push((30, (0..=millis(self.disorder)).boxed()));
        }
        if !self.late.is_zero() {
            choices.push((6, (0..=millis(self.late)).boxed()));
        }
        weighted(choices)
    }
}

fn weighted(mut choices: Vec<(u32, BoxedStrategy<i64>)>) -> BoxedStrategy<i64> {
    choices.retain(|(weight, _)| *weight > 0);
    Union::new_weighted(choices).boxed()
}

/// `count` keys, `"a"`, `"b"` and so on, each as often as the others. Of two partitions, `"a"`, `"b"` and `"c"` are all
/// in the first: take four keys or more where partitions matter.
pub fn keys(count: usize) -> impl Strategy<Value = String> + Clone {
    (0..count.max(1)).prop_map(name)
}

/// `count` keys, 16 at most, of which each comes half as often as the one before.
pub fn skewed_keys(count: usize) -> impl Strategy<Value = String> + Clone {
    let count = count.clamp(1, 16);
    let weight = |index: usize| 1 << (count - 1 - index);
    let choices = (0..count).map(|index| (weight(index), Just(name(index))));
    Union::new_weighted(choices.collect())
}

/// A sixth nulls, for `Topic<Option<K>, V>` and for the tombstones of tables. Shrinks to what is not null.
pub fn nullable<T: fmt::Debug + Clone + 'static>(
    strategy: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Option<T>> {
    prop_oneof![5 => strategy.prop_map(Some), 1 => Just(None)].boxed()
}

fn name(index: usize) -> String {
    let letter = char::from(b'a' + (index % 26) as u8);
    if index < 26 { letter.to_string() } else { format!("{letter}{}", index / 26) }
}
