//! Producing with a handle of the topic: no lookup of its name per record.

use std::ffi::CString;
use std::os::raw::c_void;
use std::ptr;
use std::time::Duration;

use rdkafka::bindings as sys;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::types::RDKafkaRespErr;
use streams_core::record::EncodedHeaders;

use super::Handle;
use super::transaction::millis;

/// A topic of one client.
pub(crate) struct TopicRef {
    topic: *mut sys::rd_kafka_topic_t,
    client: Handle,
}

// SAFETY: librdkafka's topics may be used and destroyed in any thread.
unsafe impl Send for TopicRef {}
// SAFETY: as above; nothing in here changes.
unsafe impl Sync for TopicRef {}

impl TopicRef {
    /// A handle of this topic, whether it exists or not. `None` if the name cannot be one.
    pub(crate) fn new(client: &Handle, name: &str) -> Option<TopicRef> {
        let name = CString::new(name).ok()?;
        // SAFETY: client and name are valid during the call; without a configuration the client's is used.
        let topic = unsafe { sys::rd_kafka_topic_new(client.native(), name.as_ptr(), ptr::null_mut()) };
        (!topic.is_null()).then(|| TopicRef { topic, client: client.clone() })
    }

    /// As `new`, the first of this topic in a producer: records that were not written after `timeout` are thrown away,
    /// and reported as `MessageTimedOut`. `None` also if the producer lets records wait for longer than that.
    pub(crate) fn expiring(client: &Handle, name: &str, timeout: Duration) -> Option<TopicRef> {
        let name = CString::new(name).ok()?;
        let millis = CString::new(millis(timeout).to_string()).ok()?;
        // SAFETY: client and strings are valid during the calls, and no error text is asked for. The configuration is
        // ours until `rd_kafka_topic_new` takes it, which it does whether it succeeds or not.
        let topic = unsafe {
            let config = sys::rd_kafka_default_topic_conf_dup(client.native());
            let key = c"message.timeout.ms".as_ptr();
            sys::rd_kafka_topic_conf_set(config, key, millis.as_ptr(), ptr::null_mut(), 0);
            sys::rd_kafka_topic_new(client.native(), name.as_ptr(), config)
        };
        (!topic.is_null()).then(|| TopicRef { topic, client: client.clone() })
    }

    pub(super) fn as_ptr(&self) -> *mut sys::rd_kafka_topic_t {
        self.topic
    }

    pub(super) fn client(&self) -> &Handle {
        &self.client
    }
}

impl Drop for TopicRef {
    fn drop(&mut self) {
        // SAFETY: made by `rd_kafka_topic_new` and destroyed once; the client is still held.
        unsafe { sys::rd_kafka_topic_destroy(self.topic) }
    }
}

/// A record on its way out.
pub(crate) struct Outgoing<'a> {
    pub(crate) partition: i32,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    /// 0 stands for now.
    pub(crate) timestamp: i64,
    pub(crate) headers: EncodedHeaders<'a>,
    /// Comes back with the delivery report.
    pub(crate) opaque: usize,
}

/// Puts a copy of the record into the producer's queue. `topic` must be of a producer.
#[inline]
pub(crate) fn produce(topic: &TopicRef, record: &Outgoing<'_>) -> Result<(), RDKafkaErrorCode> {
    use sys::rd_kafka_vtype_t::*;
    let (key, key_len) = raw(record.key);
    let (value, value_len) = raw(record.value);
    let headers = native_headers(record.headers);
    // SAFETY: the arguments are pairs of a tag and what C expects for it, with the END tag last; key and value are
    // copied (F_COPY) before the call returns; the topic is of this client.
    let error = unsafe {
        sys::rd_kafka_producev(
            topic.client.native(),
            RD_KAFKA_VTYPE_RKT,
            topic.topic,
            RD_KAFKA_VTYPE_PARTITION,
            record.partition,
            RD_KAFKA_VTYPE_MSGFLAGS,
            sys::RD_KAFKA_MSG_F_COPY,
            RD_KAFKA_VTYPE_VALUE,
            value,
            value_len,
            RD_KAFKA_VTYPE_KEY,
            key,
            key_len,
            RD_KAFKA_VTYPE_OPAQUE,
            record.opaque as *mut c_void,
            RD_KAFKA_VTYPE_TIMESTAMP,
            record.timestamp,
            RD_KAFKA_VTYPE_HEADERS,
            headers,
            RD_KAFKA_VTYPE_END,
        )
    };
    if error == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR {
        return Ok(());
    }
    if !headers.is_null() {
        // SAFETY: made above; only a record that was taken takes its headers along.
        unsafe { sys::rd_kafka_headers_destroy(headers) }
    }
    Err(error.into())
}

fn raw(bytes: Option<&[u8]>) -> (*mut c_void, usize) {
    bytes.map_or((ptr::null_mut(), 0), |bytes| (bytes.as_ptr() as *mut c_void, bytes.len()))
}

/// Null if there are none.
fn native_headers(headers: EncodedHeaders<'_>) -> *mut sys::rd_kafka_headers_t {
    if headers.0.is_empty() {
        return ptr::null_mut();
    }
    // SAFETY: names and values are copied by `rd_kafka_header_add`, with the lengths that stand beside them; a null
    // value is a null header value.
    unsafe {
        let native = sys::rd_kafka_headers_new(4);
        for (name, value) in headers.iter() {
            let (bytes, len) = raw(value);
            let name_len = name.len() as isize;
            sys::rd_kafka_header_add(native, name.as_ptr().cast(), name_len, bytes, len as isize);
        }
        native
    }
}
