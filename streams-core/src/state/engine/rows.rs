//! How engines that know bytes only lay out tasks and stores: a task by its name, and a row by the number of its store
//! in two bytes and then its key.

use std::ops::Bound;

use crate::ids::TaskId;
use crate::state::engine::range::after_prefix;
use crate::state::engine::{KeyRange, StoreNumber};

const TASK_PREFIX: &str = "task-";

pub(super) fn task_name(task: TaskId) -> String {
    format!("{TASK_PREFIX}{task}")
}

pub(super) fn parse_task(name: &[u8]) -> Option<TaskId> {
    let (sub_topology, partition) =
        std::str::from_utf8(name).ok()?.strip_prefix(TASK_PREFIX)?.split_once('_')?;
    Some(TaskId { sub_topology: sub_topology.parse().ok()?, partition: partition.parse().ok()? })
}

/// Puts the key of a row into `out`, replacing what is there.
pub(super) fn row_key(store: StoreNumber, key: &[u8], out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&store.0.to_be_bytes());
    out.extend_from_slice(key);
}

/// The keys of the rows of a range.
pub(super) fn row_range(store: StoreNumber, range: &KeyRange) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    let row = |key: &Vec<u8>| {
        let mut out = Vec::with_capacity(key.len() + 2);
        row_key(store, key, &mut out);
        out
    };
    let lower = match &range.lower {
        Bound::Included(key) => Bound::Included(row(key)),
        Bound::Excluded(key) => Bound::Excluded(row(key)),
        Bound::Unbounded => Bound::Included(store.0.to_be_bytes().to_vec()),
    };
    let upper = match &range.upper {
        Bound::Included(key) => Bound::Included(row(key)),
        Bound::Excluded(key) => Bound::Excluded(row(key)),
        Bound::Unbounded => after_prefix(&store.0.to_be_bytes()),
    };
    (lower, upper)
}
