//! Counts the words of standard input, or of a line of its own: `echo "to be or not to be" | cargo run -p word-count`

#![allow(clippy::print_stdout, reason = "it is a program for the command line")]

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::Arc;

use streams_core::log::{Log, NewTopic, embedded::EmbeddedLog};
use streams_core::runtime::{App, Config, Start, Subscription, TopicProducer};
use streams_core::{Result, StreamsBuilder, Topic, Topology};

const LINES: Topic<Option<String>, String> = Topic::new("lines");
const COUNTS: Topic<String, i64> = Topic::new("counts");
const HAMLET: &str = "To be, or not to be: that is the question";

fn topology() -> Result<Topology> {
    let builder = StreamsBuilder::new();
    builder
        .stream(&LINES)
        .flat_map_values(|line| words(&line))
        .group_by(|_key, word| word.clone())
        .count()
        .to_stream()
        .to(&COUNTS);
    builder.build()
}

fn words(line: &str) -> Vec<String> {
    let words = line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// A log in memory; with the feature `kafka` and `--bootstrap HOST:PORT` a cluster, which goes on counting.
fn log() -> Result<Arc<dyn Log>> {
    #[cfg(feature = "kafka")]
    if let Some(brokers) = std::env::args().skip_while(|argument| argument != "--bootstrap").nth(1) {
        let config = streams_kafka::KafkaConfig::new(brokers);
        return Ok(Arc::new(streams_kafka::KafkaLog::connect(config)?));
    }
    Ok(Arc::new(EmbeddedLog::in_memory()))
}

fn main() -> Result<()> {
    let log = log()?;
    for topic in ["lines", "counts"] {
        if log.describe_topic(topic)?.is_none() {
            log.create_topics(&[NewTopic::new(topic, 1)])?;
        }
    }

    let mut lines = TopicProducer::open(&*log, &LINES)?;
    let input = std::io::stdin();
    let text = if input.is_terminal() { HAMLET.to_owned() } else { std::io::read_to_string(input)? };
    for line in text.lines() {
        lines.send(&None, &line.to_owned(), 0)?;
    }
    lines.flush()?;
    App::new(topology()?, Config::new("word-count"), Arc::clone(&log)).run_to_end()?;

    let mut latest = BTreeMap::new();
    let mut counts = Subscription::open(&log, &COUNTS, Start::Earliest)?;
    for count in counts.read_to_end(&*log)? {
        latest.insert(count.record.key, count.record.value);
    }
    latest.iter().for_each(|(word, count)| println!("{count:>6} {word}"));
    Ok(())
}

#[cfg(test)]
mod tests;
