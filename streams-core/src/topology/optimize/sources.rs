//! Streams of the same topics have one source (rule D-3), so that records are read and judged once.
//!
//! Only sources that read alike are merged: same types, serdes and timestamp extractors, as far as that is known. Others
//! stay apart, and each reads the topics by itself; so do tables, and streams whose topics are the same in part. Kafka
//! Streams refuses the last two and merges all others, with the serdes of the first.

use std::collections::BTreeSet;

use crate::ids::NodeId;
use crate::topology::{Graph, Node, NodeKind, SourceTopics};

/// Merges each source into the first one that reads the same in the same way.
pub(super) fn merge(graph: &mut Graph) {
    let mut kept: Vec<NodeId> = Vec::new();
    let streams = graph.nodes.iter().enumerate().filter(|(_, node)| node.decoder.is_some());
    let streams: Vec<NodeId> = streams.map(|(index, _)| NodeId(index as u32)).collect();
    for source in streams {
        match kept.iter().find(|&&first| alike(graph.node(first), graph.node(source))) {
            Some(&first) => {
                graph.move_children(source, first);
                graph.remove(source, first);
            }
            None => kept.push(source),
        }
    }
}

fn alike(first: &Node, second: &Node) -> bool {
    let topics = match (&first.kind, &second.kind) {
        (NodeKind::Source(SourceTopics::Names(a)), NodeKind::Source(SourceTopics::Names(b))) => {
            a.iter().collect::<BTreeSet<_>>() == b.iter().collect::<BTreeSet<_>>()
        }
        (NodeKind::Source(SourceTopics::Pattern(a)), NodeKind::Source(SourceTopics::Pattern(b))) => a == b,
        _ => false,
    };
    let decoders = first.decoder.as_ref().zip(second.decoder.as_ref());
    topics && decoders.is_some_and(|(a, b)| a.same(&**b))
}
