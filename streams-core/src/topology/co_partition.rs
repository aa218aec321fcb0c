//! Which sources must have equal partition counts because a node brings their records together by key (rule R-7).
//!
//! Joins say which nodes their sides come from; the sources are found when the graph is complete. The counts of
//! repartitions that the user set are compared at build, those of topics when they are known, at start.

use std::collections::BTreeSet;

use crate::ids::NodeId;
use crate::topology::{Graph, Node, NodeKind, SourceTopics};

/// The nodes that the sides of a join come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CoPartition {
    /// The node that joins.
    pub(crate) node: NodeId,
    /// Per side the node it comes from.
    pub(crate) sides: Vec<NodeId>,
}

/// Nodes that join, and the sources that their sides are read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CoPartitioned {
    /// The nodes that join.
    pub(crate) nodes: Vec<NodeId>,
    /// The sources of all sides, in the order they were added.
    pub(crate) sources: BTreeSet<NodeId>,
}

/// A topic that must have as many partitions as others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) topic: String,
    pub(crate) source: NodeId,
    /// Its count, if it is fixed: that of a topic of the user, or of a repartition whose count the user set.
    pub(crate) count: Option<u32>,
}

impl Graph {
    /// Remembers that `node` brings the records of `sides` together by key: the sources upstream of each side must
    /// have equal partition counts.
    pub(crate) fn co_partition(&mut self, node: NodeId, sides: &[NodeId]) {
        self.co_partitions.push(CoPartition { node, sides: sides.to_vec() });
    }

    /// The sources of what was remembered.
    pub(crate) fn co_partitioned(&self) -> Vec<CoPartitioned> {
        let resolve = |group: &CoPartition| CoPartitioned {
            nodes: vec![group.node],
            sources: group.sides.iter().flat_map(|&side| sources_of(&self.nodes, side)).collect(),
        };
        self.co_partitions.iter().map(resolve).collect()
    }
}

/// The sources that records at `node` come from: itself, or those upstream of it in the same sub-topology.
fn sources_of(nodes: &[Node], node: NodeId) -> Vec<NodeId> {
    let (mut seen, mut open) = (BTreeSet::from([node]), vec![node]);
    while let Some(next) = open.pop() {
        for &parent in &nodes[next.index()].parents {
            if seen.insert(parent) {
                open.push(parent);
            }
        }
    }
    seen.into_iter().filter(|id| nodes[id.index()].parents.is_empty()).collect()
}

/// `groups` with those that share a source put together: equal counts in each mean equal counts in all of them.
pub(crate) fn connected(groups: &[CoPartitioned]) -> Vec<CoPartitioned> {
    let mut all: Vec<CoPartitioned> = Vec::new();
    for group in groups {
        let mut joined = group.clone();
        all.retain(|other| {
            let apart = other.sources.is_disjoint(&joined.sources);
            if !apart {
                joined.nodes.extend(&other.nodes);
                joined.sources.extend(&other.sources);
            }
            apart
        });
        joined.nodes.sort_unstable();
        joined.nodes.dedup();
        all.push(joined);
    }
    all
}

/// A text for each of `groups` whose fixed counts differ: one per join that has the difference in itself, or else one
/// per set of joins that only together have it.
pub(crate) fn contradictions(
    nodes: &[Node],
    groups: &[CoPartitioned],
    members: &dyn Fn(NodeId) -> Vec<Member>,
) -> Vec<String> {
    let differing = |group: &CoPartitioned| {
        let all: Vec<Member> = group.sources.iter().flat_map(|&source| members(source)).collect();
        let counts: BTreeSet<u32> = all.iter().filter_map(|member| member.count).collect();
        (counts.len() > 1).then(|| text(nodes, &group.nodes, &all))
    };
    let alone: Vec<(BTreeSet<NodeId>, String)> =
        groups.iter().filter_map(|group| Some((group.sources.clone(), differing(group)?))).collect();
    let explained = |set: &CoPartitioned| alone.iter().any(|(sources, _)| sources.is_subset(&set.sources));
    let together: Vec<String> =
        connected(groups).iter().filter(|set| !explained(set)).filter_map(differing).collect();
    alone.into_iter().map(|(_, text)| text).chain(together).collect()
}

