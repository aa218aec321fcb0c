//! Key bytes: in place if they are few, so that comparing costs no further memory access, else shared.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::ops::Deref;
use std::sync::Arc;

const INLINE: usize = 38;

/// Immutable bytes that are cheap to clone; ordered and compared as bytes.
#[derive(Clone)]
pub(crate) enum KeyBytes {
    /// At most 38 bytes: a windowed key of some 18 bytes with what the store adds to it.
    Inline { len: u8, bytes: [u8; INLINE] },
    /// More.
    Shared(Arc<[u8]>),
}

impl From<&[u8]> for KeyBytes {
    #[inline]
    fn from(key: &[u8]) -> Self {
        if key.len() <= INLINE {
            let mut bytes = [0; INLINE];
            bytes[..key.len()].copy_from_slice(key);
            KeyBytes::Inline { len: key.len() as u8, bytes }
        } else {
            KeyBytes::Shared(key.into())
        }
    }
}

impl Deref for KeyBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            KeyBytes::Inline { len, bytes } => &bytes[..usize::from(*len)],
            KeyBytes::Shared(bytes) => bytes,
        }
    }
}

impl Borrow<[u8]> for KeyBytes {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl PartialEq for KeyBytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for KeyBytes {}

impl Ord for KeyBytes {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl PartialOrd for KeyBytes {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::KeyBytes;

    #[test]
    fn keys_compare_as_bytes_whatever_their_length() {
        let long = [7u8; 60];
        let mut keys: Vec<KeyBytes> = (0..=60).rev().map(|len| KeyBytes::from(&long[..len])).collect();
        keys.sort();
        assert!(keys.iter().enumerate().all(|(len, key)| **key == long[..len]));
        assert_eq!(size_of::<KeyBytes>(), 40);
    }
}
