//! What settings decide: records that fail, and where event time comes from.
//!
//! The settings themselves are in the recordings; `driver.rs` maps them.

use streams_core::serde::{DefaultSerde, time_windowed};
use streams_core::windows::{TimeWindows, Windowed};
use streams_core::{
    Consumed, Error, ErrorKind, Grouped, Materialized, Produced, Record, StreamsBuilder, Topic,
};

use super::{Case, IN, OUT, Text, case, ms};

const COUNTS: Topic<Windowed<String>, i64> = Topic::new("counts");
const NUMBERS: Topic<Text, Option<i64>> = Topic::new("in");
const NUMBERS_OUT: Topic<String, i64> = Topic::new("out");

pub(super) const CASES: &[Case] = &[
    case("config-deserialization-fail", |b| b.stream(&NUMBERS).to(&NUMBERS_OUT)),
    case("config-deserialization-continue", |b| {
        let windows = TimeWindows::tumbling(ms(10_000)).no_grace();
        let stream = b.stream(&NUMBERS);
        stream.clone().to(&NUMBERS_OUT);
        stream
            .require_key()
            .group_by_key()
            .windowed_by(windows)
            .count()
            .to_stream()
            .to_with(&COUNTS, Produced::with(time_windowed(String::serde(), windows.size()), i64::serde()));
    }),
    case("config-processing-fail", |b| {
        b.stream(&Topic::<Text, String>::new("in")).try_map_values(|_, v| v.parse::<i64>()).to(&NUMBERS_OUT);
    }),
    case("config-dead-letter", |b| {
        b.stream(&Topic::<String, i64>::new("in"))
            .select_key(|k, v| format!("{k}{}", v % 2))
            .repartition()
            .try_map_values(|_, v| 100_i64.checked_div(v % 4).ok_or("/ by zero"))
            .to(&NUMBERS_OUT);
    }),
    case("config-timestamp-extractor-negative", |b| with_times(b, |record, _| Ok(time_of(record)))),
    case("config-skip-invalid-timestamp", |b| with_times(b, |record, _| Ok(time_of(record)))),
    case("config-fail-on-invalid-timestamp", |b| {
        with_times(b, |record, _| match time_of(record) {
            time @ 0.. => Ok(time),
            time => Err(Error::new(ErrorKind::Timestamp, format!("negative time {time}"))),
        });
    }),
    case("config-partition-time-on-invalid-timestamp", |b| with_times(b, or_partition_time)),
    case("config-partition-time-unknown", |b| with_times(b, or_partition_time)),
    case("config-timestamp-extractor", |b| {
        let by_value = |record: &Record<Text, Text>, partition_time| match &record.value {
            None => Ok(partition_time),
            Some(_) => Ok(time_of(record)),
        };
        let windows = TimeWindows::tumbling(ms(10_000)).grace(ms(2000));
        let stream = b.stream_with(&IN, Consumed::new().timestamp_extractor(by_value));
        stream.clone().to(&OUT);
        stream
            .select_key(|k, _| k.clone())
            .named("again")
            .require_key()
            .group_by_key_with(Grouped::new().named("again"))
            .windowed_by(windows)
            .count_with(Materialized::named("store"))
            .to_stream()
            .to_with(&COUNTS, Produced::with(time_windowed(String::serde(), windows.size()), i64::serde()));
    }),
];

/// From "in" to "out" by the times that `extractor` says.
fn with_times(
    b: &StreamsBuilder,
    extractor: impl Fn(&Record<Text, Text>, i64) -> streams_core::Result<i64> + Send + Sync + 'static,
) {
    b.stream_with(&IN, Consumed::new().timestamp_extractor(extractor)).to(&OUT);
}

/// A negative time becomes the highest so far, which has to be known.
fn or_partition_time(record: &Record<Text, Text>, partition_time: i64) -> streams_core::Result<i64> {
    match (time_of(record), partition_time) {
        (time @ 0.., _) | (_, time @ 0..) => Ok(time),
        (time, _) => {
            Err(Error::new(ErrorKind::Timestamp, format!("negative time {time}, and none is known")))
        }
    }
}

/// The time in a value `v@time`.
fn time_of(record: &Record<Text, Text>) -> i64 {
    let time = record.value.as_deref().and_then(|value| value.split_once('@'));
    time.and_then(|(_, time)| time.parse().ok()).unwrap_or(-1)
}
