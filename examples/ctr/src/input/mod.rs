//! Reading lines of files, and putting them into the events topic exactly once.

mod ingest;
mod lines;
mod position;

pub use ingest::{Ingest, Ingested};
pub use lines::{Line, Lines, MAX_LINE};
pub use position::{InputFile, Position, PositionTopic, Settings};
