//! Statistics by brand.

use streams_core::{Grouped, Materialized};

use crate::aggregates::BrandStatistics;
use crate::queries::{Query, build};
use crate::results::latest;
use crate::row;
use crate::rows::Rows;
use crate::topics;

/// Models, rating and price by brand.
pub(super) const BRANDS: Query = Query {
    name: "brands",
    file: "08_brand.csv",
    about: "For each brand the number of different models, the average rating and the highest price, over all \
            messages about products, repeated ones too.",
    needs: &[],
    topology: || {
        build(|builder| {
            builder
                .stream(&topics::PRODUCTS)
                .group_by_with(|_, product| product.brand.clone(), Grouped::new().named("products-by-brand"))
                .aggregate_with(
                    BrandStatistics::default,
                    |_, product, brand: BrandStatistics| brand.with(product),
                    Materialized::named("brands"),
                )
                .to_stream()
                .to(&topics::BRANDS);
        })
    },
    rows: |log| {
        let columns = ["brand_name", "models_by_brand", "avg_rating", "max_price"];
        let row = |(name, brand): (String, BrandStatistics)| {
            row![name, brand.models(), brand.average_rating(), brand.max_price]
        };
        Ok(Rows::new(&columns, latest(log, &topics::BRANDS)?.into_iter().map(row)))
    },
};
