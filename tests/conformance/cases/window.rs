//! Tumbling and hopping windows, with results on every update.

use std::time::Duration;

use streams_core::processor::{FixedKeyContext, FixedKeyProcessor, UserResult};
use streams_core::serde::{DefaultSerde, SerdeRef, time_windowed};
use streams_core::windows::{TimeWindows, Windowed};
use streams_core::{Headers, KGroupedStream, KTable, Materialized, Produced, StreamsBuilder, Topic};

use super::{Case, IN, PLAIN, Text, case, ms, shown};

/// The output: how long its windows are is not in the bytes of the keys, so the serde says it.
const OUT: Topic<Windowed<String>, i64> = Topic::new("out");
const TEXT_OUT: Topic<Windowed<String>, String> = Topic::new("out");

pub(super) const CASES: &[Case] = &[
    case("window-tumbling-count", |b| {
        let windows = TimeWindows::tumbling(Duration::from_secs(10)).no_grace();
        counts(windows, grouped(b).windowed_by(windows).count_with(Materialized::named("counts")));
    }),
    case("window-tumbling-count-grace", |b| count(b, TimeWindows::tumbling(ms(10_000)).grace(ms(5000)))),
    case("window-tumbling-zero", |b| count(b, TimeWindows::tumbling(ms(10_000)).grace(ms(1000)))),
    case("window-tumbling-ten-years", |b| {
        count(b, TimeWindows::tumbling(Duration::from_secs(3650 * 24 * 60 * 60)).no_grace());
    }),
    case("window-tumbling-retention", |b| {
        let windows = TimeWindows::tumbling(ms(10_000)).no_grace();
        let store = Materialized::named("store").retention(Duration::from_secs(120));
        counts(windows, grouped(b).windowed_by(windows).count_with(store));
    }),
    case("window-tumbling-in-memory", |b| {
        let windows = TimeWindows::tumbling(ms(10_000)).grace(ms(5000));
        let store = Materialized::named("store").in_memory().retention(ms(15_000));
        counts(windows, grouped(b).windowed_by(windows).count_with(store));
    }),
    case("window-tumbling-boundary", |b| concat(b, TimeWindows::tumbling(ms(10_000)).grace(ms(5000)))),
    case("window-tumbling-one-ms", |b| concat(b, TimeWindows::tumbling(ms(1)).grace(ms(2)))),
    case("window-tumbling-null-result", |b| {
        let windows = TimeWindows::tumbling(ms(10_000)).grace(ms(5000));
        let table = grouped(b).windowed_by(windows).aggregate_with(
            String::new,
            |_, v, agg| v.filter(|v| !"def".contains(v.as_str())).map(|v| agg + &v),
            Materialized::named("store"),
        );
        texts(windows, table);
    }),
    // Null values reach the reducer; as the first of a window one leaves nothing behind.
    case("window-tumbling-reduce", |b| {
        let windows = TimeWindows::tumbling(ms(10_000)).no_grace();
        grouped(b)
            .windowed_by(windows)
            .reduce_with(
                |l: Text, r: Text| Some(format!("{}{}", shown(l.as_ref()), shown(r.as_ref()))),
                Materialized::named("store"),
            )
            .to_stream()
            .to_with(&Topic::new("out"), Produced::with(keys(windows), Text::serde()));
    }),
    case("window-hopping-count", |b| count(b, TimeWindows::hopping(ms(10_000), ms(5000)).no_grace())),
    case("window-hopping-aggregate", |b| {
        concat(b, TimeWindows::hopping(ms(12_000), ms(4000)).grace(ms(3000)));
    }),
    case("window-hopping-irregular", |b| concat(b, TimeWindows::hopping(ms(7000), ms(3000)).grace(ms(2000)))),
    case("window-of-windows", |b| {
        let (small, large) = (TimeWindows::tumbling(ms(10_000)), TimeWindows::tumbling(ms(30_000)));
        let large = large.grace(ms(5000));
        let sums = grouped(b)
            .windowed_by(small.grace(ms(5000)))
            .count_with(Materialized::named("store"))
            .to_stream()
            .select_key(|w, _| format!("{}@{}", w.key, w.window.start))
            .require_value()
            .group_by(|k, _| k.split('@').next().unwrap_or_default().to_owned())
            .windowed_by(large)
            .reduce_with(|l, r| l + r, Materialized::named("sums"));
        counts(large, sums);
    }),
    case("process-timestamp-into-window", |b| {
        let windows = TimeWindows::tumbling(ms(10_000)).grace(ms(2000));
        let moved = b.stream(&PLAIN).process_values(|| EarlierBeforeN).group_by_key();
        counts(windows, moved.windowed_by(windows).count_with(Materialized::named("store")));
    }),
];

pub(super) fn grouped(b: &StreamsBuilder) -> KGroupedStream<String, Text> {
    b.stream(&IN).require_key().group_by_key()
}

fn count(b: &StreamsBuilder, windows: TimeWindows) {
    counts(windows, grouped(b).windowed_by(windows).count_with(Materialized::named("store")));
}

fn concat(b: &StreamsBuilder, windows: TimeWindows) {
    texts(
        windows,
        grouped(b).windowed_by(windows).aggregate_with(String::new, append, Materialized::named("store")),
    );
}

/// Java's `agg + v`.
pub(super) fn append(_key: &String, value: Text, aggregate: String) -> String {
    aggregate + &value.unwrap_or("null".to_owned())
}

pub(super) fn counts(windows: TimeWindows, table: KTable<Windowed<String>, i64>) {
    table.to_stream().to_with(&OUT, Produced::with(keys(windows), i64::serde()));
}

pub(super) fn texts(windows: TimeWindows, table: KTable<Windowed<String>, String>) {
    table.to_stream().to_with(&TEXT_OUT, Produced::with(keys(windows), String::serde()));
}

fn keys(windows: TimeWindows) -> SerdeRef<Windowed<String>> {
    time_windowed(String::serde(), windows.size())
}

/// Moves values before "n" 8 s back.
struct EarlierBeforeN;

impl FixedKeyProcessor<String, String, String> for EarlierBeforeN {
    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, '_, String, String>,
        _key: &String,
        value: String,
        timestamp: i64,
        _headers: &Headers,
    ) -> UserResult {
        let moved = if value.as_str() < "n" { timestamp - 8000 } else { timestamp };
        Ok(ctx.forward(value, moved)?)
    }
}
