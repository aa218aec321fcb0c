//! Random input, in parts that are written one after the other.
//!
//! Whatever a stopped application forgets must not show where an undisturbed one is compared with it. Kafka Streams
//! forgets the clocks of its operators (records are late only by what came since), so each part begins later than
//! all before it, with a record on time. Where a task reads two topics it takes the records of both in the order of
//! their times, and so that this does not depend on where a part ends, no record of a later part is earlier than one
//! of a part before, and none of one topic has the time of one of the other: which comes first is then undefined.

use std::sync::LazyLock;

use streams_core::log::{Log, NewTopic};
use streams_core::record::Headers;
use streams_core::runtime::TopicProducer;
use streams_core::testing::{Random, given_seed};
use streams_core::{Record, Topic};

use crate::programs::Program;

const PARTITIONS: u32 = 3;
const HOUR: i64 = 3_600_000;
const KEYS: u64 = 5;

type Text = Option<String>;

pub(crate) struct Input {
    pub(crate) name: String,
    random: Random,
    now: i64,
    topics: usize,
    /// Records so late that windows have closed may come.
    late: bool,
    asks_for_times: bool,
    /// Parts written.
    parts: usize,
    null_keys: bool,
}

impl Input {
    /// Creates the topics.
    pub(crate) fn new(name: String, program: Program, seed: u64, log: &dyn Log) -> Input {
        let input = Input {
            name,
            random: Random::new(seed),
            now: begin(),
            topics: program.inputs(),
            late: matches!(program, Program::Folds | Program::Rekeyed),
            asks_for_times: program == Program::Times,
            parts: 0,
            null_keys: program != Program::Tables,
        };
        let new = input.topics().into_iter().map(|topic| NewTopic::new(topic, PARTITIONS));
        log.create_topics(&new.collect::<Vec<_>>()).unwrap();
        input
    }

    pub(crate) fn topics(&self) -> Vec<String> {
        ["a", "b"][..self.topics].iter().map(|topic| format!("{}-{topic}", self.name)).collect()
    }

    /// Writes a part of so many records in each partition of each topic.
    pub(crate) fn write(&mut self, log: &dyn Log, count: usize) {
        let begin = self.now + 10;
        let mut end = begin;
        for (side, topic) in self.topics().into_iter().enumerate() {
            let topic: Topic<Text, Text> = Topic::new(topic.leak());
            let mut producer = TopicProducer::open(log, &topic).unwrap();
            for partition in 0..PARTITIONS {
                let mut now = begin;
                for number in 0..count {
                    let record = self.record(side as i64, partition, &mut now, begin, number == 0);
                    end = end.max(record.timestamp + 1);
                    producer.send_to(partition, &record).unwrap();
                }
            }
            producer.flush().unwrap();
        }
        self.now = end;
        self.parts += 1;
    }

    /// Writes records so late that all before are done with.
    pub(crate) fn close(&mut self, log: &dyn Log) {
        self.now += HOUR;
        self.write(log, 1);
        self.now += HOUR;
        self.write(log, 1);
    }

    fn record(
        &mut self,
        side: i64,
        partition: u32,
        now: &mut i64,
        begin: i64,
        first: bool,
    ) -> Record<Text, Text> {
        *now += if self.below(6) == 0 { 0 } else { self.below(40) as i64 };
        let back = match self.below(20) {
            _ if first => 0,
            0..=3 => self.below(400) as i64,
            4 if self.late => 2000 + self.below(3000) as i64,
            _ => 0,
        };
        let mut timestamp = *now - back;
        if self.topics > 1 {
            timestamp = timestamp.max(begin) / 2 * 2 + side;
        }
        let key = format!("k{partition}-{}", self.below(KEYS));
        // A letter is of one partition: what is grouped by letters comes in one order.
        let letter = char::from(b'a' + (u64::from(partition) * 3 + self.below(3)) as u8);
        let value = format!("{letter}{}{}", self.below(100), if self.below(12) == 0 { "-" } else { "" });
        let null = |one_in: u64, random: u64| !first && random.is_multiple_of(one_in);
        // Nothing is known before the first part.
        let asks = self.asks_for_times && if first { self.parts > 0 } else { self.below(4) == 0 };
        let (no_key, no_value) =
            (null(25, self.random.next_u64()) && self.null_keys, null(12, self.random.next_u64()));
        let value = if asks { "?".to_owned() } else { value };
        let mut record = Record::new((!no_key).then_some(key), (!no_value).then_some(value), timestamp);
        if self.below(3) == 0 {
            let mut headers = Headers::new();
            headers.add("trace", self.below(256).to_be_bytes());
            record = record.with_headers(headers);
        }
        record
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random.below(limit as usize) as u64
    }
}

/// Brokers delete what is older than days, and refuse what is of the future.
fn begin() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    (now.as_millis() as i64 / HOUR - 6) * HOUR
}

/// The seed of the input, always the same unless `STREAMS_SEED` says another; printed, for a test that fails.
pub(crate) fn seed() -> u64 {
    let seed = given_seed().unwrap().unwrap_or(1);
    println!("STREAMS_SEED={seed:#x}");
    seed
}

/// Names what no other run of these tests on the same cluster names so.
pub(crate) fn unique(what: &str) -> String {
    static RUN: LazyLock<u128> = LazyLock::new(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        now.as_millis()
    });
    format!("{what}-{:x}", *RUN)
}
