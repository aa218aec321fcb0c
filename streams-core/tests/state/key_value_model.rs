//! A key-value store does what a sorted map does, whatever is committed, aborted, flushed, evicted or lost between.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use streams_core::state::engine::{Backend, EngineKind};
use streams_core::state::{KeyValueStore, MemoryBudget, StoreSpec, TaskState, ValueAndTimestamp};

use crate::support::{Changelogs, Disk};

#[derive(Debug, Clone)]
enum Op {
    Put(String, i64),
    PutIfAbsent(String, i64),
    Delete(String),
    Update(String, i64),
    Remove(String),
    Get(String),
    Range(String, String),
    Prefix(String),
    DeleteWhileReading,
    TakeUnforwarded,
    Commit,
    Abort,
    Flush,
    Crash,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let key = || "[ab]{0,3}|[a-c]{30}";
    let op = prop_oneof![
        6 => (key(), any::<i64>()).prop_map(|(k, v)| Op::Put(k, v)),
        2 => (key(), any::<i64>()).prop_map(|(k, v)| Op::PutIfAbsent(k, v)),
        3 => key().prop_map(Op::Delete),
        6 => (key(), -9..9i64).prop_map(|(k, v)| Op::Update(k, v)),
        1 => key().prop_map(Op::Remove),
        3 => key().prop_map(Op::Get),
        2 => (key(), key()).prop_map(|(a, b)| Op::Range(a, b)),
        1 => "[ab]{0,2}".prop_map(Op::Prefix),
        1 => Just(Op::DeleteWhileReading),
        1 => Just(Op::TakeUnforwarded),
        3 => Just(Op::Commit),
        1 => Just(Op::Abort),
        2 => Just(Op::Flush),
        1 => Just(Op::Crash),
    ];
    vec(op, 1..80)
}

type Content = BTreeMap<Vec<u8>, (i64, i64)>;

struct Test {
    disk: Disk,
    backend: Option<Arc<dyn Backend>>,
    state: Option<Arc<TaskState>>,
    store: KeyValueStore<String, i64>,
    logs: Changelogs,
    budget: usize,
    now: i64,
    model: Content,
    committed: Content,
    /// Content when changes were last taken, and keys in the order of their last change since.
    taken: Content,
    touched: Vec<Vec<u8>>,
}

fn new_store() -> KeyValueStore<String, i64> {
    KeyValueStore::with_default_serdes(StoreSpec::key_value("counts").cached(true))
}

impl Test {
    fn new(kind: EngineKind, budget: usize) -> Self {
        let mut test = Test {
            disk: Disk::of(kind),
            backend: None,
            state: None,
            store: new_store(),
            logs: Changelogs::of(1),
            budget,
            now: 0,
            model: Content::new(),
            committed: Content::new(),
            taken: Content::new(),
            touched: Vec::new(),
        };
        test.open();
        test
    }

    fn open(&mut self) {
        (self.state, self.backend) = (None, None);
        self.store = new_store();
        let backend = self.disk.open();
        let budget = Arc::new(MemoryBudget::new(self.budget));
        let (state, _) = self.logs.restore(&backend, vec![self.store.for_task()], &budget);
        (self.state, self.backend) = (Some(state), Some(backend));
        self.model = self.committed.clone();
        self.taken = self.committed.clone();
        self.touched.clear();
    }

    fn set(&mut self, key: &str, value: Option<i64>) {
        let key = key.as_bytes().to_vec();
        self.touched.retain(|touched| *touched != key);
        self.touched.push(key.clone());
        match value {
            Some(value) => drop(self.model.insert(key, (value, self.now))),
            None => drop(self.model.remove(&key)),
        }
    }

    fn value(&self, key: &str) -> Option<i64> {
        self.model.get(key.as_bytes()).map(|entry| entry.0)
    }

    fn take(&mut self) {
        let found: Vec<_> = self.store.take_unforwarded(true).unwrap();
        let touched = std::mem::take(&mut self.touched);
        let expected: Vec<_> = touched
            .iter()
            .map(|key| (key, self.model.get(key).map(|e| e.0), self.taken.get(key).map(|e| e.0)))
            .filter(|(_, new, old)| new.is_some() || old.is_some())
            .collect();
        assert_eq!(found.len(), expected.len());
        for (found, (key, new, old)) in found.iter().zip(expected) {
            assert_eq!((found.key.as_bytes(), found.new, found.old), (key.as_slice(), new, old));
        }
        self.taken = self.model.clone();
    }

