//! Laws of topologies: those of every operator, that broken ones are found and reported so that they can be repeated,
//! what policies do, and the bytes of serdes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should say where")]

mod operators;
mod policies;
mod reports;
mod serdes;
