//! Orders per window of time. Each window is written once, when it is closed; windows without orders are not.

use std::sync::Arc;
use std::time::Duration;

use streams_core::log::Log;
use streams_core::serde::{DefaultSerde, time_windowed};
use streams_core::windows::{TimeWindows, Window, Windowed};
use streams_core::{EmitStrategy, Grouped, Materialized, Produced, Result, Topic, Topology};

use crate::aggregates::Distinct;
use crate::queries::{Query, build};
use crate::results::all_with;
use crate::row;
use crate::rows::Rows;
use crate::time::utc;
use crate::topics;

const MINUTE: Duration = Duration::from_secs(60);

/// Orders per minute.
pub(super) const PER_MINUTE: Query = Query {
    name: "orders-per-minute",
    file: "09_tumble_1min.csv",
    about: "The number of different orders per minute.",
    needs: &[],
    topology: || orders_per(TimeWindows::tumbling(MINUTE).no_grace(), &topics::PER_MINUTE),
    rows: |log| {
        let windows = windows(log, &topics::PER_MINUTE, MINUTE)?;
        let columns = ["window_end", "num_orders"];
        Ok(Rows::new(&columns, windows.into_iter().map(|(window, orders)| row![utc(window.end), orders])))
    },
};

/// Orders per ten minutes, every five.
pub(super) const PER_10_MINUTES: Query = Query {
    name: "orders-per-10-minutes",
    file: "09_hop_5_10min.csv",
    about: "The number of different orders per ten minutes, every five minutes.",
    needs: &[],
    topology: || {
        orders_per(TimeWindows::hopping(MINUTE * 10, MINUTE * 5).no_grace(), &topics::PER_10_MINUTES)
    },
    rows: |log| {
        let windows = windows(log, &topics::PER_10_MINUTES, MINUTE * 10)?;
        let columns = ["window_start", "window_end", "num_orders"];
        let row = |(window, orders): (Window, i64)| row![utc(window.start), utc(window.end), orders];
        Ok(Rows::new(&columns, windows.into_iter().map(row)))
    },
};

/// Orders lie in three partitions and are counted in one task. Without a grace period none is late all the same: event
/// time behind a repartition is what all three have come to.
fn orders_per(windows: TimeWindows, topic: &Topic<Windowed<()>, i64>) -> Result<Topology> {
    build(|builder| {
        builder
            .stream(&topics::ORDERS)
            .map_values(|order| order.order_id)
            .group_by_with(|_, _| (), Grouped::new().named("all-orders"))
            .windowed_by(windows)
            .emit_strategy(EmitStrategy::OnWindowClose)
            .aggregate_with(
                Distinct::nothing,
                |(), order_id, seen: Distinct<i64>| seen.with(order_id),
                Materialized::named("orders"),
            )
            .map_values(|seen| seen.count())
            .to_stream()
            .to_with(topic, Produced::with(time_windowed(<()>::serde(), windows.size()), i64::serde()));
    })
}

fn windows(
    log: &Arc<dyn Log>,
    topic: &Topic<Windowed<()>, i64>,
    size: Duration,
) -> Result<Vec<(Window, i64)>> {
    let records = all_with(log, topic, time_windowed(<()>::serde(), size), i64::serde())?;
    let mut windows: Vec<_> = records.into_iter().map(|record| (record.key.window, record.value)).collect();
    windows.sort_unstable();
    Ok(windows)
}
