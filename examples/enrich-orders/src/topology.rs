//! The job.

use streams_core::{
    ErrorPolicies, ErrorPolicy, Grouped, Materialized, Repartitioned, Result, StreamsBuilder, Topology,
};

use crate::model::{EnrichedOrder, Offer, Purchase, Sales};
use crate::topics::{CUSTOMERS, DEAD_LETTERS, ENRICHED, ORDERS, PRODUCTS, SALES, SHELVES};

/// Joins orders with customers and then with what is offered, and sums up what was sold.
///
/// An order meets the rows of the moment: later changes of a table do not touch it. Without a known customer it goes on
/// without one; a product that is not known fails it, which the [`policies`] turn into a dead letter.
pub fn topology() -> Result<Topology> {
    let builder = StreamsBuilder::new();
    let customers = builder.table(&CUSTOMERS);
    let offers = builder.table(&PRODUCTS).left_join(builder.table(&SHELVES), |product, shelf| Offer {
        name: product.name.clone(),
        shelf: shelf.cloned(),
    });

    let mut orders = builder.stream(&ORDERS).split().named("orders-");
    let of_customers = orders.branch(|_, order| order.customer_id.is_some());
    // They would all meet under one key: they do not take part in the join.
    let of_strangers = orders.default_branch().map_values(|order| Purchase { order, customer: None });
    let purchases = of_customers
        .select_key(|_, order| order.customer_id.clone().unwrap_or_default())
        .left_join_table(customers, |order, customer| Purchase { order, customer: customer.cloned() })
        .select_key(|_, purchase| purchase.order.product_id.clone())
        .repartition_with(Repartitioned::new().named("purchases-of-customers"));
    // Merged behind the repartitions: before, one part of the job would read what it writes itself, and a run to the
    // end could not know where that ends.
    let purchases = of_strangers
        .select_key(|_, purchase| purchase.order.product_id.clone())
        .repartition_with(Repartitioned::new().named("purchases-of-strangers"))
        .merge(purchases);

    let enriched = purchases
        .left_join_table(offers, |purchase, offer| (purchase, offer.cloned()))
        .try_map_values(|product, (purchase, offer)| match offer {
            Some(offer) => Ok(EnrichedOrder::new(purchase, &offer)),
            None => Err(format!("order {}: product {product} is not known", purchase.order.order_id)),
        })
        .select_key(|_, order| order.order_id);
    enriched.clone().to(&ENRICHED);
    enriched
        .group_by_with(|_, order| order.place.clone(), Grouped::new().named("orders-by-place"))
        .aggregate_with(
            Sales::default,
            |_, order, sales: Sales| sales.plus(&order),
            Materialized::named("sales"),
        )
        .to_stream()
        .to(&SALES);
    builder.build()
}

/// What fails goes to the dead letters.
pub fn policies() -> ErrorPolicies {
    ErrorPolicies {
        processing: ErrorPolicy::DeadLetter,
        dead_letter_topic: Some(DEAD_LETTERS.to_owned()),
        ..ErrorPolicies::default()
    }
}
