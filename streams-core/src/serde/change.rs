//! Changes of a table as they lie in repartition topics (rule F-6).
//!
//! The last byte says what there is: 0 the old value, 1 the new one, 2 both, the new one first behind its length.
//! 3, 4 and 5 are the same with one more byte before the last; they are read, not written.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::operators::Change;
use crate::serde::{Serde, SerdeRef};

const ONLY_OLD: u8 = 0;
const ONLY_NEW: u8 = 1;
const BOTH: u8 = 2;
/// Added to the three above where a byte tells whether the new value is the latest.
const WITH_LATEST: u8 = 3;

struct ChangeSerde<V: 'static>(SerdeRef<V>);

/// Changes of a table by the serde of its values.
pub(crate) fn changes<V: 'static>(value: SerdeRef<V>) -> SerdeRef<Change<V>> {
    Arc::new(ChangeSerde(value))
}

impl<V: 'static> Serde<Change<V>> for ChangeSerde<V> {
    fn serialize(&self, change: &Change<V>, out: &mut Vec<u8>) -> Result<()> {
        let flag = match (&change.new, &change.old) {
            (Some(new), Some(old)) => {
                let start = out.len();
                self.0.serialize(new, out)?;
                insert_length(out, start);
                self.0.serialize(old, out)?;
                BOTH
            }
            (Some(new), None) => {
                self.0.serialize(new, out)?;
                ONLY_NEW
            }
            (None, Some(old)) => {
                self.0.serialize(old, out)?;
                ONLY_OLD
            }
            (None, None) => {
                return Err(Error::new(
                    ErrorKind::Serde,
                    "a change of a table without an old and without a new value has no bytes",
                ));
            }
        };
        out.push(flag);
        Ok(())
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<Change<V>> {
        let wrong = |what: &str| Error::new(ErrorKind::Serde, format!("a change of a table {what}"));
        let (&flag, mut rest) =
            bytes.split_last().ok_or_else(|| wrong("is at least 1 byte, this is none"))?;
        let kind = if flag < WITH_LATEST {
            flag
        } else {
            rest = rest.split_last().ok_or_else(|| wrong("that ends in 3, 4 or 5 is at least 2 bytes"))?.1;
            flag - WITH_LATEST
        };
        let read = |bytes: &[u8]| self.0.deserialize(bytes).map(Some);
        match kind {
            ONLY_OLD => Ok(Change { new: None, old: read(rest)? }),
            ONLY_NEW => Ok(Change { new: read(rest)?, old: None }),
            BOTH => {
                let (new, old) = split_by_length(rest).ok_or_else(|| wrong("is shorter than it says"))?;
                Ok(Change { new: read(new)?, old: read(old)? })
            }
            _ => Err(wrong(&format!("ends in 0 to 5, this one in {flag}"))),
        }
    }
}

/// Puts the length of what lies behind `start` before it, as a varint in zig-zag form.
fn insert_length(out: &mut Vec<u8>, start: usize) {
    let mut rest = (out.len() - start) as u64 * 2;
    let mut varint = [0; 10];
    let mut len = 0;
    while rest >= 0x80 {
        varint[len] = rest as u8 | 0x80;
        rest >>= 7;
        len += 1;
    }
    varint[len] = rest as u8;
    out.splice(start..start, varint[..=len].iter().copied());
}

/// Both values of `bytes`: the first has its length, a zig-zag varint, before it.
fn split_by_length(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut raw = 0_u64;
    for (index, &byte) in bytes.iter().take(5).enumerate() {
        raw |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            // An odd number is a negative length.
            let len = raw.is_multiple_of(2).then_some(raw / 2)?;
            return bytes[index + 1..].split_at_checked(usize::try_from(len).ok()?);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::serde::DefaultSerde;

    fn bytes(new: Option<&str>, old: Option<&str>) -> Vec<u8> {
        let change = Change { new: new.map(str::to_owned), old: old.map(str::to_owned) };
        let mut out = Vec::new();
        changes(String::serde()).serialize(&change, &mut out).unwrap();
        out
    }

    #[test]
    fn bytes_are_those_of_kafka_streams() {
        assert_eq!(bytes(Some("x1"), None), [0x78, 0x31, 0x01]);
        assert_eq!(bytes(None, Some("x1")), [0x78, 0x31, 0x00]);
        assert_eq!(bytes(Some("x2"), Some("x1")), [0x04, 0x78, 0x32, 0x78, 0x31, 0x02]);
        assert_eq!(bytes(Some(&"n".repeat(70)), Some("o"))[..2], [0x8c, 0x01]);
        assert_eq!(bytes(Some(&"n".repeat(71)), Some("o"))[..2], [0x8e, 0x01]);
    }

    #[test]
    fn a_change_of_nothing_and_bytes_that_are_none_are_errors() {
        let serde = changes(String::serde());
        assert!(serde.serialize(&Change { new: None, old: None }, &mut Vec::new()).is_err());
        for bytes in
            [&[][..], &[6], &[3], &[9, 120, 2], &[1, 120, 120, 2], &[0xff, 0xff, 0xff, 0xff, 0xff, 2]]
        {
            assert!(serde.deserialize(bytes).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_also_with_a_byte_that_tells_whether_it_is_the_latest(
            new in proptest::option::of(".{0,200}"), old in proptest::option::of(".{0,200}"), latest in 0..=1_u8
        ) {
            prop_assume!(new.is_some() || old.is_some());
            let mut written = bytes(new.as_deref(), old.as_deref());
            let change = Change { new, old };
            let serde = changes(String::serde());
            prop_assert_eq!(&serde.deserialize(&written).unwrap(), &change);
            let flag = written.pop().unwrap_or_default();
            written.extend([latest, flag + WITH_LATEST]);
            prop_assert_eq!(&serde.deserialize(&written).unwrap(), &change);
        }

        #[test]
        fn any_bytes_are_a_change_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = changes(String::serde()).deserialize(&bytes);
        }
    }
}
