//! The join of two streams: one node for both sides, with a port for each (reference section 13).
//!
//! A record first frees the records whose time has come without a partner, then joins what the other side's store
//! has in its window, and goes into its own side's store when all that followed from it is done (rule J-2).

use std::sync::Arc;

use crate::error::Result;
use crate::ids::NodeId;
use crate::operators::join::JoinKey;
use crate::operators::join::stream_stream::joiner::Joiner;
use crate::operators::join::stream_stream::side::SideOf;
use crate::operators::{DropReason, Port, TaskContext, TaskNode};
use crate::record::{Headers, Record};
use crate::serde::SerdeRef;
use crate::state::{Due, Put, Side, UnmatchedStore, WindowStore};
use crate::time::{StreamTime, Timestamp, UNKNOWN, millis};
use crate::windows::JoinWindows;

/// Which records come out without a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JoinKind {
    Inner,
    /// Those of the left side.
    Left,
    /// Those of both sides.
    Outer,
}

/// Nodes of one side as they are in the topology: one keeps its records, one joins them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SideNodes {
    pub(crate) windowed: NodeId,
    pub(crate) join: NodeId,
}

pub(crate) struct Serdes<K: 'static, V1: 'static, V2: 'static> {
    pub(crate) key: SerdeRef<K>,
    pub(crate) left: SerdeRef<V1>,
    pub(crate) right: SerdeRef<V2>,
}

pub(crate) struct Stores<K: 'static, V1: 'static, V2: 'static> {
    pub(crate) left: WindowStore<K, V1>,
    pub(crate) right: WindowStore<K, V2>,
    /// Records of outer sides that wait for a partner; none in inner and in eager joins.
    pub(crate) unmatched: Option<UnmatchedStore<V1, V2>>,
}

pub(crate) struct StreamJoin<K: JoinKey, V1: 'static, V2: 'static, R> {
    pub(crate) kind: JoinKind,
    pub(crate) left: SideNodes,
    pub(crate) right: SideNodes,
    /// Names what is kept with the commit.
    pub(crate) name: String,
    pub(crate) windows: JoinWindows,
    pub(crate) joiner: Arc<dyn Joiner<K, V1, V2, R>>,
    pub(crate) serdes: Serdes<K::Key, V1, V2>,
    pub(crate) stores: Stores<K::Key, V1, V2>,
    /// The join's clock (J-2 a). It is kept with the commit, so that a restart changes nothing.
    pub(crate) clock: StreamTime,
    pub(crate) next: Box<dyn Port<K, R>>,
    pub(crate) scratch: Scratch<V1, V2, R>,
}

/// Buffers of the record under way.
pub(crate) struct Scratch<V1, V2, R> {
    key: Vec<u8>,
    results: Vec<(Timestamp, R)>,
    due: Vec<Due<V1, V2>>,
}

impl<V1, V2, R> Default for Scratch<V1, V2, R> {
    fn default() -> Self {
        Scratch { key: Vec::new(), results: Vec::new(), due: Vec::new() }
    }
}

