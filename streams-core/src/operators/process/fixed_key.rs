//! Processors that cannot change the key, so that no repartition follows from them (`processValues`).

use std::time::Duration;

use crate::error::Result;
use crate::ids::TaskId;
use crate::operators::DropReason;
use crate::operators::process::{
    Processor, ProcessorContext, Punctuation, PunctuationId, PunctuationType, RecordMetadata, UserResult,
};
use crate::record::{Headers, Record};
use crate::state::{KeyValueStore, WindowStore};
use crate::time::Timestamp;
use crate::topic::Store;

/// User code that takes records of `K, V` and forwards values of `V2` under the same key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no fixed-key processor of records with keys of `{K}` and values of `{V}`",
    label = "does not process the records of this stream",
    note = "write `impl FixedKeyProcessor<{K}, {V}, ..> for {Self}`; the last type is that of the values it forwards"
)]
pub trait FixedKeyProcessor<K, V, V2>: Send + 'static {
    /// Called once per task before the first record.
    fn init(&mut self, _ctx: &mut FixedKeyContext<'_, '_, K, V2>) -> UserResult {
        Ok(())
    }

    /// Called for each record; `key` cannot be changed.
    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, '_, K, V2>,
        key: &K,
        value: V,
        timestamp: Timestamp,
        headers: &Headers,
    ) -> UserResult;

    /// Called when a punctuation that this processor scheduled is due; there is no key to forward under.
    fn punctuate(&mut self, _ctx: &mut FixedKeyContext<'_, '_, K, V2>, _due: Punctuation) -> UserResult {
        Ok(())
    }
}

/// What a [`FixedKeyProcessor`] may do: as [`ProcessorContext`], but it forwards values only.
pub struct FixedKeyContext<'a, 'b, K, V> {
    inner: &'a mut ProcessorContext<'b, K, V>,
    record: Option<(&'a K, &'a Headers)>,
}

impl<K: Clone, V> FixedKeyContext<'_, '_, K, V> {
    /// Passes a value on under the key and with the headers of the record at hand. Errs inside `init` and
    /// `punctuate`, where there is none.
    #[must_use = "an error means that the task has failed: pass it on with `?`"]
    pub fn forward(&mut self, value: V, timestamp: Timestamp) -> Result<()> {
        let Some((key, headers)) = self.record else {
            return Err(crate::Error::new(
                crate::ErrorKind::User,
                "a fixed-key processor can only forward while it processes a record",
            ));
        };
        self.inner.forward(Record { key: key.clone(), value, timestamp, headers: headers.clone() })
    }
}

impl<K, V> FixedKeyContext<'_, '_, K, V> {
    /// See [`ProcessorContext::count_dropped`].
    pub fn count_dropped(&mut self, reason: DropReason) -> Result<()> {
        self.inner.count_dropped(reason)
    }

    /// See [`ProcessorContext::schedule`].
    pub fn schedule(&mut self, interval: Duration, kind: PunctuationType) -> PunctuationId {
        self.inner.schedule(interval, kind)
    }

    /// See [`ProcessorContext::cancel`].
    pub fn cancel(&mut self, id: PunctuationId) {
        self.inner.cancel(id);
    }

    /// See [`ProcessorContext::store`].
    pub fn store<SK: 'static, SV: 'static>(&self, store: &Store<SK, SV>) -> Result<KeyValueStore<SK, SV>> {
        self.inner.store(store)
    }

    /// See [`ProcessorContext::window_store`].
    pub fn window_store<SK: 'static, SV: 'static>(
        &self,
        store: &Store<SK, SV>,
    ) -> Result<WindowStore<SK, SV>> {
        self.inner.window_store(store)
    }

    /// See [`ProcessorContext::stream_time`].
    pub fn stream_time(&self) -> Timestamp {
        self.inner.stream_time()
    }

    /// See [`ProcessorContext::wall_clock`].
    pub fn wall_clock(&self) -> Timestamp {
        self.inner.wall_clock()
    }

    /// See [`ProcessorContext::record_metadata`].
    pub fn record_metadata(&self) -> Option<RecordMetadata<'_>> {
        self.inner.record_metadata()
    }

    /// See [`ProcessorContext::task_id`].
    pub fn task_id(&self) -> TaskId {
        self.inner.task_id()
    }
}

/// A fixed-key processor as an ordinary one.
pub(crate) struct FixedKeyAdapter<P>(pub(crate) P);

impl<K, V, V2, P> Processor<K, V, K, V2> for FixedKeyAdapter<P>
where
    P: FixedKeyProcessor<K, V, V2>,
{
    fn init(&mut self, ctx: &mut ProcessorContext<'_, K, V2>) -> UserResult {
        self.0.init(&mut FixedKeyContext { inner: ctx, record: None })
    }

    fn process(&mut self, ctx: &mut ProcessorContext<'_, K, V2>, record: Record<K, V>) -> UserResult {
        let Record { key, value, timestamp, headers } = record;
        let mut context = FixedKeyContext { inner: ctx, record: Some((&key, &headers)) };
        self.0.process(&mut context, &key, value, timestamp, &headers)
    }

    fn punctuate(&mut self, ctx: &mut ProcessorContext<'_, K, V2>, due: Punctuation) -> UserResult {
        self.0.punctuate(&mut FixedKeyContext { inner: ctx, record: None }, due)
    }
}
