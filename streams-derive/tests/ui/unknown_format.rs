//! Records are JSON or Avro.

use streams_core::Record;

#[derive(Record)]
#[record(format = "arvo")]
struct Click {
    ad: i64,
}

#[derive(Record)]
#[record(format = "protobuf")]
struct View {
    ad: i64,
}

fn main() {}
