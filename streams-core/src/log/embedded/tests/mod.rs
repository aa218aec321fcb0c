//! Tests of what only the durable log can do, and of the contract.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cleaning;
mod concurrency;
mod contract;
mod process;
mod recovery;
mod smoke;

use std::sync::Arc;

use super::EmbeddedLog;
use crate::ids::{Offset, TopicPartition};
use crate::log::{Log, Wakeup};
use crate::record::RecordBatch;

/// Offsets and values of all records of a partition from `from` on.
pub(super) fn read_all(
    log: &EmbeddedLog,
    partition: &TopicPartition,
    from: Offset,
) -> Vec<(Offset, Vec<u8>)> {
    let mut reader = log.open_reader(partition, from, &Arc::new(Wakeup::new())).unwrap();
    let mut batch = RecordBatch::new();
    let mut all = Vec::new();
    while reader.read(&mut batch, 1 << 16).unwrap() > 0 {
        all.extend(batch.iter().map(|r| (r.offset, r.value.unwrap_or(b"null").to_vec())));
        batch.clear();
    }
    all
}
