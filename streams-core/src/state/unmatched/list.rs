//! The bytes of unmatched records (formats 3.5).
//!
//! Row: 8 bytes of time, the side (left 1, right 0), key. Value: the byte 1, the number of values, and each value
//! with its length before it and its side as its first byte. All numbers are big-endian.

use crate::error::{Error, ErrorKind, Result};
use crate::serde::{Serde, SerdeRef};
use crate::state::entries::KeyBytes;
use crate::time::Timestamp;

/// The side of a join that a record came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Says that the lengths of values vary, in Kafka's list serde.
const VARIABLE: u8 = 1;

impl Side {
    fn byte(self) -> u8 {
        match self {
            Side::Left => 1,
            Side::Right => 0,
        }
    }
}

/// The value of a record of one side.
#[derive(Clone)]
pub(super) enum OneSide<V1, V2> {
    Left(V1),
    Right(V2),
}

pub(super) struct ListSerde<V1: 'static, V2: 'static> {
    pub(super) left: SerdeRef<V1>,
    pub(super) right: SerdeRef<V2>,
}

impl<V1, V2> Clone for ListSerde<V1, V2> {
    fn clone(&self) -> Self {
        ListSerde { left: self.left.clone(), right: self.right.clone() }
    }
}

impl<V1: 'static, V2: 'static> ListSerde<V1, V2> {
    fn write_one(&self, value: &OneSide<V1, V2>, out: &mut Vec<u8>) -> Result<()> {
        match value {
            OneSide::Left(value) => write(Side::Left, &*self.left, value, out),
            OneSide::Right(value) => write(Side::Right, &*self.right, value, out),
        }
    }
}

impl<V1: 'static, V2: 'static> Serde<Vec<OneSide<V1, V2>>> for ListSerde<V1, V2> {
    fn serialize(&self, values: &Vec<OneSide<V1, V2>>, out: &mut Vec<u8>) -> Result<()> {
        begin(values.len(), out)?;
        values.iter().try_for_each(|value| self.write_one(value, out))
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<Vec<OneSide<V1, V2>>> {
        let Some((&VARIABLE, rest)) = bytes.split_first() else { return Err(damaged()) };
        let (count, mut rest) = number(rest)?;
        let mut values = Vec::new();
        for _ in 0..count {
            let (len, behind) = number(rest)?;
            let (value, behind) = behind.split_at_checked(len).ok_or_else(damaged)?;
            rest = behind;
            values.push(match value.split_first() {
                Some((1, value)) => OneSide::Left(self.left.deserialize(value)?),
                Some((0, value)) => OneSide::Right(self.right.deserialize(value)?),
                _ => return Err(damaged()),
            });
        }
        Ok(values)
    }
}

/// Writes the list of values of one side.
pub(super) fn write_list<'a, V: 'static>(
    side: Side,
    serde: &dyn Serde<V>,
    values: impl ExactSizeIterator<Item = &'a V>,
    out: &mut Vec<u8>,
) -> Result<()> {
    begin(values.len(), out)?;
    for value in values {
        write(side, serde, value, out)?;
    }
    Ok(())
}

/// The row of a time, side and key.
pub(super) fn row_key(time: Timestamp, side: Side, key: &[u8]) -> KeyBytes {
    let mut row = Vec::with_capacity(9 + key.len());
    row.extend_from_slice(&time.to_be_bytes());
    row.push(side.byte());
    row.extend_from_slice(key);
    KeyBytes::from(row.as_slice())
}

/// Time and key of a row.
pub(super) fn split_row_key(row: &[u8]) -> Result<(Timestamp, &[u8])> {
    let (time, rest) = row.split_first_chunk::<8>().ok_or_else(damaged)?;
    let (_, key) = rest.split_first().ok_or_else(damaged)?;
    Ok((Timestamp::from_be_bytes(*time), key))
}

fn begin(count: usize, out: &mut Vec<u8>) -> Result<()> {
    out.push(VARIABLE);
    out.extend_from_slice(&length(count)?);
    Ok(())
}

fn write<V: 'static>(side: Side, serde: &dyn Serde<V>, value: &V, out: &mut Vec<u8>) -> Result<()> {
    let at = out.len();
    out.extend_from_slice(&[0, 0, 0, 0, side.byte()]);
    serde.serialize(value, out)?;
    let len = length(out.len() - at - 4)?;
    out[at..at + 4].copy_from_slice(&len);
    Ok(())
}

fn length(len: usize) -> Result<[u8; 4]> {
    i32::try_from(len).map(i32::to_be_bytes).map_err(|_| {
        Error::new(ErrorKind::TooLarge, "a list of unmatched records would be larger than 2 GiB")
    })
}

fn number(bytes: &[u8]) -> Result<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>().ok_or_else(damaged)?;
    let number = usize::try_from(i32::from_be_bytes(*number)).map_err(|_| damaged())?;
    Ok((number, rest))
}

#[cold]
fn damaged() -> Error {
    Error::new(
        ErrorKind::Corrupt,
        "a row of unmatched records of a join is damaged; wipe the local state to restore it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serde::DefaultSerde;

    fn serde() -> ListSerde<String, String> {
        ListSerde { left: String::serde(), right: String::serde() }
    }

    #[test]
    fn rows_have_the_bytes_of_kafka_streams() {
        let mut out = Vec::new();
        let values = ["x".to_owned(), "x2".to_owned()];
        write_list(Side::Left, &*String::serde(), values.iter(), &mut out).unwrap();
        assert_eq!(out, [1, 0, 0, 0, 2, 0, 0, 0, 2, 1, b'x', 0, 0, 0, 3, 1, b'x', b'2']);
        assert_eq!(&*row_key(1100, Side::Right, b"B"), [0, 0, 0, 0, 0, 0, 4, 0x4c, 0, 0x42]);
    }

    #[test]
    fn lists_can_be_read_again_and_cut_ones_are_damaged() {
        let list = vec![OneSide::Left("a".to_owned()), OneSide::Right(String::new())];
        let mut out = Vec::new();
        serde().serialize(&list, &mut out).unwrap();
        let read = serde().deserialize(&out).unwrap();
        assert!(matches!(&read[..], [OneSide::Left(a), OneSide::Right(b)] if a == "a" && b.is_empty()));
        for len in 0..out.len() {
            assert!(serde().deserialize(&out[..len]).is_err(), "{len}");
        }
    }
}
