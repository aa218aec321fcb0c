//! Attributes whose values are missing, too many or of another kind.

use streams_core::Record;

#[derive(Record)]
#[record(name, format = avro, rename_all = "Camel", crate = "1+1", key_type = "yes")]
struct Click {
    #[record(key = "yes")]
    user: String,
    #[record(doc("text"))]
    ad: i64,
    #[record(aliases, default, default)]
    price: f64,
    #[record(logical = "decimal", precision = "ten")]
    cents: i128,
}

fn main() {}
