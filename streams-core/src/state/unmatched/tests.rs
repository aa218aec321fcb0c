//! Unmatched records are what a sorted map of them is, whatever is committed, aborted, flushed or lost between.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use crate::serde::DefaultSerde;
use crate::state::engine::MemoryBackend;
use crate::state::testing::{Logs, open};
use crate::state::{Due, MemoryBudget, Side, StoreSpec, UnmatchedStore};

#[derive(Debug, Clone)]
enum Op {
    Add(bool, String, i64),
    Remove(bool, String, i64),
    /// Takes what came before these times, left and right.
    Take(i64, i64),
    Commit,
    Abort,
    Flush,
    Crash,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let key = || "[ab]";
    let op = prop_oneof![
        8 => (any::<bool>(), key(), 0..9i64).prop_map(|(left, k, t)| Op::Add(left, k, t)),
        4 => (any::<bool>(), key(), 0..9i64).prop_map(|(left, k, t)| Op::Remove(left, k, t)),
        2 => (0..10i64, 0..10i64).prop_map(|(left, right)| Op::Take(left, right)),
        3 => Just(Op::Commit),
        1 => Just(Op::Abort),
        1 => Just(Op::Flush),
        1 => Just(Op::Crash),
    ];
    proptest::collection::vec(op, 1..60)
}

/// By time, side (right first) and key.
type Model = BTreeMap<(i64, bool, String), Vec<i64>>;

fn new_store() -> UnmatchedStore<i64, String> {
    UnmatchedStore::new(StoreSpec::key_value("shared"), i64::serde(), String::serde())
}

fn take(store: &UnmatchedStore<i64, String>, left: i64, right: i64) -> Vec<(i64, bool, String, i64)> {
    let mut due = Vec::new();
    store.take_due(left, right, 0, &mut due).unwrap();
    let text = |key: &[u8]| String::from_utf8(key.to_vec()).unwrap();
    due.into_iter()
        .map(|due| match due {
            Due::Left { key, time, value } => (time, true, text(&key), value),
            Due::Right { key, time, value } => (time, false, text(&key), value.parse().unwrap()),
        })
        .collect()
}

fn run(ops: Vec<Op>) {
    let backend = MemoryBackend::new();
    let budget = Arc::new(MemoryBudget::unlimited());
    let mut logs = Logs::default();
    let mut store = new_store();
    let mut state = open(&backend, store.for_task(), &budget, &logs);
    let (mut model, mut committed) = (Model::new(), Model::new());
    for (number, op) in ops.into_iter().enumerate() {
        match op {
            Op::Add(left, key, time) => {
                let value = number as i64;
                match left {
                    true => store.add_left(key.as_bytes(), time, value).unwrap(),
                    false => store.add_right(key.as_bytes(), time, value.to_string()).unwrap(),
                }
                model.entry((time, left, key)).or_default().push(value);
            }
            Op::Remove(left, key, time) => {
                let side = if left { Side::Left } else { Side::Right };
                store.remove(side, key.as_bytes(), time, 0).unwrap();
                model.remove(&(time, left, key));
            }
            Op::Take(left, right) => {
                let mut expected = Vec::new();
                model.retain(|(time, is_left, key), values| {
                    let due = *time < if *is_left { left } else { right };
                    if due {
                        expected.extend(values.iter().map(|value| (*time, *is_left, key.clone(), *value)));
                    }
                    !due
                });
                assert_eq!(take(&store, left, right), expected);
            }
            Op::Commit => {
                logs.commit(&state);
                committed = model.clone();
            }
            Op::Abort => {
                state.aborted();
                model = committed.clone();
            }
            Op::Flush => _ = state.flush().unwrap(),
            Op::Crash => {
                drop(state);
                store = new_store();
                state = open(&backend, store.for_task(), &budget, &logs);
                model = committed.clone();
            }
        }
    }
    let expected: Vec<_> = model
        .into_iter()
        .flat_map(|((time, left, key), values)| {
            values.into_iter().map(move |value| (time, left, key.clone(), value))
        })
        .collect();
    assert_eq!(take(&store, i64::MAX, i64::MAX), expected);
}

proptest! {
    #[test]
    fn unmatched_records_are_kept_whatever_is_committed_flushed_or_lost(ops in ops()) {
        run(ops);
    }
}

#[test]
fn a_record_that_found_its_partner_before_the_commit_is_not_logged() {
    let backend = MemoryBackend::new();
    let budget = Arc::new(MemoryBudget::unlimited());
    let (mut logs, store) = (Logs::default(), new_store());
    let state = open(&backend, store.for_task(), &budget, &logs);
    store.add_left(b"a", 1, 1).unwrap();
    store.remove(Side::Left, b"a", 1, 2).unwrap();
    store.add_left(b"b", 1, 1).unwrap();
    logs.commit(&state);
    assert_eq!(logs.records().len(), 1);
    store.remove(Side::Left, b"b", 1, 7).unwrap();
    logs.commit(&state);
    let last = logs.records().last().unwrap();
    assert_eq!((last.1.as_ref(), last.2), (None, 7), "a tombstone at the time of the partner");
}

#[test]
fn what_the_values_take_is_counted_from_the_commit_on_and_given_back() {
    let backend = MemoryBackend::new();
    let budget = Arc::new(MemoryBudget::unlimited());
    let (mut logs, large) = (Logs::default(), "x".repeat(100_000));
    let store = new_store();
    let state = open(&backend, store.for_task(), &budget, &logs);
    store.add_right(b"k", 5, large).unwrap();
    assert!(budget.used() < 10_000);
    logs.commit(&state);
    // Once typed, once as a row for the engine.
    assert!(budget.used() > 200_000, "{budget:?}");
    state.flush().unwrap();
    assert!((100_000..110_000).contains(&budget.used()), "{budget:?}");
    drop((state, store));

    let store = new_store();
    let state = open(&backend, store.for_task(), &budget, &logs);
    store.remove(Side::Left, b"other", 5, 6).unwrap();
    assert!((100_000..110_000).contains(&budget.used()), "{budget:?}");
    store.remove(Side::Right, b"k", 5, 6).unwrap();
    assert!(budget.used() < 10_000, "{budget:?}");
    drop((state, store));
    assert_eq!(budget.used(), 0);
}
