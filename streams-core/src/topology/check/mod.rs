//! What can be wrong with a graph, as far as that can be known without a log: every mistake, each with the nodes and
//! the user's source lines it is about, and what to do.
//!
//! Mistakes that the verbs find themselves (a pattern that is none, windows without length) are recorded where they
//! are made. Cycles of nodes cannot be made: a node only gets parents that were there before it. A topology may write
//! to a topic that it reads, as in Kafka Streams.

mod explicit_names;
mod nodes;
mod repartitions;
mod stores;
mod topics;

use crate::topology::{Graph, NodeKind, SourceTopics};

impl Graph {
    /// Adds every mistake there is to those that were found while building.
    pub(crate) fn check(&mut self) {
        let mut found = Vec::new();
        self.check_nodes(&mut found);
        self.check_topics(&mut found);
        self.check_repartitions(&mut found);
        self.check_stores(&mut found);
        if self.explicit_names {
            self.check_explicit_names(&mut found);
        }
        found.into_iter().for_each(|mistake| self.mistakes.add(mistake));
    }
}

/// The topics of the user that a node names.
fn topics_of(kind: &NodeKind) -> Vec<&str> {
    match kind {
        NodeKind::Source(SourceTopics::Names(names)) => names.iter().map(String::as_str).collect(),
        NodeKind::Sink(Some(topic)) if !topic.internal => vec![&topic.name],
        _ => Vec::new(),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn lists_are_read_aloud() {
        let items: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
        assert_eq!(
            [listed(&items[..1]), listed(&items[..2]), listed(&items)],
            ["a", "a and b", "a, b and c"]
        );
    }
}