impl<K, V1, V2, R> StreamJoin<K, V1, V2, R>
where
    K: JoinKey,
    V1: Clone + Send + 'static,
    V2: Clone + Send + 'static,
{
    /// A record of side `S`.
    pub(super) fn record<S, K2>(&mut self, ctx: &mut TaskContext, record: Record<K2, S::Own>) -> Result<()>
    where
        S: SideOf<V1, V2>,
        K2: JoinKey<Key = K::Key>,
    {
        let Record { key, value, timestamp, headers } = record;
        let now = self.tell_time(ctx, timestamp);
        ctx.enter_seen(self.nodes(S::SIDE).join);
        let null = S::serde(&self.serdes).is_null(&value);
        let Some(key) = key.into_key() else {
            // No partner can ever come (KIP-962).
            let key = if null { None } else { K::null() };
            let alone = key.and_then(|key| S::alone(&*self.joiner, &key, &value).map(|value| (key, value)));
            return match alone {
                Some((key, value)) => self.next.push(ctx, Record { key, value, timestamp, headers }),
                None => ctx.drop_record(DropReason::NullKey),
            };
        };
        self.write_key(&key)?;
        if null {
            ctx.drop_record(DropReason::NullValue)?;
            return self.store::<S>(ctx, timestamp, None);
        }
        if timestamp >= now || ctx.aligned_time.is_some() {
            self.free_due(ctx, &headers)?;
            ctx.enter_seen(self.nodes(S::SIDE).join);
        }
        let key = K::from_key(key);
        self.find_partners::<S>(&key, &value, timestamp)?;
        if self.scratch.results.is_empty() {
            self.without_partner::<S>(ctx, key, &value, timestamp, headers)?;
        } else {
            self.put_out_results(ctx, key, headers)?;
        }
        self.store::<S>(ctx, timestamp, Some(value))
    }

    /// A step before side `S` dropped a record for its key or, if there is a key, for its value. It still tells the
    /// time, and a null value still takes a number in its store.
    pub(super) fn skipped<S: SideOf<V1, V2>>(
        &mut self,
        ctx: &mut TaskContext,
        reason: DropReason,
        key: Option<&K::Key>,
        timestamp: Timestamp,
    ) -> Result<()> {
        self.tell_time(ctx, timestamp);
        ctx.enter_seen(self.nodes(S::SIDE).join);
        ctx.drop_record(reason)?;
        match key {
            Some(key) => {
                self.write_key(key)?;
                self.store::<S>(ctx, timestamp, None)
            }
            None => Ok(()),
        }
    }

    /// Joins what the other side has in the window of a record whose key bytes are in place.
    fn find_partners<S: SideOf<V1, V2>>(
        &mut self,
        key: &K,
        value: &S::Own,
        timestamp: Timestamp,
    ) -> Result<()> {
        let back = self.ahead(S::OTHER);
        let first = timestamp.saturating_sub(back).max(0);
        let span = (first, timestamp.saturating_add(self.ahead(S::SIDE)));
        let Scratch { key: bytes, results, .. } = &mut self.scratch;
        let (joiner, unmatched) = (&*self.joiner, self.stores.unmatched.as_ref());
        let mut removed = Ok(());
        S::stores(&self.stores).1.visit(bytes, span, &mut |time, other| {
            results.push((time.max(timestamp), S::join(joiner, key, value, other)));
            if let (Some(unmatched), Ok(())) = (unmatched, &removed) {
                removed = unmatched.remove(S::OTHER, bytes, time, timestamp);
            }
        })?;
        removed
    }

    fn put_out_results(&mut self, ctx: &mut TaskContext, key: K, headers: Headers) -> Result<()> {
        let last = self.scratch.results.pop();
        let mut results = std::mem::take(&mut self.scratch.results);
        for (timestamp, value) in results.drain(..) {
            self.next.push(ctx, Record { key: key.clone(), value, timestamp, headers: headers.clone() })?;
        }
        self.scratch.results = results;
        match last {
            Some((timestamp, value)) => self.next.push(ctx, Record { key, value, timestamp, headers }),
            None => Ok(()),
        }
    }

    /// A record has no partner so far: if its side is an outer one it waits, or comes out alone if nothing on time
    /// can join it anymore (rule J-5).
    fn without_partner<S: SideOf<V1, V2>>(
        &mut self,
        ctx: &mut TaskContext,
        key: K,
        value: &S::Own,
        timestamp: Timestamp,
        headers: Headers,
    ) -> Result<()> {
        if !self.is_outer(S::SIDE) {
            return Ok(());
        }
        let late = timestamp.saturating_add(self.ahead(S::SIDE)) < self.clock.get();
        match &self.stores.unmatched {
            Some(unmatched) if !late => S::keep(unmatched, &self.scratch.key, timestamp, value.clone()),
            _ => match S::alone(&*self.joiner, &key, value) {
                Some(value) => self.next.push(ctx, Record { key, value, timestamp, headers }),
                None => Ok(()),
            },
        }
    }

    /// Puts a record, or the null it was, into the store of its side; its key bytes are in place.
    fn store<S: SideOf<V1, V2>>(
        &mut self,
        ctx: &mut TaskContext,
        timestamp: Timestamp,
        value: Option<S::Own>,
    ) -> Result<()> {
        let own = S::stores(&self.stores).0;
        match own.add(&self.scratch.key, timestamp, value, timestamp)? {
            Put::Stored => Ok(()),
            Put::Expired => {
                ctx.enter_seen(self.nodes(S::SIDE).windowed);
                ctx.drop_record(DropReason::Expired)
            }
        }
    }

    /// Puts out every record whose window and grace period are over, with the headers of what freed it (J-8, J-12).
    fn free_due(&mut self, ctx: &mut TaskContext, headers: &Headers) -> Result<()> {
        let before =
            |side| self.clock.get().saturating_sub(self.ahead(side)).saturating_sub(self.windows.grace_ms());
        self.free(ctx, before(Side::Left), before(Side::Right), headers)
    }

    /// Puts out the records from before these times.
    fn free(
        &mut self,
        ctx: &mut TaskContext,
        left_before: Timestamp,
        right_before: Timestamp,
        headers: &Headers,
    ) -> Result<()> {
        let Some(unmatched) = &self.stores.unmatched else { return Ok(()) };
        let mut due = std::mem::take(&mut self.scratch.due);
        unmatched.take_due(left_before, right_before, self.clock.get(), &mut due)?;
        for due in due.drain(..) {
            let (side, bytes, timestamp) = match &due {
                Due::Left { key, time, .. } => (Side::Left, key, *time),
                Due::Right { key, time, .. } => (Side::Right, key, *time),
            };
            let key = K::from_key(self.serdes.key.deserialize(bytes)?);
            let result = match &due {
                Due::Left { value, .. } => self.joiner.left_alone(&key, value),
                Due::Right { value, .. } => self.joiner.right_alone(&key, value),
            };
            if let Some(value) = result {
                ctx.enter_seen(self.nodes(side).join);
                self.next.push(ctx, Record { key, value, timestamp, headers: headers.clone() })?;
            }
        }
        self.scratch.due = due;
        Ok(())
    }

    /// Moves the join's clock (J-2 a); in a task that follows its upstream tasks, to their time.
    fn tell_time(&mut self, ctx: &TaskContext, timestamp: Timestamp) -> Timestamp {
        let now = self.clock.advance(ctx.aligned_time.unwrap_or(timestamp));
        if ctx.aligned_time.is_some() {
            self.keep_partners();
        }
        now
    }

    /// Where time is that of upstream tasks, records of a fast one move the stores' time ahead of it: what records of
    /// slower ones may still join must not expire by that.
    fn keep_partners(&self) {
        let retention = millis(self.windows.retention());
        let first = self.clock.get().saturating_sub(retention).saturating_add(1).max(0);
        self.stores.left.keep_from(first);
        self.stores.right.keep_from(first);
    }

    fn write_key(&mut self, key: &K::Key) -> Result<()> {
        self.scratch.key.clear();
        self.serdes.key.serialize(key, &mut self.scratch.key)
    }

    fn nodes(&self, side: Side) -> SideNodes {
        match side {
            Side::Left => self.left,
            Side::Right => self.right,
        }
    }

    fn is_outer(&self, side: Side) -> bool {
        self.kind == JoinKind::Outer || (self.kind == JoinKind::Left && side == Side::Left)
    }

    /// How long after a record of this side its last partner may come, in milliseconds.
    #[inline]
    fn ahead(&self, side: Side) -> i64 {
        match side {
            Side::Left => self.windows.after_ms(),
            Side::Right => self.windows.before_ms(),
        }
    }

    fn clock_name(&self) -> String {
        format!("{}.join-time", self.name)
    }
}

