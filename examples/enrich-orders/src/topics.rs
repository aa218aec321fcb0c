//! The topics. The library adds its own: changelogs, and a repartition topic before each join.

use streams_core::log::{CleanupPolicy, Log, NewTopic, TopicConfig};
use streams_core::{Result, Topic};

use crate::model::{Customer, EnrichedOrder, Order, Product, Sales, Shelf};

/// Orders as they come.
pub const ORDERS: Topic<i64, Order> = Topic::new("orders");
/// Customers as they are.
pub const CUSTOMERS: Topic<String, Customer> = Topic::new("customers");
/// Products as they are.
pub const PRODUCTS: Topic<String, Product> = Topic::new("products");
/// Where products are in the assortment.
pub const SHELVES: Topic<String, Shelf> = Topic::new("shelves");
/// Orders with what they refer to.
pub const ENRICHED: Topic<i64, EnrichedOrder> = Topic::new("enriched_orders");
/// What was sold by place in the assortment.
pub const SALES: Topic<String, Sales> = Topic::new("sales_by_place");
/// Orders of products that nobody knows, with the reason in their headers.
pub const DEAD_LETTERS: &str = "orders_not_enriched";

/// Creates the topics that do not exist yet.
pub fn create(log: &dyn Log, partitions: u32) -> Result<()> {
    let table = TopicConfig { cleanup_policy: CleanupPolicy::Compact, ..TopicConfig::default() };
    let plain = [ORDERS.name(), ENRICHED.name(), DEAD_LETTERS].map(|name| NewTopic::new(name, partitions));
    let tables = [CUSTOMERS.name(), PRODUCTS.name(), SHELVES.name(), SALES.name()];
    let tables = tables.map(|name| NewTopic::new(name, partitions).with_config(table.clone()));
    for topic in plain.into_iter().chain(tables) {
        if log.describe_topic(&topic.name)?.is_none() {
            log.create_topics(&[topic])?;
        }
    }
    Ok(())
}
