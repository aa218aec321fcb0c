//! Records by `#[derive(Record)]`: their bytes, schemas, keys and times.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod apache;
mod basics;
mod confluent;
mod evolution;
mod times;
mod types;
