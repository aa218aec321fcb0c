//! Avro's binary encoding, piece by piece: what generated code reads from and writes to.
//!
//! Nothing here panics on any bytes. A length is believed only as far as there are bytes for it, and types that
//! contain themselves are followed no deeper than [`DEEPEST`].

use crate::error::{Error, ErrorKind, Result};

/// How deep records may lie in each other, when read and when written.
pub const DEEPEST: u32 = 128;

/// Bytes that are being read.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    depth: u32,
}

/// Bytes that are being written.
#[derive(Debug)]
pub struct Writer<'a> {
    bytes: &'a mut Vec<u8>,
    depth: u32,
}

impl<'a> Reader<'a> {
    /// Reads these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { bytes, depth: 0 }
    }

    /// A `long`: a zig-zag number of up to ten bytes.
    #[inline]
    pub fn long(&mut self) -> Result<i64> {
        match self.bytes.split_first() {
            Some((byte, rest)) if *byte < 0x80 => {
                self.bytes = rest;
                Ok(i64::from(*byte >> 1) ^ -i64::from(*byte & 1))
            }
            _ => self.longer(),
        }
    }

    fn longer(&mut self) -> Result<i64> {
        let mut number = 0_u64;
        for (index, byte) in self.bytes.iter().enumerate().take(10) {
            if index == 9 && *byte > 1 {
                break;
            }
            number |= u64::from(byte & 0x7f) << (7 * index);
            if *byte < 0x80 {
                self.bytes = &self.bytes[index + 1..];
                return Ok((number >> 1) as i64 ^ -((number & 1) as i64));
            }
        }
        Err(self.bad_number())
    }

    /// An `int`: a `long` in the range of 32 bits.
    #[inline]
    pub fn int(&mut self) -> Result<i32> {
        let number = self.long()?;
        i32::try_from(number).map_err(|_| wrong(format!("{number} is no 32-bit number")))
    }

    /// The next `length` bytes.
    #[inline]
    pub fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        match self.bytes.split_at_checked(length) {
            Some((taken, rest)) => {
                self.bytes = rest;
                Ok(taken)
            }
            None => Err(self.cut_short(length)),
        }
    }

    /// The next `N` bytes.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.bytes.split_first_chunk::<N>() {
            Some((taken, rest)) => {
                self.bytes = rest;
                Ok(*taken)
            }
            None => Err(self.cut_short(N)),
        }
    }

    /// `bytes`: a length and as many bytes.
    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8]> {
        let length = self.long()?;
        match usize::try_from(length) {
            Ok(length) => self.take(length),
            Err(_) => Err(wrong(format!("a length of {length}"))),
        }
    }

    /// A `string`: the same in UTF-8.
    #[inline]
    pub fn string(&mut self) -> Result<&'a str> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map_err(|e| wrong("a string is not UTF-8").caused_by(e))
    }

    /// How many items the next block of an array or map has; 0 at its end. Every item takes at least one byte, so
    /// there cannot be more items than bytes.
    #[inline]
    pub fn block(&mut self) -> Result<usize> {
        let count = self.long()?;
        if count < 0 {
            // With the length in bytes, for those who skip.
            self.long()?;
        }
        match usize::try_from(count.unsigned_abs()) {
            Ok(count) if count <= self.bytes.len() => Ok(count),
            _ => Err(wrong(format!("a block of {count} items in {} bytes", self.bytes.len()))),
        }
    }

    /// Reads what lies one record deeper.
    #[inline]
    pub fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEEPEST {
            return Err(too_deep());
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// How many bytes are left.
    #[inline]
    pub fn left(&self) -> usize {
        self.bytes.len()
    }

    /// Errs if bytes are left over: they were then written with another schema.
    #[inline]
    pub fn finish(self) -> Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        Err(wrong(format!("{} bytes are left over behind the record", self.bytes.len())))
    }

    #[cold]
    fn bad_number(&self) -> Error {
        if self.bytes.len() < 10 {
            wrong("the bytes end within a number")
        } else {
            wrong("a number is longer than 64 bits")
        }
    }

    #[cold]
    fn cut_short(&self, length: usize) -> Error {
        wrong(format!("{length} bytes are wanted and {} are left", self.bytes.len()))
    }
}

impl<'a> Writer<'a> {
    /// Appends to `bytes`.
    pub fn new(bytes: &'a mut Vec<u8>) -> Self {
        Writer { bytes, depth: 0 }
    }

    /// A `long` (and an `int`).
    #[inline]
    pub fn long(&mut self, number: i64) {
        let mut rest = ((number << 1) ^ (number >> 63)) as u64;
        if rest < 0x80 {
            return self.bytes.push(rest as u8);
        }
        let (mut digits, mut length) = ([0_u8; 10], 0);
        while rest >= 0x80 {
            digits[length] = rest as u8 | 0x80;
            rest >>= 7;
            length += 1;
        }
        digits[length] = rest as u8;
        self.bytes.extend_from_slice(&digits[..=length]);
    }

    /// Bytes as they are.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// `bytes` or a `string`: a length and the bytes.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.long(bytes.len() as i64);
        self.bytes.extend_from_slice(bytes);
    }

    /// Writes what lies one record deeper.
    #[inline]
    pub fn deeper(&mut self, write: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if self.depth >= DEEPEST {
            return Err(too_deep());
        }
        self.depth += 1;
        let result = write(self);
        self.depth -= 1;
        result
    }
}

#[cold]
pub(crate) fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Serde, message)
}

#[cold]
fn too_deep() -> Error {
    wrong(format!("records lie more than {DEEPEST} deep in each other"))
}
