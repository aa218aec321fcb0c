//! A window store does what a sorted map of windows does, whatever is committed, aborted, flushed, evicted or lost
//! between.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use streams_core::state::engine::{Backend, EngineKind};
use streams_core::state::{
    MemoryBudget, Put, StoreSpec, TaskState, ValueAndTimestamp, WindowExpiry, WindowLayout, WindowSpec,
    WindowStore,
};

use crate::support::{Changelogs, Disk};

const RETENTION: i64 = 150_000;
const SEGMENT: i64 = 75_000;
const SIZE: i64 = 10_000;

#[derive(Debug, Clone)]
enum Op {
    /// Key, and how far from the store's time the window starts.
    Put(String, i64),
    Update(String, i64),
    Delete(String, i64),
    Fetch(String, i64),
    FetchRange(String, i64, i64),
    FetchAll(i64, i64),
    Closed(i64, i64),
    KeepFrom(Option<i64>),
    Commit,
    Abort,
    Flush,
    Crash,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let key = || "[ab]{0,2}";
    let near = || -200_000..30_000i64;
    let op = prop_oneof![
        8 => (key(), near()).prop_map(|(k, t)| Op::Put(k, t)),
        1 => (key(), 100_000..900_000i64).prop_map(|(k, t)| Op::Put(k, t)),
        4 => (key(), near()).prop_map(|(k, t)| Op::Update(k, t)),
        2 => (key(), near()).prop_map(|(k, t)| Op::Delete(k, t)),
        2 => (key(), near()).prop_map(|(k, t)| Op::Fetch(k, t)),
        2 => (key(), near(), near()).prop_map(|(k, a, b)| Op::FetchRange(k, a.min(b), a.max(b))),
        2 => (near(), near()).prop_map(|(a, b)| Op::FetchAll(a.min(b), a.max(b))),
        1 => (near(), near()).prop_map(|(a, b)| Op::Closed(a.min(b), a.max(b))),
        1 => prop_oneof![Just(None), near().prop_map(Some)].prop_map(Op::KeepFrom),
        3 => Just(Op::Commit),
        1 => Just(Op::Abort),
        2 => Just(Op::Flush),
        1 => Just(Op::Crash),
    ];
    vec(op, 1..90)
}

type Entries = BTreeMap<(i64, Vec<u8>), (i64, i64)>;

#[derive(Clone, Default)]
struct Model {
    entries: Entries,
    time: i64,
    keep_from: Option<i64>,
}

impl Model {
    fn accepts(&self, start: i64, spec: &WindowSpec) -> bool {
        let edge = self.time - RETENTION;
        let live = match spec.expiry {
            WindowExpiry::Persistent => start / SEGMENT >= edge / SEGMENT,
            WindowExpiry::InMemory => start > edge,
        };
        live || self.keep_from.is_some_and(|keep| start >= keep)
    }

    fn visible(&self, start: i64, spec: &WindowSpec) -> bool {
        let edge = self.time - RETENTION;
        let time_first = spec.layout == WindowLayout::TimeFirst && spec.expiry == WindowExpiry::Persistent;
        start >= if time_first { edge } else { edge + 1 } || self.keep_from.is_some_and(|keep| start >= keep)
    }
}

struct Test {
    disk: Disk,
    backend: Option<Arc<dyn Backend>>,
    state: Option<Arc<TaskState>>,
    spec: WindowSpec,
    store: WindowStore<String, i64>,
    logs: Changelogs,
    now: i64,
    model: Model,
    committed: Model,
}

fn new_store(spec: &WindowSpec) -> WindowStore<String, i64> {
    WindowStore::with_default_serdes(StoreSpec::window("windows", spec.clone())).unwrap()
}

