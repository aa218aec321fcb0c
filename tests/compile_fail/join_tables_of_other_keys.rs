//! Tables of different keys joined.

use streams_core::{StreamsBuilder, Topic};

const NAMES: Topic<String, String> = Topic::new("names");
const CITIES: Topic<i64, String> = Topic::new("cities");

fn main() {
    let builder = StreamsBuilder::new();
    let cities = builder.table(&CITIES);
    let people = builder.table(&NAMES).join(cities, |name, city| format!("{name} of {city}"));
    people.to_stream().for_each(|_, _| {});
}
