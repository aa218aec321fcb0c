//! What an engine keeps beside the rows of stores, in [`StoreNumber::META`]: `n` and a store's name lead to its
//! number and layout, `c` and a store's number to its checkpoint, `m` to the task's metadata.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TaskId};
use crate::state::budget::MemoryBudget;
use crate::state::engine::{Batch, Direction, Engine, KeyRange, StoreNumber};
use crate::state::entries::Below;
use crate::state::task_state::Changelog;
use crate::state::task_store::layers::StoreProgress;
use crate::state::task_store::{TaskStore, TaskStoreRef};

const NAME: u8 = b'n';
const CHECKPOINT: u8 = b'c';
const METADATA: &[u8] = b"m";
/// First byte of a checkpoint row.
const VERSION: u8 = 1;

/// Finds or gives a store's number, and puts the engine below it.
pub(super) fn open_store(
    engine: &Arc<dyn Engine>,
    task: TaskId,
    store: &TaskStoreRef,
    budget: &Arc<MemoryBudget>,
) -> Result<(StoreNumber, Changelog)> {
    let spec = store.spec();
    let mut row = Vec::new();
    let number = if engine.get(StoreNumber::META, &name_key(&spec.name), &mut row)? {
        let (number, layout) = row.split_first_chunk::<2>().ok_or_else(damaged)?;
        let number = StoreNumber(u16::from_be_bytes(*number));
        if layout != store.layout().as_bytes() {
            if !spec.logged {
                return Err(Error::new(
                    ErrorKind::State,
                    format!(
                        "task {task}: store `{}` has no changelog and its rows are those of a {}, not of a {}; give \
                         it another name or remove the task's local state",
                        spec.name,
                        String::from_utf8_lossy(layout),
                        store.layout()
                    ),
                ));
            }
            tracing::info!(%task, store = spec.name, "the store has changed; it is restored from its changelog");
            clear_store(&**engine, number)?;
            name_store(&**engine, &**store, number)?;
        }
        number
    } else {
        let number = next_number(&**engine)?;
        // Rows without a name are what a crash left of a wipe.
        clear_store(&**engine, number)?;
        name_store(&**engine, &**store, number)?;
        number
    };
    let (changelog, progress) = match engine.get(StoreNumber::META, &checkpoint_key(number), &mut row)? {
        true => {
            let (changelog, progress) = decode_checkpoint(&row).ok_or_else(damaged)?;
            (changelog, Some(progress))
        }
        false => (Changelog::default(), None),
    };
    let empty = is_empty(&**engine, number)?;
    store.attach(Below { engine: engine.clone(), store: number, empty }, budget.clone(), progress);
    Ok((number, changelog))
}

/// Writes a store's number and layout.
pub(super) fn name_store(engine: &dyn Engine, store: &dyn TaskStore, number: StoreNumber) -> Result<()> {
    let mut batch = Batch::new();
    let row = [&number.0.to_be_bytes(), store.layout().as_bytes()].concat();
    batch.put(StoreNumber::META, &name_key(&store.spec().name), &row);
    engine.apply(&batch)
}

/// Removes a store's checkpoint and then its rows, so that a crash leaves rows without checkpoint at worst.
pub(super) fn clear_store(engine: &dyn Engine, number: StoreNumber) -> Result<()> {
    let mut batch = Batch::new();
    batch.delete(StoreNumber::META, &checkpoint_key(number));
    engine.apply(&batch)?;
    engine.delete_range(number, &KeyRange::all())
}

/// Adds a store's checkpoint to a batch.
pub(super) fn put_checkpoint(
    batch: &mut Batch,
    number: StoreNumber,
    changelog: Changelog,
    progress: &StoreProgress,
) {
    let mut row = vec![VERSION];
    let known = changelog.topic_id.zip(changelog.offset);
    row.push(u8::from(known.is_some()));
    let (topic_id, offset) = known.unwrap_or_default();
    row.extend_from_slice(&topic_id.to_be_bytes());
    row.extend_from_slice(&offset.to_be_bytes());
    row.extend_from_slice(&progress.len.to_be_bytes());
    row.extend_from_slice(&progress.stream_time.to_be_bytes());
    row.extend_from_slice(&progress.sequence.to_be_bytes());
    row.push(u8::from(progress.keep_from.is_some()));
    row.extend_from_slice(&progress.keep_from.unwrap_or_default().to_be_bytes());
    batch.put(StoreNumber::META, &checkpoint_key(number), &row);
}

fn decode_checkpoint(row: &[u8]) -> Option<(Changelog, StoreProgress)> {
    let (&[version, known], row) = row.split_first_chunk::<2>()?;
    let (topic_id, row) = row.split_first_chunk::<16>()?;
    let (offset, row) = row.split_first_chunk::<8>()?;
    let (len, row) = row.split_first_chunk::<8>()?;
    let (stream_time, row) = row.split_first_chunk::<8>()?;
    let (sequence, row) = row.split_first_chunk::<4>()?;
    let (&keeps, row) = row.split_first()?;
    let keep_from = i64::from_be_bytes(row.try_into().ok()?);
    let changelog = Changelog {
        topic_id: (known != 0).then_some(u128::from_be_bytes(*topic_id)),
        offset: (known != 0).then_some(Offset::from_be_bytes(*offset)),
    };
    let progress = StoreProgress {
        len: i64::from_be_bytes(*len),
        stream_time: i64::from_be_bytes(*stream_time),
        sequence: u32::from_be_bytes(*sequence),
        keep_from: (keeps != 0).then_some(keep_from),
    };
    (version == VERSION).then_some((changelog, progress))
}

/// Adds the task's metadata to a batch.
pub(super) fn put_metadata(batch: &mut Batch, metadata: &[u8]) {
    batch.put(StoreNumber::META, METADATA, metadata);
}

/// The task's metadata.
pub(super) fn metadata(engine: &dyn Engine) -> Result<Option<Vec<u8>>> {
    let mut row = Vec::new();
    Ok(engine.get(StoreNumber::META, METADATA, &mut row)?.then_some(row))
}

/// A number that no store has.
fn next_number(engine: &dyn Engine) -> Result<StoreNumber> {
    let mut last = StoreNumber::META.0;
    engine.scan(StoreNumber::META, &KeyRange::prefix(&[NAME]), Direction::Forward, &mut |_, row| {
        if let Some(number) = row.first_chunk::<2>() {
            last = last.max(u16::from_be_bytes(*number));
        }
        ControlFlow::Continue(())
    })?;
    last.checked_add(1).map(StoreNumber).ok_or_else(|| {
        Error::new(ErrorKind::State, "65,535 stores have been in this task's state; remove its local state")
    })
}

fn is_empty(engine: &dyn Engine, number: StoreNumber) -> Result<bool> {
    let mut empty = true;
    engine.scan(number, &KeyRange::all(), Direction::Forward, &mut |_, _| {
        empty = false;
        ControlFlow::Break(())
    })?;
    Ok(empty)
}

fn name_key(name: &str) -> Vec<u8> {
    [&[NAME], name.as_bytes()].concat()
}

fn checkpoint_key(number: StoreNumber) -> [u8; 3] {
    let [high, low] = number.0.to_be_bytes();
    [CHECKPOINT, high, low]
}

#[cold]
fn damaged() -> Error {
    Error::new(
        ErrorKind::Corrupt,
        "a task's local state was written by another version or is damaged; remove it, the changelogs restore it",
    )
}
