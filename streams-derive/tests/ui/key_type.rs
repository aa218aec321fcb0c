//! Equal keys have equal bytes: what cannot promise that is in no key.

use std::collections::HashMap;

use streams_core::Record;

#[derive(Record, Clone)]
#[record(key_type)]
struct Place {
    latitude: f64,
    labels: Option<HashMap<String, i64>>,
    heights: Vec<f32>,
    name: String,
    #[record(skip)]
    seen: f64,
}

fn main() {}
