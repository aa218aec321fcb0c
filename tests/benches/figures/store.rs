//! Access to a key-value store: to keys that are in memory, and to keys that only the engine has.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use streams_core::ids::TaskId;
use streams_core::state::engine::EngineKind;
use streams_core::state::{KeyValueStore, MemoryBudget, StoreSpec, TaskState};

use crate::harness::{Outcome, Settings, mix, timed};
use crate::table::Figure;

const TASK: TaskId = TaskId { sub_topology: 0, partition: 0 };

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Figure>> {
    Ok(vec![hot(settings)?, cold(settings)?])
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

/// Reads of random keys out of 200,000 of 100 bytes, with memory for about 1 % of them; bare is sled alone.
fn cold(settings: &Settings) -> Outcome<Figure> {
    let (keys, reads) = (settings.size(200_000), settings.size(200_000));
    let (dir, bare_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let budget = Arc::new(MemoryBudget::new(400_000));
    let backend = EngineKind::Sled.open(dir.path(), 64 << 20)?;
    let store = KeyValueStore::<String, Vec<u8>>::with_default_serdes(StoreSpec::key_value("rows"));
    let task = TaskState::open(TASK, backend.open_task(TASK)?, vec![store.for_task()], budget)?;
    let bare = sled::Config::new().path(bare_dir.path()).cache_capacity(64 << 20).open()?;
    let name = |number: usize| format!("user-{number:08}");
    for key in 0..keys {
        store.put(&name(key), vec![7; 100], 0)?;
        bare.insert(name(key), vec![7; 108])?;
        if key % 10_000 == 9_999 || key + 1 == keys {
            task.changes(&mut |_, _| Ok(()))?;
            task.committed(&[Some(key as i64 + 1)]);
            task.flush()?;
        }
    }
    let names: Vec<String> = (0..reads).map(|n| name(mix(n as u64) as usize % keys)).collect();
    let pairs = settings.pairs(
        || {
            timed(|| {
                for name in &names {
                    let value = store.get(name)?.ok_or("the key is gone")?;
                    std::hint::black_box(value);
                }
                Ok(())
            })
        },
        || {
            timed(|| {
                for name in &names {
                    let value = bare.get(name)?.ok_or("the key is gone")?;
                    std::hint::black_box(value.to_vec());
                }
                Ok(())
            })
        },
    )?;
    Ok(Figure::per_operation("store read, key not in memory, sled engine; bare: sled", reads, &pairs, None))
}
