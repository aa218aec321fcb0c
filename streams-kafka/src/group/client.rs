//! The client of a member, which nobody waits for when it goes.
//!
//! Dropping a consumer waits until the group is left, for ever if librdkafka does not get to that, as where brokers are
//! away. That is left to a thread that ends with the process.

use std::ops::Deref;
use std::thread::Builder;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::types::RDKafka;

use super::callbacks::Callbacks;
use crate::ffi::Native;

pub(super) struct GroupClient(Option<BaseConsumer<Callbacks>>);

impl GroupClient {
    pub(super) fn new(consumer: BaseConsumer<Callbacks>) -> Self {
        GroupClient(Some(consumer))
    }
}

impl Deref for GroupClient {
    type Target = BaseConsumer<Callbacks>;

    fn deref(&self) -> &Self::Target {
        self.0.as_ref().expect("it is taken when it is dropped only")
    }
}

impl Native for GroupClient {
    fn native(&self) -> *mut RDKafka {
        self.client().native_ptr()
    }
}

impl Drop for GroupClient {
    fn drop(&mut self) {
        if let Some(consumer) = self.0.take().filter(|consumer| !consumer.closed()) {
            // Without a thread it is dropped here.
            let _ = Builder::new().name("kafka-leaving".into()).spawn(move || drop(consumer));
        }
    }
}
