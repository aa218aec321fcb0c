//! What is counted per window, and what is said of it.

use std::sync::Arc;

use compact_str::CompactString;
use streams_core::serde::{DefaultSerde, Serde, SerdeRef, json};
use streams_core::windows::Window;
use streams_core::{Error, ErrorKind, Result};

use crate::model::Click;

/// Clicks in percent of impressions; 0 where there are none. An event that is a click is no impression, so it can be
/// more than 100.
pub fn ctr(impressions: u64, clicks: u64) -> f64 {
    if impressions == 0 { 0.0 } else { clicks as f64 / impressions as f64 * 100.0 }
}

/// The counts of one window so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Events that are no clicks.
    pub impressions: u64,
    /// Events that are clicks.
    pub clicks: u64,
}

impl Counts {
    /// The counts with one event more.
    #[must_use]
    pub fn plus(mut self, click: &Click) -> Self {
        if click.clicked {
            self.clicks += 1;
        } else {
            self.impressions += 1;
        }
        self
    }
}

/// Both counts as 8 bytes, big-endian.
struct CountsSerde;

impl Serde<Counts> for CountsSerde {
    fn serialize(&self, value: &Counts, out: &mut Vec<u8>) -> Result<()> {
        out.extend_from_slice(&value.impressions.to_be_bytes());
        out.extend_from_slice(&value.clicks.to_be_bytes());
        Ok(())
    }

    fn deserialize(&self, bytes: &[u8]) -> Result<Counts> {
        match bytes.split_first_chunk::<8>().map(|(first, rest)| (first, rest.try_into())) {
            Some((impressions, Ok(clicks))) => Ok(Counts {
                impressions: u64::from_be_bytes(*impressions),
                clicks: u64::from_be_bytes(clicks),
            }),
            _ => Err(Error::new(ErrorKind::Serde, format!("counts are 16 bytes, not {}", bytes.len()))),
        }
    }
}

impl DefaultSerde for Counts {
    fn serde() -> SerdeRef<Self> {
        Arc::new(CountsSerde)
    }
}

/// The result for one window, a JSON object in the result topics. Times are milliseconds since the epoch.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CtrMetrics {
    /// The category; none where all events are counted together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_category: Option<CompactString>,
    /// First millisecond of the window.
    pub window_start: i64,
    /// First millisecond behind the window.
    pub window_end: i64,
    /// Ads shown and not clicked.
    pub impressions: u64,
    /// Ads clicked.
    pub clicks: u64,
    /// See [`ctr`].
    pub ctr: f64,
}

impl CtrMetrics {
    /// The result of these counts in this window.
    pub fn new(site_category: Option<CompactString>, window: Window, counts: Counts) -> Self {
        CtrMetrics {
            site_category,
            window_start: window.start,
            window_end: window.end,
            impressions: counts.impressions,
            clicks: counts.clicks,
            ctr: ctr(counts.impressions, counts.clicks),
        }
    }
}

impl DefaultSerde for CtrMetrics {
    fn serde() -> SerdeRef<Self> {
        json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_clicks_in_percent_of_impressions() {
        assert_eq!(format!("{:.3}", ctr(834, 166)), "19.904");
        assert_eq!(ctr(28, 12).to_string(), "42.857142857142854");
        assert_eq!(ctr(0, 7).to_string(), "0");
        assert_eq!(ctr(1, 3).to_string(), "300");
    }

    #[test]
    fn counts_survive_being_written_and_read() {
        let counts = Counts { impressions: 1 << 40, clicks: 3 };
        let mut bytes = Vec::new();
        Counts::serde().serialize(&counts, &mut bytes).expect("can be written");
        assert_eq!(Counts::serde().deserialize(&bytes).expect("can be read"), counts);
        assert!(Counts::serde().deserialize(&bytes[1..]).is_err());
    }
}
