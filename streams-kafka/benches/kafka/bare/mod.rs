//! The bare loop: librdkafka in batches, a hash map, and nothing else. One thread reads, works, sends and commits.
//!
//! It does the same work as the topologies for the same bytes: W1 to W4, W6, W7 and W8 (which is W1). Where state has a
//! changelog, it writes one record for each result (W2) or change (W3) to a changelog topic too, because durable state
//! costs at least that. It restores nothing, belongs to no group, and keeps positions by the group's name only.
//! librdkafka is reached through `streams_kafka::testing`, in the settings that applications of this library have.

mod ads;
mod counts;
mod joined;
mod pass;
mod restore;

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use streams_core::ids::TopicPartition;
use streams_core::log::{Committed, Log, NewTopic};
use streams_core::runtime::Guarantee;
use streams_core::{Error, ErrorKind, Result};
use streams_kafka::testing::{RawProducer, RawReader, RawRecord};
use streams_kafka::{KafkaConfig, KafkaLog};

use crate::program::{Arguments, say};

/// How long to wait for records.
const WAIT: Duration = Duration::from_millis(50);

/// What a workload does with records; topics and inputs by their place in the list.
trait Work {
    /// A record of an input; whether it counts as taken up.
    fn take(&mut self, out: &RawProducer, input: usize, record: &RawRecord<'_>) -> Result<bool>;

    /// What is written before a commit.
    fn flush(&mut self, _out: &RawProducer) -> Result<()> {
        Ok(())
    }
}

/// Runs the workload that these arguments name until it is told to stop.
pub(crate) fn run(words: impl Iterator<Item = String>) -> Result<()> {
    let arguments = Arguments::parse(words)?;
    let mut config = KafkaConfig::new(&arguments.bootstrap);
    config.producer.insert("compression.type".into(), "none".into());
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    std::thread::spawn(move || {
        // Whatever comes, and an end or an error too, says to stop.
        let _ = std::io::stdin().read(&mut [0]);
        told.store(true, Ordering::Release);
    });
    if arguments.workload == "W6" {
        return restore::run(&config, &arguments, &stop);
    }
    let changelog = |store: &str| format!("{}-{store}-changelog", arguments.app_id);
    let repartition = format!("{}-by-category-repartition", arguments.app_id);
    let first = arguments.input(0)?.to_owned();
    let (inputs, extra, mut work): (_, _, Box<dyn Work>) = match arguments.workload.as_str() {
        "W1" | "W8" => (vec![first], vec![], Box::new(pass::PassThrough::default())),
        "W2" | "W7" => {
            let work = counts::Counts::new(arguments.cache != 0, arguments.workload == "W7");
            (vec![first], vec![changelog("counts")], Box::new(work))
        }
        "W3" => {
            let extra = vec![changelog("ctr"), repartition.clone()];
            (vec![first, repartition], extra, Box::new(ads::ClickThrough::default()))
        }
        "W4" => {
            let rows = joined::rows(&config, arguments.input(1)?)?;
            (vec![first], vec![], Box::new(joined::Joined::new(rows)))
        }
        other => return Err(Error::new(ErrorKind::Config, format!("the bare loop has no {other}"))),
    };
    let new: Vec<NewTopic> = extra.iter().map(|topic| NewTopic::new(topic, 1)).collect();
    if !new.is_empty() {
        KafkaLog::connect(config.clone())?.create_topics(&new)?;
    }
    let mut topics = vec![arguments.output.as_str()];
    topics.extend(extra.iter().map(String::as_str));
    work_on(&config, &arguments, &stop, &inputs, &topics, &mut *work)
}

fn work_on(
    config: &KafkaConfig,
    arguments: &Arguments,
    stop: &AtomicBool,
    inputs: &[String],
    topics: &[&str],
    work: &mut dyn Work,
) -> Result<()> {
    let transactional = arguments.guarantee == Guarantee::ExactlyOnce;
    let out = RawProducer::open(config, transactional.then_some(arguments.app_id.as_str()), topics)?;
    let partitions: Vec<_> = inputs.iter().map(|topic| (TopicPartition::new(topic, 0), 0)).collect();
    let mut reader = RawReader::open(config, &partitions)?;
    let group = KafkaLog::connect(config.clone())?;
    let mut positions = vec![None; inputs.len()];
    let (mut seen, mut moved, mut committed) = (0, false, Instant::now());
    if transactional {
        out.begin()?;
    }
    say("running", "restored", 0);
    loop {
        let stopping = stop.load(Ordering::Acquire);
        let since = committed.elapsed();
        if !stopping {
            let (mut taken, mut result) = (0, Ok(()));
            let wait = WAIT.min(arguments.commit_interval.saturating_sub(since));
            let count = reader.batch(wait, |input, record| {
                positions[input] = Some(record.offset() + 1);
                match work.take(&out, input, &record) {
                    Ok(counts) => taken += u64::from(counts),
                    Err(error) => result = Err(error),
                }
            });
            result?;
            moved |= count > 0;
            let before = seen;
            seen += taken;
            for (mark, event) in [(arguments.warm, "warm"), (arguments.records, "done")] {
                if before < mark && seen >= mark {
                    say(event, "n", seen);
                }
            }
        }
        if stopping || since >= arguments.commit_interval {
            committed = Instant::now();
            if std::mem::take(&mut moved) {
                work.flush(&out)?;
                let offsets = offsets(&partitions, &positions);
                if transactional {
                    out.commit(&arguments.app_id, &offsets)?;
                    out.begin()?;
                } else {
                    out.flush()?;
                    let offsets: Vec<_> = offsets.into_iter().map(|(place, at)| (place, Some(at))).collect();
                    group.alter_committed(&arguments.app_id, &offsets)?;
                }
            }
            if stopping {
                return Ok(());
            }
        }
    }
}

fn offsets(
    partitions: &[(TopicPartition, i64)],
    positions: &[Option<i64>],
) -> Vec<(TopicPartition, Committed)> {
    let at = |((partition, _), offset): (&(TopicPartition, i64), &Option<i64>)| {
        Some((partition.clone(), Committed { offset: (*offset)?, metadata: String::new() }))
    };
    partitions.iter().zip(positions).filter_map(at).collect()
}
