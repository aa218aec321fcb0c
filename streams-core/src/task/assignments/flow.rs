//! How records flow from sub-topology to sub-topology through topics, for those who run to the end of the input: what
//! has to be over before what, and in which order windows are closed.
//!
//! Sub-topologies that feed each other in a circle, and one that reads a topic it also writes, are one [`Section`]: none
//! of them has ended before the others have. What sinks that choose their topics per record write to is not known
//! before they have done it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ids::NodeId;
use crate::task::assignments::Assignments;
use crate::topology::{NodeKind, Topology};

/// The sections of a topology, each behind those that write what it reads.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    pub(crate) sections: Vec<Section>,
    /// The topics that are read and written, with the sub-topologies that write them.
    written: BTreeMap<String, BTreeSet<u32>>,
}

/// Sub-topologies whose inputs end together.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) subs: BTreeSet<u32>,
    /// Topics that it reads and writes itself.
    pub(crate) inner: BTreeSet<String>,
    /// What closes its windows in turn; at least one.
    pub(crate) stages: Vec<Stage>,
    /// The sections that write what it reads.
    pub(crate) upstream: BTreeSet<usize>,
}

/// Nodes that close their windows together, when everything that comes of earlier stages has been processed.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) nodes: Arc<BTreeSet<NodeId>>,
    /// Whether what one of them puts out may come back to it, so that closing goes on until nothing comes of it.
    pub(crate) circular: bool,
}

impl Flow {
    /// Whether a sub-topology writes this topic, by name.
    pub(crate) fn is_written(&self, topic: &str) -> bool {
        self.written.contains_key(topic)
    }

    /// Whether this topic comes back to the section that writes it.
    pub(super) fn is_inner(&self, topic: &str) -> bool {
        self.sections.iter().any(|section| section.inner.contains(topic))
    }
}

impl Assignments {
    /// How records flow, as far as that is known by name.
    pub(crate) fn flow(&self) -> &Arc<Flow> {
        &self.flow
    }

    /// How records flow if sinks of these sub-topologies have chosen these topics.
    pub(crate) fn find_flow(
        &self,
        topology: &Topology,
        application_id: &str,
        chosen: &BTreeSet<(u32, String)>,
    ) -> Flow {
        let subs = self.subs.len();
        let mut written: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
        let mut edges = Vec::new();
        for writer in 0..subs {
            let sinks = topology.sinks_of(writer as u32).map(|sink| sink.full_name(application_id));
            let chosen = chosen.iter().filter(|(sub, _)| *sub as usize == writer);
            for topic in sinks.chain(chosen.map(|(_, topic)| topic.clone())) {
                let reads =
                    |sub: &usize| self.subs[*sub].inputs.iter().any(|(input, _)| input.topic == topic);
                if let Some(reader) = (0..subs).find(reads) {
                    edges.push((writer, reader));
                    written.entry(topic).or_default().insert(writer as u32);
                }
            }
        }
        let leads = closure(subs, &edges);
        let mut circles = circles(&leads);
        let mut sections: Vec<Section> = Vec::new();
        while !circles.is_empty() {
            let feeds = |from: &BTreeSet<u32>, to: &BTreeSet<u32>| {
                let first = |subs: &BTreeSet<u32>| subs.first().map_or(0, |&sub| sub as usize);
                leads[first(from)][first(to)]
            };
            let waits =
                |subs: &BTreeSet<u32>| circles.iter().any(|other| other != subs && feeds(other, subs));
            let next = circles.iter().position(|subs| !waits(subs)).unwrap_or(0);
            let subs = circles.remove(next);
            let upstream = (0..sections.len()).filter(|&at| feeds(&sections[at].subs, &subs)).collect();
            let read = subs.iter().flat_map(|&sub| &self.subs[sub as usize].inputs);
            let own = |topic: &&String| written.get(*topic).is_some_and(|by| !by.is_disjoint(&subs));
            let inner = read.map(|(input, _)| &input.topic).filter(own).cloned().collect();
            let stages = self.stages(topology, application_id, chosen, &subs);
            sections.push(Section { subs, inner, stages, upstream });
        }
        Flow { sections, written }
    }

