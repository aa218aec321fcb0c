//! What is committed besides an offset: the bytes Kafka Streams puts into the offset's metadata (formats section 5).

use crate::time::{Timestamp, UNKNOWN};

/// Version of the layout.
const MAGIC: u8 = 2;

/// Partition time, and the progress of operators that must survive a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) partition_time: Timestamp,
    pub(crate) operators: Vec<(String, i64)>,
}

impl Progress {
    /// Nothing known.
    pub(crate) const fn unknown() -> Self {
        Progress { partition_time: UNKNOWN, operators: Vec::new() }
    }

    /// The metadata text.
    pub(crate) fn encode(&self) -> String {
        let mut bytes = vec![MAGIC];
        bytes.extend_from_slice(&self.partition_time.to_be_bytes());
        if !self.operators.is_empty() {
            bytes.extend_from_slice(&(self.operators.len() as i32).to_be_bytes());
            for (name, value) in &self.operators {
                bytes.extend_from_slice(&(name.len() as i32).to_be_bytes());
                bytes.extend_from_slice(name.as_bytes());
                bytes.extend_from_slice(&value.to_be_bytes());
            }
        }
        base64_encode(&bytes)
    }

    /// Reads metadata leniently, as Kafka Streams does: what cannot be read is unknown, never an error.
    pub(crate) fn decode(metadata: &str) -> Self {
        let bytes = base64_decode(metadata).unwrap_or_default();
        let Some((&magic, rest)) = bytes.split_first() else {
            return Self::unknown();
        };
        let Some((time, rest)) = rest.split_first_chunk::<8>() else {
            return Self::unknown();
        };
        if !matches!(magic, 1 | MAGIC) {
            return Self::unknown();
        }
        let operators = if magic == MAGIC { decode_operators(rest).unwrap_or_default() } else { Vec::new() };
        Progress { partition_time: i64::from_be_bytes(*time), operators }
    }
}

fn decode_operators(rest: &[u8]) -> Option<Vec<(String, i64)>> {
    let (count, mut rest) = rest.split_first_chunk::<4>()?;
    let mut operators = Vec::new();
    for _ in 0..i32::from_be_bytes(*count).max(0) {
        let (len, tail) = rest.split_first_chunk::<4>()?;
        let (name, tail) = tail.split_at_checked(usize::try_from(i32::from_be_bytes(*len)).ok()?)?;
        let (value, tail) = tail.split_first_chunk::<8>()?;
        operators.push((String::from_utf8(name.to_vec()).ok()?, i64::from_be_bytes(*value)));
        rest = tail;
    }
    Some(operators)
}

/// Digits of Base64.
pub(super) const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64_encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, &b| (word << 8) | u32::from(b)) << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let digit = ALPHABET[(word >> (18 - 6 * index)) as usize & 63];
            text.push(if index <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

fn base64_decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').as_bytes();
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for chunk in digits.chunks(4) {
        let mut word = 0u32;
        for &digit in chunk {
            word = (word << 6) | ALPHABET.iter().position(|&a| a == digit)? as u32;
        }
        word <<= 6 * (4 - chunk.len());
        bytes.extend_from_slice(&word.to_be_bytes()[1..chunk.len()]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_that_of_kafka_streams() {
        let of = |partition_time, operators| Progress { partition_time, operators };
        let vectors = [
            (of(1_700_000_000_000, vec![]), "AgAAAYvP5WgA"),
            (of(-1, vec![]), "Av//////////"),
            (of(1000, vec![("emit".to_owned(), 123)]), "AgAAAAAAAAPoAAAAAQAAAARlbWl0AAAAAAAAAHs="),
        ];
        for (progress, text) in vectors {
            assert_eq!(progress.encode(), text);
            assert_eq!(Progress::decode(text), progress);
        }
    }

    #[test]
    fn unreadable_metadata_is_unknown_and_no_error() {
        for text in ["", "no base64 !", "CQ==", "Ag=="] {
            assert_eq!(Progress::decode(text), Progress::unknown(), "{text}");
        }
    }
}
