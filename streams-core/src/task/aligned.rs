//! Event time that survives the shuffle: what the tasks upstream of a repartition topic say of their stream time.
//!
//! Kafka Streams takes the highest timestamp that came out of a repartition topic as the stream time behind it. The
//! records of fast and slow upstream tasks race through that topic, so a replay may drop as late what a live run
//! counted. Here each upstream task writes its stream time to every partition of the topic when it commits, as a
//! record without key and value, and time behind the topic is the minimum of what all of them say; those that have
//! nothing to read are left out. With one upstream task there is no race, and the records themselves tell.

use std::collections::BTreeMap;

use crate::ids::TaskId;
use crate::record::{EncodedHeaders, Headers, RecordView};
use crate::task::upstream;
use crate::time::{Timestamp, UNKNOWN};

/// Header that makes a record without key and value a marker.
pub(crate) const HEADER: &str = "__streams.time";

/// What one upstream task says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) task: TaskId,
    pub(crate) time: Timestamp,
    /// It has nothing to read: time need not wait for it.
    pub(crate) idle: bool,
}

impl Marker {
    /// The encoded headers of its record.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(17);
        bytes.extend_from_slice(&self.time.to_be_bytes());
        bytes.extend_from_slice(&self.task.sub_topology.to_be_bytes());
        bytes.extend_from_slice(&self.task.partition.to_be_bytes());
        bytes.push(u8::from(self.idle));
        let mut headers = Headers::new();
        headers.add(HEADER, bytes);
        let mut encoded = Vec::new();
        headers.encode(&mut encoded);
        encoded
    }

    /// The record that carries it, over its encoded headers.
    pub(crate) fn record<'a>(&self, headers: &'a [u8]) -> RecordView<'a> {
        let headers = EncodedHeaders(headers);
        RecordView { offset: 0, timestamp: self.time.max(0), key: None, value: None, headers }
    }

    /// The marker that `record` carries, if it is one.
    #[inline]
    pub(crate) fn of(record: RecordView<'_>) -> Option<Marker> {
        if record.key.is_some() || record.value.is_some() || record.headers.0.is_empty() {
            return None;
        }
        let (_, value) = record.headers.iter().find(|(name, _)| *name == HEADER)?;
        let bytes: &[u8; 17] = value?.try_into().ok()?;
        let (time, rest) = bytes.split_first_chunk::<8>()?;
        let (sub, rest) = rest.split_first_chunk::<4>()?;
        let (partition, idle) = rest.split_first_chunk::<4>()?;
        Some(Marker {
            task: TaskId {
                sub_topology: u32::from_be_bytes(*sub),
                partition: u32::from_be_bytes(*partition),
            },
            time: i64::from_be_bytes(*time),
            idle: idle == [1],
        })
    }
}

/// Time behind one partition of a repartition topic.
#[derive(Debug)]
pub(crate) struct AlignedTime {
    /// How many tasks write to the topic.
    expected: usize,
    upstream: BTreeMap<TaskId, (Timestamp, bool)>,
    now: Timestamp,
}

impl AlignedTime {
    pub(crate) fn new(expected: u32) -> Self {
        AlignedTime { expected: expected as usize, upstream: BTreeMap::new(), now: UNKNOWN }
    }

    /// Takes up a marker.
    pub(crate) fn take(&mut self, marker: Marker) {
        let (time, idle) = self.upstream.entry(marker.task).or_insert((UNKNOWN, false));
        *time = marker.time.max(*time);
        *idle = marker.idle;
        self.now = self.now.max(self.minimum());
    }

    /// The time, which never goes back; −1 until every task has been heard of.
    pub(crate) fn get(&self) -> Timestamp {
        self.now
    }

    /// What has to be known again after a restart.
    pub(crate) fn save(&self, progress: &mut Vec<(String, i64)>) {
        upstream::save(self.upstream.iter().map(|(task, (time, _))| (*task, *time)), progress);
    }

    /// Takes up what was saved.
    pub(crate) fn load(&mut self, progress: &[(String, i64)]) {
        for (name, value) in progress {
            upstream::load(name, *value, |task, time| self.take(Marker { task, time, idle: false }));
        }
    }

    fn minimum(&self) -> Timestamp {
        if self.upstream.len() < self.expected {
            return UNKNOWN;
        }
        let active = self.upstream.values().filter(|(_, idle)| !idle).map(|(time, _)| *time).min();
        // All are idle: nothing is under way that could be earlier than what was seen.
        active.or_else(|| self.upstream.values().map(|(time, _)| *time).max()).unwrap_or(UNKNOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(time: &mut AlignedTime, partition: u32, at: Timestamp, idle: bool) -> Timestamp {
        let marker = Marker { task: TaskId { sub_topology: 0, partition }, time: at, idle };
        let headers = marker.encode();
        assert_eq!(Marker::of(marker.record(&headers)), Some(marker));
        time.take(marker);
        time.get()
    }

    #[test]
    fn time_is_the_minimum_of_the_tasks_that_are_not_idle_and_never_goes_back() {
        let mut time = AlignedTime::new(2);
        assert_eq!(say(&mut time, 0, 50, false), UNKNOWN, "the other was not heard of");
        assert_eq!(say(&mut time, 1, 20, false), 20);
        assert_eq!(say(&mut time, 1, 20, true), 50, "an idle task is not waited for");
        assert_eq!(say(&mut time, 1, 30, false), 50, "time does not go back");
        assert_eq!(say(&mut time, 0, 50, true), 50);
    }

    #[test]
    fn times_survive_a_restart() {
        let mut time = AlignedTime::new(2);
        say(&mut time, 0, 50, false);
        say(&mut time, 1, 20, false);
        let mut progress = Vec::new();
        time.save(&mut progress);
        let mut restarted = AlignedTime::new(2);
        restarted.load(&progress);
        assert_eq!(restarted.get(), 20);
    }
}
