//! What enriched orders come to per customer. A change of a customer or product changes rows of the table of enriched
//! orders; groups of a table take the old row away and add the new one, so that totals are always those of the rows
//! there are. A group without rows is deleted.

use streams_core::{Grouped, KGroupedTable, KTable, Materialized};

use crate::aggregates::{Multiset, Sum};
use crate::model::{Loyalty, Promotion};
use crate::queries::{Query, build, enriched};
use crate::results::latest;
use crate::row;
use crate::rows::Rows;
use crate::topics;

/// Totals and levels by email address.
pub(super) const LOYALTY: Query = Query {
    name: "loyalty",
    file: "12_loyalty_final.csv",
    about: "The sum of the prices of all orders by email address, and the loyalty level it is worth: GOLD above \
            7,000.00, SILVER above 700.00, BRONZE above 70.00, else CLIMBING.",
    needs: &[&enriched::ENRICHED],
    topology: || {
        build(|builder| {
            let prices = builder.table(&topics::ENRICHED).group_by_with(
                |_, order| (order.customer.email, order.product.sale_price),
                Grouped::new().named("prices-by-email"),
            );
            summed(prices, "totals")
                .map_values(|sum| Loyalty::of(sum.total))
                .to_stream()
                .to(&topics::LOYALTY);
        })
    },
    rows: |log| {
        let columns = ["email", "total", "loyalty_level"];
        let rows = latest(log, &topics::LOYALTY)?;
        Ok(Rows::new(&columns, rows.into_iter().map(|(email, l)| row![email, l.total, l.loyalty_level])))
    },
};

/// Every tenth pair of a brand is free.
pub(super) const JONES_STOKES: Query = Query {
    name: "jones-stokes",
    file: "13_1_jones_stokes.csv",
    about: "Orders of the brand Jones-Stokes by email address; after each tenth the next one is free.",
    needs: &[&enriched::ENRICHED],
    topology: || {
        build(|builder| {
            let orders = builder
                .table(&topics::ENRICHED)
                .filter(|_, order| order.product.brand == "Jones-Stokes")
                .group_by_with(|_, order| (order.customer.email, 1), Grouped::new().named("orders-by-email"));
            let counted = summed(orders, "orders").map_values(|count| Promotion::after(count.total));
            counted.to_stream().to(&topics::JONES_STOKES);
        })
    },
    rows: |log| {
        let columns = ["email", "total", "sequence", "next_one_free"];
        let row = |(email, p): (String, Promotion)| row![email, p.total, p.sequence, p.next_one_free];
        Ok(Rows::new(&columns, latest(log, &topics::JONES_STOKES)?.into_iter().map(row)))
    },
};

/// An offer to who orders of two brands.
pub(super) const BUNDLE: Query = Query {
    name: "bundle",
    file: "13_2_bundle.csv",
    about: "How often each email address ordered of the brands Braun-Bruen and Will Inc, where it ordered of both and \
            more than ten pairs in all.",
    needs: &[&enriched::ENRICHED],
    topology: || {
        build(|builder| {
            builder
                .table(&topics::ENRICHED)
                .filter(|_, order| ["Braun-Bruen", "Will Inc"].contains(&order.product.brand.as_str()))
                .group_by_with(
                    |_, order| (order.customer.email, order.product.brand),
                    Grouped::new().named("brands-by-email"),
                )
                .aggregate_with(
                    Multiset::default,
                    |_, brand, brands: Multiset| Some(brands.plus(brand)),
                    |_, brand, brands: Multiset| brands.minus(&brand),
                    Materialized::named("brands"),
                )
                .filter(|_, brands| brands.distinct() == 2 && brands.total() > 10)
                .to_stream()
                .to(&topics::BUNDLE);
        })
    },
    rows: |log| {
        let columns = ["email", "products_multiset", "promotion_name"];
        let row = |(email, brands): (String, Multiset)| row![email, brands.to_text(), "bundle_offer"];
        Ok(Rows::new(&columns, latest(log, &topics::BUNDLE)?.into_iter().map(row)))
    },
};

/// The sum of each group, without groups that have no rows.
#[track_caller]
fn summed(values: KGroupedTable<String, i64>, store: &str) -> KTable<String, Sum> {
    values.aggregate_with(
        Sum::default,
        |_, value, sum: Sum| Some(sum.plus(value)),
        |_, value, sum: Sum| sum.minus(value),
        Materialized::named(store),
    )
}
