//! What must hold of state stores, over every engine.

#![allow(clippy::unwrap_used, clippy::panic)]

mod engines;
mod key_value_model;
mod recorded;
mod support;
mod task;
mod window_model;
