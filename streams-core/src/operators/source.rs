//! Where bytes become typed records.

use std::any::{Any, TypeId};
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::NodeId;
use crate::operators::{Coming, Failing, Port, TaskContext};
use crate::record::{Record, RecordBatch, RecordView};
use crate::serde::{DefaultSerde, SerdeRef, from_bytes, same};
use crate::time::{StreamTime, Timestamp};

/// Decides the event time of an input record (Kafka's `TimestampExtractor`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell the time of records with keys of `{K}` and values of `{V}`",
    label = "no timestamp extractor for these records",
    note = "give a closure `|record: &Record<{K}, {V}>, partition_time| -> Result<Timestamp>`"
)]
pub trait TimestampExtractor<K, V>: Send + Sync + 'static {
    /// Event time of `record`, whose `timestamp` is the one it has in its topic. `partition_time` is the highest
    /// event time taken from its partition so far, −1 at first. A negative result drops the record, counted;
    /// an error goes to the deserialization policy.
    fn extract(&self, record: &Record<K, V>, partition_time: Timestamp) -> Result<Timestamp>;

    /// Tells extractors apart: two whose identities are equal decide alike. `None` says that it is not known; that is
    /// so by default of extractors that have fields, such as closures that capture something.
    fn identity(&self) -> Option<TypeId> {
        (size_of_val(self) == 0).then(TypeId::of::<Self>)
    }
}

impl<K, V, F> TimestampExtractor<K, V> for F
where
    F: Fn(&Record<K, V>, Timestamp) -> Result<Timestamp> + Send + Sync + 'static,
{
    fn extract(&self, record: &Record<K, V>, partition_time: Timestamp) -> Result<Timestamp> {
        self(record, partition_time)
    }
}

/// The topic's own timestamps; a negative one is an error (Kafka's default, `FailOnInvalidTimestamp`).
#[derive(Debug, Clone, Copy, Default)]
pub struct RecordTimestamp;

impl<K, V> TimestampExtractor<K, V> for RecordTimestamp {
    #[inline]
    fn extract(&self, record: &Record<K, V>, _partition_time: Timestamp) -> Result<Timestamp> {
        if record.timestamp < 0 { Err(negative(record.timestamp)) } else { Ok(record.timestamp) }
    }
}

/// The event time that the value carries ([`DefaultSerde::event_time`]), and where it carries none the topic's own
/// timestamps; a negative one is an error.
#[derive(Debug, Clone, Copy, Default)]
pub struct ValueTimestamp;

impl<K, V: DefaultSerde> TimestampExtractor<K, V> for ValueTimestamp {
    #[inline]
    fn extract(&self, record: &Record<K, V>, partition_time: Timestamp) -> Result<Timestamp> {
        match record.value.event_time() {
            None => RecordTimestamp.extract(record, partition_time),
            Some(time) if time < 0 => Err(negative_in_value(time)),
            Some(time) => Ok(time),
        }
    }
}

#[cold]
fn negative_in_value(time: Timestamp) -> Error {
    Error::new(
        ErrorKind::Timestamp,
        format!(
            "the event time in the record's value is before 1970 or out of range ({time}); give the source a timestamp extractor that decides its time"
        ),
    )
}

#[cold]
pub(crate) fn negative(timestamp: Timestamp) -> Error {
    Error::new(
        ErrorKind::Timestamp,
        format!(
            "the record's timestamp is negative ({timestamp}); give the source a timestamp extractor that decides its time"
        ),
    )
}

/// How a source reads its bytes.
pub(crate) struct Decoder<K, V> {
    pub(crate) key: SerdeRef<K>,
    pub(crate) value: SerdeRef<V>,
    pub(crate) extractor: Arc<dyn TimestampExtractor<K, V>>,
}

impl<K: 'static, V: 'static> Decoder<K, V> {
    /// The record in these bytes, with its event time, which may be negative.
    pub(crate) fn read(&self, raw: RecordView<'_>, partition_time: Timestamp) -> Result<Record<K, V>> {
        let key = from_bytes(&*self.key, raw.key).map_err(|e| e.context("the key"))?;
        let value = from_bytes(&*self.value, raw.value).map_err(|e| e.context("the value"))?;
        let mut record = Record { key, value, timestamp: raw.timestamp, headers: raw.headers.to_headers() };
        record.timestamp = self.extractor.extract(&record, partition_time)?;
        Ok(record)
    }
}

