//! What is committed of inputs that nothing was read from (rule RT-6).

use std::sync::Arc;

use streams_core::ids::TopicPartition;
use streams_core::log::embedded::EmbeddedLog;
use streams_core::log::{Log, NewTopic};
use streams_core::runtime::{App, Config, OffsetReset, TopicProducer};
use streams_core::testing::TestDriver;
use streams_core::windows::TimeWindows;
use streams_core::{EmitStrategy, Result, StreamsBuilder, Topic, Topology};

use crate::support::ms;

const L: Topic<String, String> = Topic::new("l");
const R: Topic<String, String> = Topic::new("r");

fn windowed(emit: EmitStrategy) -> Topology {
    let builder = StreamsBuilder::new();
    let merged = builder.stream(&L).merge(builder.stream(&R));
    let windows = TimeWindows::tumbling(ms(1000)).no_grace();
    let _ = merged.group_by_key().windowed_by(windows).emit_strategy(emit).count();
    builder.build().unwrap()
}

#[test]
fn only_windows_that_emit_on_close_commit_inputs_that_nothing_was_read_from() -> Result<()> {
    for (emit, both) in [(EmitStrategy::OnWindowUpdate, false), (EmitStrategy::OnWindowClose, true)] {
        let mut driver = TestDriver::new(&windowed(emit))?;
        driver.pipe(&L, "A".to_owned(), "x".to_owned(), 1000)?;
        driver.pipe(&L, "A".to_owned(), "y".to_owned(), 9000)?;
        let committed = |topic| driver.committed().get(&TopicPartition::new(topic, 0));
        assert_eq!(committed("l").map(|c| c.offset), Some(2));
        assert_eq!(committed("r").map(|c| c.offset), both.then_some(0));
        driver.restart()?;
        assert_eq!(driver.committed().len(), if both { 2 } else { 1 });
    }
    Ok(())
}

#[test]
fn an_input_that_is_read_from_its_end_is_committed_there_before_anything_came() -> Result<()> {
    let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory());
    log.create_topics(&[NewTopic::new("l", 1), NewTopic::new("r", 1)])?;
    let mut before = TopicProducer::open(&*log, &R)?;
    (0..5).try_for_each(|time| before.send(&"A".to_owned(), &"old".to_owned(), time))?;
    before.flush()?;
    let mut config = Config::new("app");
    config.offset_reset = OffsetReset::Latest;
    config.commit_interval = Some(ms(1));
    let app = App::new(windowed(EmitStrategy::OnWindowClose), config, Arc::clone(&log)).start()?;
    let mut producer = TopicProducer::open(&*log, &L)?;
    let positions = || {
        let partitions = [TopicPartition::new("l", 0), TopicPartition::new("r", 0)];
        Ok::<_, streams_core::Error>(
            log.committed("app", &partitions)?.into_iter().map(|c| c.map(|c| c.offset)).collect::<Vec<_>>(),
        )
    };
    let until = std::time::Instant::now() + ms(60_000);
    for time in 1.. {
        // The first records may come before the application has looked where the end is.
        producer.send(&"A".to_owned(), &"x".to_owned(), time * 2000)?;
        producer.flush()?;
        let found = positions()?;
        if let Some(found) = found[1] {
            assert_eq!(found, 5);
            break;
        }
        assert!(std::time::Instant::now() < until, "never committed: {found:?}");
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    app.shutdown(ms(60_000))
}
