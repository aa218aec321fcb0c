//! Windowed keys as they lie in topics.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::serde::{Serde, SerdeRef};
use crate::time::millis;
use crate::windows::{Window, Windowed};

/// Key bytes, then the window's start as 8 bytes (Kafka's `TimeWindowedSerde`). The end is not in the bytes, so
/// the size must be known; the key must not be null.
#[derive(Clone)]
pub struct TimeWindowedSerde<K: 'static> {
    key: SerdeRef<K>,
    size_ms: i64,
}

/// Windowed keys of windows of this size, by the serde of the key.
pub fn time_windowed<K: 'static>(key: SerdeRef<K>, size: Duration) -> SerdeRef<Windowed<K>> {
    Arc::new(TimeWindowedSerde { key, size_ms: millis(size) })
}

impl<K: 'static> Serde<Windowed<K>> for TimeWindowedSerde<K> {
    fn serialize(&self, value: &Windowed<K>, out: &mut Vec<u8>) -> Result<()> {
        self.key.serialize(&value.key, out)?;
        out.extend_from_slice(&value.window.start.to_be_bytes());
        Ok(())
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<Windowed<K>> {
        let Some((key, start)) = bytes.split_last_chunk::<8>() else {
            return Err(Error::new(
                ErrorKind::Serde,
                format!("a windowed key ends in 8 bytes of window start, these are {} bytes", bytes.len()),
            ));
        };
        let start = i64::from_be_bytes(*start);
        let window = Window { start, end: start.saturating_add(self.size_ms) };
        Ok(Windowed { key: self.key.deserialize(key)?, window })
    }

    fn partition_suffix(&self) -> usize {
        8
    }
}
