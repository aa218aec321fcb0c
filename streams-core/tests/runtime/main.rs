//! Applications on the embedded log: threads, commits, rebalances, failures.

mod basics;
mod support;
