//! What must hold of all stores of a task together.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use streams_core::state::engine::{
    Backend, Batch, Direction, Engine, EngineKind, KeyRange, MemoryBackend, StoreNumber, Visit,
};
use streams_core::state::{
    Checkpoint, KeyValueStore, MemoryBudget, Put, Restorer, StoreSpec, TaskState, ValueAndTimestamp,
    WindowLayout, WindowSpec, WindowStore,
};
use streams_core::{Error, ErrorKind, Result};

use crate::support::{Changelogs, Disk, KINDS, TASK, TOPIC_ID};

type Counts = KeyValueStore<String, i64>;

fn counts(name: &str) -> Counts {
    KeyValueStore::with_default_serdes(StoreSpec::key_value(name))
}

fn unlimited() -> Arc<MemoryBudget> {
    Arc::new(MemoryBudget::unlimited())
}

fn key(key: &str) -> String {
    key.to_owned()
}

#[test]
fn a_commit_logs_each_changed_key_once_in_the_order_of_its_first_change() {
    let store = counts("counts");
    let engine = MemoryBackend::new().open_task(TASK).unwrap();
    let state = TaskState::open(TASK, engine, vec![store.for_task()], unlimited()).unwrap();
    let mut logs = Changelogs::of(1);
    for (name, time) in [("b", 1), ("a", 2), ("c", 3), ("b", 4)] {
        store.put(&key(name), time, time).unwrap();
    }
    store.delete(&key("a"), 9).unwrap();
    assert_eq!(logs.commit(&state), [3]);
    assert_eq!(logs.commit(&state), [0], "what is committed is not logged again");
    let expected = [
        (b"b".to_vec(), Some(4i64.to_be_bytes().to_vec()), 4),
        (b"a".to_vec(), None, 9),
        (b"c".to_vec(), Some(3i64.to_be_bytes().to_vec()), 3),
    ];
    assert_eq!(logs.records(0), expected);
}

#[test]
fn what_changes_after_the_changes_were_taken_belongs_to_the_next_commit() {
    let store = counts("counts");
    let engine = MemoryBackend::new().open_task(TASK).unwrap();
    let state = TaskState::open(TASK, engine, vec![store.for_task()], unlimited()).unwrap();
    store.put(&key("a"), 1, 1).unwrap();
    state.changes(&mut |_, _| Ok(())).unwrap();
    store.put(&key("a"), 2, 2).unwrap();
    state.committed(&[None]);
    assert_eq!(store.get(&key("a")).unwrap(), Some(2));
    state.aborted();
    assert_eq!(store.get(&key("a")).unwrap(), Some(1));
}

#[test]
fn an_error_while_changes_are_taken_can_be_aborted() {
    let store = counts("counts");
    let engine = MemoryBackend::new().open_task(TASK).unwrap();
    let state = TaskState::open(TASK, engine, vec![store.for_task()], unlimited()).unwrap();
    for name in ["a", "b", "c"] {
        store.put(&key(name), 1, 1).unwrap();
    }
    let mut shown = 0;
    let error = state.changes(&mut |_, _| {
        shown += 1;
        if shown == 2 { Err(Error::new(ErrorKind::TooLarge, "too large")) } else { Ok(()) }
    });
    assert!(error.unwrap_err().to_string().contains("store `counts`"));
    state.aborted();
    assert_eq!(store.all().count(), 0);
    state.committed(&[None]);
    assert_eq!(store.all().count(), 0);
}

#[test]
fn a_store_finds_its_content_whatever_other_stores_there_are() {
    for kind in KINDS {
        let disk = Disk::of(kind);
        let mut expected = 0;
        for names in [vec!["a", "b"], vec!["c", "b"], vec!["b"], vec!["d", "c", "b", "a"]] {
            let stores: Vec<Counts> = names.iter().map(|name| counts(name)).collect();
            let for_task = stores.iter().map(Counts::for_task).collect();
            let engine = disk.open().open_task(TASK).unwrap();
            let state = TaskState::open(TASK, engine, for_task, unlimited()).unwrap();
            let b = &stores[names.iter().position(|name| *name == "b").unwrap()];
            assert_eq!(b.get(&key("k")).unwrap().unwrap_or(0), expected, "{kind} {names:?}");
            expected += 1;
            for store in &stores {
                store.put(&key("k"), expected, 1).unwrap();
            }
            Changelogs::of(names.len()).commit(&state);
            state.flush().unwrap();
        }
    }
}

