//! Equal partition counts where a node brings records together by key (rule R-7), when the counts of topics are known.

use crate::error::{Error, ErrorKind, Result};
use crate::ids::NodeId;
use crate::task::assignments::Assignments;
use crate::topology::{Member, SourceTopics, Topology, connected, contradictions};

impl Assignments {
    /// Gives repartition topics without a count of their own the count of what they are joined with: that of the
    /// topics and of the counts that were set, which must all be equal, or else the highest. Errs with every join
    /// whose sides cannot have equal counts.
    pub(super) fn co_partition(&mut self, topology: &Topology) -> Result<()> {
        let groups = topology.co_partitioned();
        let found = contradictions(topology.nodes(), groups, &|source| self.members(topology, source));
        if !found.is_empty() {
            return Err(Error::new(ErrorKind::Topology, found.join("\n")));
        }
        for group in connected(groups) {
            let members: Vec<Member> =
                group.sources.iter().flat_map(|&source| self.members(topology, source)).collect();
            let fixed = members.iter().find_map(|member| member.count);
            let computed = || members.iter().filter_map(|m| self.repartitions.get(&m.topic).copied()).max();
            let Some(count) = fixed.or_else(computed) else { continue };
            for member in members.iter().filter(|member| member.count.is_none()) {
                self.set_repartition(&member.topic, count);
            }
        }
        Ok(())
    }

    /// The topics that have fewer partitions than others that they are joined with, and how many those have.
    pub(super) fn unequal(&self, topology: &Topology) -> Vec<(String, u32)> {
        let mut found = Vec::new();
        for group in connected(topology.co_partitioned()) {
            let given = |source: &NodeId| matches!(topology.repartition_of(*source), Some((_, Some(_))));
            if group.sources.iter().any(given) {
                continue;
            }
            let members = || group.sources.iter().flat_map(|&source| self.members(topology, source));
            let largest = members().filter_map(|member| member.count).max();
            let small = members().filter(|member| member.count.is_some() && member.count < largest);
            found.extend(small.filter_map(|member| Some((member.topic, largest?))));
        }
        found
    }

    /// The topics that `source` reads.
    fn members(&self, topology: &Topology, source: NodeId) -> Vec<Member> {
        let given = topology.repartition_of(source).map(|(_, partitions)| partitions);
        let inputs = self.subs.iter().flat_map(|sub| &sub.inputs);
        let own = inputs.filter(|(input, _)| input.sources.contains(&source));
        own.map(|(input, count)| Member {
            topic: input.topic.clone(),
            source,
            count: given.unwrap_or(Some(*count)),
        })
        .collect()
    }

    /// The count of a repartition topic, in place of the one it had.
    pub(super) fn set_repartition(&mut self, topic: &str, count: u32) {
        self.repartitions.insert(topic.to_owned(), count);
        for (input, known) in self.subs.iter_mut().flat_map(|sub| &mut sub.inputs) {
            if input.topic == topic {
                *known = count;
            }
        }
    }
}

