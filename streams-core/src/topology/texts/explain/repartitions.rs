//! Repartitions: who changed the key, who needs records by key, and how many partitions there are.

use std::collections::BTreeSet;

use crate::ids::NodeId;
use crate::topology::texts::Made;
use crate::topology::texts::explain::{Text, counted, listed, quoted};
use crate::topology::{Effect, Member, NodeKind, SourceTopics, Topology, connected};

impl Topology {
    pub(super) fn explain_repartitions(&self, text: &mut Text) {
        for topic in self.made_topics() {
            let Made::Repartition(source, partitions) = topic.made else { continue };
            let writers = self.writers_of(&topic.name);
            let from: BTreeSet<String> = writers.iter().map(|&sink| self.sub_of(sink).to_string()).collect();
            let from: Vec<String> = from.into_iter().collect();
            let to = self.sub_of(source);
            text.head(format!("Repartition `{}`, from sub-topology {} to {to}", topic.name, listed(&from)));
            text.point("why", self.reason(source, &writers));
            text.point("partitions", self.count_text(source, partitions));
            text.point("cost", "each record goes through the log once more, with its key and value");
        }
    }

    fn reason(&self, source: NodeId, writers: &[NodeId]) -> String {
        let rekeying = self.rekeying(writers);
        let changed = match rekeying.as_slice() {
            [] => None,
            [one] => Some(format!("{} changes the key", self.node_text(*one))),
            many => Some(format!("{} change the key", self.node_texts(many))),
        };
        let node = self.node(source);
        if node.facts.asked_for {
            let place = node.place();
            return match changed {
                Some(changed) => format!("`repartition` asks for it ({place}); before it, {changed}"),
                None => format!(
                    "`repartition` asks for it ({place}); the key is not changed before it, so it is needed only for \
                     another number of partitions or another partitioner"
                ),
            };
        }
        let users = self.needing(source);
        let needs = if users.len() == 1 { "needs" } else { "need" };
        let need = format!("{} {needs} the records of a key in one task", self.node_texts(&users));
        match changed {
            Some(changed) => format!("{changed}, and {need}"),
            None => need,
        }
    }

    /// The nodes behind a repartition that need it: those that a shared one has brought behind it do not.
    fn needing(&self, node: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        for child in self.visible(node, false) {
            let keeps = self.node(child).effect == Effect::Keeps;
            let users = if keeps { self.needing(child) } else { vec![child] };
            found.extend(users.into_iter().filter(|user| !found.contains(user)).collect::<Vec<_>>());
        }
        found
    }

    /// The nearest nodes before `writers` that change keys.
    fn rekeying(&self, writers: &[NodeId]) -> Vec<NodeId> {
        let (mut found, mut seen) = (BTreeSet::new(), BTreeSet::new());
        let mut open: Vec<NodeId> = writers.to_vec();
        while let Some(next) = open.pop() {
            for &parent in &self.node(next).parents {
                if self.node(parent).facts.rekeys {
                    found.insert(parent);
                } else if seen.insert(parent) {
                    open.push(parent);
                }
            }
        }
        found.into_iter().collect()
    }

    /// How many partitions a repartition topic has, and why.
    pub(super) fn count_text(&self, source: NodeId, given: Option<u32>) -> String {
        if let Some(count) = given {
            return format!("{}, as was asked for", counted(count as usize, "partition"));
        }
        let groups = connected(self.co_partitioned());
        if let Some(group) = groups.iter().find(|group| group.sources.contains(&source)) {
            let members: Vec<Member> = group.sources.iter().flat_map(|&id| self.members(id)).collect();
            let joins = self.node_texts(&group.nodes);
            let fixed = members.iter().find(|member| member.count.is_some());
            if let Some(fixed) = fixed {
                return format!("as many partitions as `{}`, with which {joins} joins it", fixed.topic);
            }
            let others = members.iter().map(|member| member.topic.as_str());
            return format!(
                "as many partitions as the highest of {} would have alone, which {joins} joins",
                quoted(others.collect::<BTreeSet<_>>())
            );
        }
        let NodeKind::Source(SourceTopics::Repartition { name, .. }) = &self.node(source).kind else {
            return String::new();
        };
        let subs: BTreeSet<u32> = self.writers_of(name).into_iter().map(|sink| self.sub_of(sink)).collect();
        let subs: Vec<String> = subs.into_iter().map(|sub| sub.to_string()).collect();
        format!("as many partitions as the largest input of sub-topology {}", listed(&subs))
    }

    /// The topics of a source; a count stands for those that are not this library's to choose.
    fn members(&self, source: NodeId) -> Vec<Member> {
        let member = |topic: &str, count| Member { topic: topic.to_owned(), source, count };
        match &self.node(source).kind {
            NodeKind::Source(SourceTopics::Names(names)) => {
                names.iter().map(|name| member(name, Some(0))).collect()
            }
            NodeKind::Source(SourceTopics::Pattern(pattern)) => vec![member(pattern, Some(0))],
            NodeKind::Source(SourceTopics::Repartition { name, partitions }) => {
                vec![member(name, *partitions)]
            }
            _ => Vec::new(),
        }
    }
}
