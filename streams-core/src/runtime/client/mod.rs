//! Typed access to topics from the rest of a program.

mod producer;
mod subscription;

pub use producer::TopicProducer;
pub use subscription::{Received, Start, Subscription};
