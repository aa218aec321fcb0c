//! Whether the output of a run is what its input makes of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use streams_core::ids::TopicPartition;
use streams_core::log::{Log, Wakeup};
use streams_core::record::RecordBatch;

use crate::Outcome;
use crate::workloads::Run;

/// How long the last transaction may take to be seen.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is in a topic: records, and the last value of each key added up, as far as that means something.
struct Found {
    records: u64,
    sum: u64,
}

/// Errs with what is wrong. `group` has committed how much of `input` was processed.
pub(crate) fn check(log: &dyn Log, run: &Run, group: &str, input: &str, output: &str) -> Outcome<()> {
    let partition = TopicPartition::new(input, 0);
    let committed = log.committed(group, std::slice::from_ref(&partition))?.swap_remove(0);
    let committed = committed.map_or(0, |committed| committed.offset) as u64;
    let found = read(log, run.workload, output)?;
    let (right, what) = match run.workload {
        // Nine of ten pass, by a digit of the value.
        "W1" => (found.records.abs_diff(committed * 9 / 10) <= committed / 50 + 50, found.records),
        "W2" => (found.sum == committed, found.sum),
        // What is in the repartition topic is not counted yet.
        "W3" => (found.sum > 0 && found.sum <= committed, found.sum),
        "W4" => (found.records == committed, found.records),
        _ => (found.records > 0, found.records),
    };
    if right {
        return Ok(());
    }
    let Run { workload, .. } = run;
    Err(format!("the output of {workload} says {what} where {committed} records were processed").into())
}

fn read(log: &dyn Log, workload: &str, topic: &str) -> Outcome<Found> {
    let partition = TopicPartition::new(topic, 0);
    let end = log.written_offset(&partition)?;
    let wakeup = Arc::new(Wakeup::new());
    let mut reader = log.open_reader(&partition, 0, &wakeup)?;
    let (mut batch, mut records) = (RecordBatch::new(), 0);
    let mut last: HashMap<Vec<u8>, u64> = HashMap::new();
    while reader.position() < end {
        batch.clear();
        let count = reader.read(&mut batch, 1 << 20)?;
        if count == 0 && reader.position() < end && !wakeup.wait(PATIENCE) {
            return Err(format!("{topic} cannot be read behind offset {}", reader.position()).into());
        }
        records += count as u64;
        for record in batch.iter() {
            let value = record.value.unwrap_or_default();
            let number = match workload {
                "W2" => i64::from_be_bytes(value.try_into()?) as u64,
                "W3" => field(value, "\"impressions\":") + field(value, "\"clicks\":"),
                _ => continue,
            };
            last.insert(record.key.unwrap_or_default().to_vec(), number);
        }
    }
    Ok(Found { records, sum: last.values().sum() })
}

/// The whole number behind `name` in a JSON text.
fn field(text: &[u8], name: &str) -> u64 {
    let text = String::from_utf8_lossy(text);
    let rest = text.split_once(name).map_or("", |(_, rest)| rest);
    let digits = rest.bytes().take_while(u8::is_ascii_digit);
    digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}
