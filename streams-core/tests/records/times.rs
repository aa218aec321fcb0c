//! Keys and event times that records carry.

use streams_core::testing::TestDriver;
use streams_core::{Consumed, ErrorKind, Record, Result, StreamsBuilder, Topic, Topology};

use crate::types::Place;

#[derive(Record, Debug, Clone, PartialEq)]
struct Order {
    #[record(key)]
    customer: Option<String>,
    #[record(timestamp)]
    at: Option<i64>,
}

#[derive(Record, Debug, Clone, PartialEq)]
struct Delivery {
    #[record(key)]
    to: Place,
    #[record(timestamp = "seconds")]
    at: i64,
}

#[derive(Record, Debug, Clone, PartialEq)]
struct Tick {
    #[record(timestamp, logical = "timestamp-micros")]
    at: i64,
}

const ORDERS: Topic<Option<i32>, Order> = Topic::new("orders");
const BY_CUSTOMER: Topic<Option<String>, Order> = Topic::new("by-customer");
const CHANGES: Topic<String, Option<Order>> = Topic::new("changes");
const COPY: Topic<String, Option<Order>> = Topic::new("copy");
const DELIVERIES: Topic<(), Delivery> = Topic::new("deliveries");
const COUNTS: Topic<Place, i64> = Topic::new("counts");

fn order(customer: &str, at: Option<i64>) -> Order {
    Order { customer: Some(customer.to_owned()), at }
}

fn by_customer() -> Result<Topology> {
    let builder = StreamsBuilder::new();
    builder.stream(&ORDERS).keyed().to(&BY_CUSTOMER);
    builder.build()
}

#[test]
fn the_time_of_a_record_is_the_one_in_its_value() -> Result<()> {
    let mut driver = TestDriver::new(&by_customer()?)?;
    driver.pipe(&ORDERS, None, order("ann", Some(5000)), 7)?;
    driver.pipe(&ORDERS, Some(1), order("bob", None), 8)?;
    let found: Vec<_> = driver.read(&BY_CUSTOMER)?.into_iter().map(|r| (r.key, r.timestamp)).collect();
    assert_eq!(found, [(Some("ann".to_owned()), 5000), (Some("bob".to_owned()), 8)]);
    Ok(())
}

#[test]
fn a_key_is_selected_as_by_select_key() -> Result<()> {
    let builder = StreamsBuilder::new();
    builder.stream(&ORDERS).select_key(|_, order| order.customer.clone()).to(&BY_CUSTOMER);
    assert_eq!(by_customer()?.describe().to_string(), builder.build()?.describe().to_string());
    assert!(by_customer()?.describe().to_string().contains("KSTREAM-KEY-SELECT-0000000001"));
    Ok(())
}

#[test]
fn a_record_can_be_the_key_and_its_change_repartitions() -> Result<()> {
    let builder = StreamsBuilder::new();
    builder.stream(&DELIVERIES).keyed().group_by_key().count().to_stream().to(&COUNTS);
    let topology = builder.build()?;
    assert!(topology.describe().to_string().contains("repartition"));
    let mut driver = TestDriver::new(&topology)?;
    let (near, far) =
        (Place { street: "Elm".to_owned(), number: 1 }, Place { street: "Elm".to_owned(), number: 2 });
    for (to, at) in [(&near, 1), (&far, 2), (&near, 3)] {
        driver.pipe(&DELIVERIES, (), Delivery { to: to.clone(), at }, 0)?;
    }
    let found: Vec<_> = driver.read(&COUNTS)?.into_iter().map(|r| (r.key, r.value, r.timestamp)).collect();
    assert_eq!(found, [(near.clone(), 1, 1000), (far, 1, 2000), (near, 2, 3000)]);
    Ok(())
}

#[test]
fn a_null_has_the_time_of_its_topic() -> Result<()> {
    let builder = StreamsBuilder::new();
    builder.stream(&CHANGES).to(&COPY);
    let mut driver = TestDriver::new(&builder.build()?)?;
    driver.pipe(&CHANGES, "a".to_owned(), Some(order("ann", Some(9))), 1)?;
    driver.pipe(&CHANGES, "a".to_owned(), None, 2)?;
    let times: Vec<_> = driver.read(&COPY)?.into_iter().map(|r| r.timestamp).collect();
    assert_eq!(times, [9, 2]);
    Ok(())
}

#[test]
fn tables_take_the_time_from_their_values_too() -> Result<()> {
    const PRICES: Topic<String, Order> = Topic::new("prices");
    let builder = StreamsBuilder::new();
    builder.table(&PRICES).map_values(|order| Some(order.clone())).to_stream().to(&COPY);
    let mut driver = TestDriver::new(&builder.build()?)?;
    driver.pipe(&PRICES, "a".to_owned(), order("ann", Some(9)), 1)?;
    assert_eq!(driver.read(&COPY)?.first().map(|r| r.timestamp), Some(9));
    Ok(())
}

#[test]
fn an_extractor_of_ones_own_wins_and_serdes_of_ones_own_keep_the_topics_time() -> Result<()> {
    let times = |consumed: Consumed<Option<i32>, Order>| -> Result<Vec<i64>> {
        let builder = StreamsBuilder::new();
        builder.stream_with(&ORDERS, consumed).keyed().to(&BY_CUSTOMER);
        let mut driver = TestDriver::new(&builder.build()?)?;
        driver.pipe(&ORDERS, None, order("ann", Some(5)), 3)?;
        Ok(driver.read(&BY_CUSTOMER)?.into_iter().map(|r| r.timestamp).collect())
    };
    let own = |record: &Record<Option<i32>, Order>, _: i64| Ok(record.timestamp * 100);
    assert_eq!(times(Consumed::new().timestamp_extractor(own))?, [300]);
    let serdes = Consumed::with(
        streams_core::serde::optional(streams_core::serde::DefaultSerde::serde()),
        streams_core::serde::record_json(),
    );
    assert_eq!(times(serdes)?, [3]);
    Ok(())
}

#[test]
fn units_become_milliseconds() {
    use streams_core::serde::DefaultSerde;
    let seconds = |at| Delivery { to: Place::default(), at }.event_time();
    assert_eq!(seconds(2), Some(2000));
    assert_eq!(seconds(i64::MAX), Some(-1));
    assert_eq!(Tick { at: 1_999 }.event_time(), Some(1));
    assert_eq!(Tick { at: -1 }.event_time(), Some(-1));
    assert_eq!(Some(Tick { at: 5_000 }).event_time(), Some(5));
}

#[test]
fn a_time_before_1970_is_a_bad_timestamp() -> Result<()> {
    use streams_core::testing::TestDriverOptions;
    use streams_core::{ErrorPolicies, ErrorPolicy};

    let mut driver = TestDriver::new(&by_customer()?)?;
    let error = driver.pipe(&ORDERS, None, order("ann", Some(-5)), 7).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timestamp, "{error}");
    assert!(error.to_string().contains("(-5)"), "{error}");

    let errors = ErrorPolicies { deserialization: ErrorPolicy::Skip, ..ErrorPolicies::default() };
    let options = TestDriverOptions { policies: errors, ..TestDriverOptions::default() };
    let mut driver = TestDriver::with(&by_customer()?, options)?;
    driver.pipe(&ORDERS, None, order("ann", Some(-5)), 7)?;
    assert_eq!(driver.dropped().total(), 1);
    Ok(())
}
