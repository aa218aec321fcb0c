//! What the records of a table's topic are in its store, for restoring the store from the topic.

use std::sync::Arc;

use crate::error::Result;
use crate::operators::source::{Decoder, SourceRows};
use crate::record::{EncodedHeaders, RecordBatch, RecordView};
use crate::serde::{SerdeRef, to_bytes};
use crate::time::StreamTime;

/// Does to a record what the table's source and store did when it was processed. Kafka Streams takes the topic's bytes
/// as they are, so that rows may be there after a restore that were not there before: of records that could not be
/// read, or with other times.
///
/// An extractor that looks at the partition's time sees that of the records restored so far.
pub(crate) struct TableRows<K: 'static, V: 'static> {
    pub(crate) decoder: Arc<Decoder<Option<K>, Option<V>>>,
    /// The serdes of the store.
    pub(crate) key: SerdeRef<K>,
    pub(crate) value: SerdeRef<V>,
}

impl<K: 'static, V: 'static> SourceRows for TableRows<K, V> {
    fn read(&self, raw: RecordView<'_>, time: &mut StreamTime, rows: &mut RecordBatch) -> Result<()> {
        // A record that cannot be read was judged by the policy when it was processed; its position is committed, so it
        // was left out.
        let Ok(record) = self.decoder.read(raw, time.get()) else { return Ok(()) };
        if record.timestamp < 0 {
            return Ok(());
        }
        time.advance(record.timestamp);
        let Some(key) = &record.key else { return Ok(()) };
        let (mut key_bytes, mut value_bytes) = (Vec::new(), Vec::new());
        self.key.serialize(key, &mut key_bytes)?;
        let value = match &record.value {
            Some(value) => to_bytes(&*self.value, value, &mut value_bytes)?,
            None => None,
        };
        rows.push(RecordView {
            offset: raw.offset,
            timestamp: record.timestamp,
            key: Some(&key_bytes),
            value,
            headers: EncodedHeaders::default(),
        });
        Ok(())
    }
}
