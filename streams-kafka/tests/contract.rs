//! The contract of the log, on a real broker.
#![allow(clippy::unwrap_used, reason = "a test that unwraps fails with the line that was wrong")]

use streams_core::log::contract;
use streams_kafka::testing::Cluster;
use streams_kafka::{GroupProtocol, KafkaLog};

#[test]
fn the_contract_holds_with_the_classic_protocol() {
    check(GroupProtocol::Classic);
}

#[test]
fn the_contract_holds_with_the_consumer_protocol() {
    check(GroupProtocol::Consumer);
}

fn check(protocol: GroupProtocol) {
    let mut config = Cluster::shared().config();
    config.group_protocol = protocol;
    let log = KafkaLog::connect(config).unwrap();
    contract::check(|| log.clone());
}