    fn run(&mut self, op: Op) {
        self.now += 1;
        let now = self.now;
        let store = self.store.clone();
        match op {
            Op::Put(key, value) => {
                store.put(&key, value, now).unwrap();
                self.set(&key, Some(value));
            }
            Op::PutIfAbsent(key, value) => {
                let there = store.put_if_absent(&key, value, now).unwrap();
                assert_eq!(there, self.value(&key));
                if there.is_none() {
                    self.set(&key, Some(value));
                }
            }
            Op::Delete(key) => {
                assert_eq!(store.delete(&key, now).unwrap(), self.value(&key));
                self.set(&key, None);
            }
            Op::Update(key, by) => {
                let expected = self.value(&key).unwrap_or(0).wrapping_add(by);
                let sum = store.update(&key, now, |entry| {
                    let sum = entry.map_or(0, |entry| entry.value).wrapping_add(by);
                    *entry = Some(ValueAndTimestamp::new(sum, now));
                    sum
                });
                assert_eq!(sum.unwrap(), expected);
                self.set(&key, Some(expected));
            }
            Op::Remove(key) => {
                store.update(&key, now, |entry| *entry = None).unwrap();
                self.set(&key, None);
            }
            Op::Get(key) => {
                let entry = store.get_stamped(&key).unwrap().map(|entry| (entry.value, entry.timestamp));
                assert_eq!(entry, self.model.get(key.as_bytes()).copied());
            }
            Op::Range(a, b) => {
                let (lower, upper) = (Bound::Excluded(&a), Bound::Included(&b));
                let mut expected: Vec<_> = self
                    .model
                    .iter()
                    .filter(|(key, _)| key.as_slice() > a.as_bytes() && key.as_slice() <= b.as_bytes())
                    .map(|(key, entry)| (String::from_utf8(key.clone()).unwrap(), entry.0))
                    .collect();
                let found: Vec<_> = store.range(lower, upper).map(Result::unwrap).collect();
                assert_eq!(found, expected);
                expected.reverse();
                let found: Vec<_> = store.reverse_range(lower, upper).map(Result::unwrap).collect();
                assert_eq!(found, expected);
            }
            Op::Prefix(prefix) => {
                let found = store.prefix(prefix.as_bytes()).map(|row| row.unwrap().0.into_bytes());
                let expected = self.model.keys().filter(|key| key.starts_with(prefix.as_bytes()));
                assert!(found.eq(expected.cloned()));
            }
            Op::DeleteWhileReading => {
                for row in store.all() {
                    let (key, value) = row.unwrap();
                    assert_eq!(Some(value), self.value(&key), "no key comes twice");
                    store.delete(&key, now).unwrap();
                    self.set(&key, None);
                }
                assert!(self.model.is_empty(), "every key came");
            }
            Op::TakeUnforwarded => self.take(),
            Op::Commit => {
                self.take();
                self.logs.commit(self.state.as_ref().unwrap());
                self.committed = self.model.clone();
            }
            Op::Abort => {
                self.state.as_ref().unwrap().aborted();
                self.model = self.committed.clone();
                self.taken = self.committed.clone();
                self.touched.clear();
            }
            Op::Flush => drop(self.state.as_ref().unwrap().flush().unwrap()),
            Op::Crash => {
                drop(store);
                self.open();
            }
        }
    }

    fn check(&self) {
        let all = |entry: streams_core::Result<(String, ValueAndTimestamp<i64>)>| {
            let (key, entry) = entry.unwrap();
            (key.into_bytes(), (entry.value, entry.timestamp))
        };
        assert!(self.store.all().stamped().map(all).eq(self.model.clone()));
        assert!(self.store.reverse_all().stamped().map(all).eq(self.model.clone().into_iter().rev()));
        let mut fold = Content::new();
        for (key, value, time) in self.logs.records(0) {
            match value {
                Some(value) => {
                    fold.insert(key.clone(), (i64::from_be_bytes(value[..].try_into().unwrap()), *time));
                }
                None => drop(fold.remove(key)),
            }
        }
        assert_eq!(fold, self.committed, "the changelog's fold is the committed content");
    }
}

fn matches_the_model(kind: EngineKind, budget: usize, ops: Vec<Op>) {
    let mut test = Test::new(kind, budget);
    for op in ops {
        test.run(op);
    }
    test.check();
    test.run(Op::Crash);
    test.check();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn over_memory_the_store_equals_a_sorted_map(budget in prop_oneof![Just(500usize), Just(3000), Just(1 << 30)], ops in ops()) {
        matches_the_model(EngineKind::Memory, budget, ops);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn over_sled_the_store_equals_a_sorted_map(budget in prop_oneof![Just(500usize), Just(3000)], ops in ops()) {
        matches_the_model(EngineKind::Sled, budget, ops);
    }

    #[test]
    fn over_fjall_the_store_equals_a_sorted_map(budget in prop_oneof![Just(500usize), Just(3000)], ops in ops()) {
        matches_the_model(EngineKind::Fjall, budget, ops);
    }
}
