//! The contract of engines.

use std::io::{BufRead, BufReader};
use std::ops::{Bound, ControlFlow};
use std::path::Path;
use std::process::{Command, Stdio};

use streams_core::ErrorKind;
use streams_core::ids::TaskId;
use streams_core::state::engine::{Batch, Direction, Engine, EngineKind, KeyRange, Op, StoreNumber};

use crate::support::{Disk, KINDS, ON_DISK, TASK};

const A: StoreNumber = StoreNumber(1);
const B: StoreNumber = StoreNumber(0xffff);

fn keys(engine: &dyn Engine, store: StoreNumber, range: &KeyRange, direction: Direction) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    engine
        .scan(store, range, direction, &mut |key, value| {
            assert_eq!(value, [key, b"!"].concat());
            keys.push(key.to_vec());
            ControlFlow::Continue(())
        })
        .unwrap();
    keys
}

fn put(batch: &mut Batch, store: StoreNumber, key: &[u8]) {
    batch.put(store, key, &[key, b"!"].concat());
}

const KEYS: [&[u8]; 7] = [b"", b"\0", b"a", b"a\0", b"ab", b"b", b"\xff\xff"];

fn filled(engine: &dyn Engine) {
    let mut batch = Batch::new();
    for store in [A, B] {
        KEYS.iter().rev().for_each(|key| put(&mut batch, store, key));
    }
    engine.apply(&batch).unwrap();
}

#[test]
fn ranges_are_in_unsigned_byte_order_both_ways_and_stay_in_their_store() {
    for kind in KINDS {
        let disk = Disk::of(kind);
        let engine = disk.open().open_task(TASK).unwrap();
        filled(&*engine);
        let cases = [
            KeyRange::all(),
            KeyRange::prefix(b"a"),
            KeyRange::prefix(b"\xff"),
            KeyRange::below(b"ab".to_vec()),
            KeyRange::inclusive(b"\0".to_vec(), b"a".to_vec()),
            KeyRange::inclusive(b"b".to_vec(), b"a".to_vec()),
            KeyRange { lower: Bound::Excluded(b"a".to_vec()), upper: Bound::Excluded(b"b".to_vec()) },
            KeyRange { lower: Bound::Excluded(b"a".to_vec()), upper: Bound::Excluded(b"a".to_vec()) },
            KeyRange { lower: Bound::Excluded(b"b".to_vec()), upper: Bound::Unbounded },
        ];
        for range in cases {
            let within = |key: &&[u8]| {
                let above = match &range.lower {
                    Bound::Included(lower) => *key >= lower.as_slice(),
                    Bound::Excluded(lower) => *key > lower.as_slice(),
                    Bound::Unbounded => true,
                };
                above
                    && match &range.upper {
                        Bound::Included(upper) => *key <= upper.as_slice(),
                        Bound::Excluded(upper) => *key < upper.as_slice(),
                        Bound::Unbounded => true,
                    }
            };
            let mut expected: Vec<_> = KEYS.iter().copied().filter(within).collect();
            for store in [A, B] {
                assert_eq!(keys(&*engine, store, &range, Direction::Forward), expected, "{kind} {range:?}");
            }
            expected.reverse();
            assert_eq!(keys(&*engine, A, &range, Direction::Reverse), expected, "{kind} {range:?}");
        }
    }
}

#[test]
fn the_last_change_of_a_key_in_a_batch_wins_and_a_scan_ends_when_told() {
    for kind in KINDS {
        let disk = Disk::of(kind);
        let engine = disk.open().open_task(TASK).unwrap();
        let mut batch = Batch::new();
        batch.put(A, b"k", b"1");
        batch.delete(A, b"k");
        batch.put(A, b"l", b"1");
        batch.put(A, b"l", b"2");
        engine.apply(&batch).unwrap();
        let mut out = vec![9; 9];
        assert!(!engine.get(A, b"k", &mut out).unwrap());
        assert!(engine.get(A, b"l", &mut out).unwrap());
        assert_eq!(out, b"2");
        filled(&*engine);
        let mut seen = 0;
        engine
            .scan(B, &KeyRange::all(), Direction::Forward, &mut |_, _| {
                seen += 1;
                ControlFlow::Break(())
            })
            .unwrap();
        assert_eq!(seen, 1);
    }
}

