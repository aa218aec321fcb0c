//! Access to a key-value store: to keys that are in memory, and to keys that only the engine has or nobody.

use std::collections::HashMap;
use std::ops::{Bound, ControlFlow};
use std::path::Path;
use std::sync::Arc;

use streams_core::ids::TaskId;
use streams_core::state::engine::{Batch, Direction, Engine, EngineKind, KeyRange, StoreNumber};
use streams_core::state::{KeyValueStore, MemoryBudget, StoreSpec, TaskState};

use crate::harness::{Outcome, Pairs, Settings, mix, timed};
use crate::table::Figure;

const TASK: TaskId = TaskId { sub_topology: 0, partition: 0 };

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Figure>> {
    let mut figures = vec![hot(settings)?];
    for kind in [EngineKind::Sled, EngineKind::Fjall] {
        figures.extend(cold(settings, kind)?);
    }
    Ok(figures)
}

/// Read-modify-write of random keys out of 100,000.
fn hot(settings: &Settings) -> Outcome<Figure> {
    let (keys, updates) = (settings.size(100_000), settings.size(2_000_000));
    let names: Vec<String> = (0..keys).map(|key| format!("user-{key:08}")).collect();
    let store = KeyValueStore::<String, i64>::with_default_serdes(StoreSpec::key_value("counts"));
    let backend = EngineKind::Memory.open(Path::new(""), 0)?;
    let stores = vec![store.for_task()];
    let _task = TaskState::open(TASK, backend.open_task(TASK)?, stores, Arc::new(MemoryBudget::unlimited()))?;
    let mut map: HashMap<String, i64> = HashMap::new();
    let name = |number: usize| &names[mix(number as u64) as usize % keys];
    let pairs = settings.pairs(
        || {
            timed(|| {
                for number in 0..updates {
                    store.update(name(number), 0, |entry| match entry {
                        Some(entry) => entry.value += 1,
                        None => *entry = Some(streams_core::state::ValueAndTimestamp::new(1, 0)),
                    })?;
                }
                Ok(())
            })
        },
        || {
            timed(|| {
                for number in 0..updates {
                    match map.get_mut(name(number)) {
                        Some(count) => *count += 1,
                        None => drop(map.insert(name(number).clone(), 1)),
                    }
                }
                Ok(())
            })
        },
    )?;
    Ok(Figure::per_operation("store update, key in memory; bare: `HashMap`", updates, &pairs, None))
}

/// 1,000,000 keys of 100 bytes, with memory for about 1 % of them. Bare is the engine alone, without the typed entries
/// above it: reads of keys that are there, of keys that are not, of ten rows in a row; and 60,000 changes at random
/// keys, committed and written at once.
fn cold(settings: &Settings, kind: EngineKind) -> Outcome<Vec<Figure>> {
    const CHANGES: usize = 60_000;
    let (keys, reads, changes) = (settings.size(1_000_000), settings.size(100_000), settings.size(CHANGES));
    let dirs = (tempfile::tempdir()?, tempfile::tempdir()?);
    let (backend, bare) = (kind.open(dirs.0.path(), 64 << 20)?, kind.open(dirs.1.path(), 64 << 20)?);
    let bare = bare.open_task(TASK)?;
    let store = KeyValueStore::<String, Vec<u8>>::with_default_serdes(StoreSpec::key_value("rows"));
    let budget = Arc::new(MemoryBudget::new(2_000_000));
    let task = TaskState::open(TASK, backend.open_task(TASK)?, vec![store.for_task()], budget)?;
    let name = |number: usize| format!("user-{number:08}");
    let ours = |numbers: &mut dyn Iterator<Item = usize>, end: usize| -> Outcome<()> {
        for key in numbers {
            store.put(&name(key), vec![7; 100], 0)?;
        }
        task.changes(&mut |_, _| Ok(()))?;
        task.committed(&[Some(end as i64)]);
        task.flush()?;
        Ok(())
    };
    for first in (0..keys).step_by(CHANGES) {
        ours(&mut (first..keys.min(first + CHANGES)), first)?;
        write(&*bare, first..keys.min(first + CHANGES), &name)?;
    }
    let some = |salt: usize| move |n: usize| mix((salt + n) as u64) as usize % keys;
    let names = |of: &dyn Fn(usize) -> usize| (0..reads).map(|n| name(of(n))).collect::<Vec<_>>();
    let mut out = Vec::new();
    let mut figures = Vec::new();
    for (what, names, found) in
        [("read, key only in", names(&some(0)), true), ("read, key not in", names(&|n| keys + n), false)]
    {
        let mut bare = || {
            timed(|| {
                for name in &names {
                    if bare.get(ROWS, name.as_bytes(), &mut out)? != found {
                        return Err("another answer".into());
                    }
                }
                Ok(())
            })
        };
        let ours = || {
            timed(|| {
                for name in &names {
                    if store.get(name)?.is_some() != found {
                        return Err("another answer".into());
                    }
                }
                Ok(())
            })
        };
        figures.push(figure(
            &format!("store {what} the engine"),
            kind,
            reads,
            &settings.pairs(ours, &mut bare)?,
        ));
    }
    let names = names(&some(reads));
    let scans = names.len() / 10;
    let pairs = settings.pairs(
        || {
            timed(|| {
                for name in &names[..scans] {
                    let mut rows = store.range(Bound::Included(name), Bound::Unbounded).take(10);
                    rows.try_for_each(|row| row.map(|_| ()))?;
                }
                Ok(())
            })
        },
        || {
            timed(|| {
                for name in &names[..scans] {
                    let from = Bound::Included(name.as_bytes().to_vec());
                    let (range, mut left) = (KeyRange { lower: from, upper: Bound::Unbounded }, 10);
                    bare.scan(ROWS, &range, Direction::Forward, &mut |_, _| {
                        left -= 1;
                        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                    })?;
                }
                Ok(())
            })
        },
    )?;
    figures.push(figure("store scan of 10 rows", kind, scans, &pairs));
    let (mut round, mut bare_round) = (0, 0);
    let pairs = settings.pairs(
        || {
            round += 1;
            timed(|| ours(&mut (0..changes).map(some(round * changes)), keys + round))
        },
        || {
            bare_round += 1;
            timed(|| write(&*bare, (0..changes).map(some(bare_round * changes)), &name))
        },
    )?;
    figures.push(figure("store change, commit and flush of 6 % of the keys", kind, changes, &pairs));
    Ok(figures)
}

const ROWS: StoreNumber = StoreNumber(1);

fn figure(name: &str, kind: EngineKind, operations: usize, pairs: &Pairs) -> Figure {
    Figure::per_operation(&format!("{name}, {kind}; bare: the engine alone"), operations, pairs, None)
}

/// Puts rows as they come, in batches of 1,000, and syncs.
fn write(
    engine: &dyn Engine,
    numbers: impl Iterator<Item = usize>,
    name: &dyn Fn(usize) -> String,
) -> Outcome<()> {
    let mut batch = Batch::new();
    for number in numbers {
        batch.put(ROWS, name(number).as_bytes(), &[7; 108]);
        if batch.len() == 1000 {
            engine.apply(&std::mem::take(&mut batch))?;
        }
    }
    engine.apply(&batch)?;
    Ok(engine.sync()?)
}
