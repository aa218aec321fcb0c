//! Counts over whole topics.

use streams_core::{Grouped, KStream, KTable, Materialized};

use crate::aggregates::Distinct;
use crate::queries::{CUSTOMER, Query, build};
use crate::results::latest;
use crate::rows::Rows;
use crate::topics;

/// How many messages, customers and orders of one customer there are.
pub(super) const COUNTS: Query = Query {
    name: "counts",
    file: "08_counts.csv",
    about: "How many messages about customers there are, how many different customers, and how many orders of the \
            customer b523f7f3-...",
    needs: &[],
    topology: || {
        build(|builder| {
            let customers = builder.stream(&topics::CUSTOMERS).map_values(|customer| customer.id);
            // One name, so that both counts share one repartition topic.
            let all = customers.group_by_with(|_, _| (), Grouped::new().named("all-customers"));
            let records = all.clone().count_with(Materialized::named("num-records"));
            let distinct = all.aggregate_with(
                Distinct::nothing,
                |(), id, seen: Distinct<String>| seen.with(id),
                Materialized::named("num-customers"),
            );
            let orders = builder
                .stream(&topics::ORDERS)
                .filter(|_, order| order.customer_id == CUSTOMER)
                .map_values(|order| order.order_id)
                .group_by_with(|_, _| (), Grouped::new().named("orders-of-customer"))
                .count_with(Materialized::named("orders-of-customer"));
            let counts = named(records, "num_records")
                .merge(named(distinct.map_values(|seen| seen.count()), "num_customers"))
                .merge(named(orders, "orders_of_b523f7f3"));
            counts.to(&topics::COUNTS);
        })
    },
    rows: |log| {
        let counts = latest(log, &topics::COUNTS)?;
        let columns = ["num_records", "num_customers", "orders_of_b523f7f3"];
        let count = |name: &str| counts.get(name).copied().unwrap_or(0).to_string();
        Ok(Rows::new(&columns, [columns.map(count).to_vec()]))
    },
};

/// The changes of a table of one row, under a name.
#[track_caller]
fn named(table: KTable<(), i64>, name: &'static str) -> KStream<String, Option<i64>> {
    table.to_stream().select_key(move |(), _| name.to_owned())
}
