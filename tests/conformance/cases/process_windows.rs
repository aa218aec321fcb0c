//! Window stores under processors.

use std::fmt::Write;
use std::ops::Bound;

use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::state::{Put, WindowRows, WindowStore};
use streams_core::windows::Windowed;
use streams_core::{DropReason, Record, Result, Store, StreamsBuilder, Topic, WindowStoreOptions};

use super::{Case, OUT, PLAIN, Text, case, ms, shown};

/// Values are optional: null removes, as in Java.
const STORE: Store<String, Text> = Store::new("store");
const MEMORY: Store<String, Text> = Store::new("memory-store");
const INPUT: Topic<String, Text> = Topic::new("in");

pub(super) const CASES: &[Case] = &[
    case("process-window-store", |b| {
        b.add_window_store(&STORE, WindowStoreOptions::new(ms(5000), ms(20_000)));
        b.stream(&INPUT).process(|| FiveSecondsBefore).with_store(&STORE).to(&OUT);
    }),
    case("process-window-store-duplicates", |b| {
        let options =
            WindowStoreOptions { retain_duplicates: true, ..WindowStoreOptions::new(ms(4000), ms(60_000)) };
        b.add_window_store(&STORE, options);
        b.stream(&INPUT).process(|| BothWays).with_store(&STORE).to(&OUT);
    }),
    case("process-window-store-expiry", |b| {
        with_both(b, WindowStoreOptions::new(ms(5000), ms(100_000)));
        let stream = b.stream(&PLAIN);
        stream.clone().process(|| PutAndShow(STORE)).named("use-store").with_store(&STORE).to(&OUT);
        let memory = stream.process(|| PutAndShow(MEMORY)).named("use-memory-store").with_store(&MEMORY);
        memory.to(&Topic::<String, String>::new("memory"));
    }),
    case("process-window-store-fetches", |b| {
        with_both(b, WindowStoreOptions::new(ms(5000), ms(60_000)));
        let stream = b.stream(&PLAIN);
        stream.clone().process(|| Fetches(STORE)).named("use-store").with_store(&STORE).to(&OUT);
        let memory = stream.process(|| Fetches(MEMORY)).named("use-memory-store").with_store(&MEMORY);
        memory.to(&Topic::<String, String>::new("memory"));
    }),
];

fn with_both(b: &StreamsBuilder, options: WindowStoreOptions) {
    b.add_window_store(&STORE, options);
    b.add_window_store(&MEMORY, WindowStoreOptions { in_memory: true, ..options });
}

/// Puts the record at its time and shows what its key has in the 5 s before.
struct FiveSecondsBefore;

impl Processor<String, Text, String, String> for FiveSecondsBefore {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, Text>,
    ) -> UserResult {
        let store = ctx.window_store(&STORE)?;
        let now = record.timestamp;
        put(ctx, &store, &record.key, record.value.clone(), now)?;
        let mut found = String::new();
        for row in store.fetch_range(&record.key, now - 5000..=now) {
            let (start, value) = row?;
            write!(found, "{}@{} ", shown(value.as_ref()), start - now)?;
        }
        Ok(ctx.forward(record.with_value(found))?)
    }
}

/// Values of the 4 s before, backward and forward.
struct BothWays;

impl Processor<String, Text, String, String> for BothWays {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, Text>,
    ) -> UserResult {
        let store = ctx.window_store(&STORE)?;
        let now = record.timestamp;
        put(ctx, &store, &record.key, record.value.clone(), now)?;
        let mut found = String::new();
        for row in store.fetch_range_backward(&record.key, now - 4000..=now) {
            found += shown(row?.1.as_ref());
        }
        found.push('|');
        for row in store.fetch_range(&record.key, now - 4000..=now) {
            found += shown(row?.1.as_ref());
        }
        Ok(ctx.forward(record.with_value(found))?)
    }
}

/// Puts the record and shows everything.
struct PutAndShow(Store<String, Text>);

impl Processor<String, String, String, String> for PutAndShow {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        let store = ctx.window_store(&self.0)?;
        put(ctx, &store, &record.key, Some(record.value.clone()), record.timestamp)?;
        let found = list(store.all())?;
        Ok(ctx.forward(record.with_value(found))?)
    }
}

/// Every read there is.
struct Fetches(Store<String, Text>);

impl Processor<String, String, String, String> for Fetches {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        use Bound::{Included, Unbounded};

        let store = ctx.window_store(&self.0)?;
        let now = record.timestamp;
        let times = now - 20_000..=now;
        let (a, b) = ("a".to_owned(), "b".to_owned());
        let fetch = |lower, upper| list(store.fetch_keys(lower, upper, times.clone()));
        let found = match record.value.as_str() {
            "x" => {
                let backward = store.fetch_keys_backward(Included(&a), Included(&b), times.clone());
                format!("range: {}/ {}", fetch(Included(&a), Included(&b))?, list(backward)?)
            }
            "y" => format!(
                "open: {}/ {}/ {}",
                fetch(Included(&b), Unbounded)?,
                fetch(Unbounded, Included(&b))?,
                fetch(Unbounded, Unbounded)?
            ),
            "z" => format!(
                "all: {}/ {}/ {}",
                list(store.fetch_all(times.clone()))?,
                list(store.fetch_all_backward(times.clone()))?,
                list(store.all_backward())?
            ),
            "w" => {
                let at = |start| store.fetch(&record.key, start).map(Option::flatten);
                format!("one: {} {}", shown(at(now)?.as_ref()), shown(at(now - 1000)?.as_ref()))
            }
            _ => {
                put(ctx, &store, &record.key, Some(record.value.clone()), now)?;
                return Ok(());
            }
        };
        Ok(ctx.forward(record.with_value(found))?)
    }
}

/// Puts a value into the window that starts now; what the store refuses as too old is counted, as Java's stores do.
fn put(
    ctx: &mut ProcessorContext<'_, String, String>,
    store: &WindowStore<String, Text>,
    key: &String,
    value: Text,
    now: i64,
) -> UserResult {
    if store.put(key, now, value, now)? == Put::Expired {
        ctx.count_dropped(DropReason::Expired)?;
    }
    Ok(())
}

fn list(rows: WindowRows<String, Text>) -> Result<String> {
    let show = |row: Result<(Windowed<String>, Text)>| {
        let (key, value) = row?;
        Ok(format!("{}{}@{} ", key.key, shown(value.as_ref()), key.window.start / 1000))
    };
    rows.map(show).collect()
}
