//! Integers as bytes: LEB128 for what is usually small, and the strings and options made of them.
//!
//! Decoders return `None` on bytes that are cut short or cannot be what they should be; they never panic.

/// Appends `value` in 1 to 10 bytes.
#[inline]
pub(super) fn put_u64(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed value so that small magnitudes stay short.
#[inline]
pub(super) fn put_i64(out: &mut Vec<u8>, value: i64) {
    put_u64(out, zigzag(value));
}

pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_u64(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Small magnitudes of either sign as small unsigned numbers.
#[inline]
pub(super) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

#[inline]
pub(super) fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Writes `value` at the start of `out`, which must have 10 bytes; the number of bytes written.
#[inline]
pub(super) fn write_u64(out: &mut [u8], mut value: u64) -> usize {
    let mut len = 0;
    while value >= 0x80 {
        out[len] = value as u8 | 0x80;
        value >>= 7;
        len += 1;
    }
    out[len] = value as u8;
    len + 1
}

/// Reads the number at `at` and moves `at` behind it.
#[inline]
pub(super) fn read_u64(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let first = *bytes.get(*at)?;
    *at += 1;
    if first < 0x80 {
        return Some(u64::from(first));
    }
    let mut value = u64::from(first & 0x7f);
    let mut shift = 7;
    loop {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
        shift += 7;
        if shift > 63 {
            return None;
        }
    }
}

#[inline]
pub(super) fn read_i64(bytes: &[u8], at: &mut usize) -> Option<i64> {
    read_u64(bytes, at).map(unzigzag)
}

pub(super) fn read_bytes<'a>(bytes: &'a [u8], at: &mut usize) -> Option<&'a [u8]> {
    let len = usize::try_from(read_u64(bytes, at)?).ok()?;
    let end = at.checked_add(len)?;
    let slice = bytes.get(*at..end)?;
    *at = end;
    Some(slice)
}

pub(super) fn read_string(bytes: &[u8], at: &mut usize) -> Option<String> {
    Some(std::str::from_utf8(read_bytes(bytes, at)?).ok()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back_and_both_writers_agree(value in any::<i64>()) {
            let mut out = Vec::new();
            put_i64(&mut out, value);
            let mut array = [0; 10];
            let len = write_u64(&mut array, zigzag(value));
            prop_assert_eq!(&array[..len], &out[..]);
            let mut at = 0;
            prop_assert_eq!(read_i64(&out, &mut at), Some(value));
            prop_assert_eq!(at, out.len());
            at = 0;
            prop_assert_eq!(read_i64(&out[..out.len() - 1], &mut at), None);
        }
    }
}
