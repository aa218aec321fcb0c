//! Seeded input: the same for all peers. A record's timestamp is its event time; a million records are a minute of it.

use streams_core::Result;
use streams_core::log::{CleanupPolicy, Log, NewTopic, ProducerOptions, TopicConfig};
use streams_core::record::RecordView;
use streams_core::testing::Random;

const SEED: u64 = 0x5eed_2026;
/// 2026-01-01T00:00:00Z, a whole minute.
const BASE: i64 = 1_767_225_600_000;
/// Distinct keys of streams and tables.
pub(crate) const KEYS: u64 = 100_000;
const LETTERS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

/// What is in a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Data {
    /// Keys `key-00000000`, values of 100 bytes.
    KeyValues,
    /// One row for each key, older than every record of the stream.
    Table,
    /// Two streams of 5,000 records a second each.
    Left,
    Right,
    /// JSON events without keys.
    Ads,
    /// The changelog of a key-value store: keys of 16 bytes, values of 100.
    Changelog,
}

impl Data {
    /// The topic that has it.
    pub(crate) fn topic(self) -> &'static str {
        match self {
            Data::KeyValues => "in-kv",
            Data::Table => "in-table",
            Data::Left => "in-left",
            Data::Right => "in-right",
            Data::Ads => "in-ads",
            Data::Changelog => "restore-store-changelog",
        }
    }

    fn salt(self) -> u64 {
        match self {
            Data::KeyValues => 0,
            Data::Left => 1,
            Data::Right => 2,
            Data::Table => 3,
            Data::Changelog => 4,
            Data::Ads => 5,
        }
    }
}

/// Creates the topic and writes `count` records to it.
pub(crate) fn fill(log: &dyn Log, data: Data, count: u64) -> Result<()> {
    let mut config = TopicConfig::default();
    if data == Data::Changelog {
        config.cleanup_policy = CleanupPolicy::Compact;
    }
    log.create_topics(&[NewTopic { config, ..NewTopic::new(data.topic(), 1) }])?;
    let mut producer = log.open_producer(ProducerOptions::default())?;
    let topic = producer.topic(data.topic())?;
    let (mut key, mut long, mut value) = (*b"key-00000000", *b"key-000000000000", [0; 100]);
    for number in 0..count {
        let i = number as i64;
        let hash = mix(SEED ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ (data.salt() << 56));
        text(&mut value, hash);
        digits(&mut key[4..], hash % KEYS);
        let json;
        let (key, value, timestamp) = match data {
            Data::KeyValues => (Some(&key[..]), &value[..], BASE + i * 6 / 100),
            Data::Left | Data::Right => (Some(&key[..]), &value[..], BASE + i / 5),
            Data::Table => {
                digits(&mut key[4..], number % KEYS);
                (Some(&key[..]), &value[..], BASE - 60_000)
            }
            Data::Changelog => {
                digits(&mut long[4..], mix(number) % 1_000_000_000_000);
                (Some(&long[..]), &value[..], BASE)
            }
            Data::Ads => {
                let time = BASE + i * 6 / 100;
                json = ad(hash, time);
                (None, json.as_bytes(), time)
            }
        };
        let record = RecordView { key, value: Some(value), timestamp, ..RecordView::default() };
        producer.send(topic, 0, record)?;
    }
    producer.flush()
}

fn ad(hash: u64, time: i64) -> String {
    let kind = if hash % 100 < 17 { "click" } else { "impression" };
    let category = mix((hash >> 8) % 26) as u32;
    let (position, device) = ((hash >> 20) % 8, (hash >> 24) % 5);
    format!(
        "{{\"event_time_ms\":{time},\"event_type\":\"{kind}\",\"site_category\":\"{category:08x}\",\
         \"banner_pos\":{position},\"device_type\":{device}}}"
    )
}

/// The key and value of record `number` of a live stream.
pub(crate) fn live(number: u64, key: &mut [u8; 12], value: &mut [u8; 100]) {
    let hash = mix(SEED ^ number);
    digits(&mut key[4..], hash % KEYS);
    text(value, hash);
}

fn mix(number: u64) -> u64 {
    Random::new(number).next_u64()
}

fn digits(out: &mut [u8], mut number: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Letters; the second byte is a digit, by which W1 filters.
fn text(out: &mut [u8; 100], mut hash: u64) {
    for part in out.chunks_mut(10) {
        hash = mix(hash);
        let mut bits = hash;
        for letter in part {
            *letter = LETTERS[(bits & 63) as usize];
            bits >>= 6;
        }
    }
    out[1] = b'0' + (hash >> 32) as u8 % 10;
}
