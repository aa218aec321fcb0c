//! Queries that keep some records of a topic.

use streams_core::{Grouped, Materialized, Record, Result};

use crate::aggregates::FirstOrders;
use crate::model::Customer;
use crate::queries::{CUSTOMER, Query, build};
use crate::results::{all, latest};
use crate::row;
use crate::rows::Rows;
use crate::stamp::placed;
use crate::topics;

/// Customers of Texas whose last name begins with B.
pub(super) const TEXAS_B: Query = Query {
    name: "texas-b",
    file: "07_texas_B.csv",
    about: "All messages about customers of Texas whose last name begins with B (a capital one), by time.",
    needs: &[],
    topology: || {
        build(|builder| {
            let customers = builder.stream(&topics::CUSTOMERS);
            customers.filter(|_, c| c.state == "Texas" && c.last_name.starts_with('B')).to(&topics::TEXAS_B);
        })
    },
    rows: |log| customer_rows(&all(log, &topics::TEXAS_B)?),
};

/// The first ten orders of a customer.
///
/// Orders of one customer lie in all partitions: which ten were first is known when all were seen. So it is an
/// aggregate that is right at every moment for what was read so far, not a stream that ends after ten records.
pub(super) const FIRST_ORDERS: Query = Query {
    name: "first-orders",
    file: "07_first10_orders.csv",
    about: "The first ten orders of the customer b523f7f3-..., with the time they came in.",
    needs: &[],
    topology: || {
        build(|builder| {
            let orders = builder.stream(&topics::ORDERS).filter(|_, order| order.customer_id == CUSTOMER);
            placed(orders)
                .group_by_with(
                    |_, order| order.customer_id.clone(),
                    Grouped::new().named("orders-by-customer"),
                )
                .aggregate_with(
                    FirstOrders::default,
                    |_, order, first: FirstOrders| first.with(order),
                    Materialized::named("first-orders"),
                )
                .to_stream()
                .to(&topics::FIRST_ORDERS);
        })
    },
    rows: |log| {
        let first = latest(log, &topics::FIRST_ORDERS)?.into_values().flat_map(|orders| orders.0);
        let columns = ["order_id", "product_id", "customer_id", "ingestion_time_ms"];
        Ok(Rows::new(&columns, first.map(|o| row![o.order_id, o.product_id, o.customer_id, o.time])))
    },
};

/// All orders of a customer.
pub(super) const ORDERS: Query = Query {
    name: "orders",
    file: "07_orders_of_customer.csv",
    about: "All orders of the customer b523f7f3-... with the time they came in, by time.",
    needs: &[],
    topology: || {
        build(|builder| {
            let orders = builder.stream(&topics::ORDERS);
            orders.filter(|_, order| order.customer_id == CUSTOMER).to(&topics::ORDERS_OF_CUSTOMER);
        })
    },
    rows: |log| {
        let orders = all(log, &topics::ORDERS_OF_CUSTOMER)?;
        let columns = ["order_id", "customer_id", "ingestion_time_ms"];
        Ok(Rows::new(&columns, orders.iter().map(|o| row![o.key, o.value.customer_id, o.timestamp])))
    },
};

/// All messages about a customer.
pub(super) const CHANGE_HISTORY: Query = Query {
    name: "change-history",
    file: "10_change_history_b523f7f3.csv",
    about: "All messages about the customer b523f7f3-..., by time: every version there was.",
    needs: &[],
    topology: || {
        build(|builder| {
            let customers = builder.stream(&topics::CUSTOMERS);
            customers.filter(|id, _| id == CUSTOMER).to(&topics::CHANGE_HISTORY);
        })
    },
    rows: |log| customer_rows(&all(log, &topics::CHANGE_HISTORY)?),
};

fn customer_rows(customers: &[Record<String, Customer>]) -> Result<Rows> {
    let columns = [
        "rowtime_ms",
        "id",
        "first_name",
        "last_name",
        "email",
        "phone",
        "street_address",
        "state",
        "zip_code",
        "country",
        "country_code",
    ];
    let row = |record: &Record<String, Customer>| {
        let c = &record.value;
        row![
            record.timestamp,
            c.id,
            c.first_name,
            c.last_name,
            c.email,
            c.phone,
            c.street_address,
            c.state,
            c.zip_code,
            c.country,
            c.country_code
        ]
    };
    Ok(Rows::new(&columns, customers.iter().map(row)))
}
