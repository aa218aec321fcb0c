//! Stateless verbs: a small generic `Stage` per verb, driven by one shared `Driver` per type pair.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::error::Result;
use crate::ids::NodeId;
use crate::operators::{Coming, DropReason, Failing, Port, TaskContext};
use crate::record::Record;
use crate::time::Timestamp;

/// One stateless verb: a record in, any number out. The only code that is generic over a user's closure.
pub(crate) trait Stage<K, V, K2, V2>: Send + Sync {
    fn apply(&self, ctx: &mut TaskContext, record: Record<K, V>, next: &mut dyn Port<K2, V2>) -> Result<()>;

    /// Whether records leave with the key they came with, if they leave.
    fn keeps_keys(&self) -> bool {
        false
    }

    /// What [`Port::skipped`] does at this stage: nothing, unless it is a hidden step itself.
    fn skipped(
        &self,
        _ctx: &mut TaskContext,
        _reason: DropReason,
        _key: Option<&K>,
        _timestamp: Timestamp,
        _next: &mut dyn Port<K2, V2>,
    ) -> Result<bool> {
        Ok(false)
    }
}

/// Drives a stage. Owns what comes after it.
pub(crate) struct Driver<K, V, K2, V2> {
    pub(crate) node: NodeId,
    pub(crate) stage: Arc<dyn Stage<K, V, K2, V2>>,
    pub(crate) next: Box<dyn Port<K2, V2>>,
}

impl<K, V, K2, V2> Port<K, V> for Driver<K, V, K2, V2> {
    #[inline]
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, V>) -> Result<()> {
        ctx.enter(self.node);
        self.stage.apply(ctx, record, &mut *self.next)
    }

    fn announce(&mut self, coming: Coming<'_>) {
        if self.stage.keeps_keys() {
            self.next.announce(coming);
        }
    }

    fn skipped(
        &mut self,
        ctx: &mut TaskContext,
        reason: DropReason,
        key: Option<&K>,
        timestamp: Timestamp,
    ) -> Result<bool> {
        self.stage.skipped(ctx, reason, key, timestamp, &mut *self.next)
    }
}

pub(crate) struct Filter<F> {
    pub(crate) predicate: F,
    /// What the predicate has to say for a record to stay.
    pub(crate) keep: bool,
}

impl<K, V, F> Stage<K, V, K, V> for Filter<F>
where
    F: Fn(&K, &V) -> bool + Send + Sync,
{
    fn keeps_keys(&self) -> bool {
        true
    }

    fn apply(&self, ctx: &mut TaskContext, record: Record<K, V>, next: &mut dyn Port<K, V>) -> Result<()> {
        if (self.predicate)(&record.key, &record.value) == self.keep {
            next.push(ctx, record)
        } else {
            Ok(())
        }
    }
}

pub(crate) struct Map<F>(pub(crate) F);

impl<K, V, K2, V2, F> Stage<K, V, K2, V2> for Map<F>
where
    F: Fn(K, V) -> (K2, V2) + Send + Sync,
{
    fn apply(&self, ctx: &mut TaskContext, record: Record<K, V>, next: &mut dyn Port<K2, V2>) -> Result<()> {
        let Record { key, value, timestamp, headers } = record;
        let (key, value) = (self.0)(key, value);
        next.push(ctx, Record { key, value, timestamp, headers })
    }
}

pub(crate) struct MapValues<F>(pub(crate) F);

impl<K, V, V2, F> Stage<K, V, K, V2> for MapValues<F>
where
    F: Fn(&K, V) -> V2 + Send + Sync,
{
    fn keeps_keys(&self) -> bool {
        true
    }

    fn apply(&self, ctx: &mut TaskContext, record: Record<K, V>, next: &mut dyn Port<K, V2>) -> Result<()> {
        let Record { key, value, timestamp, headers } = record;
        let value = (self.0)(&key, value);
        next.push(ctx, Record { key, value, timestamp, headers })
    }
}

/// `map_values` whose closure may fail; the policy for failing user code decides what then happens.
pub(crate) struct TryMapValues<F, E>(pub(crate) F, pub(crate) PhantomData<fn() -> E>);

impl<K, V, V2, E, F> Stage<K, V, K, V2> for TryMapValues<F, E>
where
    F: Fn(&K, V) -> std::result::Result<V2, E> + Send + Sync,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn apply(&self, ctx: &mut TaskContext, record: Record<K, V>, next: &mut dyn Port<K, V2>) -> Result<()> {
        let Record { key, value, timestamp, headers } = record;
        match (self.0)(&key, value) {
            Ok(value) => next.push(ctx, Record { key, value, timestamp, headers }),
            Err(error) => ctx.fail(Failing::Processing, error.into()),
        }
    }
}

pub(crate) struct SelectKey<F>(pub(crate) F);

impl<K, V, K2, F> Stage<K, V, K2, V> for SelectKey<F>
where
    F: Fn(&K, &V) -> K2 + Send + Sync,
{
    fn apply(&self, ctx: &mut TaskContext, record: Record<K, V>, next: &mut dyn Port<K2, V>) -> Result<()> {
        let key = (self.0)(&record.key, &record.value);
        next.push(ctx, record.with_key(key))
    }
}

pub(crate) struct FlatMap<F>(pub(crate) F);