fn text(nodes: &[Node], joins: &[NodeId], members: &[Member]) -> String {
    let describe = |id: &NodeId| nodes[id.index()].describe();
    let joins: Vec<String> = joins.iter().map(describe).collect();
    let mut text = match joins.as_slice() {
        [join] => {
            format!("{join} joins by key what has different partition counts, so equal keys would not meet:")
        }
        joins => format!(
            "{} share a source, so all that they join must have one partition count, but:",
            joins.join(" and ")
        ),
    };
    let fixed: Vec<(&Member, u32)> = members.iter().filter_map(|m| Some((m, m.count?))).collect();
    for (member, count) in &fixed {
        let noun = if *count == 1 { "partition" } else { "partitions" };
        let (kind, from) = match is_repartition(&nodes[member.source.index()]) {
            true => ("repartition topic", "was given this count by the repartition of"),
            false => ("topic", "is read by"),
        };
        let source = describe(&member.source);
        text.push_str(&format!("\n    {kind} `{}` has {count} {noun} and {from} {source}", member.topic));
    }
    text.push_str(&format!("\n  {}", advice(nodes, &fixed)));
    text
}

/// What makes the counts equal with the least effort.
fn advice(nodes: &[Node], fixed: &[(&Member, u32)]) -> String {
    let source = |member: &Member| &nodes[member.source.index()];
    let wanted = |but: &Member| {
        let others = fixed.iter().filter(|(member, _)| member.source != but.source);
        let given = others.clone().find(|(member, _)| !is_repartition(source(member)));
        given.or(others.clone().next()).map_or(1, |(_, count)| *count)
    };
    if let Some((member, _)) = fixed.iter().find(|(member, _)| is_repartition(source(member))) {
        return format!("give the repartition `{}` {} partitions", member.topic, wanted(member));
    }
    match fixed.iter().rev().find(|(member, _)| !is_table(nodes, member.source)) {
        Some((member, _)) => format!(
            "create the topics with equal counts, or put `.repartition_with(Repartitioned::new().partitions({}))` \
             between the stream of `{}` and the join",
            wanted(member),
            member.topic
        ),
        None => "create the topics with equal counts".to_owned(),
    }
}

fn is_repartition(source: &Node) -> bool {
    matches!(source.kind, NodeKind::Source(SourceTopics::Repartition { .. }))
}

/// Whether `source` is what a table is made of.
fn is_table(nodes: &[Node], source: NodeId) -> bool {
    let children = &nodes[source.index()].children;
    !children.is_empty() && children.iter().all(|child| nodes[child.index()].table.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StreamsBuilder, Topic};

    const A: Topic<String, String> = Topic::new("a");
    const B: Topic<String, String> = Topic::new("b");
    const C: Topic<String, String> = Topic::new("c");

    #[test]
    fn each_side_is_traced_up_to_its_sources_and_not_beyond_a_repartition() {
        let builder = StreamsBuilder::new();
        let merged = builder.stream(&A).merge(builder.stream(&B)).map_values(|v| v);
        let repartitioned = builder.stream(&C).repartition().filter(|_, _| true);
        let (left, right) = (merged.handle.node, repartitioned.handle.node);
        let mut graph = merged.handle.graph();
        graph.co_partition(left, &[left, right]);
        let found = graph.co_partitioned();
        let names: Vec<_> = found[0].sources.iter().map(|&id| graph.node(id).name.as_str()).collect();
        assert_eq!(found[0].nodes, [left]);
        let source = |number: u32| format!("KSTREAM-SOURCE-{number:010}");
        assert_eq!(names, [source(0), source(1), source(8)]);
    }

    #[test]
    fn groups_that_share_a_source_are_one() {
        let group = |node: u32, sources: &[u32]| CoPartitioned {
            nodes: vec![NodeId(node)],
            sources: sources.iter().map(|&id| NodeId(id)).collect(),
        };
        let all = connected(&[group(9, &[1, 2]), group(10, &[3, 4]), group(11, &[5]), group(12, &[4, 2])]);
        let nodes: Vec<Vec<u32>> = all.iter().map(|g| g.nodes.iter().map(|id| id.0).collect()).collect();
        assert_eq!(nodes, [vec![11], vec![9, 10, 12]]);
    }
}
