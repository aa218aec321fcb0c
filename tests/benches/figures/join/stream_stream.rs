//! Records of two streams that are near each other in time. The bare loop keeps each side in a `BTreeMap` by key, time
//! and number, looks up a range of the other side, forgets what is too old, and writes each record to a changelog.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use streams_core::record::RecordBatch;
use streams_core::windows::JoinWindows;
use streams_core::{Result, StreamsBuilder, Topic, Topology};

use crate::figures::join::{RATE, compare, joined, millis, parse, put_out, random_keys};
use crate::harness::{Outcome, Pairs, Settings};

const LEFT: Topic<String, String> = Topic::new("left");
const RIGHT: Topic<String, String> = Topic::new("right");
const OUT: Topic<String, String> = Topic::new("out");

/// Windows in which a record of one side has one partner on the other: twice as long as it takes for a record of every
/// key to come, since only the earlier half of them is there.
pub(super) fn window_for(keys: usize) -> Duration {
    millis(keys / RATE)
}

pub(super) fn measure(settings: &Settings, keys: usize, records: usize, window: Duration) -> Outcome<Pairs> {
    let input = random_keys(&[LEFT.name(), RIGHT.name()], records, keys);
    let size = window.as_millis() as i64;
    compare(settings, &topology(window)?, &[], &input, <[Side; 2]>::default, |sides, pieces| {
        let (mut out, mut changelog) = (RecordBatch::new(), RecordBatch::new());
        let mut number = 0;
        for piece in pieces {
            let is_left = piece.topic == LEFT.name();
            let [left, right] = &mut *sides;
            let (own, other) = if is_left { (left, right) } else { (right, left) };
            for record in piece.batch.iter() {
                let (key, value) = parse(record)?;
                let time = record.timestamp;
                number += 1;
                other.forget(2 * size);
                put_out(&mut changelog, &key, &value, time);
                let range = (key.clone(), time - size, 0)..=(key.clone(), time + size, u64::MAX);
                for ((_, at, _), row) in other.rows.range(range) {
                    let joined = if is_left { joined(&value, row) } else { joined(row, &value) };
                    put_out(&mut out, &key, &joined, time.max(*at));
                }
                own.put(key, time, number, value);
            }
        }
        std::hint::black_box(&changelog);
        Ok(out)
    })
}

fn topology(window: Duration) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    let (left, right) = (builder.stream(&LEFT), builder.stream(&RIGHT));
    let windows = JoinWindows::of(window).no_grace();
    left.join(right, windows, |left, right| joined(left, right)).to(&OUT);
    builder.build()
}

#[derive(Default)]
struct Side {
    rows: BTreeMap<(String, i64, u64), String>,
    by_age: VecDeque<(String, i64, u64)>,
    /// The latest time of its rows.
    now: i64,
}

impl Side {
    fn put(&mut self, key: String, time: i64, number: u64, value: String) {
        self.now = self.now.max(time);
        self.by_age.push_back((key.clone(), time, number));
        self.rows.insert((key, time, number), value);
    }

    /// Forgets what is as old as `kept` or older by the side's own time, which is what a store does not show.
    fn forget(&mut self, kept: i64) {
        while self.by_age.front().is_some_and(|(_, time, _)| *time <= self.now - kept) {
            if let Some(oldest) = self.by_age.pop_front() {
                self.rows.remove(&oldest);
            }
        }
    }
}