impl<K, V1, V2, R> TaskNode for StreamJoin<K, V1, V2, R>
where
    K: JoinKey,
    V1: Clone + Send + 'static,
    V2: Clone + Send + 'static,
    R: Send + 'static,
{
    fn init(&mut self, ctx: &mut TaskContext) -> Result<()> {
        if ctx.aligned_time.is_some() {
            self.keep_partners();
        }
        Ok(())
    }

    fn pass_time(&mut self, ctx: &mut TaskContext, now: Timestamp) -> Result<()> {
        self.tell_time(ctx, now);
        self.free_due(ctx, &Headers::new())
    }

    fn finish(&mut self, ctx: &mut TaskContext) -> Result<()> {
        self.free(ctx, Timestamp::MAX, Timestamp::MAX, &Headers::new())
    }

    fn save(&self, progress: &mut Vec<(String, i64)>) {
        if self.stores.unmatched.is_some() && self.clock.get() != UNKNOWN {
            progress.push((self.clock_name(), self.clock.get()));
        }
    }

    fn load(&mut self, progress: &[(String, i64)]) {
        let name = self.clock_name();
        // Inputs that were committed at different times may tell different times: the last one holds.
        for (_, time) in progress.iter().filter(|(other, _)| *other == name) {
            self.clock.advance(*time);
        }
    }
}
