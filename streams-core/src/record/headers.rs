//! Record headers: owned and cheap to clone, or encoded in a batch.

use std::sync::Arc;

/// One header: a name and bytes that may be null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The name; names may repeat.
    pub name: String,
    /// The bytes, `None` for null.
    pub value: Option<Vec<u8>>,
}

/// The headers of a record, in order. Empty ones hold no memory; a clone shares, a change copies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers(Option<Arc<Vec<Header>>>);

impl Headers {
    /// No headers.
    pub const fn new() -> Self {
        Headers(None)
    }

    /// Adds one behind the others.
    pub fn add(&mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) {
        self.push(Header { name: name.into(), value: Some(value.into()) });
    }

    /// Adds one behind the others.
    pub fn push(&mut self, header: Header) {
        Arc::make_mut(self.0.get_or_insert_default()).push(header);
    }

    /// Removes all of this name.
    pub fn remove(&mut self, name: &str) {
        if self.iter().any(|h| h.name == name) {
            let list = Arc::make_mut(self.0.get_or_insert_default());
            list.retain(|h| h.name != name);
            if list.is_empty() {
                self.0 = None;
            }
        }
    }

    /// The last value of this name.
    pub fn last(&self, name: &str) -> Option<&[u8]> {
        self.iter().rev().find(|h| h.name == name).and_then(|h| h.value.as_deref())
    }

    /// All headers in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Header> {
        self.0.as_deref().map_or(&[][..], Vec::as_slice).iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |list| list.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends the encoded form; see [`EncodedHeaders`]. Nothing is appended if there are none.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for header in self {
            encode_header(&header.name, header.value.as_deref(), out);
        }
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a Header;
    type IntoIter = std::slice::Iter<'a, Header>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Header> for Headers {
    fn from_iter<I: IntoIterator<Item = Header>>(headers: I) -> Self {
        let list: Vec<Header> = headers.into_iter().collect();
        if list.is_empty() { Headers(None) } else { Headers(Some(Arc::new(list))) }
    }
}

/// Headers as they lie in a batch: for each one, big-endian `u32` length and bytes of the name, then `i32`
/// length (−1 for null) and bytes of the value. Empty bytes: no headers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EncodedHeaders<'a>(pub &'a [u8]);

impl<'a> EncodedHeaders<'a> {
    /// Names and values in order; stops at bytes that are cut short.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Option<&'a [u8]>)> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let name_len = u32::from_be_bytes(*take(&mut rest, 4)?.first_chunk()?);
            let name = std::str::from_utf8(take(&mut rest, name_len as usize)?).ok()?;
            let value_len = i32::from_be_bytes(*take(&mut rest, 4)?.first_chunk()?);
            let value = match usize::try_from(value_len) {
                Ok(len) => Some(take(&mut rest, len)?),
                Err(_) => None,
            };
            Some((name, value))
        })
    }

    /// The owned form.
    #[inline]
    pub fn to_headers(self) -> Headers {
        if self.0.is_empty() {
            return Headers::new();
        }
        self.iter()
            .map(|(name, value)| Header { name: name.to_owned(), value: value.map(<[u8]>::to_vec) })
            .collect()
    }
}

/// Appends one header in the encoded form of [`EncodedHeaders`].
pub fn encode_header(name: &str, value: Option<&[u8]>, out: &mut Vec<u8>) {
    out.extend_from_slice(&(name.len() as u32).to_be_bytes());
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(&value.map_or(-1, |v| v.len() as i32).to_be_bytes());
    out.extend_from_slice(value.unwrap_or_default());
}

fn take<'a>(rest: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(len)?;
    *rest = tail;
    Some(head)
}
