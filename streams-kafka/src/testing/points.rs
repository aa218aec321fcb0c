//! Instants at which a process ends or stops itself, so that tests hit what lasts for a millisecond.
//!
//! The variable `STREAMS_KAFKA_POINT` holds a name, a number and what to do: `committing:3:kill` ends the process when
//! it passes `committing` for the third time, without a word, as `kill -9` does; `stop` stops it as SIGSTOP does, until
//! it gets SIGCONT.

use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Names of all instants, in the order in which a process that starts passes them.
pub const POINTS: [&str; 8] =
    ["assigned", "restoring", "adding-positions", "committing", "committed", "flushed", "revoked", "leaving"];

struct Point {
    name: String,
    left: AtomicU64,
    stop: bool,
}

pub(crate) fn pass(name: &str) {
    static POINT: OnceLock<Option<Point>> = OnceLock::new();
    let Some(point) = POINT.get_or_init(read) else { return };
    if point.name != name || point.left.fetch_sub(1, Ordering::Relaxed) != 1 {
        return;
    }
    if point.stop {
        // If it cannot be stopped, the test that waits for that says so.
        let _ = Command::new("kill").arg("-STOP").arg(std::process::id().to_string()).status();
    } else {
        std::process::abort();
    }
}

fn read() -> Option<Point> {
    let text = std::env::var("STREAMS_KAFKA_POINT").ok()?;
    let mut words = text.split(':');
    let (name, count, action) = (words.next()?, words.next()?, words.next()?);
    // Numbers below 0 are not reached again.
    Some(Point { name: name.to_owned(), left: AtomicU64::new(count.parse().ok()?), stop: action == "stop" })
}
