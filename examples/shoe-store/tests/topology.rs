//! Topologies in the test driver, record by record: what comes out when something changes.

mod common;

use common::query;
use shoe_store::model::{Contact, EnrichedOrder, KeyedProduct, Loyalty, Order, Promotion};
use shoe_store::topics::{
    CUSTOMERS_KEYED, ENRICHED, JONES_STOKES, LOYALTY, ORDERS, PER_MINUTE, PRODUCTS_KEYED, PROMOTIONS,
};
use streams_core::serde::{DefaultSerde, optional, time_windowed};
use streams_core::testing::TestDriver;
use streams_core::{Result, Topic};

fn driver(name: &str) -> Result<TestDriver> {
    TestDriver::new(&(query(name).topology)()?)
}

fn contact(email: &str) -> Contact {
    Contact { first_name: "Ann".to_owned(), last_name: "Lee".to_owned(), email: email.to_owned() }
}

fn product(brand: &str, sale_price: i64) -> KeyedProduct {
    KeyedProduct { brand: brand.to_owned(), name: "Runner".to_owned(), sale_price, rating: 4.5 }
}

fn order(order_id: i64, customer: &str, product: &str) -> Order {
    Order { order_id, product_id: product.to_owned(), customer_id: customer.to_owned(), ts: 0 }
}

/// What was written to a topic since it was looked at last: `None` deletes.
fn changes<K: DefaultSerde, V: DefaultSerde>(
    driver: &mut TestDriver,
    topic: &Topic<K, V>,
) -> Result<Vec<(K, Option<V>)>> {
    let changes: Topic<K, Option<V>> = Topic::new(topic.name());
    let records = driver.read_with(&changes, &K::serde(), &optional(V::serde()))?;
    Ok(records.into_iter().map(|record| (record.key, record.value)).collect())
}

/// Writes a row of a table, or deletes it.
fn put<V: DefaultSerde>(
    driver: &mut TestDriver,
    topic: &Topic<String, V>,
    key: &str,
    row: Option<V>,
) -> Result<()> {
    let changes: Topic<String, Option<V>> = Topic::new(topic.name());
    driver.pipe(&changes, key.to_owned(), row, 0)
}

#[test]
fn an_enriched_order_follows_its_customer_and_its_product_until_one_of_them_is_deleted() -> Result<()> {
    let mut driver = driver("enriched")?;
    driver.pipe(&ORDERS, 1, order(1, "c", "p"), 0)?;
    put(&mut driver, &CUSTOMERS_KEYED, "c", Some(contact("a@b")))?;
    let rows = changes(&mut driver, &ENRICHED)?;
    assert!(rows.iter().all(|(_, row)| row.is_none()), "without a product there is no row: {rows:?}");

    let row =
        |email: &str, price| EnrichedOrder { customer: contact(email), product: product("Berge", price) };
    put(&mut driver, &PRODUCTS_KEYED, "p", Some(product("Berge", 100)))?;
    assert_eq!(changes(&mut driver, &ENRICHED)?, [(1, Some(row("a@b", 100)))]);
    put(&mut driver, &PRODUCTS_KEYED, "p", Some(product("Berge", 120)))?;
    assert_eq!(changes(&mut driver, &ENRICHED)?, [(1, Some(row("a@b", 120)))]);
    put(&mut driver, &CUSTOMERS_KEYED, "c", Some(contact("x@b")))?;
    assert_eq!(changes(&mut driver, &ENRICHED)?, [(1, Some(row("x@b", 120)))]);
    put(&mut driver, &CUSTOMERS_KEYED, "c", None)?;
    assert_eq!(changes(&mut driver, &ENRICHED)?, [(1, None)]);
    Ok(())
}

#[test]
fn loyalty_moves_with_the_orders_to_another_email_address_and_leaves_nothing_behind() -> Result<()> {
    let mut driver = driver("loyalty")?;
    let row = |email: &str, price| {
        Some(EnrichedOrder { customer: contact(email), product: product("Berge", price) })
    };
    let rows: Topic<i64, Option<EnrichedOrder>> = Topic::new(ENRICHED.name());
    driver.pipe(&rows, 1, row("a", 7_000), 0)?;
    driver.pipe(&rows, 2, row("a", 1), 0)?;
    let level = |total, level: &str| Some(Loyalty { total, loyalty_level: level.to_owned() });
    let key = |email: &str| email.to_owned();
    let expected = [(key("a"), level(7_000, "CLIMBING")), (key("a"), level(7_001, "BRONZE"))];
    assert_eq!(changes(&mut driver, &LOYALTY)?, expected);

    driver.pipe(&rows, 2, row("b", 1), 0)?;
    driver.pipe(&rows, 1, row("b", 70_000), 0)?;
    let last = changes(&mut driver, &LOYALTY)?.into_iter().collect::<std::collections::BTreeMap<_, _>>();
    assert_eq!(last[&key("a")], None, "the last order has gone");
    assert_eq!(last[&key("b")], level(70_001, "SILVER"));
    Ok(())
}

#[test]
fn an_offer_appears_with_the_tenth_order_and_is_deleted_with_the_eleventh() -> Result<()> {
    let (mut counting, mut offering) = (driver("jones-stokes")?, driver("promotions")?);
    let mut offers = Vec::new();
    for number in 1..=11 {
        let row = EnrichedOrder { customer: contact("a"), product: product("Jones-Stokes", 1) };
        counting.pipe(&ENRICHED, number, row, 0)?;
        for (email, promotion) in changes(&mut counting, &JONES_STOKES)? {
            assert_eq!(promotion, Some(Promotion::after(number)));
            put(&mut offering, &JONES_STOKES, &email, promotion)?;
        }
        for (offer, row) in changes(&mut offering, &PROMOTIONS)? {
            assert_eq!((offer.email.as_str(), offer.promotion_name.as_str()), ("a", "next_free"));
            offers.push((number, row.is_some()));
        }
    }
    offers.retain(|(number, there)| *there || *number > 10);
    assert_eq!(offers, [(10, true), (11, false)]);
    Ok(())
}

#[test]
fn a_minute_counts_an_order_once_and_comes_out_when_the_next_one_begins() -> Result<()> {
    let mut driver = driver("orders-per-minute")?;
    let (key, value) = (time_windowed(<()>::serde(), std::time::Duration::from_secs(60)), i64::serde());
    for (order_id, time) in [(1, 0), (1, 10), (2, 59_999)] {
        driver.pipe(&ORDERS, order_id, order(order_id, "c", "p"), time)?;
    }
    assert!(driver.read_with(&PER_MINUTE, &key, &value)?.is_empty());
    driver.pipe(&ORDERS, 3, order(3, "c", "p"), 60_000)?;
    let minutes = driver.read_with(&PER_MINUTE, &key, &value)?;
    assert_eq!(minutes.iter().map(|m| (m.key.window.end, m.value)).collect::<Vec<_>>(), [(60_000, 2)]);
    Ok(())
}
