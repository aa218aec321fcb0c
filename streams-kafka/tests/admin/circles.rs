//! A run to the end on a broker where records come back to the sub-topology that wrote them.

use std::sync::Arc;

use streams_core::log::NewTopic;
use streams_core::runtime::{App, Config, Guarantee, Start, Subscription, TopicProducer};
use streams_core::{StreamsBuilder, Topic};

use crate::support::*;

#[test]
fn what_comes_back_to_its_writers_is_processed_to_its_end() {
    let log = log();
    for guarantee in [Guarantee::ExactlyOnce, Guarantee::AtLeastOnce] {
        let id = unique("circle");
        let numbers: Topic<String, i64> = Topic::new(format!("{id}.numbers").leak());
        let out: Topic<String, i64> = Topic::new(format!("{id}.out").leak());
        log.create_topics(&[NewTopic::new(numbers.name(), 2), NewTopic::new(out.name(), 1)]).unwrap();
        let builder = StreamsBuilder::new();
        let first = builder.stream(&numbers);
        let again = first.clone().select_key(|_, n| format!("k{}", n % 3)).repartition();
        first.clone().merge(again).to(&out);
        first.filter(|_, n| *n > 0).map_values(|n| n - 1).to(&numbers);
        let mut producer = TopicProducer::open(&*log, &numbers).unwrap();
        for n in 0..6 {
            producer.send(&format!("k{n}"), &n, 1_700_000_000_000).unwrap();
        }
        producer.flush().unwrap();
        let mut config = Config::new(id);
        config.guarantee = guarantee;
        App::new(builder.build().unwrap(), config, Arc::clone(&log)).run_to_end().unwrap();
        let results = Subscription::open(&log, &out, Start::Earliest).unwrap().read_to_end(&*log).unwrap();
        // Each number, with all below it, and each of these twice.
        assert_eq!(results.len(), 2 * (1 + 2 + 3 + 4 + 5 + 6), "{guarantee}");
    }
}
