//! The changes a journal consists of, and their bytes.

use std::time::Duration;

use super::codec::{put_bytes, put_i64, put_u64, read_i64, read_string, read_u64};
use super::image::PartitionId;
use crate::ids::Offset;
use crate::log::{CleanupPolicy, Committed, TopicConfig};
use crate::time::Timestamp;

/// What is known of a segment beside its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentMeta {
    /// Offset of the first record it may hold; part of the file's name.
    pub(super) base: Offset,
    /// How often it was compacted; part of the file's name.
    pub(super) generation: u32,
    /// Bytes committed.
    pub(super) len: u64,
    /// Largest timestamp in it.
    pub(super) max_timestamp: Timestamp,
    /// When the first of its tombstones may go; `i64::MAX` if none waits for that.
    pub(super) horizon: Timestamp,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    Log {
        log_id: u64,
        last_topic_id: u64,
    },
    TopicCreated {
        id: u64,
        name: String,
        partitions: u32,
        config: TopicConfig,
    },
    TopicDeleted {
        id: u64,
    },
    /// The partition now ends at `end`, and `segment` is its last one.
    Appended {
        partition: PartitionId,
        segment: SegmentMeta,
        end: Offset,
    },
    StartOffset {
        partition: PartitionId,
        start: Offset,
    },
    SegmentsReplaced {
        partition: PartitionId,
        removed: Vec<Offset>,
        added: Vec<SegmentMeta>,
    },
    Offset {
        group: String,
        partition: PartitionId,
        committed: Option<Committed>,
    },
    TopicConfigured {
        id: u64,
        config: TopicConfig,
    },
    /// Everything up to the journal's frame of this number is on the disk.
    Synced {
        through: u64,
    },
}

impl Change {
    /// Appends the bytes of this change.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Change::Log { log_id, last_topic_id } => {
                out.push(1);
                put_u64(out, *log_id);
                put_u64(out, *last_topic_id);
            }
            Change::TopicCreated { id, name, partitions, config } => {
                out.push(2);
                put_u64(out, *id);
                put_bytes(out, name.as_bytes());
                put_u64(out, u64::from(*partitions));
                put_config(out, config);
            }
            Change::TopicDeleted { id } => {
                out.push(3);
                put_u64(out, *id);
            }
            Change::Appended { partition, segment, end } => {
                out.push(4);
                put_partition(out, *partition);
                put_segment(out, segment);
                put_i64(out, *end);
            }
            Change::StartOffset { partition, start } => {
                out.push(5);
                put_partition(out, *partition);
                put_i64(out, *start);
            }
            Change::SegmentsReplaced { partition, removed, added } => {
                out.push(6);
                put_partition(out, *partition);
                put_u64(out, removed.len() as u64);
                removed.iter().for_each(|base| put_i64(out, *base));
                put_u64(out, added.len() as u64);
                added.iter().for_each(|segment| put_segment(out, segment));
            }
            Change::Offset { group, partition, committed } => {
                out.push(7);
                put_bytes(out, group.as_bytes());
                put_partition(out, *partition);
                match committed {
                    None => out.push(0),
                    Some(committed) => {
                        out.push(1);
                        put_i64(out, committed.offset);
                        put_bytes(out, committed.metadata.as_bytes());
                    }
                }
            }
            Change::Synced { through } => {
                out.push(8);
                put_u64(out, *through);
            }
            Change::TopicConfigured { id, config } => {
                out.push(9);
                put_u64(out, *id);
                put_config(out, config);
            }
        }
    }

    /// The change at `at`, which is moved behind it; `None` if there is none.
    pub(super) fn decode(bytes: &[u8], at: &mut usize) -> Option<Change> {
        let kind = *bytes.get(*at)?;
        *at += 1;
        Some(match kind {
            1 => Change::Log { log_id: read_u64(bytes, at)?, last_topic_id: read_u64(bytes, at)? },
            2 => Change::TopicCreated {
                id: read_u64(bytes, at)?,
                name: read_string(bytes, at)?,
                partitions: read_u32(bytes, at)?,
                config: read_config(bytes, at)?,
            },
            3 => Change::TopicDeleted { id: read_u64(bytes, at)? },
            4 => Change::Appended {
                partition: read_partition(bytes, at)?,
                segment: read_segment(bytes, at)?,
                end: read_i64(bytes, at)?,
            },
            5 => Change::StartOffset { partition: read_partition(bytes, at)?, start: read_i64(bytes, at)? },
            6 => Change::SegmentsReplaced {
                partition: read_partition(bytes, at)?,
                removed: read_list(bytes, at, read_i64)?,
                added: read_list(bytes, at, read_segment)?,
            },
            7 => Change::Offset {
                group: read_string(bytes, at)?,
                partition: read_partition(bytes, at)?,
                committed: match read_u64(bytes, at)? {
                    0 => None,
                    _ => Some(Committed { offset: read_i64(bytes, at)?, metadata: read_string(bytes, at)? }),
                },
            },
            8 => Change::Synced { through: read_u64(bytes, at)? },
            9 => Change::TopicConfigured { id: read_u64(bytes, at)?, config: read_config(bytes, at)? },
            _ => return None,
        })
    }
}

