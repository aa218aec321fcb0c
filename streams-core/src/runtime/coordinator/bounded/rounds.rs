//! Whether records that go round in a circle become fewer.

use crate::error::{Error, ErrorKind};
use crate::ids::NodeId;
use crate::runtime::coordinator::Coordinator;
use crate::runtime::coordinator::bounded::Bounded;
use crate::runtime::listed::Listed;
use crate::topology::NodeKind;

/// So many records may go round, over all rounds in a row in which they became no fewer ...
const MOST_RECORDS: u64 = 1_000_000;
/// ... in at least and at most so many rounds.
const LEAST_ROUNDS: u64 = 32;
const MOST_ROUNDS: u64 = 1000;

/// Rounds of one section.
#[derive(Debug, Default)]
pub(super) struct Rounds {
    /// The fewest records that went round, and the rounds since then.
    fewest: Option<u64>,
    in_vain: u64,
}

impl Rounds {
    /// So many records have come back; whether that can be expected to end.
    pub(super) fn goes_on(&mut self, records: u64) -> bool {
        if self.fewest.is_none_or(|fewest| records < fewest) {
            (self.fewest, self.in_vain) = (Some(records), 0);
            return true;
        }
        self.in_vain += 1;
        self.in_vain <= (MOST_RECORDS / records.max(1)).clamp(LEAST_ROUNDS, MOST_ROUNDS)
    }
}

impl Coordinator {
    /// The error of a run in which records go round in a section for ever.
    #[cold]
    pub(super) fn endless(&self, bounded: &Bounded, section: usize, records: u64) -> Error {
        let (topology, id) = (&self.shared.topology, &self.shared.application_id);
        let section = &bounded.flow.sections[section];
        let mut writers = Vec::new();
        for &sub in &section.subs {
            let chosen = bounded.chosen.iter().any(|(by, topic)| *by == sub && section.inner.contains(topic));
            let writes = |node: &&NodeId| match &topology.node(**node).kind {
                NodeKind::Sink(Some(topic)) => section.inner.contains(&topic.full_name(id)),
                NodeKind::Sink(None) => chosen,
                _ => false,
            };
            let nodes = topology.nodes_of(sub).iter().filter(writes);
            writers.extend(nodes.map(|&node| topology.describe_node(node)));
        }
        Error::new(
            ErrorKind::Topology,
            format!(
                "the input of this run does not end: what {} wrote to {} was read again and came back, {records} \
                 records the last time, for many rounds without becoming fewer; let records leave this circle, for \
                 example by a filter before they are written; let nobody else write to the topics meanwhile; or \
                 start the application without an end",
                Listed(&writers),
                Listed(&section.inner),
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_that_become_fewer_may_go_round_as_long_as_they_like() {
        let mut rounds = Rounds::default();
        assert!((1..100_000).rev().all(|left| rounds.goes_on(left)));
    }

    #[test]
    fn records_that_become_no_fewer_end_it_the_earlier_the_more_they_are() {
        for (records, expected) in [(1, 1000), (5000, 200), (10_000_000, 32)] {
            let mut rounds = Rounds::default();
            assert_eq!((0..).take_while(|_| rounds.goes_on(records)).count(), expected + 1);
        }
    }
}
