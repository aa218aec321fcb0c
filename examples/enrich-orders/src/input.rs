//! The input as values, and how it gets into the topics: once, however often the program is started.

use streams_core::ids::TopicPartition;
use streams_core::log::{Log, ProducerOptions, partition_for_key};
use streams_core::record::RecordView;
use streams_core::runtime::TopicProducer;
use streams_core::schema::Keyed;
use streams_core::serde::DefaultSerde;
use streams_core::{Result, Topic};

use crate::model::{Customer, Order, Product, Shelf};
use crate::topics::{CUSTOMERS, ORDERS, PRODUCTS, SHELVES};

/// Tables and orders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    /// Customers; the last of an id counts.
    pub customers: Vec<Customer>,
    /// Products; the last of an id counts.
    pub products: Vec<Product>,
    /// Places of products; the last of a product counts.
    pub shelves: Vec<Shelf>,
    /// Orders by time.
    pub orders: Vec<Order>,
}

impl Input {
    /// Writes everything into the topics, unless there are orders already. Tables are older than the first order; the
    /// orders are one transaction, so that they are there as a whole or not at all.
    pub fn load(&self, log: &dyn Log) -> Result<()> {
        let options = ProducerOptions { transactional_id: Some("enrich-orders-input".to_owned()) };
        let mut producer = log.open_producer(options)?;
        let topic = producer.topic(ORDERS.name())?;
        let partitions = producer.partitions(topic);
        for number in 0..partitions {
            if log.written_offset(&TopicPartition::new(ORDERS.name(), number))? > 0 {
                return Ok(());
            }
        }
        let before = self.orders.first().map_or(1, |order| order.time - 1);
        fill(log, &CUSTOMERS, &self.customers, before)?;
        fill(log, &PRODUCTS, &self.products, before)?;
        fill(log, &SHELVES, &self.shelves, before)?;

        let (keys, values) = (i64::serde(), Order::serde());
        let (mut key, mut value) = (Vec::new(), Vec::new());
        producer.begin()?;
        for order in &self.orders {
            key.clear();
            value.clear();
            keys.serialize(&order.order_id, &mut key)?;
            values.serialize(order, &mut value)?;
            let record = RecordView {
                key: Some(&key),
                value: Some(&value),
                timestamp: order.time,
                ..RecordView::default()
            };
            producer.send(topic, partition_for_key(&key, partitions), record)?;
        }
        producer.commit()
    }
}

fn fill<V: DefaultSerde + Keyed<Key = String>>(
    log: &dyn Log,
    topic: &Topic<String, V>,
    rows: &[V],
    time: i64,
) -> Result<()> {
    let mut producer = TopicProducer::open(log, topic)?;
    for row in rows {
        producer.send(&row.key(), row, time)?;
    }
    producer.flush()
}
