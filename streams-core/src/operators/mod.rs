//! What runs per record. `README.md` beside this file walks one record through it.
//!
//! Operators know no log, no thread and no clock: they are pushed records, use the stores they were wired to, and
//! push results on. Everything they may see of the task is in [`TaskContext`].

pub(crate) mod aggregate;
mod change;
mod context;
mod drops;
pub(crate) mod join;
mod merge;
mod outputs;
pub(crate) mod policies;
pub(crate) mod port;
pub(crate) mod process;
pub(crate) mod sink;
pub(crate) mod source;
pub(crate) mod stage;
pub(crate) mod table;
mod tee;
mod topics;
mod whereabouts;

pub use change::Change;
pub use drops::{DropCounts, DropReason};
pub use join::JoinKey;
pub use process::{
    FixedKeyContext, FixedKeyProcessor, Processor, ProcessorContext, Punctuation, PunctuationId,
    PunctuationType, RecordMetadata, UserResult,
};

pub(crate) use context::{Failing, Origin, Scratch, TaskContext, TopicCounts, TopicTable};
pub(crate) use merge::SharedPort;
pub(crate) use outputs::{Outputs, Partition, Target};
pub(crate) use port::{Coming, NodePort, Port, TaskNode};
pub use table::{TransformContext, ValueTransformer};
pub(crate) use tee::{Choice, Discard, Tee};
pub(crate) use whereabouts::Whereabouts;