#[test]
fn deleting_a_range_or_a_task_leaves_the_rest() {
    for kind in KINDS {
        let disk = Disk::of(kind);
        let backend = disk.open();
        let engine = backend.open_task(TASK).unwrap();
        filled(&*engine);
        engine.delete_range(A, &KeyRange::prefix(b"a")).unwrap();
        engine.delete_range(A, &KeyRange::inclusive(b"b".to_vec(), b"a".to_vec())).unwrap();
        let left = keys(&*engine, A, &KeyRange::all(), Direction::Forward);
        assert_eq!(left, [&b""[..], b"\0", b"b", b"\xff\xff"]);
        assert_eq!(keys(&*engine, B, &KeyRange::all(), Direction::Forward).len(), KEYS.len());

        let other = TaskId { sub_topology: 10, partition: 0 };
        filled(&*backend.open_task(other).unwrap());
        assert_eq!(backend.tasks().unwrap(), [TASK, other]);
        engine.wipe().unwrap();
        assert!(keys(&*engine, B, &KeyRange::all(), Direction::Forward).is_empty());
        drop(engine);
        backend.wipe_task(TASK).unwrap();
        backend.wipe_task(TASK).unwrap();
        assert_eq!(backend.tasks().unwrap(), [other]);
        let engine = backend.open_task(other).unwrap();
        assert_eq!(keys(&*engine, A, &KeyRange::all(), Direction::Forward).len(), KEYS.len());
    }
}

#[test]
fn many_sorted_rows_are_loaded_over_those_that_are_there_and_read_in_order() {
    const ROWS: u32 = 10_000;
    for kind in KINDS {
        let disk = Disk::of(kind);
        {
            let engine = disk.open().open_task(TASK).unwrap();
            let mut batch = Batch::new();
            for row in (0..ROWS).step_by(7) {
                batch.put(A, &row.to_be_bytes(), b"old");
                batch.put(B, &row.to_be_bytes(), b"old");
            }
            engine.apply(&batch).unwrap();
            let (keys, value) = ((0..ROWS).map(u32::to_be_bytes).collect::<Vec<_>>(), b"new".as_slice());
            let rows: Vec<Op<'_>> = keys
                .iter()
                .enumerate()
                .map(|(number, key)| Op { store: A, key, value: (number % 2 == 0).then_some(value) })
                .collect();
            if !engine.load(&mut rows.iter().copied()).unwrap() {
                assert_eq!(kind, EngineKind::Sled, "of the others this is asked");
                let mut batch = Batch::new();
                rows.iter().for_each(|op| match op.value {
                    Some(value) => batch.put(op.store, op.key, value),
                    None => batch.delete(op.store, op.key),
                });
                engine.apply(&batch).unwrap();
            }
            let mut batch = Batch::new();
            batch.put(A, &5u32.to_be_bytes(), b"newer");
            engine.apply(&batch).unwrap();
            engine.sync().unwrap();
        }
        let engine = disk.open().open_task(TASK).unwrap();
        for direction in [Direction::Forward, Direction::Reverse] {
            let mut found = Vec::new();
            engine
                .scan(A, &KeyRange::all(), direction, &mut |key, value| {
                    found.push((u32::from_be_bytes(key.try_into().unwrap()), value.to_vec()));
                    ControlFlow::Continue(())
                })
                .unwrap();
            if direction == Direction::Reverse {
                found.reverse();
            }
            let expected = (0..ROWS).filter(|row| row % 2 == 0 || *row == 5);
            assert!(found.iter().map(|(row, _)| *row).eq(expected), "{kind} {direction:?}");
            assert!(found.iter().all(|(row, value)| value == if *row == 5 { b"newer" } else { &b"new"[..] }));
        }
        let mut out = Vec::new();
        assert!(!engine.get(A, &7u32.to_be_bytes(), &mut out).unwrap(), "{kind}: it was removed");
        assert!(engine.get(B, &7u32.to_be_bytes(), &mut out).unwrap());
        assert_eq!(out, b"old");
        engine.wipe().unwrap();
        assert!(!engine.get(A, &8u32.to_be_bytes(), &mut out).unwrap(), "{kind}: it was wiped");
    }
}

#[test]
fn what_is_on_disk_is_found_again_and_no_second_process_gets_it() {
    for kind in ON_DISK {
        let disk = Disk::of(kind);
        {
            let backend = disk.open();
            filled(&*backend.open_task(TASK).unwrap());
            let Disk::Dir(_, dir) = &disk else { panic!("an engine on disk was asked for") };
            let refused = kind.open(dir.path(), 1 << 20).err().unwrap();
            assert_eq!(refused.kind(), ErrorKind::Locked, "{refused}");
        }
        let backend = disk.open();
        assert_eq!(backend.tasks().unwrap(), [TASK]);
        let engine = backend.open_task(TASK).unwrap();
        assert_eq!(keys(&*engine, B, &KeyRange::all(), Direction::Reverse).len(), KEYS.len());
    }
}

