//! Attributes that do not exist, or not there.

use streams_core::Record;

#[derive(Record)]
#[record(namspace = "com.example", timestamp)]
struct Click {
    #[record(time_stamp)]
    at: i64,
    #[record(colour = "red")]
    ad: i64,
}

#[derive(Record)]
enum Colour {
    #[record(defualt)]
    Red,
}

fn main() {}
