//! The job in the test driver: what an order meets, what becomes of one that cannot be enriched, and laws.
#![allow(clippy::unwrap_used, reason = "a test that unwraps fails with the line that was wrong")]

use std::collections::{BTreeMap, HashMap};

use enrich_orders::model::{Customer, EnrichedOrder, Offer, Order, Product, Purchase, Sales, Shelf};
use enrich_orders::topics::{CUSTOMERS, DEAD_LETTERS, ENRICHED, ORDERS, PRODUCTS, SALES, SHELVES};
use enrich_orders::topology::{policies, topology};
use proptest::prelude::*;
use streams_core::testing::laws::{Event, Events, Laws, Violation};
use streams_core::testing::{TestDriver, TestDriverOptions};

fn options() -> TestDriverOptions {
    TestDriverOptions { policies: policies(), ..TestDriverOptions::default() }
}

fn order(order_id: i64, customer_id: Option<&str>, product_id: &str, amount: i64) -> Order {
    let customer_id = customer_id.map(str::to_owned);
    Order { order_id, customer_id, product_id: product_id.to_owned(), quantity: 1, amount, time: order_id }
}

fn customer(id: &str, name: &str) -> Customer {
    Customer { id: id.to_owned(), name: name.to_owned(), country: "NO".to_owned() }
}

fn product(id: &str, name: &str) -> Product {
    Product { id: id.to_owned(), name: name.to_owned() }
}

fn shelf(id: &str, subcategory: &str) -> Shelf {
    let [division, category, subcategory] = ["food", "drinks", subcategory].map(str::to_owned);
    Shelf { product_id: id.to_owned(), division, category, subcategory }
}

#[test]
fn an_order_meets_the_rows_of_the_moment_and_goes_on_without_customer_and_place() {
    let mut driver = TestDriver::with(&topology().unwrap(), options()).unwrap();
    driver.pipe(&PRODUCTS, "p".into(), product("p", "tea"), 1).unwrap();
    driver.pipe(&ORDERS, 1, order(1, Some("c"), "p", 10), 1).unwrap();
    driver.pipe(&CUSTOMERS, "c".into(), customer("c", "Ada"), 2).unwrap();
    driver.pipe(&SHELVES, "p".into(), shelf("p", "tea"), 2).unwrap();
    driver.pipe(&ORDERS, 2, order(2, Some("c"), "p", 20), 2).unwrap();
    driver.pipe(&CUSTOMERS, "c".into(), customer("c", "Ada Lovelace"), 3).unwrap();
    driver.pipe(&ORDERS, 3, order(3, Some("c"), "p", 30), 3).unwrap();
    driver.pipe(&ORDERS, 4, order(4, None, "p", 40), 4).unwrap();

    let found = driver.read(&ENRICHED).unwrap().into_iter();
    let found: Vec<_> = found.map(|r| (r.key, r.value.customer, r.value.place)).collect();
    let row = |id, customer: Option<&str>, place: &str| (id, customer.map(str::to_owned), place.to_owned());
    let drinks = "food/drinks/tea";
    let expected = [
        row(1, None, "unsorted"),
        row(2, Some("Ada"), drinks),
        row(3, Some("Ada Lovelace"), drinks),
        row(4, None, drinks),
    ];
    assert_eq!(found, expected);
    let sales: BTreeMap<_, _> = driver.read(&SALES).unwrap().into_iter().map(|r| (r.key, r.value)).collect();
    assert_eq!(sales[drinks], Sales { orders: 3, amount: 90 });
}

#[test]
fn an_order_of_an_unknown_product_is_a_dead_letter_that_says_why() {
    let mut driver = TestDriver::with(&topology().unwrap(), options()).unwrap();
    driver.pipe(&ORDERS, 1, order(1, Some("c"), "p", 10), 1).unwrap();
    assert_eq!(driver.read(&ENRICHED).unwrap().len(), 0);
    let letters = driver.read_raw(DEAD_LETTERS);
    assert_eq!(letters.len(), 1);
    let message = letters[0].headers.last("__streams.errors.message").unwrap();
    assert_eq!(String::from_utf8_lossy(message), "user code failed: order 1: product p is not known");
}

#[test]
fn crashes_and_commits_change_nothing_and_sales_are_those_of_a_loop() -> Result<(), Violation> {
    let sold = |events: &[Event]| {
        let mut customers: HashMap<String, Customer> = HashMap::new();
        let mut products: HashMap<String, Product> = HashMap::new();
        let mut shelves: HashMap<String, Shelf> = HashMap::new();
        let mut sales: BTreeMap<String, Sales> = BTreeMap::new();
        for event in events {
            if let Some((id, row)) = event.record(&CUSTOMERS) {
                customers.insert(id.clone(), row.clone());
            } else if let Some((id, row)) = event.record(&PRODUCTS) {
                products.insert(id.clone(), row.clone());
            } else if let Some((id, row)) = event.record(&SHELVES) {
                shelves.insert(id.clone(), row.clone());
            } else if let Some((_, order)) = event.record(&ORDERS)
                && let Some(product) = products.get(&order.product_id)
            {
                let shelf = shelves.get(&order.product_id).cloned();
                let offer = Offer { name: product.name.clone(), shelf };
                let order = EnrichedOrder::new(Purchase { order: order.clone(), customer: None }, &offer);
                let sales = sales.entry(order.place.clone()).or_default();
                *sales = sales.plus(&order);
            }
        }
        sales
    };
    let id = || prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned);
    let orders = (1..50_i64, prop::option::of(id()), id(), 1..9_i64)
        .prop_map(|(number, who, what, amount)| order(number, who.as_deref(), &what, amount));
    Laws::of(&topology().expect("it has no mistakes"))
        .options(options())
        .input(&ORDERS, Events::of(1..50_i64, orders))
        .input(&CUSTOMERS, Events::of(id(), id().prop_map(|name| customer("c", &name))))
        .input(&PRODUCTS, Events::of(id(), id().prop_map(|name| product("p", &name))))
        .input(&SHELVES, Events::of(id(), id().prop_map(|name| shelf("p", &name))))
        .table_output(&SALES)
        .reference_latest(&SALES, sold)
        .check_all()
}
