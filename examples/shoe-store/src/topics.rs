//! The topics: three of input, and one for the result of each query. The library adds changelogs and repartitions.

use streams_core::log::{CleanupPolicy, Log, NewTopic, TopicConfig};
use streams_core::windows::Windowed;
use streams_core::{Result, Topic};

use crate::aggregates::{BrandStatistics, FirstOrders, Multiset};
use crate::model::{
    Contact, Customer, EnrichedOrder, KeyedProduct, Loyalty, NamedOrder, Offer, Order, Product, Promotion,
    VersionedOrder,
};

/// Partitions of the topics that hold one record per event.
pub const PARTITIONS: u32 = 3;

/// Customers: new ones and changes.
pub const CUSTOMERS: Topic<String, Customer> = Topic::new("shoe_customers");
/// Products: new ones and changes.
pub const PRODUCTS: Topic<String, Product> = Topic::new("shoe_products");
/// Orders.
pub const ORDERS: Topic<i64, Order> = Topic::new("shoe_orders");

/// Customers of Texas whose last name begins with B.
pub const TEXAS_B: Topic<String, Customer> = Topic::new("texas_customers_b");
/// The first orders of a customer.
pub const FIRST_ORDERS: Topic<String, FirstOrders> = Topic::new("first_orders");
/// All orders of a customer.
pub const ORDERS_OF_CUSTOMER: Topic<i64, Order> = Topic::new("orders_of_customer");
/// All messages about a customer.
pub const CHANGE_HISTORY: Topic<String, Customer> = Topic::new("change_history");
/// Counts by name.
pub const COUNTS: Topic<String, i64> = Topic::new("counts");
/// Statistics by brand.
pub const BRANDS: Topic<String, BrandStatistics> = Topic::new("brands");
/// Orders per minute.
pub const PER_MINUTE: Topic<Windowed<()>, i64> = Topic::new("orders_per_minute");
/// Orders per ten minutes, every five.
pub const PER_10_MINUTES: Topic<Windowed<()>, i64> = Topic::new("orders_per_10_minutes");
/// The table of customers.
pub const CUSTOMERS_KEYED: Topic<String, Contact> = Topic::new("shoe_customers_keyed");
/// One row of the table of customers.
pub const ONE_CUSTOMER: Topic<String, Contact> = Topic::new("one_customer");
/// The table of products.
pub const PRODUCTS_KEYED: Topic<String, KeyedProduct> = Topic::new("shoe_products_keyed");
/// One row of the table of products.
pub const ONE_PRODUCT: Topic<String, KeyedProduct> = Topic::new("one_product");
/// How many customers the table has.
pub const CUSTOMER_COUNT: Topic<(), i64> = Topic::new("shoe_customers_keyed_count");
/// Orders of a customer with every version of the customer.
pub const REGULAR: Topic<String, VersionedOrder> = Topic::new("orders_with_versions");
/// Orders of a customer with the versions of the hour before.
pub const INTERVAL: Topic<String, VersionedOrder> = Topic::new("orders_within_an_hour");
/// Orders of a customer with the version that held.
pub const TEMPORAL: Topic<i64, VersionedOrder> = Topic::new("orders_with_version");
/// Orders of a customer with the customer as it is now.
pub const NAMED_ORDERS: Topic<i64, NamedOrder> = Topic::new("orders_with_customer");
/// All orders with customer and product as they are now.
pub const ENRICHED: Topic<i64, EnrichedOrder> = Topic::new("shoe_orders_enriched_customer_product");
/// Loyalty by email address.
pub const LOYALTY: Topic<String, Loyalty> = Topic::new("shoe_loyalty_levels");
/// Orders of one brand by email address.
pub const JONES_STOKES: Topic<String, Promotion> = Topic::new("jones_stokes");
/// Orders of two brands by email address.
pub const BUNDLE: Topic<String, Multiset> = Topic::new("bundle");
/// All offers.
pub const PROMOTIONS: Topic<Offer, Offer> = Topic::new("shoe_promotions");

/// Creates all of them.
pub fn create(log: &dyn Log) -> Result<()> {
    let streams = [
        CUSTOMERS.name(),
        PRODUCTS.name(),
        ORDERS.name(),
        TEXAS_B.name(),
        ORDERS_OF_CUSTOMER.name(),
        CHANGE_HISTORY.name(),
        PER_MINUTE.name(),
        PER_10_MINUTES.name(),
        REGULAR.name(),
        INTERVAL.name(),
    ];
    let tables = [
        FIRST_ORDERS.name(),
        COUNTS.name(),
        BRANDS.name(),
        CUSTOMERS_KEYED.name(),
        ONE_CUSTOMER.name(),
        PRODUCTS_KEYED.name(),
        ONE_PRODUCT.name(),
        CUSTOMER_COUNT.name(),
        TEMPORAL.name(),
        NAMED_ORDERS.name(),
        ENRICHED.name(),
        LOYALTY.name(),
        JONES_STOKES.name(),
        BUNDLE.name(),
        PROMOTIONS.name(),
    ];
    let latest = TopicConfig { cleanup_policy: CleanupPolicy::Compact, ..TopicConfig::default() };
    let streams = streams.map(|name| NewTopic::new(name, PARTITIONS));
    let tables = tables.map(|name| NewTopic::new(name, 1).with_config(latest.clone()));
    log.create_topics(&[&streams[..], &tables[..]].concat())
}
