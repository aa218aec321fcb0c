//! The shoe store as a library: its records, its queries and how they are run, so that tests run what the binary runs.

pub mod aggregates;
pub mod input;
pub mod model;
pub mod queries;
pub mod results;
pub mod rows;
pub mod run;
pub mod stamp;
pub mod time;
pub mod topics;
