//! What is broken is found, and the report is short, readable and repeatable.

mod broken;
mod repeat;
mod serdes;