impl Test {
    fn new(kind: EngineKind, layout: WindowLayout, expiry: WindowExpiry) -> Self {
        let spec = WindowSpec {
            layout,
            expiry,
            ..WindowSpec::new(Duration::from_millis(SIZE as u64), Duration::from_millis(RETENTION as u64))
        };
        let model = Model { time: -1, ..Model::default() };
        let mut test = Test {
            disk: Disk::of(kind),
            backend: None,
            state: None,
            store: new_store(&spec),
            spec,
            logs: Changelogs::of(1),
            now: 0,
            model: model.clone(),
            committed: model,
        };
        test.open();
        test
    }

    fn open(&mut self) {
        (self.state, self.backend) = (None, None);
        self.store = new_store(&self.spec);
        if let Some(keep) = self.committed.keep_from {
            // As an operator does that knows from its own progress what it has not emitted.
            self.store.keep_from(keep);
        }
        let backend = self.disk.open();
        let budget = Arc::new(MemoryBudget::new(1500));
        let (state, _) = self.logs.restore(&backend, vec![self.store.for_task()], &budget);
        (self.state, self.backend) = (Some(state), Some(backend));
        self.model = self.committed.clone();
        assert_eq!(self.store.stream_time(), self.model.time, "the store's time survives");
    }

    fn start(&self, offset: i64) -> i64 {
        (self.model.time + offset).max(0)
    }

    /// What a put at `start` does to the model; whether it was taken.
    fn put(&mut self, key: &str, start: i64, value: Option<i64>) -> bool {
        self.model.time = self.model.time.max(start);
        let taken = self.model.accepts(start, &self.spec);
        if taken {
            let at = (start, key.as_bytes().to_vec());
            match value {
                Some(value) => drop(self.model.entries.insert(at, (value, self.now))),
                None => drop(self.model.entries.remove(&at)),
            }
        }
        taken
    }

    fn value(&self, key: &str, start: i64) -> Option<i64> {
        if !self.model.visible(start, &self.spec) {
            return None;
        }
        self.model.entries.get(&(start, key.as_bytes().to_vec())).map(|entry| entry.0)
    }

    /// What is visible of the windows from `from` to `to`, in the store's order.
    fn expected(&self, from: i64, to: i64) -> Vec<(i64, Vec<u8>, i64)> {
        let mut rows: Vec<_> = self
            .model
            .entries
            .iter()
            .filter(|((start, _), _)| (from..=to).contains(start) && self.model.visible(*start, &self.spec))
            .map(|((start, key), entry)| (*start, key.clone(), entry.0))
            .collect();
        if self.spec.layout == WindowLayout::KeyFirst && self.spec.expiry == WindowExpiry::Persistent {
            rows.sort_by_key(|(start, key, _)| (start / SEGMENT, [&key[..], &start.to_be_bytes()].concat()));
        } else if self.spec.layout == WindowLayout::TimeFirst {
            rows.sort_by_key(|(start, key, _)| (*start, [&key[..], &[0; 4]].concat()));
        }
        rows
    }

