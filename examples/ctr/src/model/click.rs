//! The part of an event that is counted, in few bytes: what goes through the repartition topics.

use std::sync::Arc;

use compact_str::CompactString;
use streams_core::serde::{DefaultSerde, Serde, SerdeRef};
use streams_core::{Error, ErrorKind, Key, Result};

use crate::model::AdEvent;

/// What the windows need of an event. Its time is the record's timestamp.
#[derive(Debug, Clone, PartialEq)]
pub struct Click {
    /// Number of the event, so that a late one can be named.
    pub id: f64,
    /// Whether the ad was clicked; if not, it was shown.
    pub clicked: bool,
    /// Category of the site it was shown on.
    pub site_category: SiteCategory,
}

impl From<AdEvent> for Click {
    fn from(event: AdEvent) -> Self {
        Click { id: event.id, clicked: event.click == 1, site_category: SiteCategory(event.site_category) }
    }
}

/// A category of sites, eight hex digits in the real data: the key that events are grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SiteCategory(pub CompactString);

impl Key for SiteCategory {}

/// UTF-8.
struct SiteCategorySerde;

impl Serde<SiteCategory> for SiteCategorySerde {
    fn serialize(&self, value: &SiteCategory, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(value.0.as_bytes());
        Ok(())
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<SiteCategory> {
        CompactString::from_utf8(bytes)
            .map(SiteCategory)
            .map_err(|e| Error::new(ErrorKind::Serde, "a site category is UTF-8").caused_by(e))
    }
}

impl DefaultSerde for SiteCategory {
    fn serde() -> SerdeRef<Self> {
        Arc::new(SiteCategorySerde)
    }
}

/// Bits of the id (8 bytes, big-endian), 0 or 1 for the click, then the category.
struct ClickSerde;

impl Serde<Click> for ClickSerde {
    fn serialize(&self, value: &Click, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(&value.id.to_bits().to_be_bytes());
        out.push(u8::from(value.clicked));
        SiteCategorySerde.serialize(&value.site_category, out)
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<Click> {
        match bytes.split_first_chunk::<8>() {
            Some((id, [clicked @ (0 | 1), category @ ..])) => Ok(Click {
                id: f64::from_bits(u64::from_be_bytes(*id)),
                clicked: *clicked == 1,
                site_category: SiteCategorySerde.deserialize(category)?,
            }),
            _ => Err(Error::new(
                ErrorKind::Serde,
                format!("a click is 8 bytes of id, 0 or 1, and a category, not {bytes:02x?}"),
            )),
        }
    }
}

impl DefaultSerde for Click {
    fn serde() -> SerdeRef<Self> {
        Arc::new(ClickSerde)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_survives_being_written_and_read_and_is_small() {
        let click =
            Click { id: 1.77133856442737e19, clicked: true, site_category: SiteCategory("f028772b".into()) };
        let mut bytes = Vec::new();
        Click::serde().serialize(&click, &mut bytes).expect("can be written");
        assert_eq!(bytes.len(), 17);
        assert_eq!(Click::serde().deserialize(&bytes).expect("can be read"), click);
    }

    #[test]
    fn other_bytes_are_an_error() {
        for bytes in [&b""[..], &[0; 8], &[0, 0, 0, 0, 0, 0, 0, 0, 2], &[0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff]] {
            assert!(Click::serde().deserialize(bytes).is_err(), "{bytes:?}");
        }
    }
}
