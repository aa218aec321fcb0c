//! Punctuations: when they fire, in which order, and what follows from them.

use std::time::Duration;

use streams_core::processor::{
    FixedKeyContext, FixedKeyProcessor, Processor, ProcessorContext, Punctuation, PunctuationId,
    PunctuationType, UserResult,
};
use streams_core::state::KeyValueStore;
use streams_core::{Headers, Materialized, Record, Store, Topic};

use super::{COUNTS, Case, OUT, PLAIN, case, ms};

const COUNT: Store<String, i64> = Store::new("store");
const VALUE: Store<String, String> = Store::new("store");

pub(super) const CASES: &[Case] = &[
    case("process-stream-time-punctuation", |b| {
        b.add_store(&COUNT);
        b.stream(&PLAIN).process(CountsEveryTenSeconds::default).with_store(&COUNT).to(&COUNTS);
    }),
    case("process-wall-clock-punctuation", |b| {
        b.add_store(&VALUE);
        b.stream(&PLAIN).process(AllEverySecond::default).with_store(&VALUE).to(&OUT);
    }),
    case("process-anchored-punctuation", |b| b.stream(&PLAIN).process(Anchored::default).to(&OUT)),
    case("process-punctuation-cancel", |b| b.stream(&PLAIN).process(ThreeTimes::default).to(&OUT)),
    case("process-punctuation-order", |b| {
        let stream = b.stream(&PLAIN);
        stream.clone().process(|| Ticking::new("first", &[10, 3, 7, 10])).named("first").to(&OUT);
        stream.process(|| Ticking::new("second", &[5])).named("second").to(&OUT);
    }),
    case("process-downstream-of-punctuation", |b| {
        b.stream(&PLAIN)
            .process(|| LastValue { last: "none".to_owned(), stream: None })
            .map_values(|v| v + "!")
            .group_by_key()
            .count_with(Materialized::named("store"))
            .to_stream()
            .to(&COUNTS);
    }),
    case("process-fixed-key-store", |b| {
        b.add_store(&VALUE);
        b.stream(&Topic::<String, String>::new("in"))
            .process_values(|| OnlyChanges)
            .with_store(&VALUE)
            .to(&OUT);
    }),
];

/// Counts; every 10 s of stream time all counts are forwarded and cleared.
#[derive(Default)]
struct CountsEveryTenSeconds {
    store: Option<KeyValueStore<String, i64>>,
}

impl Processor<String, String, String, i64> for CountsEveryTenSeconds {
    fn init(&mut self, ctx: &mut ProcessorContext<'_, String, i64>) -> UserResult {
        self.store = Some(ctx.store(&COUNT)?);
        ctx.schedule(Duration::from_secs(10), PunctuationType::StreamTime);
        Ok(())
    }

    fn process(
        &mut self,
        _ctx: &mut ProcessorContext<'_, String, i64>,
        record: Record<String, String>,
    ) -> UserResult {
        let Some(store) = &self.store else { return Ok(()) };
        let count = store.get(&record.key)?.unwrap_or(0) + 1;
        store.put(&record.key, count, record.timestamp)?;
        Ok(())
    }

    fn punctuate(&mut self, ctx: &mut ProcessorContext<'_, String, i64>, due: Punctuation) -> UserResult {
        let Some(store) = &self.store else { return Ok(()) };
        ctx.forward(Record::new("now".to_owned(), due.time, due.time))?;
        for row in store.all() {
            let (key, count) = row?;
            store.delete(&key, due.time)?;
            ctx.forward(Record::new(key, count, due.time))?;
        }
        Ok(())
    }
}

/// Keeps the last value of each key; every second of wall clock all are forwarded.
#[derive(Default)]
struct AllEverySecond {
    store: Option<KeyValueStore<String, String>>,
}

impl Processor<String, String, String, String> for AllEverySecond {
    fn init(&mut self, ctx: &mut ProcessorContext<'_, String, String>) -> UserResult {
        self.store = Some(ctx.store(&VALUE)?);
        ctx.schedule(ms(1000), PunctuationType::WallClock);
        Ok(())
    }

    fn process(
        &mut self,
        _ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        let Some(store) = &self.store else { return Ok(()) };
        store.put(&record.key, record.value, record.timestamp)?;
        Ok(())
    }

    fn punctuate(&mut self, ctx: &mut ProcessorContext<'_, String, String>, due: Punctuation) -> UserResult {
        let Some(store) = &self.store else { return Ok(()) };
        ctx.forward(Record::new("now".to_owned(), due.time.to_string(), due.time))?;
        for row in store.all() {
            let (key, value) = row?;
            ctx.forward(Record::new(key, value, due.time))?;
        }
        Ok(())
    }
}

/// Two schedules with a given start; records show both clocks.
#[derive(Default)]
struct Anchored {
    wall: Option<PunctuationId>,
}

impl Processor<String, String, String, String> for Anchored {
    fn init(&mut self, ctx: &mut ProcessorContext<'_, String, String>) -> UserResult {
        self.wall = Some(ctx.schedule_at(2500, ms(2000), PunctuationType::WallClock));
        ctx.schedule_at(1_010_000, ms(10_000), PunctuationType::StreamTime);
        Ok(())
    }

    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        let clocks = format!("{}/{}", ctx.stream_time(), ctx.wall_clock());
        Ok(ctx.forward(record.with_value(clocks))?)
    }

    fn punctuate(&mut self, ctx: &mut ProcessorContext<'_, String, String>, due: Punctuation) -> UserResult {
        let key = if Some(due.id) == self.wall { "wall" } else { "stream" };
        Ok(ctx.forward(Record::new(key.to_owned(), due.time.to_string(), due.time))?)
    }
}

