//! The contract of engines.

use std::io::{BufRead, BufReader};
use std::ops::{Bound, ControlFlow};
use std::path::Path;
use std::process::{Command, Stdio};

use streams_core::ErrorKind;
use streams_core::ids::TaskId;
use streams_core::state::engine::{Batch, Direction, Engine, EngineKind, KeyRange, StoreNumber};

use crate::support::{Disk, TASK};

const KINDS: [EngineKind; 2] = [EngineKind::Sled, EngineKind::Memory];
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
fn what_is_on_disk_is_found_again_and_no_second_process_gets_it() {
    let disk = Disk::of(EngineKind::Sled);
    {
        let backend = disk.open();
        filled(&*backend.open_task(TASK).unwrap());
        let Disk::Sled(dir) = &disk else { panic!("sled was asked for") };
        let refused = EngineKind::Sled.open(dir.path(), 1 << 20).err().unwrap();
        assert_eq!(refused.kind(), ErrorKind::Locked, "{refused}");
    }
    let engine = disk.open().open_task(TASK).unwrap();
    assert_eq!(keys(&*engine, B, &KeyRange::all(), Direction::Reverse).len(), KEYS.len());
}

const CHILD: &str = "STREAMS_TEST_ENGINE_DIR";
const ROWS: u32 = 300;

/// Not a test of its own: what the next test runs in a process that it kills.
#[test]
fn child_that_writes_batches_until_it_is_killed() {
    let Some(dir) = std::env::var_os(CHILD) else { return };
    let engine = EngineKind::Sled.open(Path::new(&dir), 4 << 20).unwrap().open_task(TASK).unwrap();
    let mut before = Vec::new();
    let first = if engine.get(A, b"round", &mut before).unwrap() {
        u32::from_be_bytes(before[..].try_into().unwrap())
    } else {
        0
    };
    for round in first + 1.. {
        let mut batch = Batch::new();
        for row in 0..ROWS {
            batch.put(B, &row.to_be_bytes(), &round.to_be_bytes());
        }
        batch.put(A, b"round", &round.to_be_bytes());
        engine.apply(&batch).unwrap();
        eprintln!("round");
    }
}

#[test]
fn a_batch_is_there_wholly_or_not_at_all_after_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = 0;
    for kill in 0..6 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "engines::child_that_writes_batches_until_it_is_killed", "--nocapture"])
            .env(CHILD, dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        assert_eq!(
            lines.take(3 + kill * 7).map(Result::unwrap).filter(|line| line == "round").count(),
            3 + kill * 7
        );
        child.kill().unwrap();
        child.wait().unwrap();

        let engine = EngineKind::Sled.open(dir.path(), 4 << 20).unwrap().open_task(TASK).unwrap();
        let mut value = Vec::new();
        let round = match engine.get(A, b"round", &mut value).unwrap() {
            true => u32::from_be_bytes(value[..].try_into().unwrap()),
            false => 0,
        };
        assert!(round >= last, "what was on disk before stays");
        last = round;
        for row in 0..ROWS {
            let found = engine.get(B, &row.to_be_bytes(), &mut value).unwrap();
            assert_eq!(found, round > 0);
            assert!(!found || value == round.to_be_bytes(), "row {row} is not of round {round}");
        }
    }
}
