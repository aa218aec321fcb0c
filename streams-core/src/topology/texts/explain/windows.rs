//! Window stores: when windows expire, and how many there are per key.

use std::time::Duration;

use crate::ids::StoreId;
use crate::state::{WindowExpiry, WindowLayout, WindowSpec};
use crate::time::millis;
use crate::topology::Topology;
use crate::topology::texts::explain::stores::STAMP;
use crate::topology::texts::explain::{Text, counted};

/// Bytes behind the key in the changelog: start of the window and sequence.
pub(super) const CHANGELOG_KEY: usize = 12;
/// Bytes of the segment before the key in the engine, where rows are by key.
const SEGMENT: usize = 8;

impl Topology {
    pub(super) fn explain_windows(&self, id: StoreId, window: &WindowSpec, text: &mut Text) {
        let retention = window.retention;
        // Rows by time are shown to the last millisecond of the retention, the others to the one before (rule V-2).
        let last = window.layout == WindowLayout::TimeFirst && window.expiry == WindowExpiry::Persistent;
        let when = if last { "more than" } else { "at least" };
        let users = self.users_of(id);
        let kept_for = if users.iter().any(|&node| self.node(node).facts.on_close) {
            ", but not before its result was emitted"
        } else {
            ""
        };
        text.point(
            "size",
            format!(
                "bounded by time: a window is no longer shown when another one starts {when} {retention:?} after \
                 it{kept_for}; with the commit it leaves memory, with the next flush the engine, by segments of {:?}",
                Duration::from_millis(window.segment_ms().unsigned_abs())
            ),
        );
        let windows = users.into_iter().find_map(|node| self.node(node).facts.windows);
        match windows {
            Some(windows) if windows.mistake().is_none() => {
                let (size, advance) = (windows.size_ms(), millis(windows.advance()));
                let per_record = counted(rounded_up(size, advance), "window");
                text.point("per record", format!("changes at most {per_record}"));
                let shown = if last {
                    window.retention_ms() / advance + 1
                } else {
                    rounded_up(window.retention_ms(), advance) as i64
                };
                let kept = window.retention_ms().saturating_add(window.segment_ms() - 1) / advance + 1;
                text.point(
                    "per key",
                    format!(
                        "at most {shown} rows that are shown and {kept} that are kept, each of {}",
                        row_text(window)
                    ),
                );
            }
            _ if window.retain_duplicates => {
                text.point("per key", format!("a row per record of the retention, of {}", row_text(window)));
            }
            _ => text.point("per key", format!("a row per start that was put, of {}", row_text(window))),
        }
    }
}

/// What a row is made of.
fn row_text(window: &WindowSpec) -> String {
    let (extra, parts) = match window.layout {
        WindowLayout::KeyFirst => {
            (SEGMENT + CHANGELOG_KEY + STAMP, "segment, window start, sequence, timestamp")
        }
        WindowLayout::TimeFirst => (CHANGELOG_KEY + STAMP, "window start, sequence, timestamp"),
    };
    format!("key + value + {extra} bytes ({parts}), beside what the engine and the memory budget add")
}

fn rounded_up(size: i64, step: i64) -> usize {
    usize::try_from(size / step + i64::from(size % step > 0)).unwrap_or(usize::MAX)
}
