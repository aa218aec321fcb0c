//! The records of the store: what its three topics hold, in Avro, and what the queries make of it, in JSON.

use serde::{Deserialize, Serialize};
use streams_core::{Key, Record};

/// A message about a customer: the first, or one that changes something.
#[derive(Record, Debug, Clone, PartialEq, Eq, Deserialize)]
#[record(namespace = "shoes", format = "avro")]
pub struct Customer {
    /// A UUID; the key of the topic.
    #[record(key)]
    pub id: String,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Email address.
    pub email: String,
    /// Telephone number.
    pub phone: String,
    /// Street and number.
    pub street_address: String,
    /// State of the United States.
    pub state: String,
    /// Zip code.
    pub zip_code: String,
    /// Country.
    pub country: String,
    /// Country code of two letters.
    pub country_code: String,
}

/// A message about a product: the first, or one that changes something.
#[derive(Record, Debug, Clone, PartialEq, Deserialize)]
#[record(namespace = "shoes", format = "avro")]
pub struct Product {
    /// A UUID; the key of the topic.
    #[record(key)]
    pub id: String,
    /// Brand.
    pub brand: String,
    /// Name of the model.
    pub name: String,
    /// Price in cents.
    pub sale_price: i64,
    /// Mean of the ratings, from 0.0 to 5.0.
    pub rating: f64,
}

/// An order of one pair of shoes.
#[derive(Record, Debug, Clone, PartialEq, Eq, Deserialize)]
#[record(namespace = "shoes", format = "avro")]
pub struct Order {
    /// Counted up; the key of the topic.
    #[record(key)]
    pub order_id: i64,
    /// The product that was ordered.
    pub product_id: String,
    /// The customer who ordered it.
    pub customer_id: String,
    /// What the order says of its time, in milliseconds since the epoch. Queries go by the time of the record.
    pub ts: i64,
}

/// What the table of customers keeps.
#[derive(Record, Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Email address.
    pub email: String,
}

impl From<Customer> for Contact {
    fn from(customer: Customer) -> Self {
        let Customer { first_name, last_name, email, .. } = customer;
        Contact { first_name, last_name, email }
    }
}

/// What the table of products keeps.
#[derive(Record, Debug, Clone, PartialEq)]
pub struct KeyedProduct {
    /// Brand.
    pub brand: String,
    /// Name of the model.
    pub name: String,
    /// Price in cents.
    pub sale_price: i64,
    /// Mean of the ratings, from 0.0 to 5.0.
    pub rating: f64,
}

impl From<Product> for KeyedProduct {
    fn from(product: Product) -> Self {
        let Product { brand, name, sale_price, rating, .. } = product;
        KeyedProduct { brand, name, sale_price, rating }
    }
}

/// An order with its customer and its product as they are now.
#[derive(Record, Debug, Clone, PartialEq)]
pub struct EnrichedOrder {
    /// The customer.
    pub customer: Contact,
    /// The product.
    pub product: KeyedProduct,
}

/// An order with its customer's name as it is now.
#[derive(Record, Debug, Clone, PartialEq, Eq)]
pub struct NamedOrder {
    /// When it came in, in milliseconds since the epoch.
    pub time: i64,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
}

/// An order with a version of its customer's name.
#[derive(Record, Debug, Clone, PartialEq, Eq)]
pub struct VersionedOrder {
    /// The order.
    pub order_id: i64,
    /// When it came in, in milliseconds since the epoch.
    pub order_time: i64,
    /// When the version was made known, in milliseconds since the epoch.
    pub version_time: i64,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
}

/// An order with its customer, if the customer is known.
#[derive(Record, Debug, Clone, PartialEq, Eq)]
pub struct ContactedOrder {
    /// The order.
    pub order_id: i64,
    /// The customer as it is now.
    pub contact: Option<Contact>,
}

/// What the orders of a customer come to.
#[derive(Record, Debug, Clone, PartialEq, Eq)]
pub struct Loyalty {
    /// Sum of the prices, in cents.
    pub total: i64,
    /// `GOLD`, `SILVER`, `BRONZE` or `CLIMBING`.
    pub loyalty_level: String,
}

impl Loyalty {
    /// The level that `total` is worth.
    pub fn of(total: i64) -> Self {
        let level = match total {
            700_001.. => "GOLD",
            70_001.. => "SILVER",
            7_001.. => "BRONZE",
            _ => "CLIMBING",
        };
        Loyalty { total, loyalty_level: level.to_owned() }
    }
}

/// An offer to a customer. Two offers to one customer are two rows.
#[derive(Record, Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offer {
    /// The customer's email address.
    pub email: String,
    /// `next_free` or `bundle_offer`.
    pub promotion_name: String,
}

impl Key for Offer {}

/// The state of the promotion by which every tenth pair of a brand is free.
#[derive(Record, Debug, Clone, PartialEq, Eq)]
pub struct Promotion {
    /// Pairs ordered.
    pub total: i64,
    /// Pairs ordered since the last that was free.
    pub sequence: i64,
    /// Whether the next pair is free.
    pub next_one_free: bool,
}

impl Promotion {
    /// The state after so many pairs.
    pub fn after(total: i64) -> Self {
        Promotion { total, sequence: total % 10, next_one_free: total % 10 == 0 }
    }
}
