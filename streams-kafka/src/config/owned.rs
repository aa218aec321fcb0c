//! Settings of librdkafka that this crate needs for itself.

use streams_core::{Error, ErrorKind, Result};

const OWNED: &[(&str, &str)] = &[
    ("bootstrap.servers", "it is the setting `bootstrap-servers`"),
    ("metadata.broker.list", "it is the setting `bootstrap-servers`"),
    ("group.id", "it is the application's id"),
    ("group.instance.id", "switch on `static-membership`, which takes the member's name"),
    ("group.protocol", "it is the setting `group-protocol`"),
    ("group.remote.assignor", "only `range` keeps partitions of co-partitioned topics together"),
    ("partition.assignment.strategy", "only `range` keeps partitions of co-partitioned topics together"),
    ("session.timeout.ms", "it is the application's `session-timeout`"),
    ("heartbeat.interval.ms", "it follows from the application's `session-timeout`"),
    ("max.poll.interval.ms", "it is the application's `session-timeout`"),
    ("enable.auto.commit", "positions are committed together with the results that they stand for"),
    ("auto.commit.interval.ms", "positions are committed together with the results that they stand for"),
    ("enable.auto.offset.store", "positions are committed together with the results that they stand for"),
    ("auto.offset.reset", "it is the application's `offset-reset`"),
    ("isolation.level", "readers see committed records only"),
    ("enable.partition.eof", "readers learn by it that they are at the end"),
    ("allow.auto.create.topics", "a missing topic is an error that says so"),
    ("transactional.id", "it is made of the application's id, the process and the worker"),
    ("transaction.timeout.ms", "it is the setting `transaction-timeout`"),
    ("enable.idempotence", "records have to be written once and in order"),
    ("acks", "idempotent producers need `all`"),
    ("request.required.acks", "idempotent producers need `all`"),
    ("partitioner", "partitions are computed before, as the Java client does it"),
    ("delivery.report.only.error", "where records were written is learned from the reports"),
    ("log.queue", "logs are passed on as tracing events"),
];

/// Errs if the setting is one of ours.
pub(super) fn check(section: &str, key: &str) -> Result<()> {
    match OWNED.iter().find(|(owned, _)| *owned == key) {
        Some((_, reason)) => {
            Err(Error::new(ErrorKind::Config, format!("`{section}.{key}` cannot be set: {reason}")))
        }
        None => Ok(()),
    }
}
