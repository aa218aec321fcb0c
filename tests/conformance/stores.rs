//! What is in a store, as rows of a recording.

use serde::Serialize;
use serde_json::{Value, json};
use streams_core::Store;
use streams_core::testing::TestDriver;

use crate::driver::has_time;

/// More than any case has.
const PARTITIONS: u32 = 8;

/// Everything in the store of this name, in its own order; `None` if there is no such store. Stores without times
/// are recorded without: whether to leave them out is seen from the recorded rows.
pub(crate) fn content(driver: &TestDriver, name: &str, recorded: &[Value]) -> Option<Vec<Value>> {
    // Names of stores are static in the library, and live as long as this process here.
    let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
    // Recordings do not tell the types of stores; the one that fits is the one the library accepts.
    let readers: [fn(&TestDriver, &'static str) -> Option<Vec<Row>>; 8] = [
        key_value::<String, i64>,
        key_value::<String, String>,
        key_value::<String, Option<String>>,
        key_value::<i64, i64>,
        key_value::<i32, i64>,
        window::<String, i64>,
        window::<String, String>,
        window::<String, Option<String>>,
    ];
    let rows = readers.iter().find_map(|read| read(driver, name))?;
    let times = has_time(recorded);
    Some(
        rows.into_iter()
            .map(|(key, value, time)| if times { json!([key, value, time]) } else { json!([key, value]) })
            .collect(),
    )
}

/// Key, value and timestamp.
type Row = (Value, Value, i64);

fn key_value<K, V>(driver: &TestDriver, name: &'static str) -> Option<Vec<Row>>
where
    K: Serialize + Clone + Ord + 'static,
    V: Serialize + Clone + Send + 'static,
{
    let mut found = None;
    for partition in 0..PARTITIONS {
        let Ok(store) = driver.store_of(&Store::<K, V>::new(name), partition) else { continue };
        let rows: &mut Vec<(K, Row)> = found.get_or_insert_default();
        for row in store.all().stamped() {
            let (key, stored) = row.ok()?;
            rows.push((key.clone(), (json!(key), json!(stored.value), stored.timestamp)));
        }
    }
    let mut rows = found?;
    // Java's driver has one partition per topic, whatever the topology asks for.
    if !rows.is_sorted_by(|(a, _), (b, _)| a <= b) && driver.tasks().any(|task| task.partition > 0) {
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    Some(rows.into_iter().map(|(_, row)| row).collect())
}

fn window<K, V>(driver: &TestDriver, name: &'static str) -> Option<Vec<Row>>
where
    K: Serialize + Clone + 'static,
    V: Serialize + Clone + Send + 'static,
{
    let store = driver.window_store(&Store::<K, V>::new(name)).ok()?;
    let rows = store.all().stamped().map(|row| {
        let (key, stored) = row.ok()?;
        let window = key.window;
        Some((json!([key.key, window.start, window.end]), json!(stored.value), stored.timestamp))
    });
    rows.collect()
}
