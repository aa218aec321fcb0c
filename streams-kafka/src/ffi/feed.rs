//! Reading a partition from its own queue, many records per call.

use std::collections::VecDeque;
use std::os::raw::c_void;
use std::ptr;
use std::slice;
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::bindings as sys;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::types::RDKafkaRespErr;
use streams_core::ids::Offset;
use streams_core::log::Wakeup;

use super::{Handle, TopicRef};

/// Records taken from a queue at once.
const BATCH: usize = 1000;

/// A client to fetch with. It must be a consumer that has no group.
pub(crate) struct FetchClient {
    handle: Handle,
    /// librdkafka allows one batch call at a time for each client; whoever makes it has this.
    turn: Mutex<()>,
}

impl FetchClient {
    pub(crate) fn new(handle: Handle) -> Self {
        FetchClient { handle, turn: Mutex::new(()) }
    }
}

/// One partition that is being fetched. A client has at most one of each partition.
pub(crate) struct Feed {
    /// Taken from the queue and not handed out yet; goes first.
    taken: VecDeque<Message>,
    topic: TopicRef,
    partition: i32,
    queue: *mut sys::rd_kafka_queue_t,
    wakeup: *const Wakeup,
    client: Arc<FetchClient>,
}

// SAFETY: librdkafka's queues and topics may be used in any thread, and `wakeup` came from an `Arc` of a type that is
// `Send` and `Sync`.
unsafe impl Send for Feed {}

impl Feed {
    /// Begins to fetch at `offset`; `wakeup` is rung when the queue is no longer empty.
    pub(crate) fn start(
        client: &Arc<FetchClient>,
        topic: &str,
        partition: i32,
        offset: Offset,
        wakeup: &Arc<Wakeup>,
    ) -> Result<Feed, RDKafkaErrorCode> {
        // Negative ones are special to librdkafka, and it leaks the topic of one that it does not know.
        if offset < 0 {
            return Err(RDKafkaErrorCode::OffsetOutOfRange);
        }
        let topic = TopicRef::new(&client.handle, topic).ok_or(RDKafkaErrorCode::InvalidTopic)?;
        // SAFETY: client and topic are held by the feed, which stops fetching and destroys the queue before it lets
        // go of them. The callback gets a pointer that stays valid until `drop` has taken the callback away.
        unsafe {
            let queue = sys::rd_kafka_queue_new(client.handle.native());
            let wakeup = Arc::into_raw(Arc::clone(wakeup));
            sys::rd_kafka_queue_cb_event_enable(queue, Some(ring), wakeup as *mut c_void);
            let feed =
                Feed { taken: VecDeque::new(), topic, partition, queue, wakeup, client: Arc::clone(client) };
            match sys::rd_kafka_consume_start_queue(feed.topic.as_ptr(), partition, offset, queue) {
                0 => Ok(feed),
                _ => Err(sys::rd_kafka_last_error().into()),
            }
        }
    }

    /// The next record or notice, if there is one. Does not wait.
    #[inline]
    pub(crate) fn next(&mut self) -> Option<Message> {
        if self.taken.is_empty() {
            self.refill();
        }
        self.taken.pop_front()
    }

    /// Offset behind the last record of the partition, committed or not, as the last fetch told; `None` before one.
    pub(crate) fn high_watermark(&self) -> Option<Offset> {
        let (mut low, mut high) = (-1, -1);
        // SAFETY: the client and its topic are held; the name is the topic's own; the numbers are set by the call.
        let error = unsafe {
            let name = sys::rd_kafka_topic_name(self.topic.as_ptr());
            let client = self.topic.client().native();
            sys::rd_kafka_get_watermark_offsets(client, name, self.partition, &mut low, &mut high)
        };
        (error == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0).then_some(high)
    }

