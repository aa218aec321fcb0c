//! Records by `#[derive(Record)]`: their bytes, schemas, keys and times.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod basics;
mod times;
mod types;
