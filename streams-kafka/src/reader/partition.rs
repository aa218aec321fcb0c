//! The reader of one partition: copies records into the batch and lets go of what they were fetched in.

use std::sync::Arc;

use rdkafka::error::RDKafkaErrorCode as Code;
use streams_core::ids::{Offset, TopicPartition};
use streams_core::log::{PartitionReader, Wakeup};
use streams_core::record::{EncodedHeaders, RecordBatch, RecordView, encode_header};
use streams_core::{ErrorKind, Result};

use super::Client;
use crate::error::{failed, kind};
use crate::ffi::{Feed, Message};

pub(crate) struct Reader {
    /// Fetching; `None` after a seek, until the next read.
    feed: Option<Feed>,
    partition: TopicPartition,
    position: Offset,
    /// Where the broker said last that there is nothing more.
    at_end: Option<Offset>,
    /// Why nothing can be read before a seek.
    failure: Option<(Code, String)>,
    headers: Vec<u8>,
    wakeup: Arc<Wakeup>,
    client: Arc<Client>,
}

impl Reader {
    /// A reader that has not begun, of a partition that was taken from the client for it.
    pub(super) fn new(
        client: Arc<Client>,
        partition: &TopicPartition,
        from: Offset,
        wakeup: &Arc<Wakeup>,
    ) -> Self {
        Reader {
            feed: None,
            partition: partition.clone(),
            position: from,
            at_end: None,
            failure: None,
            headers: Vec::new(),
            wakeup: Arc::clone(wakeup),
            client,
        }
    }

    pub(super) fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Begins to fetch at the position.
    pub(super) fn start(&mut self) -> Result<()> {
        // The old one has to stop first: librdkafka knows one of each partition.
        self.feed = None;
        let TopicPartition { topic, partition } = &self.partition;
        let number = *partition as i32;
        let feed = Feed::start(&self.client.fetch, topic, number, self.position, &self.wakeup)
            .map_err(|code| failed(format!("reading {} from {}", self.partition, self.position), code))?;
        self.feed = Some(feed);
        Ok(())
    }

    /// Follows a notice; whether reading may go on.
    #[cold]
    fn notice(&mut self, code: Code, message: &Message) -> bool {
        let text = || String::from_utf8_lossy(message.value().unwrap_or_default()).into_owned();
        match code {
            Code::PartitionEOF => {
                self.position = self.position.max(message.offset());
                self.at_end = Some(self.position);
                true
            }
            Code::AutoOffsetReset | Code::OffsetOutOfRange => {
                self.feed = None;
                match self.client.range(&self.partition) {
                    // A leader that has just taken over may not know better.
                    Some((start, end)) if (start..=end).contains(&self.position) => {
                        tracing::warn!(partition = %self.partition, position = self.position, start, end,
                            "the broker says that the position is out of range, and that it is not: again");
                        return false;
                    }
                    Some((start, end)) => self.failure = Some((code, format!("it holds {start} to {end}"))),
                    None => self.failure = Some((code, text())),
                }
                false
            }
            Code::UnknownTopicOrPartition
            | Code::UnknownTopic
            | Code::UnknownPartition
            | Code::TopicAuthorizationFailed => {
                self.failure = Some((code, text()));
                false
            }
            // The client gets over it by itself.
            other => {
                tracing::debug!(partition = %self.partition, error = %other, "while fetching: {}", text());
                true
            }
        }
    }

    #[inline]
    fn copy(&mut self, message: &Message, batch: &mut RecordBatch) -> usize {
        self.headers.clear();
        let headers = &mut self.headers;
        message.headers(|name, value| encode_header(&String::from_utf8_lossy(name), value, headers));
        let (key, value) = (message.key(), message.value());
        batch.push(RecordView {
            offset: message.offset(),
            timestamp: message.timestamp(),
            key,
            value,
            headers: EncodedHeaders(&self.headers),
        });
        self.position = message.offset() + 1;
        key.map_or(0, <[u8]>::len) + value.map_or(0, <[u8]>::len) + self.headers.len()
    }
}

impl PartitionReader for Reader {
    fn read(&mut self, batch: &mut RecordBatch, max_bytes: usize) -> Result<usize> {
        let (mut count, mut bytes) = (0, 0);
        if self.failure.is_none() && self.feed.is_none() {
            self.start()?;
        }
        while self.failure.is_none() && (count == 0 || bytes < max_bytes) {
            let Some(message) = self.feed.as_mut().and_then(Feed::next) else { break };
            if let Some(code) = message.error() {
                if !self.notice(code, &message) {
                    break;
                }
            } else if message.offset() >= self.position {
                bytes += self.copy(&message, batch);
                count += 1;
            }
        }
        match &self.failure {
            // What came before the failure is handed out first.
            Some((code, text)) if count == 0 => {
                let (partition, position) = (&self.partition, self.position);
                let what = match kind(*code) {
                    ErrorKind::OffsetOutOfRange => format!(
                        "reading {partition} at offset {position}, which is not there ({text}): seek to one that is"
                    ),
                    _ => format!("reading {partition} at offset {position} ({text})"),
                };
                Err(failed(what, *code))
            }
            _ => Ok(count),
        }
    }

    fn position(&self) -> Offset {
        self.position
    }

    fn seek(&mut self, offset: Offset) {
        self.feed = None;
        self.position = offset;
        (self.at_end, self.failure) = (None, None);
    }

    fn end(&self) -> Option<Offset> {
        match self.at_end {
            Some(end) if end == self.position => Some(end),
            // With transactions the last offset is a marker, which is passed when the broker says that nothing is left.
            _ => self.feed.as_ref()?.high_watermark().map(|end| end.max(self.position)),
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.feed = None;
        self.client.taken().remove(&self.partition);
    }
}
