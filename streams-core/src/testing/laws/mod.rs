//! Laws: what must hold for a topology whatever its records, commits and crashes are, checked on generated events.
//!
//! [`Laws`] takes a topology, a strategy for the events of each input topic, and what the topology promises. It then
//! looks for events that break a law and shrinks them to a few records. The report has the steps one per line, what
//! was expected beside what came, and a seed: with `STREAMS_SEED=<seed>` in the environment the same test runs just
//! that case again, to the same report. `STREAMS_LAWS_CASES=<n>` runs n times as many cases.
//!
//! ```
//! use streams_core::testing::laws::{Event, Events, Laws, Violation, keys, proptest::prelude::*};
//! use streams_core::{StreamsBuilder, Topic};
//!
//! const CLICKS: Topic<String, i64> = Topic::new("clicks");
//! const TOTALS: Topic<String, i64> = Topic::new("totals");
//!
//! /// The totals as an obvious loop computes them.
//! fn totals(events: &[Event]) -> Vec<(String, i64, i64)> {
//!     let (mut sums, mut rows) = (std::collections::HashMap::new(), Vec::new());
//!     for event in events {
//!         let (key, value) = event.record(&CLICKS).expect("there is one topic");
//!         let (sum, time) = sums.entry(key.clone()).or_insert((0, 0));
//!         (*sum, *time) = (*sum + value, event.time().max(*time));
//!         rows.push((key.clone(), *sum, *time));
//!     }
//!     rows
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let builder = StreamsBuilder::new();
//! builder.stream(&CLICKS).group_by_key().reduce(|a: i64, b| a + b).to_stream().to(&TOTALS);
//!
//! Laws::of(&builder.build()?)
//!     .input(&CLICKS, Events::of(keys(3), 0..10i64))
//!     .table_output(&TOTALS)
//!     .reference(&TOTALS, totals)
//!     .keys_are_independent()
//!     .check_all()?;
//! # Ok(())
//! # }
//! ```
//!
//! What is checked:
//!
//! | law | holds for |
//! |---|---|
//! | [`restart_invariance`](Laws::restart_invariance) | every topology |
//! | [`commit_invariance`](Laws::commit_invariance) | topologies whose tasks see their records in an order that commits do not change |
//! | [`per_commit_invariance`](Laws::per_commit_invariance) | outputs declared by `table_output` |
//! | [`partition_invariance`](Laws::partition_invariance) | topologies without repartitions |
//! | [`key_invariance`](Laws::key_invariance) | those with `keys_are_independent` |
//! | [`order_invariance`](Laws::order_invariance) | those with `order_insensitive_within` |
//! | [`fold_of_changelog`](Laws::fold_of_changelog) | stores declared by `store`, `window_store` |
//! | references, counted drops, laws of your own | as declared |
//!
//! [`check_all`](Laws::check_all) checks those that hold for the topology as it is declared. Laws for the bytes of
//! types are in [`serdes`].

mod builder;
mod compare;
mod declare;
mod event;
mod flow;
mod panics;
mod reference;
mod rules;
mod run;
mod scenario;
mod search;
pub mod serdes;
mod shrink;
mod stores;
mod strategy;
mod violation;

pub use builder::Laws;
pub use event::Event;
/// The version of proptest whose strategies [`Events`] takes.
pub use proptest;
pub use strategy::{Events, keys, nullable, skewed_keys};
pub use violation::Violation;
