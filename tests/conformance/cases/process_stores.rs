//! Key-value stores under processors.

use std::ops::Bound;

use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::state::KeyValueRows;
use streams_core::{Record, Result, Store, Topic};

use super::{Case, OUT, PLAIN, Text, case};

const STORE: Store<String, String> = Store::new("store");
/// A null value removes, as in Java.
const OPTIONAL: Store<String, Text> = Store::new("store");
const MEMORY: Store<String, String> = Store::new("memory-store");

pub(super) const CASES: &[Case] = &[
    case("process-key-ranges", |b| {
        b.add_store(&STORE);
        b.add_store(&MEMORY);
        let stream = b.stream(&PLAIN);
        stream.clone().process(|| Ranges(STORE)).named("use-store").with_store(&STORE).to(&OUT);
        stream.process(|| Ranges(MEMORY)).named("use-memory-store").with_store(&MEMORY).to(&Topic::<
            String,
            String,
        >::new(
            "memory"
        ));
    }),
    case("process-timestamped-store", |b| {
        b.add_store(&OPTIONAL);
        b.stream(&Topic::<String, Text>::new("in")).process(|| Highest).with_store(&OPTIONAL).to(&OUT);
    }),
];

/// Reads ranges in every way.
struct Ranges(Store<String, String>);

impl Processor<String, String, String, String> for Ranges {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, String>,
    ) -> UserResult {
        use Bound::{Included, Unbounded};

        let store = ctx.store(&self.0)?;
        let Record { key, value, timestamp, .. } = &record;
        let both = |lower, upper| -> Result<String> {
            Ok(format!("{}/ {}", keys(store.range(lower, upper))?, keys(store.reverse_range(lower, upper))?))
        };
        let found = match value.as_str() {
            "all" => format!("{}/ {}", keys(store.all())?, keys(store.reverse_all())?),
            "from" => both(Included(key), Unbounded)?,
            "to" => both(Unbounded, Included(key))?,
            "both" => both(Included(key), Included(&"b".to_owned()))?,
            "prefix" => keys(store.prefix(key.as_bytes()))?,
            "absent" => shown(store.put_if_absent(key, "x".to_owned(), *timestamp)?),
            "delete" => shown(store.delete(key, *timestamp)?),
            _ => {
                store.put(key, value.clone(), *timestamp)?;
                return Ok(());
            }
        };
        Ok(ctx.forward(record.with_value(found))?)
    }
}

fn keys(rows: KeyValueRows<String, String>) -> Result<String> {
    rows.map(|row| row.map(|(key, _)| key + " ")).collect()
}

fn shown(value: Option<String>) -> String {
    value.unwrap_or("null".to_owned())
}

/// Keeps the value of the highest timestamp and forwards what it held before.
struct Highest;

impl Processor<String, Text, String, String> for Highest {
    fn process(
        &mut self,
        ctx: &mut ProcessorContext<'_, String, String>,
        record: Record<String, Text>,
    ) -> UserResult {
        let store = ctx.store(&OPTIONAL)?;
        let old = store.get_stamped(&record.key)?;
        if old.as_ref().is_none_or(|old| old.timestamp <= record.timestamp) {
            store.put(&record.key, record.value.clone(), record.timestamp)?;
        }
        let held = old.map_or("none".to_owned(), |old| format!("{}@{}", shown(old.value), old.timestamp));
        Ok(ctx.forward(record.with_value(held))?)
    }
}