    fn refill(&mut self) {
        let mut buffer = [ptr::null_mut::<sys::rd_kafka_message_t>(); BATCH];
        let turn = self.client.turn.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the buffer has room for BATCH pointers; the lock makes this the only batch call on the client; with
        // a timeout of 0 the call does not wait.
        let count = unsafe { sys::rd_kafka_consume_batch_queue(self.queue, 0, buffer.as_mut_ptr(), BATCH) };
        drop(turn);
        let count = usize::try_from(count).unwrap_or(0);
        self.taken.extend(buffer[..count].iter().map(|message| Message(*message)));
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.taken.clear();
        // SAFETY: started in `start`; stopping waits until nothing is put into the queue any more. Callbacks run
        // under the queue's lock, so that none is under way when it was taken away; only then the wakeup goes.
        unsafe {
            sys::rd_kafka_consume_stop(self.topic.as_ptr(), self.partition);
            sys::rd_kafka_queue_cb_event_enable(self.queue, None, ptr::null_mut());
            sys::rd_kafka_queue_destroy(self.queue);
            drop(Arc::from_raw(self.wakeup));
        }
    }
}

/// # Safety
/// `wakeup` points to a `Wakeup` that is alive during the call.
unsafe extern "C" fn ring(_: *mut sys::rd_kafka_t, wakeup: *mut c_void) {
    // SAFETY: by the contract of this function; `Feed` keeps it alive while the callback is set.
    unsafe { (*wakeup.cast::<Wakeup>()).ring() }
}

/// A record that was fetched, or a notice about the partition. It holds the memory of the whole response that it came
/// in: copy and drop it soon, and before the feed that it came from, which keeps the client alive.
pub(crate) struct Message(*mut sys::rd_kafka_message_t);

// SAFETY: messages may be read and destroyed in any thread, by one at a time.
unsafe impl Send for Message {}

impl Message {
    /// What the notice is about; `None` for a record.
    #[inline]
    pub(crate) fn error(&self) -> Option<RDKafkaErrorCode> {
        match self.raw().err {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR => None,
            error => Some(error.into()),
        }
    }

    #[inline]
    pub(crate) fn offset(&self) -> Offset {
        self.raw().offset
    }

    #[inline]
    pub(crate) fn key(&self) -> Option<&[u8]> {
        let raw = self.raw();
        // SAFETY: librdkafka gives a pointer with the length of the bytes behind it, valid as long as the message.
        (!raw.key.is_null()).then(|| unsafe { slice::from_raw_parts(raw.key.cast::<u8>(), raw.key_len) })
    }

    /// The record's value, or the text of a notice.
    #[inline]
    pub(crate) fn value(&self) -> Option<&[u8]> {
        let raw = self.raw();
        // SAFETY: as for the key.
        (!raw.payload.is_null()).then(|| unsafe { slice::from_raw_parts(raw.payload.cast::<u8>(), raw.len) })
    }

    /// −1 if the record has none.
    #[inline]
    pub(crate) fn timestamp(&self) -> i64 {
        // SAFETY: the message is alive; the kind of the timestamp is not asked for.
        unsafe { sys::rd_kafka_message_timestamp(self.0, ptr::null_mut()) }
    }

    /// Calls `each` with every header in order.
    #[inline]
    pub(crate) fn headers(&self, mut each: impl FnMut(&[u8], Option<&[u8]>)) {
        let mut headers = ptr::null_mut();
        // SAFETY: the message is alive; the headers stay its own.
        let found = unsafe { sys::rd_kafka_message_headers(self.0, &mut headers) };
        if found != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
            return;
        }
        let (mut name, mut value, mut len) = (ptr::null(), ptr::null(), 0);
        for index in 0.. {
            // SAFETY: the headers are alive; past the last one the call fails and sets nothing. A name ends with a
            // zero, a value that is not null has `len` bytes.
            unsafe {
                let got = sys::rd_kafka_header_get_all(headers, index, &mut name, &mut value, &mut len);
                if got != RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
                    return;
                }
                let value = (!value.is_null()).then(|| slice::from_raw_parts(value.cast::<u8>(), len));
                each(std::ffi::CStr::from_ptr(name).to_bytes(), value);
            }
        }
    }

    #[inline]
    fn raw(&self) -> &sys::rd_kafka_message_t {
        // SAFETY: the pointer came from librdkafka and is destroyed with `self` only.
        unsafe { &*self.0 }
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        // SAFETY: owned, and destroyed once.
        unsafe { sys::rd_kafka_message_destroy(self.0) }
    }
}
