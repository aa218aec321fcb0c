//! Laws of topologies as properties, in the test driver: what crashes and commits may not change, what is counted.

mod disturbed;
mod policies;
mod reference;
mod serdes;
mod support;
