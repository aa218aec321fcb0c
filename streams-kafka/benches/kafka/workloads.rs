//! What is run: the workloads, and how each peer runs them.

use crate::data::{self, Data};
use crate::options::Options;

pub(crate) const NAMES: [&str; 8] = ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8"];

/// After so many records a JVM has compiled most of what it runs.
const JVM_WARM: u64 = 1_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Ours,
    Bare,
    Java,
}

/// One row of the table.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) workload: &'static str,
    pub(crate) peer: Peer,
    pub(crate) exactly_once: bool,
    /// Whether results are forwarded once per commit.
    pub(crate) cached: bool,
    /// Records to the end of the measured interval, and to its beginning.
    pub(crate) records: u64,
    pub(crate) warm: u64,
    /// Topics to read, with what is in them.
    pub(crate) inputs: Vec<(Data, u64)>,
}

impl Run {
    /// What tells it apart in the table.
    pub(crate) fn name(&self) -> String {
        let what = match self.workload {
            "W1" => "pass-through",
            "W2" if self.cached => "windowed count, forwarded per commit",
            "W2" => "windowed count, every update forwarded",
            "W3" => "CTR with repartition",
            "W4" => "stream-table join",
            "W5" => "stream-stream join",
            "W6" => "restore",
            "W7" => "latency at 5,000/s",
            _ => "start",
        };
        let guarantee = if self.exactly_once { "" } else { ", at-least-once" };
        let peer = match self.peer {
            Peer::Ours => "ours",
            Peer::Bare => "bare loop",
            Peer::Java => "Kafka Streams",
        };
        format!("{} {what}{guarantee}: {peer}", self.workload)
    }

    /// Whether its figures are those of a JVM that is warm, where that matters: restoring and starting are measured
    /// from the beginning.
    pub(crate) fn is_warm(&self) -> bool {
        matches!(self.workload, "W6" | "W7" | "W8") || self.warm >= JVM_WARM
    }

    /// Whether the two are the same but for the peer.
    pub(crate) fn is_beside(&self, other: &Run) -> bool {
        (self.workload, self.exactly_once, self.cached) == (other.workload, other.exactly_once, other.cached)
    }
}

/// All runs, those of one workload side by side.
pub(crate) fn runs(options: &Options) -> Vec<Run> {
    let mut runs = Vec::new();
    for &workload in &options.workloads {
        let guarantees = if options.at_least_once || workload == "W7" { &[true, false][..] } else { &[true] };
        for &exactly_once in guarantees {
            let caches = if workload == "W2" { &[true, false][..] } else { &[workload != "W7"] };
            for &cached in caches {
                let beside = options.peers.iter().filter(|peer| runs_it(**peer, workload));
                runs.extend(beside.map(|peer| run(workload, *peer, exactly_once, cached, options.scale)));
            }
        }
    }
    runs
}

/// The bare loop has no join of streams.
fn runs_it(peer: Peer, workload: &str) -> bool {
    !(peer == Peer::Bare && workload == "W5")
}

fn run(workload: &'static str, peer: Peer, exactly_once: bool, cached: bool, scale: f64) -> Run {
    let full = match workload {
        "W1" => 10e6,
        "W3" => 6e6,
        "W5" => 3e6,
        _ => 8e6,
    };
    let most = |full: f64| (full * scale) as u64;
    let inputs = match workload {
        "W3" => vec![(Data::Ads, most(6e6))],
        "W4" => vec![(Data::KeyValues, most(10e6)), (Data::Table, data::KEYS)],
        "W5" => vec![(Data::Left, most(2e6)), (Data::Right, most(2e6))],
        "W6" => vec![(Data::Changelog, most(10e6).min(5_000_000))],
        "W7" => Vec::new(),
        _ => vec![(Data::KeyValues, most(10e6))],
    };
    let (records, warm) = match peer {
        // Kafka Streams takes about ten times as long for a record: fewer of them say the same, but not so few that the
        // JVM is not warm before.
        Peer::Java => {
            let there: u64 =
                inputs.iter().filter(|(data, _)| *data != Data::Table).map(|(_, count)| count).sum();
            let least = if scale < 0.2 { 0 } else { JVM_WARM * 2 };
            let records = most(full * 0.4).max(least).min(if there == 0 { u64::MAX } else { there });
            (records, JVM_WARM.min(records / 2))
        }
        _ => (most(full), JVM_WARM.min(most(full) / 4)),
    };
    Run { workload, peer, exactly_once, cached, records, warm, inputs }
}
