//! A table grouped by something that may be missing.

use streams_core::{StreamsBuilder, Topic};

const CITY_OF_USER: Topic<String, String> = Topic::new("city-of-user");

fn main() {
    let builder = StreamsBuilder::new();
    let by_initial = builder.table(&CITY_OF_USER).group_by(|user, city| (user.chars().next().map(String::from), city));
    by_initial.count().to_stream().for_each(|_, _| {});
}
