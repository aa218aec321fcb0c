//! Orders of one customer joined with what is known of the customer, in four ways that differ in the time they go by.

use std::sync::Arc;
use std::time::Duration;

use streams_core::log::Log;
use streams_core::windows::JoinWindows;
use streams_core::{Grouped, KStream, Materialized, Record, Result, StreamJoined, StreamsBuilder, Topic};

use crate::aggregates::OrdersOf;
use crate::model::{NamedOrder, VersionedOrder};
use crate::queries::{CUSTOMER, Query, build, keyed};
use crate::results::{all, latest};
use crate::row;
use crate::rows::Rows;
use crate::stamp::{CustomerVersion, PlacedOrder, placed, versions};
use crate::topics;

/// Longer apart than any two records are.
const EVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const VERSION_COLUMNS: [&str; 5] =
    ["order_id", "order_time_ms", "customer_info_update_time_ms", "first_name", "last_name"];

/// Every order with every message about its customer.
pub(super) const REGULAR: Query = Query {
    name: "join-regular",
    file: "11_1_regular_unkeyed.csv",
    about: "Each order of the customer b523f7f3-... with each message about the customer, whenever it came. Both \
            sides are kept for ever.",
    needs: &[],
    topology: || {
        build(|builder| {
            let (orders, versions) = of_one_customer(builder);
            let joined = orders.join_with(versions, JoinWindows::of(EVER).no_grace(), versioned, options());
            joined.to(&topics::REGULAR);
        })
    },
    rows: |log| {
        let columns = ["order_id", "ingestion_time_ms", "customer_rowtime_ms", "first_name", "last_name"];
        Ok(Rows::new(&columns, version_rows(log, &topics::REGULAR)?))
    },
};

/// Orders within an hour after a message about their customer.
///
/// The grace period is how long the join remembers: longer than the data is, so that no order comes too late for its
/// partners, however far apart the two topics are read.
pub(super) const INTERVAL: Query = Query {
    name: "join-interval",
    file: "11_2_interval_1h.csv",
    about: "Each order of the customer b523f7f3-... with each message about the customer that came up to an hour \
            before it.",
    needs: &[],
    topology: || {
        build(|builder| {
            let (orders, versions) = of_one_customer(builder);
            let windows = JoinWindows::of(HOUR).grace(24 * HOUR).after(Duration::ZERO);
            orders.join_with(versions, windows, versioned, options()).to(&topics::INTERVAL);
        })
    },
    rows: |log| Ok(Rows::new(&VERSION_COLUMNS, version_rows(log, &topics::INTERVAL)?)),
};

/// Orders with the version of their customer that held when they came in.
///
/// Each order is joined with all versions before it, and the newest one is kept: a table, whose row for an order is
/// written again when a newer version before it is found.
pub(super) const TEMPORAL: Query = Query {
    name: "join-temporal",
    file: "11_4_temporal.csv",
    about: "Each order of the customer b523f7f3-... with the customer as known when it came in. Orders before the \
            first message about the customer are left out.",
    needs: &[],
    topology: || {
        build(|builder| {
            let (orders, versions) = of_one_customer(builder);
            let before = JoinWindows::of(EVER).no_grace().after(Duration::ZERO);
            orders
                .join_with(versions, before, versioned, options())
                .group_by_with(|_, order| order.order_id, Grouped::new().named("versions-by-order"))
                .reduce_with(
                    |a, b| if a.version_time > b.version_time { a } else { b },
                    Materialized::named("newest-version"),
                )
                .to_stream()
                .to(&topics::TEMPORAL);
        })
    },
    rows: |log| Ok(Rows::new(&VERSION_COLUMNS, latest(log, &topics::TEMPORAL)?.values().map(version_row))),
};

/// Orders with their customer as it is now.
///
/// A change of the customer rewrites all its orders. The tables are joined by equal keys: the orders of a customer are
/// one row, which holds all of them.
pub(super) const KEYED: Query = Query {
    name: "join-keyed",
    file: "11_3_regular_keyed_final.csv",
    about: "Each order of the customer b523f7f3-... with the customer as it is now: a change of the customer changes \
            all orders.",
    needs: &[&keyed::CUSTOMERS],
    topology: || {
        build(|builder| {
            let orders = builder.stream(&topics::ORDERS).filter(|_, order| order.customer_id == CUSTOMER);
            let customers = builder.table(&topics::CUSTOMERS_KEYED);
            placed(orders)
                .group_by_with(
                    |_, order| order.customer_id.clone(),
                    Grouped::new().named("orders-by-customer"),
                )
                .aggregate_with(
                    OrdersOf::nothing,
                    |_, order, orders: OrdersOf<i64>| orders.with(order.order_id, order.time),
                    Materialized::named("orders-of-customer"),
                )
                .left_join(customers, |orders, contact| (orders.clone(), contact.cloned()))
                .to_stream()
                .flat_map(|_, row| {
                    let (orders, contact) = row.unwrap_or((OrdersOf::nothing(), None));
                    // Without a customer the order is no row.
                    orders.into_rows().map(move |(order_id, time)| {
                        let row = contact.clone().map(|contact| NamedOrder {
                            time,
                            first_name: contact.first_name,
                            last_name: contact.last_name,
                        });
                        (order_id, row)
                    })
                })
                .to(&topics::NAMED_ORDERS);
        })
    },
    rows: |log| {
        let columns = ["order_id", "ingestion_time_ms", "first_name", "last_name"];
        let orders = latest(log, &topics::NAMED_ORDERS)?;
        let row = |(id, order): (i64, NamedOrder)| row![id, order.time, order.first_name, order.last_name];
        Ok(Rows::new(&columns, orders.into_iter().map(row)))
    },
};

/// The orders of the customer and the messages about it, both by customer.
fn of_one_customer(
    builder: &StreamsBuilder,
) -> (KStream<String, PlacedOrder>, KStream<String, CustomerVersion>) {
    let orders = builder.stream(&topics::ORDERS).filter(|_, order| order.customer_id == CUSTOMER);
    let customers = builder.stream(&topics::CUSTOMERS).filter(|id, _| id == CUSTOMER);
    (placed(orders).select_key(|_, order| order.customer_id.clone()), versions(customers))
}

fn options() -> StreamJoined<String, PlacedOrder, CustomerVersion> {
    StreamJoined::new().named("orders-with-customer").store_name("orders-with-customer")
}

fn versioned(order: &PlacedOrder, customer: &CustomerVersion) -> VersionedOrder {
    VersionedOrder {
        order_id: order.order_id,
        order_time: order.time,
        version_time: customer.time,
        first_name: customer.first_name.clone(),
        last_name: customer.last_name.clone(),
    }
}

fn version_rows(log: &Arc<dyn Log>, topic: &Topic<String, VersionedOrder>) -> Result<Vec<Vec<String>>> {
    let mut orders: Vec<Record<String, VersionedOrder>> = all(log, topic)?;
    orders.sort_by_key(|order| (order.value.order_id, order.value.version_time));
    Ok(orders.iter().map(|order| version_row(&order.value)).collect())
}

fn version_row(order: &VersionedOrder) -> Vec<String> {
    row![order.order_id, order.order_time, order.version_time, order.first_name, order.last_name]
}
