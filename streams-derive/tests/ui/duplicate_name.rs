//! No two fields have the same name, now or before.

use streams_core::Record;

#[derive(Record)]
#[record(rename_all = "camelCase")]
struct Click {
    user_id: String,
    #[record(name = "userId")]
    other: String,
    #[record(aliases = ["other", "ad"])]
    ad_id: i64,
    ad: i64,
}

#[derive(Record)]
enum Colour {
    Red,
    #[record(name = "Red")]
    Scarlet,
}

fn main() {}