#[test]
fn only_the_tail_behind_the_last_flush_is_restored() {
    for kind in KINDS {
        let disk = Disk::of(kind);
        let mut logs = Changelogs::of(1);
        {
            let store = counts("counts");
            let (state, _) = logs.restore(&disk.open(), vec![store.for_task()], &unlimited());
            for n in 0..100 {
                store.put(&n.to_string(), n, n).unwrap();
            }
            logs.commit(&state);
            state.set_metadata(b"as of 100".to_vec());
            assert_eq!(state.metadata(), None, "metadata is part of the next commit");
            logs.commit(&state);
            state.flush().unwrap();
            store.put(&key("tail"), 1, 1).unwrap();
            logs.commit(&state);
            store.put(&key("lost"), 1, 1).unwrap();
        }
        let store = counts("counts");
        let (state, read) = logs.restore(&disk.open(), vec![store.for_task()], &unlimited());
        assert_eq!(read, 1);
        assert_eq!(state.metadata().as_deref(), Some(&b"as of 100"[..]));
        assert_eq!(state.checkpoint(0), Some(Checkpoint { topic_id: TOPIC_ID, offset: 101 }));
        assert_eq!(store.all().count(), 101);
        assert_eq!(store.approximate_len(), 101);
        assert_eq!(store.get(&key("lost")).unwrap(), None);
    }
}

#[test]
fn a_changelog_with_another_id_wipes_its_store_and_no_other() {
    let disk = Disk::of(EngineKind::Sled);
    let (a, b) = (counts("a"), counts("b"));
    let mut logs = Changelogs::of(2);
    let (state, _) = logs.restore(&disk.open(), vec![a.for_task(), b.for_task()], &unlimited());
    for store in [&a, &b] {
        store.put(&key("k"), 1, 1).unwrap();
    }
    logs.commit(&state);
    state.flush().unwrap();
    assert!(!state.set_changelog(0, TOPIC_ID).unwrap());
    assert!(state.set_changelog(0, TOPIC_ID + 1).unwrap());
    assert_eq!((a.get(&key("k")).unwrap(), b.get(&key("k")).unwrap()), (None, Some(1)));
    assert_eq!(state.checkpoint(0), None);
    assert!(state.checkpoint(1).is_some());
    state.wipe().unwrap();
    assert_eq!((b.all().count(), state.checkpoint(1)), (0, None));
}

/// An engine whose batches fail while told so.
struct Failing(Arc<dyn Engine>, AtomicBool);

impl Engine for Failing {
    fn get(&self, store: StoreNumber, key: &[u8], out: &mut Vec<u8>) -> Result<bool> {
        self.0.get(store, key, out)
    }
    fn scan(&self, store: StoreNumber, range: &KeyRange, to: Direction, visit: &mut Visit<'_>) -> Result<()> {
        self.0.scan(store, range, to, visit)
    }
    fn apply(&self, batch: &Batch) -> Result<()> {
        if self.1.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Full, "no space is left"));
        }
        self.0.apply(batch)
    }
    fn delete_range(&self, store: StoreNumber, range: &KeyRange) -> Result<()> {
        self.0.delete_range(store, range)
    }
    fn wipe(&self) -> Result<()> {
        self.0.wipe()
    }
    fn sync(&self) -> Result<()> {
        self.0.sync()
    }
}

#[test]
fn a_flush_that_fails_loses_nothing_and_is_tried_again() {
    let backend = MemoryBackend::new();
    let engine = Arc::new(Failing(backend.open_task(TASK).unwrap(), AtomicBool::new(false)));
    let store = counts("counts");
    let state = TaskState::open(TASK, engine.clone(), vec![store.for_task()], unlimited()).unwrap();
    let mut logs = Changelogs::of(1);
    engine.1.store(true, Ordering::SeqCst);
    for n in 0..3 {
        store.put(&key("k"), n, n).unwrap();
        store.put(&n.to_string(), n, n).unwrap();
        logs.commit(&state);
        assert_eq!(state.flush().unwrap_err().kind(), ErrorKind::Full);
        assert_eq!(store.get(&key("k")).unwrap(), Some(n));
    }
    engine.1.store(false, Ordering::SeqCst);
    assert_eq!(state.flush().unwrap().rows, 4);
    let again = counts("counts");
    let engine = backend.open_task(TASK).unwrap();
    TaskState::open(TASK, engine, vec![again.for_task()], unlimited()).unwrap();
    assert_eq!(again.all().map(|row| row.unwrap().1).collect::<Vec<_>>(), [0, 1, 2, 2]);
}

