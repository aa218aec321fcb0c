//! Windows that put out one result, when they are closed.

use streams_core::windows::TimeWindows;
use streams_core::{EmitStrategy, Materialized, StreamsBuilder};

use super::window::{append, counts, grouped, texts};
use super::{Case, case, ms};

pub(super) const CASES: &[Case] = &[
    case("window-close-tumbling", |b| {
        concat(
            b,
            TimeWindows::tumbling(ms(10_000)).grace(ms(5000)),
            Materialized::named("store").retention(ms(60_000)),
        );
    }),
    case("window-close-hopping", |b| {
        let windows = TimeWindows::hopping(ms(10_000), ms(5000)).grace(ms(3000));
        concat(b, windows, Materialized::named("store").retention(ms(40_000)));
    }),
    case("window-close-boundary", |b| {
        concat(b, TimeWindows::tumbling(ms(10)).grace(ms(5)), Materialized::named("store").retention(ms(40)));
    }),
    case("window-close-tumbling-loss", |b| count(b, Materialized::named("store"))),
    case("window-close-tumbling-in-memory", |b| {
        count(b, Materialized::named("store").in_memory().retention(ms(60_000)));
    }),
    case("window-close-tumbling-key-first-store", |b| {
        count(b, Materialized::named("store").key_ordered().retention(ms(60_000)));
    }),
];

fn concat(b: &StreamsBuilder, windows: TimeWindows, store: Materialized<String, String>) {
    let windowed = grouped(b).windowed_by(windows).emit_strategy(EmitStrategy::OnWindowClose);
    texts(windows, windowed.aggregate_with(String::new, append, store));
}

fn count(b: &StreamsBuilder, store: Materialized<String, i64>) {
    let windows = TimeWindows::tumbling(ms(10_000)).grace(ms(5000));
    let windowed = grouped(b).windowed_by(windows).emit_strategy(EmitStrategy::OnWindowClose);
    counts(windows, windowed.count_with(store));
}
