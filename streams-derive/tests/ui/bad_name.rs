//! Names follow Avro.

use streams_core::Record;

#[derive(Record)]
#[record(name = "ad-click", namespace = "com..example", aliases = ["com.old.Click", "2"])]
struct Click {
    #[record(name = "the user")]
    user: String,
    #[record(aliases = ["a.b"])]
    ad: i64,
    größe: i64,
    #[record(fixed = "a b")]
    digest: [u8; 16],
}

#[derive(Record)]
enum Colour {
    #[record(name = "dark blue")]
    DarkBlue,
}

fn main() {}
