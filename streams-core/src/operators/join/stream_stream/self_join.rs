//! A stream joined with itself, kept in one store (rules J-17 and J-18).
//!
//! Results come in the order of the join with two stores: a record as left one with all earlier ones, then all of
//! them with it as right one, and it with itself where its time belongs among those. A record that its store would not
//! show anymore does not find itself.

use std::sync::Arc;

use crate::error::Result;
use crate::ids::NodeId;
use crate::operators::join::JoinKey;
use crate::operators::join::stream_stream::joiner::Joiner;
use crate::operators::{DropReason, Port, TaskContext, TaskNode};
use crate::record::Record;
use crate::serde::SerdeRef;
use crate::state::{Put, WindowStore};
use crate::time::{StreamTime, Timestamp, millis};
use crate::windows::JoinWindows;

pub(crate) struct SelfJoin<K: JoinKey, V: 'static, R> {
    /// The node that keeps the records, and the one where results come out.
    pub(crate) windowed: NodeId,
    pub(crate) merge: NodeId,
    pub(crate) windows: JoinWindows,
    pub(crate) joiner: Arc<dyn Joiner<K, V, V, R>>,
    pub(crate) key_serde: SerdeRef<K::Key>,
    pub(crate) value_serde: SerdeRef<V>,
    pub(crate) store: WindowStore<K::Key, V>,
    /// Only used where it is the time of upstream tasks.
    pub(crate) clock: StreamTime,
    pub(crate) next: Box<dyn Port<K, R>>,
    /// Bytes of the key of the record under way, and its results.
    pub(crate) key: Vec<u8>,
    pub(crate) results: Vec<(Timestamp, R)>,
}

impl<K, V, R> SelfJoin<K, V, R>
where
    K: JoinKey,
    V: Clone + Send + 'static,
{
    /// Joins a record whose key bytes are in place with what is in the store and with itself.
    fn find_partners(
        &mut self,
        key: &K,
        value: &V,
        timestamp: Timestamp,
        upstream: Option<Timestamp>,
    ) -> Result<()> {
        let SelfJoin { windows, joiner, store, results, key: bytes, clock, .. } = self;
        let span =
            |back: i64, ahead: i64| (timestamp.saturating_sub(back).max(0), timestamp.saturating_add(ahead));
        store.visit(bytes, span(windows.before_ms(), windows.after_ms()), &mut |time, other| {
            results.push((time.max(timestamp), joiner.both(key, value, other)));
        })?;
        let mut place = None;
        store.visit(bytes, span(windows.after_ms(), windows.before_ms()), &mut |time, other| {
            if time > timestamp {
                place = place.or(Some(results.len()));
            }
            results.push((time.max(timestamp), joiner.both(key, other, value)));
        })?;
        let retention = millis(windows.retention());
        let mut last_hidden = store.stream_time().saturating_sub(retention).saturating_add(1);
        if upstream.is_some() {
            // The store keeps what slow upstream tasks may still send, however far a fast one moved its time.
            last_hidden = last_hidden.min(clock.get().saturating_sub(retention));
        }
        if timestamp > last_hidden && windows.before_ms() >= 0 && windows.after_ms() >= 0 {
            let place = place.unwrap_or(results.len());
            results.insert(place, (timestamp, joiner.both(key, value, value)));
        }
        Ok(())
    }

    fn store(&mut self, ctx: &mut TaskContext, timestamp: Timestamp, value: Option<V>) -> Result<()> {
        match self.store.add(&self.key, timestamp, value, timestamp)? {
            Put::Stored => Ok(()),
            Put::Expired => {
                ctx.enter_seen(self.windowed);
                ctx.drop_record(DropReason::Expired)
            }
        }
    }

    fn write_key(&mut self, key: &K::Key) -> Result<()> {
        self.key.clear();
        self.key_serde.serialize(key, &mut self.key)
    }

    fn tell_time(&mut self, now: Option<Timestamp>) {
        if let Some(now) = now {
            let first = self.clock.advance(now).saturating_sub(millis(self.windows.retention()));
            self.store.keep_from(first.saturating_add(1).max(0));
        }
    }
}

