//! Orders enriched with their customers and products, as a library: the program and the tests use the same parts.

pub mod input;
pub mod made_up;
pub mod model;
pub mod results;
pub mod retail;
pub mod topics;
pub mod topology;
