//! The CTR service as a library: its topology, records and modes, so that tests run what the binary runs.

pub mod args;
pub mod cluster;
pub mod dead_letters;
pub mod files;
pub mod generator;
pub mod input;
pub mod live;
pub mod model;
pub mod reset;
pub mod results;
pub mod server;
pub mod service;
pub mod time;
pub mod topics;
pub mod topology;
