//! A closure that holds an `Rc`: tasks run on threads of their own.

use std::rc::Rc;

use streams_core::{StreamsBuilder, Topic};

const WORDS: Topic<String, String> = Topic::new("words");

fn main() {
    let builder = StreamsBuilder::new();
    let wanted = Rc::new("to be".to_owned());
    builder.stream(&WORDS).filter(move |_, word| *word == *wanted).for_each(|_, _| {});
}
