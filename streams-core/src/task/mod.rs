//! A task: one partition of one sub-topology, as a state machine.
//!
//! It is fed batches of input records and asked to process the next one; it collects what is to be produced. Whoever
//! runs it (worker thread, test driver, simulator) decides when to commit and moves the bytes. It knows no log, no
//! clock and no thread.

pub(crate) mod aligned;
mod assignments;
mod changelog;
mod commit;
mod machine;
mod progress;
mod queue;
mod upstream;

pub(crate) use assignments::{Assignments, Flow};
pub(crate) use changelog::RestoreFrom;
pub(crate) use machine::{InputTopic, Task, TaskEnv};
pub(crate) use progress::Progress;
