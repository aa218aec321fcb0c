//! Restore of a key-value store from its changelog, its CPU time and the memory it takes: 16-byte keys in random order,
//! 100-byte values, with the memory budget that applications have by default. Each run is a process of its own, so that
//! the peak of its memory is its own. The bare side puts the same rows, as they come, into a `BTreeMap`, or into the
//! engine alone in batches of 1,000.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use streams_core::ids::TaskId;
use streams_core::record::{RecordBatch, RecordView};
use streams_core::state::engine::EngineKind;
use streams_core::state::{KeyValueStore, MemoryBudget, Restorer, StoreSpec, TaskState};

use crate::harness::{Outcome, Settings, mix};
use crate::table::Figure;

const KEYS: usize = 5_000_000;
const PIECE: usize = 1000;
/// What the stores may take, and the engine's cache: three quarters and one of 256 MiB.
const BUDGET: usize = 192 << 20;
const CACHE: u64 = 64 << 20;
const TASK: TaskId = TaskId { sub_topology: 0, partition: 0 };

pub(crate) fn measure(settings: &Settings) -> Outcome<Vec<Figure>> {
    let keys = settings.size(KEYS);
    let mut figures = Vec::new();
    for engine in ["memory", "fjall", "sled"] {
        // In random order sled alone takes minutes and more memory than many machines have.
        let bare_keys = if engine == "sled" { keys / 10 } else { keys };
        let (ours, bare) = (run(engine, "ours", keys)?, run(engine, "bare", bare_keys)?);
        figures.push(Figure {
            name: format!("restore of {keys} keys, {engine} engine, once"),
            ours: ours.text(keys),
            bare: format!("{} with {bare_keys} keys", bare.text(bare_keys)),
            ratio: format!("{:.2}", bare.seconds / bare_keys as f64 / (ours.seconds / keys as f64)),
            target: String::new(),
        });
    }
    Ok(figures)
}

struct Run {
    seconds: f64,
    cpu: f64,
    peak: String,
}

impl Run {
    fn text(&self, keys: usize) -> String {
        let (rate, cpu) = (keys as f64 / self.seconds / 1e3, self.cpu * 1e6 / keys as f64);
        format!("{rate:.0} k/s, CPU {cpu:.2} us each, peak {}", self.peak)
    }
}

fn run(engine: &str, side: &str, keys: usize) -> Outcome<Run> {
    let keys = keys.to_string();
    let output =
        Command::new(std::env::current_exe()?).args(["--child", "restore", engine, side, &keys]).output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut parts = text.trim().splitn(3, ' ');
    let (Some(seconds), Some(cpu), Some(peak)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("the child failed: {text}{}", String::from_utf8_lossy(&output.stderr)).into());
    };
    Ok(Run { seconds: seconds.parse()?, cpu: cpu.parse()?, peak: peak.to_owned() })
}

/// One run; prints its seconds, its CPU time and its peak of memory.
pub(crate) fn child(arguments: &[String]) -> Outcome<()> {
    let [engine, side, keys] = arguments else { return Err("restore ENGINE SIDE KEYS".into()) };
    let keys: usize = keys.parse()?;
    let dir = tempfile::tempdir()?;
    let before = cpu();
    let seconds = match (engine.as_str(), side.as_str()) {
        (kind, "ours") => ours(kind.parse()?, dir.path(), keys)?,
        ("sled", _) => bare_sled(dir.path(), keys)?,
        ("fjall", _) => bare_fjall(dir.path(), keys)?,
        _ => bare_map(keys),
    };
    println!("{seconds} {} {}", cpu() - before, peak());
    Ok(())
}

/// Seconds of CPU time of all threads of this process; Linux counts hundredths.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ').skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Greatest resident memory of this process.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.map_or("unknown".to_owned(), |kib| format!("{:.2} GB", kib / 1e6))
}

fn row(number: usize) -> ([u8; 16], [u8; 100]) {
    let (mut key, mut value) = ([0; 16], [0; 100]);
    key[..8].copy_from_slice(&mix(number as u64).to_be_bytes());
    key[8..].copy_from_slice(&(number as u64).to_be_bytes());
    value[..8].copy_from_slice(&(number as u64).to_be_bytes());
    (key, value)
}

fn ours(kind: EngineKind, dir: &Path, keys: usize) -> Outcome<f64> {
    let backend = kind.open(dir, CACHE)?;
    let store = KeyValueStore::<Vec<u8>, Vec<u8>>::with_default_serdes(StoreSpec::key_value("rows"));
    let budget = Arc::new(MemoryBudget::new(BUDGET));
    let task = TaskState::open(TASK, backend.open_task(TASK)?, vec![store.for_task()], budget)?;
    task.set_changelog(0, 1)?;
    let mut restorer = Restorer::new(Arc::clone(&task));
    restorer.begin(0, 0, keys as i64, Duration::ZERO);
    let mut batch = RecordBatch::new();
    let started = Instant::now();
    for first in (0..keys).step_by(PIECE) {
        let end = keys.min(first + PIECE);
        batch.clear();
        for number in first..end {
            let (key, value) = row(number);
            let offset = number as i64;
            batch.push(RecordView { offset, key: Some(&key), value: Some(&value), ..RecordView::default() });
        }
        restorer.apply(0, &batch, end as i64)?;
        if task.wants_flush() {
            task.flush()?;
        }
    }
    task.flush()?;
    let seconds = started.elapsed().as_secs_f64();
    let (key, value) = row(keys / 2);
    if store.get(&key.to_vec())? != Some(value.to_vec()) {
        return Err("a restored key is not there".into());
    }
    Ok(seconds)
}

fn bare_map(keys: usize) -> f64 {
    let started = Instant::now();
    let mut map: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    for number in 0..keys {
        let (key, value) = row(number);
        map.insert(key.to_vec(), value.to_vec());
    }
    let seconds = started.elapsed().as_secs_f64();
    std::hint::black_box(&map);
    seconds
}

fn bare_sled(dir: &Path, keys: usize) -> Outcome<f64> {
    let db = sled::Config::new().path(dir).cache_capacity(CACHE).open()?;
    let started = Instant::now();
    for first in (0..keys).step_by(PIECE) {
        let mut batch = sled::Batch::default();
        for number in first..keys.min(first + PIECE) {
            let (key, value) = row(number);
            batch.insert(&key[..], &value[..]);
        }
        db.apply_batch(batch)?;
    }
    Ok(started.elapsed().as_secs_f64())
}

fn bare_fjall(dir: &Path, keys: usize) -> Outcome<f64> {
    let db = fjall::Database::builder(dir).cache_size(CACHE).open()?;
    let rows = db.keyspace("rows", fjall::KeyspaceCreateOptions::default)?;
    let started = Instant::now();
    for first in (0..keys).step_by(PIECE) {
        let mut batch = db.batch();
        for number in first..keys.min(first + PIECE) {
            let (key, value) = row(number);
            batch.insert(&rows, &key[..], &value[..]);
        }
        batch.commit()?;
    }
    Ok(started.elapsed().as_secs_f64())
}