#[test]
fn flushing_from_another_thread_changes_nothing_that_the_task_sees() {
    let disk = Disk::of(EngineKind::Sled);
    let store = counts("counts");
    let budget = Arc::new(MemoryBudget::new(20_000));
    let mut logs = Changelogs::of(1);
    let (state, _) = logs.restore(&disk.open(), vec![store.for_task()], &budget);
    let done = AtomicBool::new(false);
    let mut expected = vec![0i64; 500];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::SeqCst) {
                state.flush().unwrap();
                std::thread::yield_now();
            }
        });
        for round in 0..20_000usize {
            let number = round * 7919 % 500;
            let count = store.update(&number.to_string(), round as i64, |entry| {
                let count = entry.map_or(0, |entry| entry.value) + 1;
                *entry = Some(ValueAndTimestamp::new(count, round as i64));
                count
            });
            expected[number] += 1;
            assert_eq!(count.unwrap(), expected[number]);
            if round % 100 == 99 {
                logs.commit(&state);
            }
        }
        done.store(true, Ordering::SeqCst);
    });
    drop((state, store));
    let store = counts("counts");
    logs.restore(&disk.open(), vec![store.for_task()], &budget);
    for (number, count) in expected.iter().enumerate() {
        assert_eq!(store.get(&number.to_string()).unwrap(), Some(*count));
    }
}

#[test]
fn memory_stays_within_its_budget_when_flushes_come_as_asked_for() {
    let budget = Arc::new(MemoryBudget::new(200_000));
    let store = counts("counts");
    let engine = MemoryBackend::new().open_task(TASK).unwrap();
    let state = TaskState::open(TASK, engine, vec![store.for_task()], budget.clone()).unwrap();
    let mut logs = Changelogs::of(1);
    for n in 0..50_000 {
        store.put(&n.to_string(), n, n).unwrap();
        if state.wants_commit() {
            logs.commit(&state);
        }
        if state.wants_flush() {
            state.flush().unwrap();
        }
        assert!(budget.used() < 250_000, "{budget:?}");
    }
    drop((state, store));
    assert_eq!((budget.used(), budget.pending(), budget.dirty()), (0, 0, 0), "all is given back");
}

fn windows(name: &str, spec: WindowSpec) -> WindowStore<String, i64> {
    WindowStore::with_default_serdes(StoreSpec::window(name, spec)).unwrap()
}

fn ten_seconds() -> WindowSpec {
    WindowSpec::new(Duration::from_secs(10), Duration::from_secs(120))
}

#[test]
fn what_has_expired_leaves_memory_and_engine() {
    for layout in [WindowLayout::KeyFirst, WindowLayout::TimeFirst] {
        let store = windows("windows", WindowSpec { layout, ..ten_seconds() });
        let budget = unlimited();
        let engine = MemoryBackend::new().open_task(TASK).unwrap();
        let state = TaskState::open(TASK, engine.clone(), vec![store.for_task()], budget.clone()).unwrap();
        let mut logs = Changelogs::of(1);
        let mut most = 0;
        for start in 0..5000 {
            assert_eq!(store.put(&key("k"), start * 1000, start, start).unwrap(), Put::Stored);
            if start % 10 == 9 {
                logs.commit(&state);
            }
            if start % 50 == 49 {
                state.flush().unwrap();
                let mut rows = 0;
                let all = KeyRange::all();
                engine
                    .scan(StoreNumber(1), &all, Direction::Forward, &mut |_, _| {
                        rows += 1;
                        ControlFlow::Continue(())
                    })
                    .unwrap();
                most = most.max(rows);
                assert!(budget.used() < 100_000, "{budget:?}");
            }
        }
        assert!((120..=240).contains(&most), "{most} rows of 120 s, in segments of 60 s");
        assert_eq!(store.all().count(), 120 + usize::from(layout == WindowLayout::TimeFirst));
    }
}

#[test]
fn the_windows_of_one_key_are_found_among_many_keys_in_order_of_time() {
    let store = windows("windows", WindowSpec { layout: WindowLayout::TimeFirst, ..ten_seconds() });
    let engine = MemoryBackend::new().open_task(TASK).unwrap();
    let state = TaskState::open(TASK, engine, vec![store.for_task()], unlimited()).unwrap();
    let starts: Vec<i64> = (0..40).map(|n| 1000 * n).collect();
    for &start in &starts {
        for n in 0..60 {
            let _: Put = store.put(&format!("{n:02}"), start, n, start).unwrap();
        }
        let _: Put = store.put(&key("3"), start, start, start).unwrap();
        if start == 20_000 {
            Changelogs::of(1).commit(&state);
            state.flush().unwrap();
        }
    }
    for name in ["00", "3", "30", "59"] {
        let found: Vec<i64> = store.fetch_range(&key(name), 0..=i64::MAX).map(|row| row.unwrap().0).collect();
        assert_eq!(found, starts);
        let mut found: Vec<i64> =
            store.fetch_range_backward(&key(name), 0..=i64::MAX).map(|row| row.unwrap().0).collect();
        found.reverse();
        assert_eq!(found, starts);
    }
    assert_eq!(store.fetch_range(&key("x"), 0..=i64::MAX).count(), 0);
}

