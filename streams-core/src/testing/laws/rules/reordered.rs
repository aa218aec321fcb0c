//! Events in another order give the same results, as far as the order between them has no meaning.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::operators::{DropCounts, DropReason};
use crate::testing::RawRecord;
use crate::testing::laws::compare::{Broken, by_key, drops, latest, same_topics, sorted};
use crate::testing::laws::event::Event;
use crate::testing::laws::run::outputs;
use crate::testing::laws::scenario::{Action, Step};
use crate::testing::laws::{Laws, Violation};
use crate::time::millis;

impl Laws {
    /// Partitions have nothing to do with one another: however their records are interleaved, the outputs are the
    /// same records. This holds where nothing moves between tasks, and errs where a topology repartitions.
    pub fn partition_invariance(&self) -> Result<(), Violation> {
        let name = "independence of partitions";
        if !self.flow(name)?.is_local() {
            return Err(self.unchecked(name, "the topology repartitions; check `order_invariance` instead"));
        }
        self.search(name, |scenario| {
            let (steps, other) = interleaved(&scenario.steps, Event::partition);
            self.agree(&steps, &other, |_, records| sorted(records))
        })
    }

    /// Keys have nothing to do with one another: however records of different keys are interleaved, the results of
    /// each key are the same in the same order. Nothing that depends on stream time can promise that.
    pub fn key_invariance(&self) -> Result<(), Violation> {
        self.search("independence of keys", |scenario| {
            let (steps, other) = interleaved(&scenario.steps, |event| event.draft.key.clone());
            self.agree(&steps, &other, |_, records| by_key(records))
        })
    }

    /// The order of arrival does not matter within grace: events ordered by time, and the same events with each up
    /// to the declared grace late, give the same last values in topics declared by `table_output` and the same
    /// records in others.
    pub fn order_invariance(&self) -> Result<(), Violation> {
        let name = "independence of the order within grace";
        let Some(grace) = self.grace else {
            return Err(self.unchecked(name, "declare the grace with `order_insensitive_within`"));
        };
        let span = millis(grace).saturating_add(1);
        self.search(name, |scenario| {
            let mut in_order = scenario.steps.clone();
            in_order.retain(|step| matches!(step.action, Action::Event(_)));
            in_order.sort_by_key(time);
            let mut late = in_order.clone();
            late.sort_by_key(|step| time(step).saturating_add(i64::from(step.pick) % span));
            self.agree(&in_order, &late, |topic, records| {
                if self.is_table(topic) { latest(records).into_values().collect() } else { sorted(records) }
            })
        })
    }

    /// Whether two orders of the same events come to the same outputs and drops.
    fn agree(
        &self,
        one: &[Step],
        other: &[Step],
        order: impl Fn(&str, Vec<RawRecord>) -> Vec<RawRecord>,
    ) -> Result<(), Broken> {
        let bench = self.bench();
        let [expected, got] = [bench.plain(one)?, bench.plain(other)?];
        let topics = [&expected, &got].map(|driver| outputs(driver, &self.input_topics));
        let [expected_topics, got_topics] = topics;
        same_topics(expected_topics, got_topics, |topic| self.show(topic), order)
            .and_then(|()| same_reasons(&expected.dropped(), &got.dropped()))
            .map_err(|broken| Broken(format!("in the order\n{}\n{}", list(other), broken.0)))
    }
}

fn time(step: &Step) -> i64 {
    match &step.action {
        Action::Event(event) => event.time(),
        Action::Clock(_) => 0,
    }
}

/// The events as they are and in another order, those of each lane as they were. The wall clock stands still.
fn interleaved<L: Ord>(steps: &[Step], lane: impl Fn(&Event) -> L) -> (Vec<Step>, Vec<Step>) {
    let (mut events, mut lanes): (Vec<Step>, BTreeMap<L, Vec<Step>>) = Default::default();
    for step in steps {
        if let Action::Event(event) = &step.action {
            events.push(step.clone());
            lanes.entry(lane(event)).or_default().push(step.clone());
        }
    }
    let mut lanes: Vec<_> = lanes.into_values().map(Vec::into_iter).collect();
    let mut other = Vec::with_capacity(events.len());
    for step in &events {
        lanes.retain(|lane| lane.len() > 0);
        let chosen = step.pick as usize % lanes.len().max(1);
        other.extend(lanes.get_mut(chosen).and_then(Iterator::next));
    }
    (events, other)
}

/// Which node dropped a record may depend on the order between nodes; how many for which reason does not.
fn same_reasons(expected: &DropCounts, got: &DropCounts) -> Result<(), Broken> {
    let all = |counts: &DropCounts| DropReason::ALL.map(|reason| counts.of(reason));
    if all(expected) == all(got) {
        return Ok(());
    }
    Err(Broken(format!("dropped records: expected {}, got {}", drops(expected), drops(got))))
}

fn list(steps: &[Step]) -> String {
    let event = |step: &Step| match &step.action {
        Action::Event(event) => format!("      {event:?}\n"),
        Action::Clock(_) => String::new(),
    };
    steps.iter().map(event).collect()
}
