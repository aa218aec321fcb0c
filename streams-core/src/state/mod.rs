//! stub
#![allow(missing_docs, unused)]
mod spec;
mod value;
use crate::{error::Result, ids::*, record::*, serde::*, time::*, windows::Windowed};
pub use spec::*;
use std::{marker::PhantomData, ops::Bound, sync::Arc};
pub use value::ValueAndTimestamp;
#[derive(PartialEq)]
pub enum Put {
    Stored,
    Expired,
}
pub struct Unforwarded<K, V> {
    pub key: K,
    pub new: Option<V>,
    pub old: Option<V>,
    pub timestamp: Timestamp,
}
pub trait Engine: Send + Sync {}
pub struct MemoryBudget;
#[derive(Clone)]
pub struct TaskStoreRef;
pub struct TaskState;
impl TaskState {
    pub fn open(t: TaskId, e: Arc<dyn Engine>, s: Vec<TaskStoreRef>, b: Arc<MemoryBudget>) -> Result<Self> {
        Ok(TaskState)
    }
    pub fn changes(&self, f: &mut dyn FnMut(usize, RecordView<'_>) -> Result<()>) -> Result<()> {
        Ok(())
    }
    pub fn committed(&self, e: &[Option<Offset>]) {}
    pub fn aborted(&self) {}
}
pub struct KeyValueStore<K, V>(PhantomData<fn() -> (K, V)>);
impl<K, V> Clone for KeyValueStore<K, V> {
    fn clone(&self) -> Self {
        KeyValueStore(PhantomData)
    }
}
impl<K: Clone + 'static, V: Clone + 'static> KeyValueStore<K, V> {
    pub fn new(s: StoreSpec, k: SerdeRef<K>, v: SerdeRef<V>) -> Self {
        KeyValueStore(PhantomData)
    }
    pub fn for_task(&self) -> TaskStoreRef {
        TaskStoreRef
    }
    pub fn get(&self, k: &K) -> Result<Option<V>> {
        Ok(None)
    }
    pub fn update<R>(
        &self,
        k: &K,
        now: Timestamp,
        f: impl FnOnce(&mut Option<ValueAndTimestamp<V>>) -> R,
    ) -> Result<R> {
        Ok(f(&mut None))
    }
    pub fn take_unforwarded(&self, w: bool) -> Result<Vec<Unforwarded<K, V>>> {
        Ok(vec![])
    }
}
pub struct WindowStore<K, V>(PhantomData<fn() -> (K, V)>);
impl<K, V> Clone for WindowStore<K, V> {
    fn clone(&self) -> Self {
        WindowStore(PhantomData)
    }
}
impl<K: Clone + 'static, V: Clone + 'static> WindowStore<K, V> {
    pub fn new(s: StoreSpec, k: SerdeRef<K>, v: SerdeRef<V>) -> Self {
        WindowStore(PhantomData)
    }
    pub fn for_task(&self) -> TaskStoreRef {
        TaskStoreRef
    }
    pub fn update<R>(
        &self,
        k: &K,
        start: Timestamp,
        now: Timestamp,
        f: impl FnOnce(&mut Option<ValueAndTimestamp<V>>) -> R,
    ) -> Result<(Put, R)> {
        Ok((Put::Stored, f(&mut None)))
    }
    pub fn closed_windows(
        &self,
        a: Timestamp,
        b: Timestamp,
    ) -> Result<Vec<Result<(Windowed<K>, ValueAndTimestamp<V>)>>> {
        Ok(vec![])
    }
    pub fn keep_from(&self, t: Timestamp) {}
    pub fn take_unforwarded(&self, w: bool) -> Result<Vec<Unforwarded<Windowed<K>, V>>> {
        Ok(vec![])
    }
}