impl Topology {
    /// Name and given count of the repartition topic that `source` reads, if it reads one.
    fn repartition_of(&self, source: NodeId) -> Option<(&str, Option<u32>)> {
        match &self.node(source).kind {
            crate::topology::NodeKind::Source(SourceTopics::Repartition { name, partitions }) => {
                Some((name, *partitions))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{KStream, Repartitioned, StreamsBuilder, Topic};

    type Strings = KStream<String, String>;

    fn topic(name: &'static str) -> Topic<String, String> {
        Topic::new(name)
    }

    /// A merge that needs equal counts on both sides, as a join does.
    #[track_caller]
    fn join(left: Strings, right: Strings) -> Strings {
        let sides = [left.handle.node, right.handle.node];
        let merged = left.merge(right);
        merged.handle.graph().co_partition(merged.handle.node, &sides);
        merged
    }

    fn assigned(builder: &StreamsBuilder, counts: &[(&str, u32)]) -> Result<Vec<(String, u32)>> {
        let count = |topic: &str| Ok(counts.iter().find(|(name, _)| *name == topic).map_or(1, |(_, n)| *n));
        let all = Assignments::of(&builder.build()?, "app", &[], &count)?;
        Ok(all.repartition_topics().iter().map(|(name, count)| (name.clone(), *count)).collect())
    }

    fn named(name: &str) -> Repartitioned<String, String> {
        Repartitioned::new().named(name)
    }

    fn said<T>(result: Result<T>) -> String {
        result.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn topics_of_different_counts_are_refused_with_sides_counts_and_lines() {
        let builder = StreamsBuilder::new();
        let first = line!() + 1;
        let left = builder.stream(&topic("left")).map_values(|v| v);
        join(left, builder.stream(&topic("right"))).to(&topic("out"));
        let at = |line: u32| format!("{}:{line}", file!());
        let expected = format!(
            "`KSTREAM-MERGE-0000000003` ({}) joins by key what has different partition counts, so equal keys would not \
             meet:\n    topic `left` has 4 partitions and is read by `KSTREAM-SOURCE-0000000000` ({})\n    topic \
             `right` has 1 partition and is read by `KSTREAM-SOURCE-0000000002` ({})\n  create the topics with equal \
             counts, or put `.repartition_with(Repartitioned::new().partitions(4))` between the stream of `right` and \
             the join",
            at(first + 1),
            at(first),
            at(first + 1)
        );
        assert_eq!(said(assigned(&builder, &[("left", 4)])), expected);
        assert_eq!(assigned(&builder, &[("left", 4), ("right", 4)]).unwrap(), []);
    }

    #[test]
    fn a_repartition_without_a_count_takes_that_of_the_topics_it_is_joined_with() {
        let builder = StreamsBuilder::new();
        let left = builder.stream(&topic("left")).repartition_with(named("l"));
        join(left, builder.stream(&topic("right"))).repartition_with(named("behind")).to(&topic("out"));
        let counts = assigned(&builder, &[("left", 8), ("right", 3)]).unwrap();
        // As in Kafka, what is behind is counted before counts are made equal.
        let expected = [("app-behind-repartition", 8), ("app-l-repartition", 3)];
        assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)));
    }

    #[test]
    fn repartitions_among_themselves_take_the_highest_or_the_given_count() {
        for (given, count) in [(None, 8), (Some(5), 5)] {
            let builder = StreamsBuilder::new();
            let left = builder.stream(&topic("left")).repartition_with(named("l"));
            let mut right = named("r");
            right.partitions = given;
            let right = builder.stream(&topic("right")).repartition_with(right);
            join(left, right).to(&topic("out"));
            let counts = assigned(&builder, &[("left", 8), ("right", 3)]).unwrap();
            assert!(counts.iter().all(|(_, n)| *n == count), "{counts:?}");
        }
    }

    #[test]
    fn a_given_count_that_differs_from_the_other_sides_topic_is_refused() {
        let builder = StreamsBuilder::new();
        let left = builder.stream(&topic("left")).repartition_with(named("l").partitions(2));
        join(left, builder.stream(&topic("right"))).to(&topic("out"));
        let text = said(assigned(&builder, &[("right", 3)]));
        assert!(text.contains("repartition topic `app-l-repartition` has 2 partitions"), "{text}");
        assert!(text.ends_with("give the repartition `app-l-repartition` 3 partitions"), "{text}");
    }

    #[test]
    fn given_counts_that_differ_are_refused_at_build() {
        let builder = StreamsBuilder::new();
        let left = builder.stream(&topic("left")).repartition_with(named("l").partitions(2));
        let right = builder.stream(&topic("right")).repartition_with(named("r").partitions(3));
        join(left, right).to(&topic("out"));
        let text = said(builder.build());
        assert!(text.contains("1 mistake") && text.contains("`l-repartition` has 2 partitions"), "{text}");
        assert!(text.contains("`r-repartition` has 3 partitions"), "{text}");
    }

    #[test]
    fn joins_that_share_a_source_have_one_count() {
        let builder = StreamsBuilder::new();
        let middle = builder.stream(&topic("middle")).repartition_with(named("m"));
        join(builder.stream(&topic("left")), middle.clone()).to(&topic("out"));
        join(middle, builder.stream(&topic("right"))).to(&topic("out"));
        let text = said(assigned(&builder, &[("left", 2), ("right", 3)]));
        assert!(
            text.contains("share a source, so all that they join must have one partition count"),
            "{text}"
        );
        let counts = assigned(&builder, &[("left", 2), ("right", 2), ("middle", 9)]).unwrap();
        assert_eq!(counts, [("app-m-repartition".to_owned(), 2)]);
    }

    /// A source of joins: its topic's count, and if it is repartitioned, the count that was given.
    #[derive(Debug, Clone)]
    struct Side {
        count: u32,
        repartition: Option<Option<u32>>,
    }

    impl Side {
        fn fixed(&self) -> Option<u32> {
            self.repartition.unwrap_or(Some(self.count))
        }

        fn topic(&self, number: usize) -> String {
            let (prefix, suffix) =
                if self.repartition.is_some() { ("app-", "-repartition") } else { ("", "") };
            format!("{prefix}t{number}{suffix}")
        }
    }

    fn sides() -> impl Strategy<Value = Vec<Side>> {
        let repartition = prop_oneof![Just(None), Just(Some(None)), (1_u32..3).prop_map(|n| Some(Some(n)))];
        let side = (1_u32..3, repartition).prop_map(|(count, repartition)| Side { count, repartition });
        prop::collection::vec(side, 5)
    }

    proptest! {
        #[test]
        fn what_is_joined_has_equal_counts_or_is_refused_because_it_cannot(
            sides in sides(),
            joins in prop::collection::vec((0_usize..5, 0_usize..5), 0..5)
        ) {
            let builder = StreamsBuilder::new();
            let streams: Vec<Strings> = sides.iter().enumerate().map(|(number, side)| {
                let stream = builder.stream(&topic(format!("t{number}").leak()));
                match side.repartition {
                    None => stream,
                    Some(given) => {
                        let mut repartitioned = named(&format!("t{number}"));
                        repartitioned.partitions = given;
                        stream.repartition_with(repartitioned)
                    }
                }
            }).collect();
            // Sides that some chain of joins connects, by the least of them.
            let mut part: Vec<usize> = (0..sides.len()).collect();
            for &(left, right) in joins.iter().filter(|(left, right)| left != right) {
                join(streams[left].clone(), streams[right].clone()).to(&topic("out"));
                let (keep, go) = (part[left].min(part[right]), part[left].max(part[right]));
                part.iter_mut().filter(|one| **one == go).for_each(|one| *one = keep);
            }
            let connected = |root: usize| (0..sides.len()).filter(move |&number| part[number] == root);
            let contradiction = (0..sides.len()).any(|root| {
                connected.clone()(root).filter_map(|number| sides[number].fixed()).collect::<BTreeSet<_>>().len() > 1
            });
            let count = |name: &str| Ok(sides[name[1..].parse::<usize>().unwrap_or(0)].count);
            let all = builder.build().and_then(|topology| Assignments::of(&topology, "app", &[], &count));
            prop_assert_eq!(all.is_err(), contradiction, "{}", said(all));
            let Ok(all) = all else { return Ok(()) };
            for root in 0..sides.len() {
                let counts: BTreeSet<u32> = connected.clone()(root)
                    .filter_map(|number| {
                        let name = sides[number].topic(number);
                        let mut inputs = all.subs.iter().flat_map(|sub| &sub.inputs);
                        inputs.find(|(input, _)| input.topic == name).map(|(_, count)| *count)
                    })
                    .collect();
                prop_assert!(counts.len() <= 1, "{:?}", counts);
            }
        }
    }
}