#[test]
fn windows_that_are_to_be_kept_survive_any_jump_of_time_and_a_restart() {
    let disk = Disk::of(EngineKind::Sled);
    let spec = WindowSpec { layout: WindowLayout::TimeFirst, ..ten_seconds() };
    let mut logs = Changelogs::of(1);
    {
        let store = windows("windows", spec.clone());
        let (state, _) = logs.restore(&disk.open(), vec![store.for_task()], &unlimited());
        store.keep_from(20_000);
        for start in [10_000, 20_000, 30_000, 900_000_000] {
            assert_eq!(store.put(&key("k"), start, start, start).unwrap(), Put::Stored);
        }
        logs.commit(&state);
        state.flush().unwrap();
    }
    let store = windows("windows", spec);
    let (state, read) = logs.restore(&disk.open(), vec![store.for_task()], &unlimited());
    assert_eq!((read, store.stream_time()), (0, 900_000_000));
    let closed = |store: &WindowStore<String, i64>| -> Vec<i64> {
        store.closed_windows(0, 500_000).map(|row| row.unwrap().1.value).collect()
    };
    assert_eq!(closed(&store), [20_000, 30_000]);
    store.keep_from(900_000_000);
    assert!(closed(&store).is_empty());
    state.aborted();
    assert_eq!(closed(&store), [20_000, 30_000], "the mark goes back with an abort");
}

#[test]
fn duplicates_are_numbered_on_after_a_restart() {
    let spec = WindowSpec { retain_duplicates: true, ..ten_seconds() };
    let disk = Disk::of(EngineKind::Memory);
    let mut logs = Changelogs::of(1);
    for round in 0..3 {
        let store = windows("join", spec.clone());
        let (state, _) = logs.restore(&disk.open(), vec![store.for_task()], &unlimited());
        for n in 0..2 {
            let _: Put = store.put(&key("k"), 5000, round * 2 + n, 5000).unwrap();
        }
        logs.commit(&state);
        if round == 1 {
            state.flush().unwrap();
        }
        let found: Vec<i64> = store.fetch_range(&key("k"), 0..=9000).map(|row| row.unwrap().1).collect();
        assert_eq!(found, (0..round * 2 + 2).collect::<Vec<_>>());
        assert_eq!(store.fetch(&key("k"), 5000).unwrap(), Some(round * 2 + 1));
    }
}

#[test]
fn rows_of_another_layout_are_restored_anew_or_refused() {
    let backend = MemoryBackend::new();
    let open = |spec: StoreSpec| {
        let store = WindowStore::<String, i64>::with_default_serdes(spec).unwrap();
        TaskState::open(TASK, backend.open_task(TASK).unwrap(), vec![store.for_task()], unlimited())
            .map(|state| (state, store))
    };
    let time_first = WindowSpec { layout: WindowLayout::TimeFirst, ..ten_seconds() };
    for logged in [true, false] {
        let name = if logged { "logged" } else { "unlogged" };
        let (state, store) = open(StoreSpec::window(name, ten_seconds()).logged(logged)).unwrap();
        let _: Put = store.put(&key("k"), 5000, 1, 5000).unwrap();
        Changelogs::of(1).commit(&state);
        state.flush().unwrap();
        let changed = open(StoreSpec::window(name, time_first.clone()).logged(logged));
        match changed {
            Ok((_, store)) => assert!(logged && store.all().count() == 0),
            Err(error) => assert!(!logged && error.to_string().contains("store `unlogged`"), "{error}"),
        }
    }
}

#[test]
fn progress_of_a_restore_is_in_records_offsets_and_time() {
    let store = counts("counts");
    let engine = MemoryBackend::new().open_task(TASK).unwrap();
    let state = TaskState::open(TASK, engine, vec![store.for_task()], unlimited()).unwrap();
    let mut restorer = Restorer::new(state);
    let seconds = Duration::from_secs;
    restorer.begin(0, 100, 400, seconds(50));
    assert!(!restorer.is_done(0));
    let mut batch = streams_core::record::RecordBatch::new();
    for offset in [100i64, 150, 199] {
        batch.push(streams_core::record::RecordView {
            offset,
            timestamp: 1,
            key: Some(b"k"),
            value: Some(&offset.to_be_bytes()),
            ..Default::default()
        });
    }
    restorer.apply(0, &batch, 200).unwrap();
    let progress = restorer.progress(0, seconds(52));
    assert_eq!((progress.restored, progress.bytes, progress.position, progress.end), (3, 27, 200, 400));
    assert_eq!((progress.rate, progress.eta), (1.5, Some(seconds(4))));
    assert_eq!(store.get(&key("k")).unwrap(), Some(199));
}
