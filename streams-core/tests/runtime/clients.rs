//! Typed producers and subscriptions.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::Context;
use std::thread;

use futures_core::Stream;
use futures_sink::Sink;
use streams_core::runtime::{Start, Subscription, TopicProducer};
use streams_core::{ErrorKind, Record, Result, Topic};

use crate::support::*;

const NUMBERS: Topic<String, i64> = Topic::new("numbers");

async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    std::future::poll_fn(|context: &mut Context<'_>| Pin::new(&mut *stream).poll_next(context)).await
}

#[test]
fn a_subscription_is_a_stream_that_wakes_when_something_is_sent() -> Result<()> {
    let log = log_with(&[("numbers", 3)]);
    let mut numbers = Subscription::open(&log, &NUMBERS, Start::Earliest)?;
    let sender = thread::spawn(move || -> Result<()> {
        let mut producer = TopicProducer::open(&*log, &NUMBERS)?;
        for number in 0..100 {
            producer.send(&format!("k{number}"), &number, number)?;
            producer.flush()?;
        }
        Ok(())
    });
    let mut sum = 0;
    for _ in 0..100 {
        sum += block_on(next(&mut numbers)).expect("endless")?.value;
    }
    assert_eq!(sum, 4950);
    sender.join().unwrap()
}

#[test]
fn a_producer_is_a_sink_and_keeps_time_and_headers() -> Result<()> {
    let log = log_with(&[("numbers", 1)]);
    let mut producer = TopicProducer::open(&*log, &NUMBERS)?;
    let mut record = Record::new("k".to_owned(), 1, 42);
    record.headers.add("h", "v");
    block_on(async {
        std::future::poll_fn(|c| Pin::new(&mut producer).poll_ready(c)).await?;
        Pin::new(&mut producer).start_send(record.clone())?;
        std::future::poll_fn(|c| Pin::new(&mut producer).poll_close(c)).await
    })?;
    let mut numbers = Subscription::open(&log, &NUMBERS, Start::Earliest)?;
    let received = numbers.next_now()?.expect("it was flushed");
    assert_eq!((received.record, received.partition, received.offset), (record, 0, 0));
    Ok(())
}

#[test]
fn a_subscription_starts_where_it_is_told_to() -> Result<()> {
    let log = log_with(&[("numbers", 1)]);
    let mut producer = TopicProducer::open(&*log, &NUMBERS)?;
    let mut send = |value: i64| -> Result<()> {
        producer.send(&"k".to_owned(), &value, 0)?;
        producer.flush()
    };
    (0..5).try_for_each(&mut send)?;
    let mut latest = Subscription::open(&log, &NUMBERS, Start::Latest)?;
    let mut third = Subscription::open(&log, &NUMBERS, Start::Offsets(BTreeMap::from([(0, 3)])))?;
    assert!(latest.next_now()?.is_none());
    send(5)?;
    assert_eq!(latest.next_now()?.expect("new").value, 5);
    assert_eq!(third.next_now()?.expect("old").value, 3);
    assert_eq!(
        Subscription::open(&log, &Topic::<String, i64>::new("none"), Start::Latest).err().map(|e| e.kind()),
        Some(ErrorKind::NotFound)
    );
    Ok(())
}