/// A [`Decoder`] whose types are not known here.
pub(crate) trait AnyDecoder: Send + Sync {
    /// Whether the other is known to read the same bytes as the same records.
    fn same(&self, other: &dyn AnyDecoder) -> bool;
    fn as_any(&self) -> &dyn Any;
}

impl<K: 'static, V: 'static> AnyDecoder for Decoder<K, V> {
    fn same(&self, other: &dyn AnyDecoder) -> bool {
        let Some(other) = other.as_any().downcast_ref::<Self>() else { return false };
        let time = self.extractor.identity();
        same(&self.key, &other.key)
            && same(&self.value, &other.value)
            && (Arc::ptr_eq(&self.extractor, &other.extractor)
                || (time.is_some() && time == other.extractor.identity()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What the records of a topic are in the store that it fills: a restore reads them again, in place of a changelog.
pub(crate) trait SourceRows: Send + Sync {
    /// Adds what `raw` did to the store to `rows`, in the form of a changelog record; nothing for a record that did
    /// not reach the store. `time` is the highest event time read so far.
    fn read(&self, raw: RecordView<'_>, time: &mut StreamTime, rows: &mut RecordBatch) -> Result<()>;
}

/// The head of one input queue: takes one record's bytes, tells its time, and then runs it.
pub(crate) trait SourceHead: Send {
    /// Reads `raw`; its event time, or `None` if it was dropped.
    fn load(
        &mut self,
        ctx: &mut TaskContext,
        raw: RecordView<'_>,
        partition_time: Timestamp,
    ) -> Result<Option<Timestamp>>;

    /// These will be loaded next.
    fn announce(&mut self, coming: Coming<'_>);

    /// Runs the record that was loaded last.
    fn fire(&mut self, ctx: &mut TaskContext) -> Result<()>;
}

pub(crate) struct Source<K, V> {
    pub(crate) node: NodeId,
    pub(crate) decoder: Arc<Decoder<K, V>>,
    pub(crate) head: Option<Record<K, V>>,
    pub(crate) next: Box<dyn Port<K, V>>,
}

impl<K: Send + 'static, V: Send + 'static> SourceHead for Source<K, V> {
    fn load(
        &mut self,
        ctx: &mut TaskContext,
        raw: RecordView<'_>,
        partition_time: Timestamp,
    ) -> Result<Option<Timestamp>> {
        ctx.enter_seen(self.node);
        match self.decoder.read(raw, partition_time) {
            Ok(record) if record.timestamp < 0 => {
                ctx.drop_record(crate::operators::DropReason::InvalidTimestamp)?;
                Ok(None)
            }
            Ok(record) => {
                let timestamp = record.timestamp;
                self.head = Some(record);
                Ok(Some(timestamp))
            }
            Err(error) => {
                ctx.fail(Failing::Deserialization, error.into())?;
                Ok(None)
            }
        }
    }

    fn announce(&mut self, coming: Coming<'_>) {
        self.next.announce(coming);
    }

    fn fire(&mut self, ctx: &mut TaskContext) -> Result<()> {
        match self.head.take() {
            Some(record) => self.next.push(ctx, record),
            None => Ok(()),
        }
    }
}

/// Several sources of one node that read the same records, where records cannot be copied from one to the other.
pub(crate) struct Sources<K, V>(pub(crate) Vec<Source<K, V>>);

impl<K: Send + 'static, V: Send + 'static> SourceHead for Sources<K, V> {
    fn load(
        &mut self,
        ctx: &mut TaskContext,
        raw: RecordView<'_>,
        partition_time: Timestamp,
    ) -> Result<Option<Timestamp>> {
        let mut time = None;
        for (index, source) in self.0.iter_mut().enumerate() {
            let read = source.load(ctx, raw, partition_time)?;
            if index == 0 {
                time = read;
            }
            // What the first one cannot read none of them can, and it is to be judged once.
            if read.is_none() {
                break;
            }
        }
        Ok(time)
    }

    fn announce(&mut self, coming: Coming<'_>) {
        self.0.iter_mut().for_each(|source| source.announce(coming));
    }

    fn fire(&mut self, ctx: &mut TaskContext) -> Result<()> {
        self.0.iter_mut().try_for_each(|source| source.fire(ctx))
    }
}
