//! Runs: a scenario in a test driver, with or without what disturbs it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::record::{EncodedHeaders, RecordBatch, RecordView};
use crate::task::aligned;
use crate::testing::laws::event::Event;
use crate::testing::laws::scenario::{Action, Mark, Step};
use crate::testing::{RawRecord, TestDriver, TestDriverOptions};
use crate::topology::Topology;

/// Where a scenario is run.
pub(super) struct Bench<'a> {
    pub(super) topology: &'a Topology,
    pub(super) options: &'a TestDriverOptions,
}

impl Bench<'_> {
    /// Pipes one event after the other, with a commit behind each. This is what references are held against.
    pub(super) fn plain<'s>(&self, steps: impl IntoIterator<Item = &'s Step>) -> Result<TestDriver> {
        let mut driver = self.driver(true, false)?;
        for step in steps {
            match &step.action {
                Action::Event(event) => {
                    deliver(&mut driver, std::slice::from_ref(&event))?;
                    driver.run()?;
                }
                Action::Clock(by) => driver.advance_wall_clock(*by)?,
            }
        }
        driver.finish()?;
        Ok(driver)
    }

    /// Pipes what lies between two marks at once and commits at each mark, crashing there if `crashes`. With and
    /// without crashes, tasks see their records in the same order: one that reads several topics takes what waits by
    /// time, also when it reads it again.
    pub(super) fn marked(&self, steps: &[Step], per_commit: bool, crashes: bool) -> Result<TestDriver> {
        self.observed(steps, per_commit, crashes, |_| ())
    }

    /// The same; `observe` sees the driver after each commit.
    pub(super) fn observed(
        &self,
        steps: &[Step],
        per_commit: bool,
        crashes: bool,
        mut observe: impl FnMut(&TestDriver),
    ) -> Result<TestDriver> {
        let mut driver = self.driver(false, per_commit)?;
        let mut waiting: Vec<&Event> = Vec::new();
        for step in steps {
            let clock = match &step.action {
                Action::Event(event) => {
                    waiting.push(event);
                    None
                }
                Action::Clock(by) => Some(*by),
            };
            if step.mark == Mark::Nothing && clock.is_none() {
                continue;
            }
            deliver(&mut driver, &waiting)?;
            waiting.clear();
            driver.run()?;
            if crashes && step.mark == Mark::Crash {
                driver.crash()?;
            }
            driver.commit()?;
            if let Some(by) = clock {
                advance(&mut driver, by)?;
            }
            if crashes && step.mark == Mark::Restart {
                driver.crash()?;
            }
            observe(&driver);
        }
        deliver(&mut driver, &waiting)?;
        driver.run()?;
        driver.finish()?;
        observe(&driver);
        Ok(driver)
    }

    /// Pipes the events in batches, each of events that follow one another in one partition, and commits at marks.
    pub(super) fn batched(&self, steps: &[Step]) -> Result<TestDriver> {
        let mut driver = self.driver(false, false)?;
        let mut waiting: Vec<&Event> = Vec::new();
        for step in steps {
            if let Action::Event(event) = &step.action {
                let other =
                    |last: &&Event| last.partition != event.partition || last.topic() != event.topic();
                if waiting.last().is_some_and(other) {
                    deliver(&mut driver, &waiting)?;
                    waiting.clear();
                    driver.run()?;
                }
                waiting.push(event);
            }
            if step.mark == Mark::Nothing && matches!(step.action, Action::Event(_)) {
                continue;
            }
            deliver(&mut driver, &waiting)?;
            waiting.clear();
            driver.run()?;
            match step.action {
                Action::Clock(by) => advance(&mut driver, by)?,
                Action::Event(_) => driver.commit()?,
            }
        }
        deliver(&mut driver, &waiting)?;
        driver.run()?;
        driver.finish()?;
        Ok(driver)
    }

    fn driver(&self, commit_each_record: bool, forward_per_commit: bool) -> Result<TestDriver> {
        let options = TestDriverOptions {
            commit_each_record,
            forward_per_commit: forward_per_commit || self.options.forward_per_commit,
            ..self.options.clone()
        };
        TestDriver::with(self.topology, options)
    }
}

/// The clock is no part of the log, so what it does is committed at once.
fn advance(driver: &mut TestDriver, by: Duration) -> Result<()> {
    driver.advance_wall_clock(by)?;
    driver.commit()
}

/// Puts events into their partitions; those that follow one another in one partition as one batch.
fn deliver(driver: &mut TestDriver, events: &[&Event]) -> Result<()> {
    let mut rest = events;
    while let Some(first) = rest.first() {
        let same = |event: &&&Event| event.partition == first.partition && event.topic() == first.topic();
        let count = rest.iter().take_while(same).count();
        let (batch, behind) = rest.split_at(count);
        rest = behind;
        let mut records = RecordBatch::new();
        for event in batch {
            if let Some(refused) = &event.draft.refused {
                return Err(Error::new(
                    ErrorKind::Serde,
                    format!("the event {event:?} has no bytes: {refused}"),
                ));
            }
            records.push(RecordView {
                offset: 0,
                timestamp: event.time,
                key: event.draft.key.as_deref(),
                value: event.draft.value.as_deref(),
                headers: EncodedHeaders(&[]),
            });
        }
        driver.discover(first.topic())?;
        driver.topics.check_partition(first.topic(), first.partition)?;
        driver.deliver_batch(first.topic(), first.partition, &records);
    }
    Ok(())
}

/// Everything in the topics of a driver but its inputs: outputs, changelogs and repartition topics. Markers of event
/// time are no records: a task that starts says its time again.
pub(super) fn written(driver: &TestDriver, inputs: &[&str]) -> BTreeMap<String, Vec<RawRecord>> {
    let names = driver.topic_names().filter(|name| !inputs.contains(name));
    let records = |name: &str| {
        let mut records = driver.topic_records(name);
        records.retain(|record| record.key.is_some() || record.headers.last(aligned::HEADER).is_none());
        records
    };
    names.map(|name| (name.to_owned(), records(name))).collect()
}

/// The same without changelogs and repartition topics.
pub(super) fn outputs(driver: &TestDriver, inputs: &[&str]) -> BTreeMap<String, Vec<RawRecord>> {
    let mut topics = written(driver, inputs);
    let internal: Vec<String> = driver.assignments.internal_counts().map(|(name, _)| name).collect();
    topics.retain(|name, _| !internal.contains(name));
    topics
}
