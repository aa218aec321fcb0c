//! What `build` may change in a graph before it becomes a topology: one file per pass.
//!
//! Passes work on the copy of the graph that `build` makes, after it was found to have no mistakes. They change how
//! records go, never what comes out of a topology: the order in which records of different keys come may differ.

mod options;

pub use options::Optimization;

use crate::topology::Graph;

/// Applies what the graph's builder was told to.
pub(crate) fn apply(_graph: &mut Graph) {}
