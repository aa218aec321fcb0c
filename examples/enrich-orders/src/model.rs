//! The records: what comes in, what goes between the joins, and what comes out. All of them are Avro.

use serde::Deserialize;
use streams_core::Record;

/// An order of one product.
#[derive(Record, Debug, Clone, PartialEq, Eq)]
#[record(namespace = "orders", format = "avro")]
pub struct Order {
    /// The key of the topic.
    #[record(key)]
    pub order_id: i64,
    /// Who ordered, if they said so.
    pub customer_id: Option<String>,
    /// What was ordered.
    pub product_id: String,
    /// How many.
    pub quantity: i64,
    /// What all of them cost, in the smallest unit of the currency.
    pub amount: i64,
    /// When, in milliseconds since the epoch: the time of the record.
    #[record(timestamp)]
    pub time: i64,
}

/// A customer as of now.
#[derive(Record, Debug, Clone, PartialEq, Eq)]
#[record(namespace = "orders", format = "avro")]
pub struct Customer {
    /// The key of the topic.
    #[record(key)]
    pub id: String,
    /// Full name.
    pub name: String,
    /// Country code of two letters.
    pub country: String,
}

/// A product as of now.
#[derive(Record, Debug, Clone, PartialEq, Eq, Deserialize)]
#[record(namespace = "orders", format = "avro")]
pub struct Product {
    /// The key of the topic.
    #[record(key)]
    #[serde(rename = "product_cd")]
    pub id: String,
    /// Its name.
    #[serde(rename = "product_name")]
    pub name: String,
}

/// Where in the assortment a product is.
#[derive(Record, Debug, Clone, PartialEq, Eq, Deserialize)]
#[record(namespace = "orders", format = "avro")]
pub struct Shelf {
    /// The key of the topic.
    #[record(key)]
    #[serde(rename = "product_cd")]
    pub product_id: String,
    /// The widest of three levels.
    #[serde(rename = "division_name")]
    pub division: String,
    /// The level below.
    #[serde(rename = "maincategory_name")]
    pub category: String,
    /// The narrowest level.
    #[serde(rename = "subcategory_name")]
    pub subcategory: String,
}

/// A product with its place in the assortment, if it has one.
#[derive(Record, Debug, Clone, PartialEq, Eq)]
#[record(namespace = "orders", format = "avro")]
pub struct Offer {
    /// The product's name.
    pub name: String,
    /// Where it is.
    pub shelf: Option<Shelf>,
}

/// An order on its way from one join to the next.
#[derive(Record, Debug, Clone, PartialEq, Eq)]
#[record(namespace = "orders", format = "avro")]
pub struct Purchase {
    /// The order.
    pub order: Order,
    /// Who ordered, if known.
    pub customer: Option<Customer>,
}

/// An order with what was known of its customer and product when it was processed.
#[derive(Record, Debug, Clone, PartialEq, Eq)]
#[record(namespace = "orders", format = "avro")]
pub struct EnrichedOrder {
    /// The key of the topic.
    #[record(key)]
    pub order_id: i64,
    /// The customer's name, if the customer is known.
    pub customer: Option<String>,
    /// The customer's country, if the customer is known.
    pub country: Option<String>,
    /// The product's name.
    pub product: String,
    /// Division, category and subcategory, with `/` between them; `unsorted` if the product has no place.
    pub place: String,
    /// How many.
    pub quantity: i64,
    /// What all of them cost, in the smallest unit of the currency.
    pub amount: i64,
}

/// What was sold in one place of the assortment.
#[derive(Record, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[record(namespace = "orders", format = "avro")]
pub struct Sales {
    /// Number of orders.
    pub orders: i64,
    /// Sum of their amounts.
    pub amount: i64,
}

impl EnrichedOrder {
    /// A purchase of what is offered.
    pub fn new(purchase: Purchase, offer: &Offer) -> Self {
        let Purchase { order, customer } = purchase;
        let (customer, country) = customer.map(|customer| (customer.name, customer.country)).unzip();
        let place = match &offer.shelf {
            Some(shelf) => format!("{}/{}/{}", shelf.division, shelf.category, shelf.subcategory),
            None => "unsorted".to_owned(),
        };
        EnrichedOrder {
            order_id: order.order_id,
            customer,
            country,
            product: offer.name.clone(),
            place,
            quantity: order.quantity,
            amount: order.amount,
        }
    }
}

impl Sales {
    /// With one order more.
    #[must_use]
    pub fn plus(self, order: &EnrichedOrder) -> Self {
        Sales { orders: self.orders + 1, amount: self.amount + order.amount }
    }
}
