//! What laws are checked on: a topology, its inputs, and how many cases.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use proptest::strategy::{Just, Strategy};

use crate::error::Result;
use crate::serde::{DefaultSerde, MaybeNull, SerdeRef};
use crate::testing::laws::compare::{Broken, Show, raw_text, shown};
use crate::testing::laws::event::{Draft, Event};
use crate::testing::laws::flow::{Flow, stranger};
use crate::testing::laws::run::Bench;
use crate::testing::laws::scenario::{Scenario, Source, What};
use crate::testing::laws::search::{Cases, search};
use crate::testing::laws::stores::Stored;
use crate::testing::laws::strategy::Events;
use crate::testing::laws::violation::Violation;
use crate::testing::{TestDriver, TestDriverOptions};
use crate::time::millis;
use crate::topic::Topic;
use crate::topology::Topology;

/// A law that somebody declared: given the events and the driver after a plain run.
pub(super) type Check = dyn Fn(&[Event], &mut TestDriver) -> Result<(), Broken>;

/// The laws of one topology: see the [module](crate::testing::laws).
pub struct Laws {
    pub(super) topology: Topology,
    pub(super) options: TestDriverOptions,
    pub(super) input_topics: Vec<&'static str>,
    pub(super) sources: Vec<Source>,
    pub(super) outputs: Vec<Output>,
    pub(super) stores: Vec<Stored>,
    pub(super) declared: Vec<(String, Rc<Check>)>,
    pub(super) keys_independent: bool,
    /// Whether the declared laws hold wherever commits come.
    pub(super) under_any_commits: bool,
    pub(super) grace: Option<Duration>,
    cases: Cases,
}

/// An output topic with its types.
pub(super) struct Output {
    pub(super) topic: &'static str,
    pub(super) show: Show,
    /// Whether it is the stream of a table: only the last value of each key counts.
    pub(super) is_table: bool,
}

impl Laws {
    /// The laws of `topology`, over 48 cases of up to 32 steps each, with one partition per topic.
    pub fn of(topology: &Topology) -> Laws {
        Laws {
            topology: topology.clone(),
            options: TestDriverOptions::default(),
            input_topics: Vec::new(),
            sources: Vec::new(),
            outputs: Vec::new(),
            stores: Vec::new(),
            declared: Vec::new(),
            keys_independent: false,
            under_any_commits: false,
            grace: None,
            cases: Cases { count: 48, longest: 32, seed: None },
        }
    }

    /// Events for one topic, which the topology must read. Keys and values may be `Option`s of the topic's types:
    /// `None` is then a null, such as a tombstone.
    #[must_use]
    pub fn input<K, V, K2, V2>(self, topic: &Topic<K, V>, events: Events<K2, V2>) -> Self
    where
        K: DefaultSerde + fmt::Debug,
        V: DefaultSerde + fmt::Debug,
        K2: MaybeNull<K> + fmt::Debug,
        V2: MaybeNull<V> + fmt::Debug,
    {
        self.input_with(topic, events, K::serde(), V::serde())
    }

    /// Events for one topic, written by these serdes.
    #[must_use]
    pub fn input_with<K, V, K2, V2>(
        mut self,
        topic: &Topic<K, V>,
        events: Events<K2, V2>,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
    ) -> Self
    where
        K: fmt::Debug + 'static,
        V: fmt::Debug + 'static,
        K2: MaybeNull<K> + fmt::Debug,
        V2: MaybeNull<V> + fmt::Debug,
    {
        let topic = *topic;
        let (forward, back, share) = (events.forward(), events.back(), events.share);
        let serdes = (key, value);
        let draft = move |(key, value): (K2, V2)| {
            What::Record(Rc::new(Draft::new(&topic, &serdes, key.into_option(), value.into_option())))
        };
        let what = (events.keys, events.values).prop_map(draft).boxed();
        self.sources.push(Source { share, what, forward, back });
        self.input_topics.push(topic.name());
        self
    }