    /// The nodes of these sub-topologies by how often records go through topics of theirs on the longest way to them.
    fn stages(
        &self,
        topology: &Topology,
        application_id: &str,
        chosen: &BTreeSet<(u32, String)>,
        subs: &BTreeSet<u32>,
    ) -> Vec<Stage> {
        let of = |&sub: &u32| topology.nodes_of(sub).iter().map(move |&node| (sub, node));
        let (owners, nodes): (Vec<u32>, Vec<NodeId>) = subs.iter().flat_map(of).unzip();
        let places: BTreeMap<NodeId, usize> = nodes.iter().enumerate().map(|(at, &id)| (id, at)).collect();
        let inputs: Vec<_> = subs.iter().flat_map(|&sub| &self.subs[sub as usize].inputs).collect();
        let (mut edges, mut hops) = (Vec::new(), BTreeSet::new());
        for (at, &id) in nodes.iter().enumerate() {
            let node = topology.node(id);
            edges.extend(node.children.iter().filter_map(|child| Some((at, *places.get(child)?))));
            let topics: Vec<String> = match &node.kind {
                NodeKind::Sink(Some(topic)) => vec![topic.full_name(application_id)],
                NodeKind::Sink(None) => {
                    let its = chosen.iter().filter(|(sub, _)| *sub == owners[at]);
                    its.map(|(_, topic)| topic.clone()).collect()
                }
                _ => continue,
            };
            let read = inputs.iter().filter(|(input, _)| topics.contains(&input.topic));
            hops.extend(
                read.flat_map(|(input, _)| &input.sources).filter_map(|s| Some((at, *places.get(s)?))),
            );
        }
        edges.extend(hops.iter().copied());
        let leads = closure(nodes.len(), &edges);
        let circular = |a: usize, b: usize| leads[a][b] && leads[b][a];
        let mut levels = vec![0usize; nodes.len()];
        let mut moved = true;
        while moved {
            moved = false;
            for &(from, to) in &edges {
                // In a circle all are on one level.
                let (same, hop) = (circular(from, to), usize::from(hops.contains(&(from, to))));
                let level = levels[from] + if same { 0 } else { hop };
                if levels[to] < level {
                    levels[to] = level;
                    moved = true;
                }
            }
        }
        let last = levels.iter().copied().max().unwrap_or(0);
        let stage = |level: usize| {
            let on_level = || (0..nodes.len()).filter(|&at| levels[at] == level);
            Stage {
                nodes: Arc::new(on_level().map(|at| nodes[at]).collect()),
                circular: on_level().any(|at| leads[at][at]),
            }
        };
        (0..=last).map(stage).collect()
    }
}

/// For each of `count` places, which others its edges lead to; itself only if it is in a circle.
fn closure(count: usize, edges: &[(usize, usize)]) -> Vec<Vec<bool>> {
    let mut next = vec![Vec::new(); count];
    edges.iter().for_each(|&(from, to)| next[from].push(to));
    let mut all = vec![vec![false; count]; count];
    for (start, seen) in all.iter_mut().enumerate() {
        let mut open = next[start].clone();
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut seen[at], true) {
                open.extend(&next[at]);
            }
        }
    }
    all
}

/// Those that lead to each other, and each other one alone.
fn circles(leads: &[Vec<bool>]) -> Vec<BTreeSet<u32>> {
    let mut circles: Vec<BTreeSet<u32>> = Vec::new();
    for (sub, to) in leads.iter().enumerate() {
        let same = |first: &u32| to[*first as usize] && leads[*first as usize][sub];
        match circles.iter_mut().find(|circle| circle.first().is_some_and(same)) {
            Some(circle) => _ = circle.insert(sub as u32),
            None => circles.push(BTreeSet::from([sub as u32])),
        }
    }
    circles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KStream, StreamsBuilder, Topic};

    fn topic(name: &'static str) -> Topic<String, String> {
        Topic::new(name)
    }

    fn again(stream: KStream<String, String>) -> KStream<String, String> {
        stream.select_key(|_, v| v.clone()).repartition()
    }

    /// Sub-topologies, inner topics and whether each stage is circular, by section.
    fn sections(builder: &StreamsBuilder) -> Vec<(Vec<u32>, Vec<String>, Vec<bool>)> {
        let all = Assignments::of(&builder.build().unwrap(), "app", &[], &|_| Ok(2)).unwrap();
        let shown = |section: &Section| {
            let stages = section.stages.iter().map(|stage| stage.circular).collect();
            (section.subs.iter().copied().collect(), section.inner.iter().cloned().collect(), stages)
        };
        all.flow().sections.iter().map(shown).collect()
    }

    #[test]
    fn sub_topologies_one_after_the_other_are_sections_of_one_stage() {
        let builder = StreamsBuilder::new();
        again(again(builder.stream(&topic("in")))).to(&topic("out"));
        assert_eq!(sections(&builder), [0, 1, 2].map(|sub| (vec![sub], vec![], vec![false])));
    }

    #[test]
    fn a_sub_topology_that_reads_what_it_writes_has_a_stage_per_way_through_the_topic() {
        let builder = StreamsBuilder::new();
        let first = builder.stream(&topic("in"));
        first.clone().merge(again(first)).to(&topic("out"));
        let found = sections(&builder);
        assert_eq!((found.len(), found[0].1.len(), &found[0].2), (1, 1, &vec![false, false]));
    }

    #[test]
    fn sub_topologies_in_a_circle_are_one_section_and_those_behind_it_come_later() {
        let builder = StreamsBuilder::new();
        again(builder.stream(&topic("x"))).to(&topic("y"));
        let back = builder.stream(&topic("y"));
        back.clone().filter(|_, v| v.is_empty()).to(&topic("x"));
        again(back).to(&topic("out"));
        let found = sections(&builder);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!((found[0].0.len(), &found[0].2), (3, &vec![true]));
        assert_eq!((found[1].0.len(), &found[1].2), (1, &vec![false]));
    }
}
