//! Joins of two streams (reference section 13).

mod joiner;
mod node;
mod port;
mod self_join;
mod side;
#[cfg(test)]
mod tests;

pub(crate) use joiner::{Inner, Joiner, Left, Outer};
pub(crate) use node::{JoinKind, Scratch, Serdes, SideNodes, Stores, StreamJoin};
pub(crate) use port::SidePort;
pub(crate) use self_join::SelfJoin;
pub(crate) use side::{LeftSide, RightSide};
