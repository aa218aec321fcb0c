//! The queries by name. Each is a topology of its own that reads the store's topics, or results of other queries, and
//! writes a topic.

mod brands;
mod counts;
mod enriched;
mod filters;
mod joins;
mod keyed;
mod loyalty;
mod promotions;
mod windows;

use std::sync::Arc;

use streams_core::log::Log;
use streams_core::{Result, StreamsBuilder, Topology};

use crate::rows::Rows;

/// The customer whom the queries about one customer are about.
pub const CUSTOMER: &str = "b523f7f3-0338-4f1f-a951-a387beeb8b6a";
/// The product whom the query about one product is about.
pub const PRODUCT: &str = "0fd15be0-8b95-4f19-b90b-53aabf4c49df";

/// A query.
#[derive(Debug)]
pub struct Query {
    /// What it is called on the command line.
    pub name: &'static str,
    /// The file its answer is written to.
    pub file: &'static str,
    /// What it answers.
    pub about: &'static str,
    /// The queries whose results it reads.
    pub needs: &'static [&'static Query],
    /// How it is done.
    pub topology: fn() -> Result<Topology>,
    /// The answer, once the topology has run.
    pub rows: fn(&Arc<dyn Log>) -> Result<Rows>,
}

/// All queries, in the order of their files.
pub const ALL: &[&Query] = &[
    &filters::TEXAS_B,
    &filters::FIRST_ORDERS,
    &filters::ORDERS,
    &counts::COUNTS,
    &brands::BRANDS,
    &windows::PER_MINUTE,
    &windows::PER_10_MINUTES,
    &keyed::CUSTOMERS,
    &keyed::CUSTOMER_COUNT,
    &keyed::ONE_CUSTOMER,
    &keyed::PRODUCTS,
    &keyed::ONE_PRODUCT,
    &filters::CHANGE_HISTORY,
    &joins::REGULAR,
    &joins::INTERVAL,
    &joins::KEYED,
    &joins::TEMPORAL,
    &enriched::ENRICHED,
    &loyalty::LOYALTY,
    &loyalty::JONES_STOKES,
    &loyalty::BUNDLE,
    &promotions::PROMOTIONS,
];

/// A topology of what `add` adds.
fn build(add: impl FnOnce(&StreamsBuilder)) -> Result<Topology> {
    let builder = StreamsBuilder::new();
    add(&builder);
    builder.build()
}
