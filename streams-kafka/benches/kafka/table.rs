//! Rows of the table.

use crate::measure::Found;
use crate::workloads::{Peer, Run};

pub(crate) const HEADER: &str = "\
| run | result | CPU per record | of the broker | peak memory | per CPU second, to the bare loop | to Kafka Streams | cores used by others |
|---|---|---|---|---|---|---|---|
";

/// A row for each run, with the ratios of ours to the others that were measured with it.
pub(crate) fn lines(rows: &[(&Run, Found)]) -> Vec<String> {
    rows.iter().map(|(run, found)| line(rows, run, found)).collect()
}

fn line(rows: &[(&Run, Found)], run: &Run, found: &Found) -> String {
    let beside = |peer: Peer| {
        let other = rows.iter().find(|(other, _)| other.peer == peer && other.is_beside(run));
        other.filter(|_| run.peer == Peer::Ours && found.cpu > 0.0)
    };
    let ratio = |peer: Peer, target: Option<f64>| {
        let Some((run, other)) = beside(peer) else { return "—".to_owned() };
        let ratio = other.cpu / found.cpu;
        match target {
            _ if peer == Peer::Java && !run.is_warm() => format!("{ratio:.2} (JVM not warm)"),
            None => format!("{ratio:.2}"),
            Some(target) if ratio >= target => format!("{ratio:.2} (≥ {target}: met)"),
            Some(target) => format!("{ratio:.2} (≥ {target}: **missed**)"),
        }
    };
    let memory = match (beside(Peer::Java), memory_target(run)) {
        (Some((_, other)), Some(target)) => {
            let share = found.memory / other.memory;
            let met = if share <= target { "met" } else { "**missed**" };
            format!(", {share:.2} of Kafka Streams' (≤ {target}: {met})")
        }
        _ => String::new(),
    };
    let (bare, java) = targets(run);
    // The start is no matter of records.
    let unit = if run.workload == "W8" { "in all" } else { "" };
    let micros = |value: f64| match unit {
        "" => format!("{value:.2} µs"),
        _ => format!("{:.2} s {unit}", value / 1e6),
    };
    format!(
        "| {} | {} | {} | {} | {:.0} MB{memory} | {} | {} | {:.1} |",
        run.name(),
        found.what,
        micros(found.cpu),
        if unit.is_empty() { format!("{:.2} µs", found.broker) } else { "—".to_owned() },
        found.memory / 1e6,
        ratio(Peer::Bare, bare),
        ratio(Peer::Java, java),
        found.others,
    )
}

/// Which part of Kafka Streams' memory it may have at most.
fn memory_target(run: &Run) -> Option<f64> {
    match run.workload {
        "W6" => Some(0.5),
        "W8" => None,
        _ => Some(0.1),
    }
}

/// What the ratios to the bare loop and to Kafka Streams are to be at least.
fn targets(run: &Run) -> (Option<f64>, Option<f64>) {
    match run.workload {
        "W1" => (Some(0.8), Some(2.5)),
        "W2" if !run.cached => (Some(0.8), Some(4.5)),
        "W2" | "W3" | "W4" => (Some(0.8), Some(8.0)),
        "W5" => (None, Some(8.0)),
        "W6" => (None, Some(3.0)),
        _ => (None, None),
    }
}
