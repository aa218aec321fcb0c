//! Measuring one run.

mod latency;
mod restore;
mod start;
mod steady;

use std::fmt;

use crate::Outcome;
use crate::child::Snapshot;
use crate::place::Place;
use crate::workloads::Run;

/// What was found of one run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// Records per second, or times: what the row is about.
    pub(crate) what: String,
    /// CPU time of the program per record, in microseconds.
    pub(crate) cpu: f64,
    /// The same of the broker.
    pub(crate) broker: f64,
    /// Bytes.
    pub(crate) memory: f64,
    /// Cores that other processes used.
    pub(crate) others: f64,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Found { what, cpu, broker, memory, others } = self;
        write!(f, "{what}, {cpu:.2} us a record (broker {broker:.2}), {:.0} MB", memory / 1e6)?;
        write!(f, ", others used {others:.2} cores")
    }
}

/// Measures one run, and checks its output.
pub(crate) fn measure(place: &Place, run: &Run) -> Outcome<Found> {
    let name = place.fresh();
    let found = match run.workload {
        "W6" => restore::measure(place, run, &name),
        "W7" => latency::measure(place, run, &name),
        "W8" => start::measure(place, run, &name),
        _ => steady::measure(place, run, &name),
    };
    place.clear(&name)?;
    found
}

impl Found {
    /// CPU time between two moments, for so many records.
    fn between(from: &Snapshot, to: &Snapshot, records: u64, memory: f64) -> Self {
        let seconds = to.at.duration_since(from.at).as_secs_f64();
        let per_record = |seconds: f64| seconds / records.max(1) as f64 * 1e6;
        let (own, broker) = (to.cpu - from.cpu, to.broker - from.broker);
        Found {
            what: format!("{:.0} k/s", records as f64 / seconds / 1e3),
            cpu: per_record(own),
            broker: per_record(broker),
            memory,
            others: ((to.busy - from.busy - own - broker) / seconds).max(0.0),
        }
    }
}