impl<K, V, R> Port<K, V> for SelfJoin<K, V, R>
where
    K: JoinKey,
    V: Clone + Send + 'static,
    R: Send + 'static,
{
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, V>) -> Result<()> {
        let Record { key, value, timestamp, headers } = record;
        self.tell_time(ctx.aligned_time);
        ctx.enter_seen(self.merge);
        let Some(bytes) = key.key() else { return ctx.drop_record(DropReason::NullKey) };
        self.write_key(bytes)?;
        if self.value_serde.is_null(&value) {
            ctx.drop_record(DropReason::NullValue)?;
            return self.store(ctx, timestamp, None);
        }
        self.find_partners(&key, &value, timestamp, ctx.aligned_time)?;
        let last = self.results.pop();
        let mut results = std::mem::take(&mut self.results);
        for (timestamp, value) in results.drain(..) {
            self.next.push(ctx, Record { key: key.clone(), value, timestamp, headers: headers.clone() })?;
        }
        self.results = results;
        if let Some((timestamp, value)) = last {
            self.next.push(ctx, Record { key, value, timestamp, headers })?;
        }
        self.store(ctx, timestamp, Some(value))
    }

    fn skipped(
        &mut self,
        ctx: &mut TaskContext,
        reason: DropReason,
        key: Option<&K>,
        timestamp: Timestamp,
    ) -> Result<bool> {
        self.tell_time(ctx.aligned_time);
        ctx.enter_seen(self.merge);
        ctx.drop_record(reason)?;
        if let Some(key) = key.and_then(JoinKey::key) {
            self.write_key(key)?;
            self.store(ctx, timestamp, None)?;
        }
        Ok(true)
    }
}

impl<K, V, R> TaskNode for SelfJoin<K, V, R>
where
    K: JoinKey,
    V: Clone + Send + 'static,
    R: Send + 'static,
{
    fn init(&mut self, ctx: &mut TaskContext) -> Result<()> {
        self.tell_time(ctx.aligned_time);
        Ok(())
    }

    fn pass_time(&mut self, _ctx: &mut TaskContext, now: Timestamp) -> Result<()> {
        self.tell_time(Some(now));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use crate::testing::{TestDriver, TestDriverOptions};
    use crate::windows::JoinWindows;
    use crate::{Headers, Optimization, StreamsBuilder, Topic};

    const IN: Topic<String, String> = Topic::new("in");
    const OUT: Topic<String, String> = Topic::new("out");

    /// What comes out, sorted, where the upstream task of partition 0 is far ahead of that of partition 1.
    fn results(optimization: Optimization) -> Vec<(String, i64)> {
        let builder = StreamsBuilder::new();
        builder.optimize(optimization);
        let stream = builder.stream(&IN).select_key(|_, _| "k".to_owned()).repartition();
        let near = JoinWindows::of(Duration::from_millis(10)).no_grace();
        stream.clone().join(stream, near, |a, b| format!("{a}{b}")).to(&OUT);
        let options = TestDriverOptions {
            commit_each_record: false,
            aligned_event_time: true,
            partitions: BTreeMap::from([("in".to_owned(), 2)]),
            ..TestDriverOptions::default()
        };
        let mut driver = TestDriver::with(&builder.build().unwrap(), options).unwrap();
        for (partition, value, time) in [(0, "a", 0), (1, "b", 1), (0, "c", 1000), (1, "d", 5), (1, "e", 995)]
        {
            let (key, value) = (Some(&b"x"[..]), Some(value.as_bytes()));
            driver.pipe_raw("in", Some(partition), key, value, time, &Headers::new()).unwrap();
            driver.commit().unwrap();
        }
        let mut results: Vec<_> =
            driver.read(&OUT).unwrap().into_iter().map(|record| (record.value, record.timestamp)).collect();
        results.sort();
        results
    }

    #[test]
    fn a_record_of_a_slow_upstream_task_finds_itself_as_with_two_stores() {
        let plain = results(Optimization::NONE);
        assert!(plain.contains(&("dd".to_owned(), 5)), "{plain:?}");
        assert_eq!(results(Optimization::ALL), plain);
    }
}
