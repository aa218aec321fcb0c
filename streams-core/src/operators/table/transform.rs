//! A table whose values user code with state transforms (reference section 8.4).

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{NodeId, TaskId};
use crate::operators::process::{ConnectedStores, RecordMetadata, connected};
use crate::operators::table::lookup::{Computed, See};
use crate::operators::table::{Lookup, Materialization};
use crate::operators::{Change, Failing, Port, TaskContext, TaskNode};
use crate::record::Record;
use crate::state::{KeyValueStore, ValueAndTimestamp, WindowStore};
use crate::time::Timestamp;
use crate::topic::Store;

type UserError = Box<dyn std::error::Error + Send + Sync>;

/// User code that makes a table's values of those of another (Kafka's `ValueTransformerWithKey`).
pub trait ValueTransformer<K, V, V2>: Send + 'static {
    /// Called once per task before the first value.
    fn init(&mut self, _ctx: &mut TransformContext<'_>) -> Result<(), UserError> {
        Ok(())
    }

    /// The value of `key` from now on; `None` for a row that is not there, on either side. An error goes to the
    /// policy for failing user code.
    fn transform(
        &mut self,
        ctx: &mut TransformContext<'_>,
        key: &K,
        value: Option<V>,
    ) -> Result<Option<V2>, UserError>;
}

/// What a [`ValueTransformer`] may use: its stores, clocks, and where the record under way came from.
pub struct TransformContext<'a> {
    task: &'a TaskContext,
    name: &'a str,
    stores: &'a ConnectedStores,
}

impl TransformContext<'_> {
    /// The key-value store of this name and types. Errs if it is not connected to this transformer, or of others.
    pub fn store<K: 'static, V: 'static>(&self, store: &Store<K, V>) -> Result<KeyValueStore<K, V>> {
        connected(self.name, self.stores, store.name())
    }

    /// The window store of this name and types. Errs if it is not connected to this transformer, or of others.
    pub fn window_store<K: 'static, V: 'static>(&self, store: &Store<K, V>) -> Result<WindowStore<K, V>> {
        connected(self.name, self.stores, store.name())
    }

    /// Highest event time that the task has taken up, in milliseconds since the epoch; −1 at first.
    pub fn stream_time(&self) -> Timestamp {
        self.task.stream_time.get()
    }

    /// The machine's clock (or the test's) in milliseconds since the epoch.
    pub fn wall_clock(&self) -> Timestamp {
        self.task.wall_clock
    }

    /// Where the record under way came from; `None` inside `init`.
    pub fn record_metadata(&self) -> Option<RecordMetadata<'_>> {
        self.task.origin.map(|_| RecordMetadata::of(self.task, self.task.stream_time.get()))
    }

    /// The task.
    pub fn task_id(&self) -> TaskId {
        self.task.task
    }
}

/// A transformer with what it may use.
pub(crate) struct Transforming<T> {
    node: NodeId,
    name: Arc<str>,
    stores: ConnectedStores,
    transformer: T,
    ready: bool,
}

impl<T> Transforming<T> {
    pub(crate) fn new(node: NodeId, name: Arc<str>, stores: ConnectedStores, transformer: T) -> Self {
        Transforming { node, name, stores, transformer, ready: false }
    }

    fn init<K, V, V2>(&mut self, task: &TaskContext) -> Result<(), UserError>
    where
        T: ValueTransformer<K, V, V2>,
    {
        if !self.ready {
            self.transformer.init(&mut TransformContext { task, name: &self.name, stores: &self.stores })?;
            self.ready = true;
        }
        Ok(())
    }

    fn run<K, V, V2>(
        &mut self,
        task: &TaskContext,
        key: &K,
        value: Option<V>,
    ) -> Result<Option<V2>, UserError>
    where
        T: ValueTransformer<K, V, V2>,
    {
        self.init(task)?;
        let mut ctx = TransformContext { task, name: &self.name, stores: &self.stores };
        self.transformer.transform(&mut ctx, key, value)
    }
}

/// A failure of user code, to be judged by the policy for it.
fn as_error(error: UserError) -> Error {
    match error.downcast::<Error>() {
        Ok(own) => *own,
        Err(other) => Error::new(ErrorKind::User, "user code failed").caused_by(other),
    }
}

pub(crate) struct TableTransform<K: 'static, V2: 'static, T> {
    pub(crate) transformer: Transforming<T>,
    pub(crate) store: Option<Materialization<K, V2>>,
    pub(crate) send_old: bool,
    pub(crate) next: Box<dyn Port<K, Change<V2>>>,
}

impl<K, V2, T> TableTransform<K, V2, T>
where
    K: Clone + Send + 'static,
    V2: Clone + Send + 'static,
{
    /// The change of the result; without a store the transformer runs again for the old value, also if there is none.
    fn change<V>(&mut self, ctx: &TaskContext, key: &K, change: Change<V>) -> Result<Change<V2>, UserError>
    where
        T: ValueTransformer<K, V, V2>,
    {
        let new = self.transformer.run(ctx, key, change.new)?;
        let old = match self.send_old && self.store.is_none() {
            true => self.transformer.run(ctx, key, change.old)?,
            false => None,
        };
        Ok(Change { new, old })
    }
}

impl<K, V, V2, T> Port<K, Change<V>> for TableTransform<K, V2, T>
where
    K: Clone + Send + 'static,
    V2: Clone + Send + 'static,
    T: ValueTransformer<K, V, V2>,
{
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, Change<V>>) -> Result<()> {
        ctx.enter_seen(self.transformer.node);
        let Record { key, value, timestamp, headers } = record;
        let change = match self.change(ctx, &key, value) {
            Ok(change) => change,
            Err(error) => return ctx.fail(Failing::Processing, error),
        };
        let value = match &self.store {
            Some(store) => match store.put(&key, change.new, timestamp)? {
                Some(change) => change,
                None => return Ok(()),
            },
            None => change,
        };
        self.next.push(ctx, Record { key, value, timestamp, headers })
    }
}

impl<K, V2, T> TaskNode for TableTransform<K, V2, T>
where
    K: Clone + Send + 'static,
    V2: Clone + Send + 'static,
    T: Send,
{
    fn flush(&mut self, ctx: &mut TaskContext) -> Result<()> {
        self.store.as_ref().map_or(Ok(()), |store| store.flush(ctx, &mut *self.next))
    }
}

/// The rows of a transformed table without a store: transformed whenever they are looked up, absent ones too.
pub(crate) struct TransformedRows<K: 'static, V: 'static, T> {
    pub(crate) rows: Lookup<K, V>,
    pub(crate) transformer: Transforming<T>,
}

impl<K, V, V2, T> Computed<K, V2> for TransformedRows<K, V, T>
where
    K: 'static,
    V: Clone + Send + 'static,
    T: ValueTransformer<K, V, V2>,
{
    fn look(&mut self, ctx: &mut TaskContext, key: &K, see: &mut See<'_, V2>) -> Result<()> {
        let (value, timestamp) = match self.rows.get(ctx, key)? {
            Some(row) => (Some(row.value), row.timestamp),
            None => (None, crate::time::UNKNOWN),
        };
        let transformed = self.transformer.run(ctx, key, value).map_err(as_error)?;
        see(transformed.map(|value| ValueAndTimestamp { value, timestamp }).as_ref());
        Ok(())
    }
}