#[test]
fn a_task_that_was_wiped_stays_wiped_and_can_be_made_anew() {
    for kind in ON_DISK {
        let disk = Disk::of(kind);
        for _ in 0..3 {
            let backend = disk.open();
            assert_eq!(backend.tasks().unwrap(), [], "{kind}");
            let engine = backend.open_task(TASK).unwrap();
            assert!(keys(&*engine, B, &KeyRange::all(), Direction::Forward).is_empty());
            filled(&*engine);
            engine.sync().unwrap();
            drop(engine);
            backend.wipe_task(TASK).unwrap();
            let engine = backend.open_task(TASK).unwrap();
            assert!(keys(&*engine, B, &KeyRange::all(), Direction::Forward).is_empty());
            drop(engine);
            backend.wipe_task(TASK).unwrap();
        }
    }
}

#[test]
fn the_state_of_another_engine_is_refused_and_left_as_it_is() {
    for (kind, other) in [(EngineKind::Sled, EngineKind::Fjall), (EngineKind::Fjall, EngineKind::Sled)] {
        let disk = Disk::of(kind);
        filled(&*disk.open().open_task(TASK).unwrap());
        let Disk::Dir(_, dir) = &disk else { panic!("an engine on disk was asked for") };
        // Directories of sled had no mark once.
        if kind == EngineKind::Sled {
            std::fs::remove_file(dir.path().join("engine")).unwrap();
        }
        let refused = other.open(dir.path(), 1 << 20).err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::Config);
        for part in [format!("`{kind}`"), format!("`{other}`"), format!("engine = '{kind}'")] {
            assert!(refused.to_string().contains(&part), "{refused}");
        }
        let engine = disk.open().open_task(TASK).unwrap();
        assert_eq!(keys(&*engine, B, &KeyRange::all(), Direction::Forward).len(), KEYS.len());
    }
}

const CHILD: &str = "STREAMS_TEST_ENGINE_DIR";
const ROWS: u32 = 300;
/// So many rows are loaded instead of put.
const MANY: u32 = 5000;

/// Not a test of its own: what the next test runs in a process that it kills.
#[test]
fn child_that_writes_batches_until_it_is_killed() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let kind: EngineKind = Path::new(&dir).file_name().unwrap().to_str().unwrap().parse().unwrap();
    let engine = kind.open(Path::new(&dir), 4 << 20).unwrap().open_task(TASK).unwrap();
    let first = round_of(&*engine);
    for round in first + 1.. {
        let rows = if round % 3 == 0 { MANY } else { ROWS };
        let mut batch = Batch::new();
        batch.put(A, b"round", &round.to_be_bytes());
        for row in 0..rows {
            batch.put(B, &row.to_be_bytes(), &round.to_be_bytes());
        }
        if !engine.load(&mut batch.ops()).unwrap() {
            engine.apply(&batch).unwrap();
        }
        engine.sync().unwrap();
        eprintln!("round {round}");
    }
}

fn round_of(engine: &dyn Engine) -> u32 {
    let mut value = Vec::new();
    match engine.get(A, b"round", &mut value).unwrap() {
        true => u32::from_be_bytes(value[..].try_into().unwrap()),
        false => 0,
    }
}

#[test]
fn a_batch_is_there_wholly_or_not_at_all_after_kill_9_and_what_was_synced_is_there() {
    for kind in ON_DISK {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join(kind.to_string());
        for kill in 0..6 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "engines::child_that_writes_batches_until_it_is_killed", "--nocapture"])
                .env(CHILD, &dir)
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
            let rounds: Vec<u32> = lines
                .filter_map(|line| line.strip_prefix("round ")?.parse().ok())
                .take(3 + kill * 5)
                .collect();
            child.kill().unwrap();
            child.wait().unwrap();

            let engine = kind.open(&dir, 4 << 20).unwrap().open_task(TASK).unwrap();
            let round = round_of(&*engine);
            assert_eq!(rounds.len(), 3 + kill * 5, "{kind}: the child did not run");
            assert!(round >= *rounds.last().unwrap(), "{kind}: what was synced stays");
            let many = round - round % 3;
            let mut value = Vec::new();
            for row in 0..MANY {
                let expected = if row < ROWS { round } else { many };
                let found = engine.get(B, &row.to_be_bytes(), &mut value).unwrap();
                assert_eq!(found, expected > 0, "{kind}: row {row} of round {round}");
                assert!(
                    !found || value == expected.to_be_bytes(),
                    "{kind}: row {row} is not of round {round}"
                );
            }
        }
    }
}
