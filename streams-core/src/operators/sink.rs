//! Where typed records become bytes.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::NodeId;
use crate::operators::outputs::{Part, Partition};
use crate::operators::process::RecordMetadata;
use crate::operators::{DropReason, Failing, Port, Target, TaskContext};
use crate::record::{EncodedHeaders, Record, RecordView};
use crate::serde::{MaybeNull, SerdeRef};
use crate::time::Timestamp;

/// Chooses partitions (Kafka's `StreamPartitioner`): topic, key, value, number of partitions.
pub(crate) type PartitionerFn<K, V> = dyn Fn(&str, &K, &V, u32) -> Partitioning + Send + Sync;
/// Chooses the topic of one record (Kafka's `TopicNameExtractor`).
pub(crate) type TopicFn<K, V> = dyn Fn(&K, &V, &RecordMetadata<'_>) -> String + Send + Sync;

/// What a partitioner says of one record (rule M-6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partitioning {
    /// As if there were no partitioner: by the key.
    Default,
    /// This partition.
    One(u32),
    /// A copy to each of these. None at all drops the record, counted.
    Many(Vec<u32>),
}

/// Where a sink writes to.
pub(crate) enum Destination<K, V> {
    Topic(Arc<str>),
    Dynamic(Box<TopicFn<K, V>>),
}

/// How a sink writes: shared by the sinks of all tasks. `K2` and `V2` are the topic's types.
pub(crate) struct Encoder<K, V, K2: 'static, V2: 'static> {
    pub(crate) destination: Destination<K, V>,
    pub(crate) key: SerdeRef<K2>,
    pub(crate) value: SerdeRef<V2>,
    pub(crate) partitioner: Option<Box<PartitionerFn<K, V>>>,
    /// Bytes at the end of a key that do not decide its partition: the window of a windowed key.
    pub(crate) key_suffix: usize,
    pub(crate) types: PhantomData<fn() -> (K, V)>,
}

pub(crate) struct Sink<K, V, K2: 'static, V2: 'static> {
    pub(crate) node: NodeId,
    pub(crate) encoder: Arc<Encoder<K, V, K2, V2>>,
    /// Number of the static destination.
    pub(crate) topic: Option<u32>,
}

impl<K, V, K2, V2> Port<K, V> for Sink<K, V, K2, V2>
where
    K: MaybeNull<K2>,
    V: MaybeNull<V2>,
{
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, V>) -> Result<()> {
        ctx.enter_seen(self.node);
        if self.encoder.partitioner.is_none() {
            return self.append(ctx, &record).or_else(|error| ctx.fail(Failing::Production, error.into()));
        }
        let mut scratch = std::mem::take(&mut ctx.scratch);
        let result = self.write(ctx, &record, &mut scratch.key, &mut scratch.value, &mut scratch.headers);
        ctx.scratch = scratch;
        result.or_else(|error| ctx.fail(Failing::Production, error.into()))
    }
}

impl<K, V, K2, V2> Sink<K, V, K2, V2>
where
    K: MaybeNull<K2>,
    V: MaybeNull<V2>,
{
    /// Writes the record where it waits to be produced, without a copy: its partition is decided by the key.
    fn append(&self, ctx: &mut TaskContext, record: &Record<K, V>) -> Result<()> {
        check_time(record.timestamp)?;
        let encoder = &*self.encoder;
        let topic = self.topic.unwrap_or_else(|| self.dynamic_topic(ctx, record));
        ctx.outputs.append(topic, record.timestamp, encoder.key_suffix, |part, out| match part {
            Part::Key => append(&encoder.key, &record.key, out).map_err(|e| e.context("the key")),
            Part::Value => append(&encoder.value, &record.value, out).map_err(|e| e.context("the value")),
            Part::Headers => {
                record.headers.encode(out);
                Ok(true)
            }
        })
    }

    fn write(
        &self,
        ctx: &mut TaskContext,
        record: &Record<K, V>,
        key: &mut Vec<u8>,
        value: &mut Vec<u8>,
        headers: &mut Vec<u8>,
    ) -> Result<()> {
        check_time(record.timestamp)?;
        let encoder = &*self.encoder;
        let topic = self.topic.unwrap_or_else(|| self.dynamic_topic(ctx, record));
        let key = write(&encoder.key, &record.key, key).map_err(|e| e.context("the key"))?;
        let value = write(&encoder.value, &record.value, value).map_err(|e| e.context("the value"))?;
        headers.clear();
        record.headers.encode(headers);
        let view = RecordView {
            offset: 0,
            timestamp: record.timestamp,
            key,
            value,
            headers: EncodedHeaders(headers),
        };
        let by_key = || key.map_or(Partition::Any, |key| Partition::of_key(key, encoder.key_suffix));
        let Some(partitioner) = &encoder.partitioner else {
            ctx.outputs.push(Target { topic, partition: by_key() }, view);
            return Ok(());
        };
        let count = ctx.topics.partitions(topic)?;
        let name = Arc::clone(ctx.topics.name(topic));
        match partitioner(&name, &record.key, &record.value, count) {
            Partitioning::Default => ctx.outputs.push(Target { topic, partition: by_key() }, view),
            Partitioning::One(partition) => send_to(ctx, topic, partition, count, view)?,
            Partitioning::Many(partitions) if partitions.is_empty() => {
                ctx.drop_record(DropReason::NoPartition)?;
            }
            Partitioning::Many(partitions) => {
                for partition in partitions {
                    send_to(ctx, topic, partition, count, view)?;
                }
            }
        }
        Ok(())
    }

    fn dynamic_topic(&self, ctx: &mut TaskContext, record: &Record<K, V>) -> u32 {
        let name = match &self.encoder.destination {
            Destination::Topic(name) => name.to_string(),
            Destination::Dynamic(choose) => {
                choose(&record.key, &record.value, &RecordMetadata::of(ctx, record.timestamp))
            }
        };
        ctx.topics.number(&name)
    }
}

fn send_to(
    ctx: &mut TaskContext,
    topic: u32,
    partition: u32,
    count: u32,
    view: RecordView<'_>,
) -> Result<()> {
    if partition >= count {
        return Err(Error::new(
            ErrorKind::User,
            format!(
                "the partitioner chose partition {partition} of topic {}, which has {count}",
                ctx.topics.name(topic)
            ),
        ));
    }
    ctx.outputs.push(Target { topic, partition: Partition::Number(partition) }, view);
    Ok(())
}

#[inline]
fn check_time(timestamp: Timestamp) -> Result<()> {
    if timestamp < 0 {
        return Err(Error::new(
            ErrorKind::Timestamp,
            format!("a record with the negative timestamp {timestamp} cannot be written"),
        ));
    }
    Ok(())
}

/// Appends the bytes of `value`; whether it is not null.
#[inline]
fn append<T: 'static, M: MaybeNull<T>>(serde: &SerdeRef<T>, value: &M, out: &mut Vec<u8>) -> Result<bool> {
    match value.as_option() {
        Some(value) if !serde.is_null(value) => serde.serialize(value, out).map(|()| true),
        _ => Ok(false),
    }
}

#[inline]
fn write<'a, T: 'static, M: MaybeNull<T>>(
    serde: &SerdeRef<T>,
    value: &M,
    out: &'a mut Vec<u8>,
) -> Result<Option<&'a [u8]>> {
    out.clear();
    match value.as_option() {
        Some(value) => crate::serde::to_bytes(&**serde, value, out),
        None => Ok(None),
    }
}
