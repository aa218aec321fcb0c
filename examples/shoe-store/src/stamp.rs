//! Records that know their time: a step that puts the timestamp of a record into its value.
//!
//! A join or an aggregation has one timestamp for its result; where a query shows the times of both sides, or sorts by
//! time, the times have to be values before.

use serde::{Deserialize, Serialize};
use streams_core::processor::{FixedKeyContext, FixedKeyProcessor, UserResult};
use streams_core::time::Timestamp;
use streams_core::{Headers, KStream, Record};

use crate::model::{Customer, Order};

/// An order with the time it came in.
#[derive(Record, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedOrder {
    /// The order.
    pub order_id: i64,
    /// Its product.
    pub product_id: String,
    /// Its customer.
    pub customer_id: String,
    /// When it came in, in milliseconds since the epoch.
    pub time: i64,
}

/// A customer's name with the time since which it holds.
#[derive(Record, Debug, Clone, PartialEq, Eq)]
pub struct CustomerVersion {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// When it was made known, in milliseconds since the epoch.
    pub time: i64,
}

/// The orders with their times.
#[track_caller]
pub fn placed<K: Clone + Send + 'static>(orders: KStream<K, Order>) -> KStream<K, PlacedOrder> {
    stamped(orders, |order, time| PlacedOrder {
        order_id: order.order_id,
        product_id: order.product_id,
        customer_id: order.customer_id,
        time,
    })
}

/// The customers' names with their times.
#[track_caller]
pub fn versions<K: Clone + Send + 'static>(customers: KStream<K, Customer>) -> KStream<K, CustomerVersion> {
    stamped(customers, |customer, time| CustomerVersion {
        first_name: customer.first_name,
        last_name: customer.last_name,
        time,
    })
}

#[track_caller]
fn stamped<K, V, V2>(stream: KStream<K, V>, stamp: fn(V, Timestamp) -> V2) -> KStream<K, V2>
where
    K: Clone + Send + 'static,
    V: Send + 'static,
    V2: Send + 'static,
{
    stream.process_values(move || Stamp(stamp))
}

struct Stamp<V, V2>(fn(V, Timestamp) -> V2);

impl<K, V, V2> FixedKeyProcessor<K, V, V2> for Stamp<V, V2>
where
    K: Clone,
    V: Send + 'static,
    V2: Send + 'static,
{
    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, '_, K, V2>,
        _key: &K,
        value: V,
        timestamp: Timestamp,
        _headers: &Headers,
    ) -> UserResult {
        Ok(ctx.forward((self.0)(value, timestamp), timestamp)?)
    }
}
