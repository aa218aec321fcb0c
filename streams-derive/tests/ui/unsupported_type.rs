//! Types without an Avro type are refused, with what to take instead.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use streams_core::Record;

#[derive(Record)]
struct Click {
    count: u64,
    sizes: Vec<usize>,
    amount: i128,
    letter: Option<char>,
    text: &'static str,
    point: (f64, f64),
    points: [f64; 3],
    by_number: HashMap<i64, String>,
    sums: BTreeMap<String, u128>,
    words: HashSet<String>,
    shared: Arc<String>,
    maybe: Option<Option<i64>>,
    length: Duration,
    at: SystemTime,
    run: fn(i64) -> i64,
}

fn main() {}
