//! The generator as a producer: events and the number of the next one in one transaction, so that a restart goes on
//! with the event that was not written.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use streams_core::log::{Producer, ProducerOptions, TopicHandle};
use streams_core::record::RecordView;
use streams_core::{Error, ErrorKind, Result};

use crate::generator::{Generator, START_MS};
use crate::input::{Position, PositionTopic};
use crate::live::{LiveRun, Stop};
use crate::service::Service;
use crate::topics::AD_EVENTS;

/// How often events are written.
const TICK: Duration = Duration::from_millis(50);

/// A thread that writes events.
pub(super) struct Feed(JoinHandle<Result<()>>);

struct Writer {
    producer: Box<dyn Producer>,
    events: TopicHandle,
    positions: PositionTopic,
    generator: Generator,
    position: Position,
    /// Event time from one event to the next.
    step_ms: f64,
    bytes: Vec<u8>,
}

impl Feed {
    /// Starts where the last one stopped; ends with `stop`, and requests it if it fails.
    pub(super) fn start(run: &LiveRun, service: &Service, stop: Arc<Stop>) -> Result<Self> {
        let options = ProducerOptions { transactional_id: Some("ctr-generator".to_owned()) };
        let mut producer = service.log.open_producer(options)?;
        // Only now: nobody else writes a position any more.
        let position = PositionTopic::read(&*service.log)?;
        let mut position = position.unwrap_or_else(|| service.position.clone());
        if position.records == 0 {
            position.time_ms = START_MS;
        }
        let mut writer = Writer {
            events: producer.topic(AD_EVENTS.name())?,
            positions: PositionTopic::of(&mut *producer)?,
            producer,
            generator: Generator::new(run.seed),
            position,
            step_ms: f64::from(run.speed) * 1000.0 / f64::from(run.rate),
            bytes: Vec::new(),
        };
        let rate = run.rate;
        let body = move || {
            let result = writer.run(rate, &stop);
            stop.request();
            result.map_err(|error| match error.kind() {
                ErrorKind::Fenced => error.context(
                    "another process makes the events now; to share its work, start this one with --no-generate",
                ),
                _ => error,
            })
        };
        let thread = thread::Builder::new().name("ctr-generator".to_owned()).spawn(body);
        thread.map(Feed).map_err(Error::from)
    }

    /// Waits for its end; what it failed of.
    pub(super) fn join(self) -> Result<()> {
        let died = |_| Err(Error::new(ErrorKind::User, "the generator's thread panicked"));
        self.0.join().unwrap_or_else(died)
    }
}

impl Writer {
    fn run(&mut self, rate: u32, stop: &Stop) -> Result<()> {
        let mut last = Instant::now();
        let mut due = 0.0;
        while !stop.wait(TICK) {
            let now = Instant::now();
            // A process that was suspended does not make up for it.
            let passed = (now - last).min(Duration::from_secs(1));
            last = now;
            due += passed.as_secs_f64() * f64::from(rate);
            let count = due as u64;
            due -= count as f64;
            if count > 0 {
                self.write(count)?;
            }
        }
        Ok(())
    }

    fn write(&mut self, count: u64) -> Result<()> {
        self.producer.begin()?;
        let mut next = self.position.clone();
        for _ in 0..count {
            let event = self.generator.event(next.records, next.time_ms);
            self.bytes.clear();
            serde_json::to_writer(&mut self.bytes, &event).map_err(|e| {
                Error::new(ErrorKind::Serde, "an event cannot be written as JSON").caused_by(e)
            })?;
            let partition = (next.records % u64::from(next.settings.partitions)) as u32;
            let record = RecordView {
                value: Some(&self.bytes),
                timestamp: event.event_time_ms,
                ..RecordView::default()
            };
            self.producer.send(self.events, partition, record)?;
            next.records += 1;
            next.time_ms += self.step_ms;
        }
        self.positions.write(&mut *self.producer, &next)?;
        self.producer.commit()?;
        self.position = next;
        Ok(())
    }
}
