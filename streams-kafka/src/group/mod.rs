//! Members of consumer groups.
//!
//! A member's client does nothing but belong to the group: what is read is read by the log's readers, which no
//! rebalance disturbs. Its callbacks are served by `poll`; a member that is not polled is taken out of
//! the group by librdkafka (`max.poll.interval.ms`).

mod callbacks;
mod client;
mod families;
mod member;
mod members;
mod strangers;

pub(crate) use member::Member;
pub(crate) use members::{Bound, Members};
