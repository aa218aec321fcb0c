//! Orders with their customers and products as they are now, by equal-key joins of tables only.
//!
//! An order refers to a customer and a product that change. Grouped by customer, its row in the table of customers has
//! the same key, and so in its turn with products: both changes rewrite all orders they concern. The price is that the
//! orders of a customer, and of a product, are one row that is written as a whole.

use streams_core::{Grouped, Materialized};

use crate::aggregates::OrdersOf;
use crate::model::{Contact, ContactedOrder, EnrichedOrder};
use crate::queries::{Query, build, keyed};
use crate::results::latest;
use crate::row;
use crate::rows::Rows;
use crate::topics;

/// Orders with their customers and products.
pub(super) const ENRICHED: Query = Query {
    name: "enriched",
    file: "11_5_enriched_final.csv",
    about: "Each order with its customer and its product as they are now. Orders whose customer or product is not \
            known are left out until it is.",
    needs: &[&keyed::CUSTOMERS, &keyed::PRODUCTS],
    topology: || {
        build(|builder| {
            let customers = builder.table(&topics::CUSTOMERS_KEYED);
            let products = builder.table(&topics::PRODUCTS_KEYED);
            builder
                .stream(&topics::ORDERS)
                .group_by_with(
                    |_, order| order.customer_id.clone(),
                    Grouped::new().named("orders-by-customer"),
                )
                .aggregate_with(
                    OrdersOf::nothing,
                    |_, order, orders: OrdersOf<String>| orders.with(order.order_id, order.product_id),
                    Materialized::named("orders-of-customer"),
                )
                .left_join(customers, |orders, contact| (orders.clone(), contact.cloned()))
                .to_stream()
                .flat_map(|_, row| {
                    let (orders, contact) = row.unwrap_or((OrdersOf::nothing(), None));
                    // An order whose customer is gone goes on: what was made of it has to go too.
                    orders.into_rows().map(move |(order_id, product_id)| {
                        (product_id, ContactedOrder { order_id, contact: contact.clone() })
                    })
                })
                .group_by_key_with(Grouped::new().named("orders-by-product"))
                .aggregate_with(
                    OrdersOf::nothing,
                    |_, order, orders: OrdersOf<Option<Contact>>| orders.with(order.order_id, order.contact),
                    Materialized::named("orders-of-product"),
                )
                .left_join(products, |orders, product| (orders.clone(), product.cloned()))
                .to_stream()
                .flat_map(|_, row| {
                    let (orders, product) = row.unwrap_or((OrdersOf::nothing(), None));
                    orders.into_rows().map(move |(order_id, contact)| {
                        let both = contact.zip(product.clone());
                        (order_id, both.map(|(customer, product)| EnrichedOrder { customer, product }))
                    })
                })
                .to(&topics::ENRICHED);
        })
    },
    rows: |log| {
        let columns =
            ["order_id", "first_name", "last_name", "email", "brand", "name", "sale_price", "rating"];
        let row = |(id, EnrichedOrder { customer, product }): (i64, EnrichedOrder)| {
            let rating = format!("{:?}", product.rating);
            row![
                id,
                customer.first_name,
                customer.last_name,
                customer.email,
                product.brand,
                product.name,
                product.sale_price,
                rating
            ]
        };
        Ok(Rows::new(&columns, latest(log, &topics::ENRICHED)?.into_iter().map(row)))
    },
};
