//! A key of one's own that does not say how it becomes bytes.

use streams_core::Key;
use streams_core::{StreamsBuilder, Topic};

#[derive(Clone)]
struct Initial(char);

impl Key for Initial {}

const WORDS: Topic<String, String> = Topic::new("words");

fn main() {
    let builder = StreamsBuilder::new();
    let _ = builder.stream(&WORDS).group_by(|_, word| Initial(word.chars().next().unwrap_or(' '))).count();
}