/// Cancels itself at its third run; "k" begins again, "m" cancels.
#[derive(Default)]
struct ThreeTimes {
    timer: Option<PunctuationId>,
    runs: u32,
}

impl ThreeTimes {
    fn start(&mut self, ctx: &mut ProcessorContext<'_, String, String>) {
        self.cancel(ctx);
        self.runs = 0;
        self.timer = Some(ctx.schedule(ms(5000), PunctuationType::StreamTime));
    }

    fn cancel(&mut self, ctx: &mut ProcessorContext<'_, String, String>) {
        if let Some(timer) = self.timer.take() {
            ctx.cancel(timer);
        }
    }
}

impl Processor<String, String, String, String> for ThreeTimes {
    fn init(&mut self, ctx: &mut ProcessorContext<'_, String, String>) -> UserResult {
        self.start(ctx);
        Ok(())
    }

    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        match record.value.as_str() {
            "k" => self.start(ctx),
            "m" => self.cancel(ctx),
            _ => {}
        }
        Ok(())
    }

    fn punctuate(&mut self, ctx: &mut ProcessorContext<'_, String, String>, due: Punctuation) -> UserResult {
        self.runs += 1;
        ctx.forward(Record::new("run".to_owned(), self.runs.to_string(), due.time))?;
        if self.runs == 3 {
            self.cancel(ctx);
        }
        Ok(())
    }
}

/// Several schedules; each run tells which one it is and that no record is at hand.
struct Ticking {
    name: &'static str,
    seconds: &'static [u64],
    schedules: Vec<(PunctuationId, u64)>,
}

impl Ticking {
    fn new(name: &'static str, seconds: &'static [u64]) -> Self {
        Ticking { name, seconds, schedules: Vec::new() }
    }
}

impl Processor<String, String, String, String> for Ticking {
    fn init(&mut self, ctx: &mut ProcessorContext<'_, String, String>) -> UserResult {
        for &seconds in self.seconds {
            let id = ctx.schedule(Duration::from_secs(seconds), PunctuationType::StreamTime);
            self.schedules.push((id, seconds));
        }
        Ok(())
    }

    fn process(
        &mut self,
        _ctx: &mut ProcessorContext<'_, String, String>,
        _record: Record<String, String>,
    ) -> UserResult {
        Ok(())
    }

    fn punctuate(&mut self, ctx: &mut ProcessorContext<'_, String, String>, due: Punctuation) -> UserResult {
        let seconds = self.schedules.iter().find(|(id, _)| *id == due.id).map_or(0, |(_, seconds)| *seconds);
        // Java shows the empty context as a topic of null with partition and offset -1.
        let from = match ctx.record_metadata() {
            Some(origin) => format!("{}/{}/{}", origin.topic, origin.partition, origin.offset),
            None => "null/-1/-1".to_owned(),
        };
        Ok(ctx.forward(Record::new(format!("{}{seconds}", self.name), from, due.time))?)
    }
}

/// Forwards the last value from two punctuations.
struct LastValue {
    last: String,
    stream: Option<PunctuationId>,
}

impl Processor<String, String, String, String> for LastValue {
    fn init(&mut self, ctx: &mut ProcessorContext<'_, String, String>) -> UserResult {
        self.stream = Some(ctx.schedule(ms(10_000), PunctuationType::StreamTime));
        ctx.schedule(ms(3000), PunctuationType::WallClock);
        Ok(())
    }

    fn process(
        &mut self,
        _ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        self.last = record.value;
        Ok(())
    }

    fn punctuate(&mut self, ctx: &mut ProcessorContext<'_, String, String>, due: Punctuation) -> UserResult {
        let (key, time) = if Some(due.id) == self.stream { ("s", due.time - 500) } else { ("w", due.time) };
        Ok(ctx.forward(Record::new(key.to_owned(), self.last.clone(), time))?)
    }
}

/// Forwards a value only if it differs from the last; every 20 s of stream time the store is cleared.
struct OnlyChanges;

impl FixedKeyProcessor<String, String, String> for OnlyChanges {
    fn init(&mut self, ctx: &mut FixedKeyContext<'_, '_, String, String>) -> UserResult {
        ctx.schedule(ms(20_000), PunctuationType::StreamTime);
        Ok(())
    }

    fn process(
        &mut self,
        ctx: &mut FixedKeyContext<'_, '_, String, String>,
        key: &String,
        value: String,
        timestamp: i64,
        _headers: &Headers,
    ) -> UserResult {
        let store = ctx.store(&VALUE)?;
        if store.get(key)?.as_ref() == Some(&value) {
            return Ok(());
        }
        store.put(key, value.clone(), timestamp)?;
        Ok(ctx.forward(value, timestamp)?)
    }

    fn punctuate(
        &mut self,
        ctx: &mut FixedKeyContext<'_, '_, String, String>,
        due: Punctuation,
    ) -> UserResult {
        let store = ctx.store(&VALUE)?;
        for row in store.all() {
            store.delete(&row?.0, due.time)?;
        }
        Ok(())
    }
}