impl<K, V, K2, V2, I, F> Stage<K, V, K2, V2> for FlatMap<F>
where
    F: Fn(K, V) -> I + Send + Sync,
    I: IntoIterator<Item = (K2, V2)>,
{
    fn apply(&self, ctx: &mut TaskContext, record: Record<K, V>, next: &mut dyn Port<K2, V2>) -> Result<()> {
        let Record { key, value, timestamp, headers } = record;
        for (key, value) in (self.0)(key, value) {
            next.push(ctx, Record { key, value, timestamp, headers: headers.clone() })?;
        }
        Ok(())
    }
}

pub(crate) struct FlatMapValues<F>(pub(crate) F);

impl<K: Clone, V, V2, I, F> Stage<K, V, K, V2> for FlatMapValues<F>
where
    F: Fn(&K, V) -> I + Send + Sync,
    I: IntoIterator<Item = V2>,
{
    fn apply(&self, ctx: &mut TaskContext, record: Record<K, V>, next: &mut dyn Port<K, V2>) -> Result<()> {
        let Record { key, value, timestamp, headers } = record;
        for value in (self.0)(&key, value) {
            next.push(ctx, Record { key: key.clone(), value, timestamp, headers: headers.clone() })?;
        }
        Ok(())
    }
}

pub(crate) struct Peek<F>(pub(crate) F);

impl<K, V, F> Stage<K, V, K, V> for Peek<F>
where
    F: Fn(&K, &V) + Send + Sync,
{
    fn keeps_keys(&self) -> bool {
        true
    }

    fn apply(&self, ctx: &mut TaskContext, record: Record<K, V>, next: &mut dyn Port<K, V>) -> Result<()> {
        (self.0)(&record.key, &record.value);
        next.push(ctx, record)
    }
}

/// Passes everything on: the node that several streams are merged into, and where a split begins.
pub(crate) struct PassThrough;

impl<K, V> Stage<K, V, K, V> for PassThrough {
    fn keeps_keys(&self) -> bool {
        true
    }

    fn apply(&self, ctx: &mut TaskContext, record: Record<K, V>, next: &mut dyn Port<K, V>) -> Result<()> {
        next.push(ctx, record)
    }
}

/// The condition of one branch.
pub(crate) type Predicate<K, V> = Box<dyn Fn(&K, &V) -> bool + Send + Sync>;

/// Sends each record to the first branch whose predicate matches; children are the branches, in order.
pub(crate) struct Branch<K, V> {
    pub(crate) predicates: Vec<Arc<Predicate<K, V>>>,
    /// Whether the last child takes what no predicate matches.
    pub(crate) default: bool,
}

impl<K, V> Stage<K, V, K, V> for Branch<K, V> {
    fn apply(&self, ctx: &mut TaskContext, record: Record<K, V>, next: &mut dyn Port<K, V>) -> Result<()> {
        let matches = self.predicates.iter().position(|p| p(&record.key, &record.value));
        match matches.or(self.default.then_some(self.predicates.len())) {
            Some(branch) => next.push_nth(ctx, branch, record),
            None => Ok(()),
        }
    }
}

/// Turns optional keys into keys; what has none is dropped and counted.
pub(crate) struct RequireKey(pub(crate) DropReason);

impl<K, V> Stage<Option<K>, V, K, V> for RequireKey {
    fn keeps_keys(&self) -> bool {
        true
    }

    fn apply(
        &self,
        ctx: &mut TaskContext,
        record: Record<Option<K>, V>,
        next: &mut dyn Port<K, V>,
    ) -> Result<()> {
        let Record { key, value, timestamp, headers } = record;
        match key {
            Some(key) => next.push(ctx, Record { key, value, timestamp, headers }),
            None if next.skipped(ctx, self.0, None, timestamp)? => Ok(()),
            None => ctx.drop_record(self.0),
        }
    }

    fn skipped(
        &self,
        ctx: &mut TaskContext,
        reason: DropReason,
        key: Option<&Option<K>>,
        timestamp: Timestamp,
        next: &mut dyn Port<K, V>,
    ) -> Result<bool> {
        next.skipped(ctx, reason, key.and_then(Option::as_ref), timestamp)
    }
}

/// Turns optional values into values; what has none is dropped and counted.
pub(crate) struct RequireValue;

impl<K, V> Stage<K, Option<V>, K, V> for RequireValue {
    fn keeps_keys(&self) -> bool {
        true
    }

    fn apply(
        &self,
        ctx: &mut TaskContext,
        record: Record<K, Option<V>>,
        next: &mut dyn Port<K, V>,
    ) -> Result<()> {
        let Record { key, value, timestamp, headers } = record;
        match value {
            Some(value) => next.push(ctx, Record { key, value, timestamp, headers }),
            None if next.skipped(ctx, DropReason::NullValue, Some(&key), timestamp)? => Ok(()),
            None => ctx.drop_record(DropReason::NullValue),
        }
    }

    fn skipped(
        &self,
        ctx: &mut TaskContext,
        reason: DropReason,
        key: Option<&K>,
        timestamp: Timestamp,
        next: &mut dyn Port<K, V>,
    ) -> Result<bool> {
        next.skipped(ctx, reason, key, timestamp)
    }
}
