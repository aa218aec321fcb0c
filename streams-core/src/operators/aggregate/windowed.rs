//! Aggregation per key and time window (reference sections 10.2 and 11).

use std::sync::Arc;

use crate::error::Result;
use crate::ids::NodeId;
use crate::operators::aggregate::{Fold, old_value};
use crate::operators::{Change, Coming, DropReason, Port, TaskContext, TaskNode};
use crate::record::{Headers, Record};
use crate::serde::SerdeRef;
use crate::state::{Put, ValueAndTimestamp, WindowStore};
use crate::time::{StreamTime, Timestamp, UNKNOWN};
use crate::topology::OldValues;
use crate::windows::{TimeWindows, Window, Windowed};

/// When the results of a window are forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Emit {
    Update,
    /// At the commit: the last one of each key and window.
    Commit,
    /// Once, when the window is closed.
    Close,
}

pub(crate) struct WindowedAggregate<K: 'static, V: 'static, A: 'static> {
    pub(crate) node: NodeId,
    pub(crate) name: String,
    pub(crate) windows: TimeWindows,
    pub(crate) fold: Arc<dyn Fold<K, V, A>>,
    pub(crate) store: WindowStore<K, A>,
    pub(crate) output: SerdeRef<A>,
    pub(crate) emit: Emit,
    pub(crate) old: OldValues,
    /// This operator's clock: windows close by it. It is part of what is committed, so that a record that was
    /// late before a restart is late after it too.
    pub(crate) clock: StreamTime,
    /// Windows that end at or before this were emitted.
    pub(crate) emitted: Timestamp,
    pub(crate) next: Box<dyn Port<Windowed<K>, Change<A>>>,
}

impl<K, V, A> Port<K, V> for WindowedAggregate<K, V, A>
where
    K: Clone + Send + 'static,
    V: Clone + 'static,
    A: Clone + Send + 'static,
{
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, V>) -> Result<()> {
        ctx.enter_seen(self.node);
        // The clock first, then the windows: a record can be late by its own time (rule W-3).
        let now = ctx.aligned_time.unwrap_or(record.timestamp);
        let closed = self.clock.advance(now).saturating_sub(self.windows.grace_ms());
        // What was emitted at the end of an input is closed, whatever the time.
        let late = closed.max(self.emitted);
        let Record { key, value, timestamp, headers } = record;
        let mut windows = self.windows.windows_for(timestamp);
        let mut value = Some(value);
        let mut next_window = windows.next();
        while let Some(window) = next_window {
            next_window = windows.next();
            // The last window takes the value, the ones before it a copy.
            let value = if next_window.is_some() { value.clone() } else { value.take() };
            let Some(value) = value else { break };
            if window.end <= late {
                ctx.enter_seen(self.node);
                ctx.drop_record(DropReason::Late)?;
            } else {
                self.add(ctx, &key, value, timestamp, window, &headers)?;
            }
        }
        if self.emit == Emit::Close { self.emit_closed(ctx, closed, &headers) } else { Ok(()) }
    }

    fn announce(&mut self, coming: Coming<'_>) {
        let windows = self.windows;
        let rows = |(key, time)| windows.windows_for(time).map(move |window| (key, window.start));
        self.store.warm(coming.keys().filter(|(_, time)| *time >= 0).flat_map(rows));
    }
}

