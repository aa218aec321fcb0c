//! The job: one function, used unchanged by the service, by the file mode and by the tests.

use std::time::Duration;

use streams_core::serde::{DefaultSerde, json, time_windowed};
use streams_core::windows::TimeWindows;
use streams_core::{
    Consumed, EmitStrategy, Grouped, KGroupedStream, KTable, Key, Materialized, Produced, Record, Result,
    StreamsBuilder, Topology,
};

use crate::model::{AdEvent, Click, Counts, CtrMetrics};
use crate::topics::{AD_EVENTS, CTR_1MIN, CTR_5MIN, CTR_BY_SITE_CATEGORY};

/// Node and store of the windows of one minute.
pub const ONE_MINUTE: &str = "ctr-1min";
/// Node and store of the windows of five minutes.
pub const FIVE_MINUTES: &str = "ctr-5min";
/// Node and store of the windows of one hour per site category.
pub const SITE_CATEGORY_HOUR: &str = "ctr-by-site-category-1h";

const MINUTE: Duration = Duration::from_secs(60);

/// Counts impressions and clicks in windows of one and of five minutes over all events, and of one hour per site
/// category. A window takes events until event time is `grace` behind its end; then its result is written, once.
pub fn topology(grace: Duration) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    let clicks = builder
        .stream_with(&AD_EVENTS, Consumed::new().timestamp_extractor(event_time))
        .map_values(Click::from);

    // One name, so that both windows share one repartition topic. All events have one key: they meet in one task.
    let all = clicks.clone().group_by_with(|_, _| (), Grouped::new().named("all-clicks"));
    for (minutes, name, topic) in [(1, ONE_MINUTE, CTR_1MIN), (5, FIVE_MINUTES, CTR_5MIN)] {
        let size = MINUTE * minutes;
        count(all.clone(), size, grace, name)
            .map_values_with_key(|all, counts| CtrMetrics::new(None, all.window, counts))
            .to_stream()
            .to_with(&topic, Produced::with(time_windowed(DefaultSerde::serde(), size), json()));
    }

    let hour = MINUTE * 60;
    let by_category = clicks.group_by_with(
        |_, click| click.site_category.clone(),
        Grouped::new().named("clicks-by-site-category"),
    );
    count(by_category, hour, grace, SITE_CATEGORY_HOUR)
        .map_values_with_key(|site, counts| CtrMetrics::new(Some(site.key.0.clone()), site.window, counts))
        .to_stream()
        .to_with(&CTR_BY_SITE_CATEGORY, Produced::with(time_windowed(DefaultSerde::serde(), hour), json()));

    builder.build()
}

/// Counts the clicks of each group in windows of `size`; a window's counts come out when it is closed.
fn count<K: Key + DefaultSerde>(
    clicks: KGroupedStream<K, Click>,
    size: Duration,
    grace: Duration,
    name: &str,
) -> KTable<streams_core::windows::Windowed<K>, Counts> {
    clicks
        .windowed_by(TimeWindows::tumbling(size).grace(grace))
        .emit_strategy(EmitStrategy::OnWindowClose)
        .aggregate_with(
            Counts::default,
            |_, click, counts: Counts| counts.plus(&click),
            Materialized::named(name),
        )
        .named(name)
}

fn event_time(record: &Record<Option<String>, AdEvent>, _partition_time: i64) -> Result<i64> {
    Ok(record.value.event_time_ms)
}
