//! The types of the click-through-rate workload: JSON with the names of the fields.

use streams_core::Record;

/// An ad that was shown or clicked.
#[derive(Debug, Clone, PartialEq, Record)]
pub(crate) struct AdEvent {
    pub(crate) event_time_ms: i64,
    pub(crate) event_type: String,
    pub(crate) site_category: String,
    pub(crate) banner_pos: i32,
    pub(crate) device_type: i32,
}

/// The counts of one category and window so far.
#[derive(Debug, Clone, PartialEq, Default, Record)]
pub(crate) struct Counts {
    pub(crate) impressions: i64,
    pub(crate) clicks: i64,
}

impl Counts {
    /// The counts with one event more.
    pub(crate) fn plus(mut self, event: &AdEvent) -> Self {
        if event.event_type == "click" {
            self.clicks += 1;
        } else {
            self.impressions += 1;
        }
        self
    }
}

/// What comes out.
#[derive(Debug, Clone, PartialEq, Record)]
pub(crate) struct Ctr {
    pub(crate) ctr: f64,
    pub(crate) impressions: i64,
    pub(crate) clicks: i64,
}

impl Ctr {
    pub(crate) fn of(counts: &Counts) -> Self {
        let Counts { impressions, clicks } = *counts;
        let ctr = if impressions == 0 { 0.0 } else { clicks as f64 * 100.0 / impressions as f64 };
        Ctr { ctr, impressions, clicks }
    }
}