impl<K, V, A> WindowedAggregate<K, V, A>
where
    K: Clone + Send + 'static,
    V: 'static,
    A: Clone + Send + 'static,
{
    fn add(
        &mut self,
        ctx: &mut TaskContext,
        key: &K,
        value: V,
        timestamp: Timestamp,
        window: Window,
        headers: &Headers,
    ) -> Result<()> {
        let (fold, output) = (&self.fold, &self.output);
        let forwards = self.emit == Emit::Update;
        let old = if forwards { self.old } else { OldValues::None };
        let (put, (change, timestamp)) = self.store.update(key, window.start, timestamp, |slot| {
            let (aggregate, stored_at) =
                slot.take().map_or((None, timestamp), |s| (Some(s.value), s.timestamp));
            let old = old_value(old, aggregate.as_ref(), || fold.initial());
            let timestamp = timestamp.max(stored_at);
            let new = fold.add(key, value, aggregate).filter(|new| !output.is_null(new));
            let forward = if forwards { new.clone() } else { None };
            *slot = new.map(|value| ValueAndTimestamp { value, timestamp });
            (Change { new: forward, old }, timestamp)
        })?;
        if put == Put::Expired {
            ctx.enter_seen(self.node);
            ctx.drop_record(DropReason::Expired)?;
        }
        if !forwards {
            return Ok(());
        }
        let key = Windowed { key: key.clone(), window };
        self.next.push(ctx, Record { key, value: change, timestamp, headers: headers.clone() })
    }

    /// Forwards every window that ends in `(emitted, closed]`, with the headers of the record that closed it.
    fn emit_closed(&mut self, ctx: &mut TaskContext, closed: Timestamp, headers: &Headers) -> Result<()> {
        // Windows end on a grid: nothing new can have closed before the next grid point.
        if !self.grid_passed(closed) {
            return Ok(());
        }
        self.emit_up_to(ctx, closed, headers)?;
        self.set_emitted(closed);
        Ok(())
    }

    /// Forwards every window that ends in `(emitted, closed]`; the last end among them.
    fn emit_up_to(
        &mut self,
        ctx: &mut TaskContext,
        closed: Timestamp,
        headers: &Headers,
    ) -> Result<Option<Timestamp>> {
        let mut last = None;
        for item in self.store.closed_windows(self.emitted, closed) {
            let (key, stored) = item?;
            last = last.max(Some(key.window.end));
            let value = Change { new: Some(stored.value), old: None };
            self.next
                .push(ctx, Record { key, value, timestamp: stored.timestamp, headers: headers.clone() })?;
        }
        Ok(last)
    }

    /// Windows that end later were not emitted: the store must keep them, however old.
    fn set_emitted(&mut self, closed: Timestamp) {
        self.emitted = closed;
        self.store.keep_from(closed.saturating_sub(self.windows.size_ms()).saturating_add(1).max(0));
    }

    /// Where time is that of upstream tasks, records of a fast one move the store's clock ahead of it: windows that
    /// are still open must not expire by that.
    fn keep_open_windows(&self) {
        if self.emit != Emit::Close {
            let closed = self.clock.get().saturating_sub(self.windows.grace_ms());
            self.store.keep_from(closed.saturating_sub(self.windows.size_ms()).saturating_add(1).max(0));
        }
    }

    fn grid_passed(&self, closed: Timestamp) -> bool {
        let advance = crate::time::millis(self.windows.advance());
        let steps = |end: Timestamp| end.saturating_sub(self.windows.size_ms()).div_euclid(advance);
        closed > self.emitted && (self.emitted == UNKNOWN || steps(closed) != steps(self.emitted))
    }

    fn clock_name(&self) -> String {
        format!("{}.stream-time", self.name)
    }
}

impl<K, V, A> TaskNode for WindowedAggregate<K, V, A>
where
    K: Clone + Send + 'static,
    V: 'static,
    A: Clone + Send + 'static,
{
    fn init(&mut self, ctx: &mut TaskContext) -> Result<()> {
        if ctx.aligned_time.is_some() {
            self.keep_open_windows();
        }
        Ok(())
    }

    fn flush(&mut self, ctx: &mut TaskContext) -> Result<()> {
        if self.emit != Emit::Commit {
            return Ok(());
        }
        let (mut updates, mut more) = (Vec::new(), true);
        while more {
            more = self.store.next_unforwarded(self.old.are_sent(), &mut updates)?;
            for update in updates.drain(..) {
                let value = Change { new: update.new, old: update.old };
                let record =
                    Record { key: update.key, value, timestamp: update.timestamp, headers: Headers::new() };
                self.next.push(ctx, record)?;
            }
        }
        Ok(())
    }

    fn pass_time(&mut self, ctx: &mut TaskContext, now: Timestamp) -> Result<()> {
        ctx.enter_seen(self.node);
        let closed = self.clock.advance(now).saturating_sub(self.windows.grace_ms());
        self.keep_open_windows();
        if self.emit == Emit::Close { self.emit_closed(ctx, closed, &Headers::new()) } else { Ok(()) }
    }

    fn finish(&mut self, ctx: &mut TaskContext) -> Result<()> {
        ctx.enter_seen(self.node);
        if self.emit == Emit::Close
            && let Some(last) = self.emit_up_to(ctx, Timestamp::MAX, &Headers::new())?
        {
            // No further than this, so that windows of later input are emitted in their turn.
            self.set_emitted(last);
        }
        Ok(())
    }

    fn saves_everywhere(&self) -> bool {
        self.emit == Emit::Close && self.emitted != UNKNOWN
    }

    fn save(&self, progress: &mut Vec<(String, i64)>) {
        if self.emit == Emit::Close && self.emitted != UNKNOWN {
            progress.push((self.name.clone(), self.emitted));
        }
        if self.clock != StreamTime::unknown() {
            progress.push((self.clock_name(), self.clock.get()));
        }
    }

    fn load(&mut self, progress: &[(String, i64)]) {
        let clock_name = self.clock_name();
        for (name, value) in progress {
            if *name == self.name {
                self.set_emitted(*value);
            } else if *name == clock_name {
                self.clock.advance(*value);
            }
        }
    }
}