    fn run(&mut self, op: Op) {
        self.now += 1;
        let now = self.now;
        let store = self.store.clone();
        match op {
            Op::Put(key, offset) => {
                let start = self.start(offset);
                let put = store.put(&key, start, now, now).unwrap();
                assert_eq!(put == Put::Stored, self.put(&key, start, Some(now)));
            }
            Op::Update(key, offset) => {
                let start = self.start(offset);
                let before = self.value(&key, start);
                let (put, seen) = store
                    .update(&key, start, now, |entry| {
                        let seen = entry.as_ref().map(|entry| entry.value);
                        *entry = Some(ValueAndTimestamp::new(seen.unwrap_or(0) + 1, now));
                        seen
                    })
                    .unwrap();
                assert_eq!(put == Put::Stored, self.put(&key, start, Some(before.unwrap_or(0) + 1)));
                assert!(put == Put::Expired || seen == before);
            }
            Op::Delete(key, offset) => {
                let start = self.start(offset);
                let before = self.value(&key, start);
                let deleted = store.delete(&key, start, now).unwrap();
                let taken = self.put(&key, start, None);
                assert_eq!(deleted, before.filter(|_| taken));
            }
            Op::Fetch(key, offset) => {
                let start = self.start(offset);
                assert_eq!(store.fetch(&key, start).unwrap(), self.value(&key, start));
            }
            Op::FetchRange(key, from, to) => {
                let (from, to) = (self.start(from), self.start(to));
                let mut expected: Vec<_> = self
                    .expected(from, to)
                    .into_iter()
                    .filter(|row| row.1 == key.as_bytes())
                    .map(|row| (row.0, row.2))
                    .collect();
                let found: Vec<_> = store.fetch_range(&key, from..=to).map(Result::unwrap).collect();
                assert_eq!(found, expected);
                expected.reverse();
                let found: Vec<_> = store.fetch_range_backward(&key, from..=to).map(Result::unwrap).collect();
                assert_eq!(found, expected);
            }
            Op::FetchAll(from, to) => {
                let (from, to) = (self.start(from), self.start(to));
                self.check_all(from, to);
            }
            Op::Closed(from, to) => {
                let (from, to) = (self.start(from), self.start(to));
                let found = store.closed_windows(from, to).map(Result::unwrap);
                let found: Vec<_> = found.map(|(at, entry)| (at.window.end, entry.value)).collect();
                let expected = self.expected(from - SIZE + 1, to - SIZE);
                assert_eq!(found, expected.iter().map(|row| (row.0 + SIZE, row.2)).collect::<Vec<_>>());
            }
            Op::KeepFrom(offset) => {
                // A mark only moves to where nothing has gone yet.
                let keep = self.start(offset.unwrap_or(0)).max(self.model.time - RETENTION + 1);
                store.keep_from(keep.max(self.model.keep_from.unwrap_or(0)));
                self.model.keep_from = Some(keep.max(self.model.keep_from.unwrap_or(0)));
            }
            Op::Commit => {
                self.logs.commit(self.state.as_ref().unwrap());
                self.committed = self.model.clone();
            }
            Op::Abort => {
                self.state.as_ref().unwrap().aborted();
                self.model = self.committed.clone();
            }
            Op::Flush => drop(self.state.as_ref().unwrap().flush().unwrap()),
            Op::Crash => {
                drop(store);
                self.open();
            }
        }
    }

    fn check_all(&self, from: i64, to: i64) {
        let row = |row: streams_core::Result<(streams_core::windows::Windowed<String>, i64)>| {
            let (at, value) = row.unwrap();
            (at.window.start, at.key.into_bytes(), value)
        };
        let mut expected = self.expected(from, to);
        assert_eq!(self.store.fetch_all(from..=to).map(row).collect::<Vec<_>>(), expected);
        expected.reverse();
        assert_eq!(self.store.fetch_all_backward(from..=to).map(row).collect::<Vec<_>>(), expected);
    }
}

fn matches_the_model(kind: EngineKind, layout: WindowLayout, expiry: WindowExpiry, ops: Vec<Op>) {
    let mut test = Test::new(kind, layout, expiry);
    for op in ops {
        test.run(op);
    }
    test.check_all(0, i64::MAX - SIZE);
    test.run(Op::Crash);
    test.check_all(0, i64::MAX - SIZE);
}

fn layout() -> impl Strategy<Value = (WindowLayout, WindowExpiry)> {
    let layouts = prop_oneof![Just(WindowLayout::KeyFirst), Just(WindowLayout::TimeFirst)];
    let expiries = prop_oneof![Just(WindowExpiry::Persistent), Just(WindowExpiry::InMemory)];
    (layouts, expiries)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn over_memory_the_store_equals_a_map_of_windows((layout, expiry) in layout(), ops in ops()) {
        matches_the_model(EngineKind::Memory, layout, expiry, ops);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn over_sled_the_store_equals_a_map_of_windows((layout, expiry) in layout(), ops in ops()) {
        matches_the_model(EngineKind::Sled, layout, expiry, ops);
    }

    #[test]
    fn over_fjall_the_store_equals_a_map_of_windows((layout, expiry) in layout(), ops in ops()) {
        matches_the_model(EngineKind::Fjall, layout, expiry, ops);
    }
}
