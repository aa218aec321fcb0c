//! Ranges of keys in unsigned byte order.

use std::ops::{Bound, ControlFlow};

use crate::error::Result;

/// Which way to read a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// By ascending key bytes.
    Forward,
    /// By descending key bytes.
    Reverse,
}

impl Direction {
    /// Shows `rows` to `visit` in this direction until it has seen enough.
    pub(super) fn walk<T>(
        self,
        mut rows: impl DoubleEndedIterator<Item = T>,
        mut visit: impl FnMut(T) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        loop {
            let row = match self {
                Direction::Forward => rows.next(),
                Direction::Reverse => rows.next_back(),
            };
            let Some(row) = row else { return Ok(()) };
            if visit(row)?.is_break() {
                return Ok(());
            }
        }
    }
}

/// Keys between two bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// Where it begins.
    pub lower: Bound<Vec<u8>>,
    /// Where it ends.
    pub upper: Bound<Vec<u8>>,
}

impl KeyRange {
    /// Every key.
    pub const fn all() -> Self {
        KeyRange { lower: Bound::Unbounded, upper: Bound::Unbounded }
    }

    /// Keys from `lower` to `upper`, both in it.
    pub fn inclusive(lower: Vec<u8>, upper: Vec<u8>) -> Self {
        KeyRange { lower: Bound::Included(lower), upper: Bound::Included(upper) }
    }

    /// Keys below `end`.
    pub fn below(end: Vec<u8>) -> Self {
        KeyRange { lower: Bound::Unbounded, upper: Bound::Excluded(end) }
    }

    /// Keys that begin with `prefix`.
    pub fn prefix(prefix: &[u8]) -> Self {
        KeyRange { lower: Bound::Included(prefix.to_vec()), upper: after_prefix(prefix) }
    }

    /// Whether no key can be in it. Ordered maps refuse such ranges.
    pub fn is_empty(&self) -> bool {
        match (&self.lower, &self.upper) {
            (Bound::Unbounded, Bound::Included(_)) | (_, Bound::Unbounded) => false,
            (Bound::Unbounded, Bound::Excluded(upper)) => upper.is_empty(),
            (Bound::Included(lower), Bound::Included(upper)) => lower > upper,
            (Bound::Included(lower) | Bound::Excluded(lower), Bound::Excluded(upper))
            | (Bound::Excluded(lower), Bound::Included(upper)) => lower >= upper,
        }
    }

    /// Whether the bounds are the wrong way round.
    pub(crate) fn is_reversed(&self) -> bool {
        match self.bounds() {
            (
                Bound::Included(lower) | Bound::Excluded(lower),
                Bound::Included(upper) | Bound::Excluded(upper),
            ) => lower > upper,
            _ => false,
        }
    }

    /// What is left of it behind `key`, read in `direction`.
    pub(crate) fn behind(&self, key: &[u8], direction: Direction) -> Self {
        let at = Bound::Excluded(key.to_vec());
        match direction {
            Direction::Forward => KeyRange { lower: at, upper: self.upper.clone() },
            Direction::Reverse => KeyRange { lower: self.lower.clone(), upper: at },
        }
    }

    /// Both bounds, as ordered maps take them.
    pub(crate) fn bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (borrow(&self.lower), borrow(&self.upper))
    }
}

fn borrow(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}

/// Upper bound of all keys that begin with `prefix`.
pub(crate) fn after_prefix(prefix: &[u8]) -> Bound<Vec<u8>> {
    match prefix.iter().rposition(|&byte| byte != 0xff) {
        Some(last) => {
            let mut end = prefix[..=last].to_vec();
            end[last] += 1;
            Bound::Excluded(end)
        }
        None => Bound::Unbounded,
    }
}