    /// Between the events the wall clock moves on, by up to `most` at a time. Schedules by the wall clock begin anew
    /// with each start, so restarts change when they fire: a law about crashes holds for those that make the same of
    /// it at another time, and for intervals so short that each step of the clock fires them.
    #[must_use]
    pub fn wall_clock(mut self, most: Duration) -> Self {
        let most = millis(most).max(1).unsigned_abs();
        let what = (1..=most).prop_map(What::Clock).boxed();
        self.sources.push(Source { share: 1, what, forward: Just(0).boxed(), back: Just(0).boxed() });
        self
    }

    /// How many partitions each topic has (1).
    #[must_use]
    pub fn partitions(mut self, count: u32) -> Self {
        self.options.default_partitions = count.max(1);
        self
    }

    /// How the test driver runs, partitions, policies and aligned event time included. When it commits is the
    /// laws' business.
    #[must_use]
    pub fn options(mut self, options: TestDriverOptions) -> Self {
        self.options = options;
        self
    }

    /// How many cases each law is checked on (48).
    #[must_use]
    pub fn cases(mut self, count: u32) -> Self {
        self.cases.count = count;
        self
    }

    /// How many steps a case has at most (32).
    #[must_use]
    pub fn longest(mut self, steps: usize) -> Self {
        self.cases.longest = steps;
        self
    }

    /// Runs the one case of this seed. `STREAMS_SEED` in the environment has precedence.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.cases.seed = Some(seed);
        self
    }

    /// Checks every law that holds for the topology as it is declared, and stops at the first that is broken.
    pub fn check_all(&self) -> Result<(), Violation> {
        self.declared_laws()?;
        self.restart_invariance()?;
        let flow = self.flow("the laws")?;
        if flow.is_in_order() {
            self.commit_invariance()?;
        }
        if self.outputs.iter().any(|output| output.is_table) {
            self.per_commit_invariance()?;
        }
        if flow.is_local() && self.options.default_partitions > 1 {
            self.partition_invariance()?;
        }
        if self.keys_independent {
            self.key_invariance()?;
        }
        if self.grace.is_some() {
            self.order_invariance()?;
        }
        if !self.stores.is_empty() {
            self.fold_of_changelog()?;
        }
        Ok(())
    }

    /// Looks for a case that breaks a law.
    pub(super) fn search(
        &self,
        name: &str,
        law: impl Fn(&Scenario) -> Result<(), Broken>,
    ) -> Result<(), Violation> {
        let tables = self.outputs.iter().filter(|output| output.is_table).map(|output| output.topic);
        let stranger = stranger(&self.driver(name)?, &self.input_topics, &tables.collect::<Vec<_>>());
        match stranger {
            Some(why) => Err(self.unchecked(name, &why)),
            None => search(name, self.cases, &self.sources, &self.options, &law),
        }
    }

    /// How records flow; `law` is who wants to know.
    pub(super) fn flow(&self, law: &str) -> Result<Flow, Violation> {
        self.driver(law).map(|driver| Flow::of(&driver))
    }

    fn driver(&self, law: &str) -> Result<TestDriver, Violation> {
        let driver = TestDriver::with(&self.topology, self.options.clone());
        driver.map_err(|error| self.unchecked(law, &error.to_string()))
    }

    pub(super) fn unchecked(&self, law: &str, why: &str) -> Violation {
        Violation::unchecked(law, self.cases.seed.unwrap_or(0), why)
    }

    pub(super) fn bench(&self) -> Bench<'_> {
        Bench { topology: &self.topology, options: &self.options }
    }

    /// How the records of a topic are shown: typed if it is a declared output, as bytes if not.
    pub(super) fn show(&self, topic: &str) -> Show {
        match self.outputs.iter().find(|output| output.topic == topic) {
            Some(output) => Rc::clone(&output.show),
            None => Rc::new(|record| {
                shown(record, &raw_text(record.key.as_deref()), &raw_text(record.value.as_deref()))
            }),
        }
    }

    pub(super) fn is_table(&self, topic: &str) -> bool {
        self.outputs.iter().any(|output| output.topic == topic && output.is_table)
    }
}
