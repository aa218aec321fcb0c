//! W7: 5,000 records a second; from the call that sends one to its result being read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use streams_core::ids::TopicPartition;
use streams_core::log::{Log, ProducerOptions, Wakeup};
use streams_core::record::{EncodedHeaders, Headers, RecordBatch, RecordView};
use streams_kafka::{KafkaConfig, KafkaLog};

use super::Found;
use crate::child::{Program, Snapshot, output_of};
use crate::place::Place;
use crate::workloads::Run;
use crate::{Outcome, data, proc};

const RATE: u64 = 5000;
/// How long the last results may take.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn measure(place: &Place, run: &Run, name: &str) -> Outcome<Found> {
    let (input, output) = (format!("{name}-in"), output_of(name));
    place.create(&input)?;
    place.create(&output)?;
    place.pin_broker(false)?;
    let program = Program::start(place, run, name, &input, false)?;
    program.wait("running")?;
    // Seconds before anything counts, and of what counts.
    let (warm, counted) = if run.records < 1_000_000 { (1, 2) } else { (20, 20) };

    let mut config = KafkaConfig::new(place.bootstrap());
    for (key, value) in [("linger.ms", "1"), ("compression.type", "none")] {
        config.producer.insert(key.into(), value.into());
    }
    config.consumer.insert("fetch.wait.max.ms".into(), "500".into());
    let log: Arc<dyn Log> = Arc::new(KafkaLog::connect(config)?);
    let (origin, stop) = (Instant::now(), Arc::new(AtomicBool::new(false)));
    let (wakeup, stopped, from) = (Arc::new(Wakeup::new()), Arc::clone(&stop), Arc::clone(&log));
    let mut reader = from.open_reader(&TopicPartition::new(&output, 0), 0, &wakeup)?;
    let total = (warm + counted) * RATE;
    let heard = std::thread::spawn(move || -> streams_core::Result<Vec<(u64, u64)>> {
        let (mut batch, mut heard) = (RecordBatch::new(), Vec::new());
        while (heard.len() as u64) < total && !stopped.load(Ordering::Acquire) {
            batch.clear();
            if reader.read(&mut batch, 1 << 20)? == 0 {
                wakeup.wait(Duration::from_millis(20));
                continue;
            }
            let now = origin.elapsed().as_micros() as u64;
            heard.extend(batch.iter().filter_map(|record| sent_at(record).map(|sent| (sent, now - sent))));
        }
        Ok(heard)
    });
    send(&*log, &input, origin, warm * RATE)?;
    let from = origin.elapsed().as_micros() as u64;
    let begin = Snapshot::of(program.pid(), place.broker())?;
    send(&*log, &input, origin, counted * RATE)?;
    let end = Snapshot::of(program.pid(), place.broker())?;
    let until = Instant::now() + PATIENCE;
    while !heard.is_finished() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    stop.store(true, Ordering::Release);
    let heard = heard.join().map_err(|_| "the thread that reads panicked")??;
    let memory = proc::peak_memory(program.pid())?;
    program.stop()?;

    let mut delays: Vec<u64> =
        heard.iter().filter(|(sent, _)| *sent >= from).map(|(_, delay)| *delay).collect();
    delays.sort_unstable();
    if (delays.len() as u64) != counted * RATE {
        return Err(format!("{} of {} results came", delays.len(), counted * RATE).into());
    }
    let at = |share: f64| delays[((delays.len() - 1) as f64 * share) as usize] as f64 / 1e3;
    let what = format!("p50 {:.0} ms, p99 {:.0} ms, p99.9 {:.0} ms", at(0.5), at(0.99), at(0.999));
    Ok(Found { what, ..Found::between(&begin, &end, counted * RATE, memory) })
}

/// Sends so many records, evenly.
fn send(log: &dyn Log, topic: &str, origin: Instant, count: u64) -> Outcome<()> {
    let mut producer = log.open_producer(ProducerOptions::default())?;
    let topic = producer.topic(topic)?;
    let (mut key, mut value, mut encoded) = (*b"key-00000000", [0; 100], Vec::new());
    let begun = Instant::now();
    for number in 0..count {
        let due = Duration::from_micros(number * 1_000_000 / RATE);
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
        data::live(number, &mut key, &mut value);
        encoded.clear();
        let mut headers = Headers::new();
        headers.add("t", (origin.elapsed().as_micros() as u64).to_be_bytes());
        headers.encode(&mut encoded);
        let timestamp = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis() as i64;
        let (key, value, headers) = (Some(&key[..]), Some(&value[..]), EncodedHeaders(&encoded));
        producer.send(topic, 0, RecordView { timestamp, key, value, headers, ..RecordView::default() })?;
    }
    Ok(producer.flush()?)
}

fn sent_at(record: RecordView<'_>) -> Option<u64> {
    let headers = record.headers.to_headers();
    Some(u64::from_be_bytes(headers.last("t")?.try_into().ok()?))
}
