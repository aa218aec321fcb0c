//! Clients that have to show who they are, and brokers that do.
#![allow(clippy::unwrap_used, reason = "a test that unwraps fails with the line that was wrong")]

use std::time::{Duration, Instant};

use streams_core::log::{Log, NewTopic};
use streams_core::{Error, ErrorKind};
use streams_kafka::testing::{Cluster, ClusterOptions, Security};
use streams_kafka::{KafkaConfig, KafkaLog};

fn cluster(security: Security) -> Cluster {
    let options = ClusterOptions { security, heap: "300m".into(), ..ClusterOptions::default() };
    Cluster::start(&options).unwrap()
}

/// What the first request of a log with these settings says.
fn refused(mut config: KafkaConfig, change: impl FnOnce(&mut KafkaConfig)) -> Error {
    change(&mut config);
    let started = Instant::now();
    let log = KafkaLog::connect(config).unwrap();
    let error = log.describe_topic("words").unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}: {error}", started.elapsed());
    error
}

#[track_caller]
fn assert_says(error: &Error, words: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{word} is missing: {error}");
    }
}

fn set(key: &str, value: &str) -> impl FnOnce(&mut KafkaConfig) {
    let (key, value) = (key.to_owned(), value.to_owned());
    move |config| drop(config.client.insert(key, value))
}

#[test]
fn a_password_is_asked_for_and_a_wrong_one_is_said_at_once() {
    let cluster = cluster(Security::Plain);
    let log = KafkaLog::connect(cluster.config()).unwrap();
    log.create_topics(&[NewTopic::new("words", 1)]).unwrap();
    let error = refused(cluster.config(), set("sasl.password", "wrong"));
    assert_says(&error, &[cluster.bootstrap(), "sasl.password", "words"]);
    // The broker closes the connection without a word, as one does that is just going down.
    let mut config = cluster.config();
    set("security.protocol", "PLAINTEXT")(&mut config);
    let error = KafkaLog::connect(config).unwrap().describe_topic("words").unwrap_err();
    assert!(error.to_string().contains("security.protocol"), "{error}");
}

#[test]
fn an_address_where_nobody_listens_is_named_when_the_time_for_a_request_is_over() {
    let mut config = KafkaConfig::new("127.0.0.1:1");
    config.request_timeout = Duration::from_secs(2);
    let error = KafkaLog::connect(config).unwrap().describe_topic("words").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let text = error.to_string();
    assert!(text.contains("127.0.0.1:1") && text.contains("bootstrap-servers"), "{text}");
}

#[cfg(any(feature = "tls", feature = "tls-system"))]
#[test]
fn the_contract_holds_over_tls_with_passwords_that_are_not_sent() {
    let cluster = cluster(Security::Scram);
    let error = refused(cluster.config(), set("sasl.password", "wrong"));
    assert_says(&error, &[cluster.bootstrap(), "sasl.password"]);
    let other = cluster.config().client["ssl.ca.location"].replace("broker.pem", "client.pem");
    let error = refused(cluster.config(), set("ssl.ca.location", &other));
    assert_says(&error, &[cluster.bootstrap(), "ssl.ca.location"]);
    let log = KafkaLog::connect(cluster.config()).unwrap();
    streams_core::log::contract::check(|| log.clone());
}

#[cfg(any(feature = "tls", feature = "tls-system"))]
#[test]
fn a_certificate_is_asked_for_and_a_client_without_one_is_told_so() {
    let cluster = cluster(Security::Certificate);
    let log = KafkaLog::connect(cluster.config()).unwrap();
    log.create_topics(&[NewTopic::new("words", 1)]).unwrap();
    let error = refused(cluster.config(), |config| {
        config.client.retain(|key, _| !key.starts_with("ssl.keystore"));
    });
    assert_says(&error, &["ssl.keystore.location"]);
}