fn put_partition(out: &mut Vec<u8>, (topic, partition): PartitionId) {
    put_u64(out, topic);
    put_u64(out, u64::from(partition));
}

fn put_segment(out: &mut Vec<u8>, segment: &SegmentMeta) {
    put_i64(out, segment.base);
    put_u64(out, u64::from(segment.generation));
    put_u64(out, segment.len);
    put_i64(out, segment.max_timestamp);
    put_i64(out, segment.horizon);
}

fn put_config(out: &mut Vec<u8>, config: &TopicConfig) {
    out.push(match config.cleanup_policy {
        CleanupPolicy::Delete => 0,
        CleanupPolicy::Compact => 1,
        CleanupPolicy::CompactDelete => 2,
    });
    put_duration(out, config.retention);
    put_u64(out, config.retention_bytes.map_or(0, |b| b.saturating_add(1)));
    put_u64(out, config.segment_bytes);
    put_duration(out, Some(config.min_compaction_lag));
    put_duration(out, Some(config.delete_retention));
    put_u64(out, config.max_message_bytes as u64);
}

fn put_duration(out: &mut Vec<u8>, duration: Option<Duration>) {
    match duration {
        None => out.push(0),
        Some(duration) => {
            out.push(1);
            put_u64(out, duration.as_secs());
            put_u64(out, u64::from(duration.subsec_nanos()));
        }
    }
}

fn read_u32(bytes: &[u8], at: &mut usize) -> Option<u32> {
    u32::try_from(read_u64(bytes, at)?).ok()
}

fn read_partition(bytes: &[u8], at: &mut usize) -> Option<PartitionId> {
    Some((read_u64(bytes, at)?, read_u32(bytes, at)?))
}

fn read_segment(bytes: &[u8], at: &mut usize) -> Option<SegmentMeta> {
    Some(SegmentMeta {
        base: read_i64(bytes, at)?,
        generation: read_u32(bytes, at)?,
        len: read_u64(bytes, at)?,
        max_timestamp: read_i64(bytes, at)?,
        horizon: read_i64(bytes, at)?,
    })
}

fn read_list<T>(
    bytes: &[u8],
    at: &mut usize,
    read: impl Fn(&[u8], &mut usize) -> Option<T>,
) -> Option<Vec<T>> {
    (0..read_u64(bytes, at)?).map(|_| read(bytes, at)).collect()
}

fn read_config(bytes: &[u8], at: &mut usize) -> Option<TopicConfig> {
    Some(TopicConfig {
        cleanup_policy: match read_u64(bytes, at)? {
            0 => CleanupPolicy::Delete,
            1 => CleanupPolicy::Compact,
            2 => CleanupPolicy::CompactDelete,
            _ => return None,
        },
        retention: read_duration(bytes, at)?,
        retention_bytes: read_u64(bytes, at)?.checked_sub(1),
        segment_bytes: read_u64(bytes, at)?,
        min_compaction_lag: read_duration(bytes, at)??,
        delete_retention: read_duration(bytes, at)??,
        max_message_bytes: usize::try_from(read_u64(bytes, at)?).ok()?,
    })
}

fn read_duration(bytes: &[u8], at: &mut usize) -> Option<Option<Duration>> {
    if read_u64(bytes, at)? == 0 {
        return Some(None);
    }
    let seconds = read_u64(bytes, at)?;
    let nanos = read_u32(bytes, at)?;
    (nanos < 1_000_000_000).then(|| Some(Duration::new(seconds, nanos)))
}
