//! Puts the sides of joins where their keys are: behind a repartition if the key was changed (rules ).
//!
//! Joins without a name that use one stream share one repartition topic, named after the node that the stream is the
//! output of; each named join has topics of its own. Steps that only change types (`require_key`, `require_value`)
//! stand behind the repartition, not before it: so all that use the stream can share it, whatever they require, and
//! the topic holds what it holds in Kafka Streams.

use std::panic::Location;

use crate::dsl::handle::Handle;
use crate::dsl::kstream::{RepartitionSpec, add_repartition};
use crate::ids::NodeId;
use crate::serde::{SerdeRef, optional};
use crate::topology::{NodeKind, Required};

/// A side of a join, as it is part of the names of topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JoinSide {
    Left,
    Right,
    /// The only side that a join has a topic for: the stream that is joined with a table.
    Only,
}

/// `input`, behind a repartition if its key was changed. `join` is the join's name, if it was given one; the serdes
/// are those of the stream that `input` is a handle to.
pub(crate) fn co_located<K, V>(
    input: &Handle,
    join: Option<&str>,
    side: JoinSide,
    key: SerdeRef<K>,
    value: SerdeRef<V>,
    location: &'static Location<'static>,
) -> Handle
where
    K: Send + 'static,
    V: Send + 'static,
{
    if !input.key_changed() {
        return input.clone();
    }
    let (origin, steps) = origin(input);
    let shared = input.graph().join_repartitions.unnamed.get(&origin.node).copied();
    let source = match (shared, join) {
        (Some(source), None) => {
            // The numbers of a repartition are taken all the same.
            (0..3).for_each(|_| input.graph().names.burn());
            let source = input.at(source);
            source.allow_fan_out_as(&origin);
            source
        }
        (_, join) => {
            let base = match (join, side) {
                (Some(join), JoinSide::Left) => format!("{join}-left"),
                (Some(join), JoinSide::Right) => format!("{join}-right"),
                (Some(join), JoinSide::Only) => join.to_owned(),
                (None, _) => origin.graph().node(origin.node).name.clone(),
            };
            let source = repartition(&origin, &steps, base, key, value, location);
            if join.is_none() {
                input.graph().join_repartitions.unnamed.insert(origin.node, source.node);
            }
            source
        }
    };
    steps.into_iter().fold(source, |parent, step| behind(&parent, step))
}

/// The node that `input` is the output of, and the steps from there to `input`. More steps than one of each kind are
/// no steps: the types that they lead to cannot be told then.
fn origin(input: &Handle) -> (Handle, Vec<NodeId>) {
    let graph = input.graph();
    let (mut node, mut steps, mut seen) = (input.node, Vec::new(), Vec::new());
    while let Some(required) = graph.node(node).required {
        if seen.contains(&required) {
            drop(graph);
            return (input.clone(), Vec::new());
        }
        seen.push(required);
        steps.insert(0, node);
        node = graph.node(node).parents[0];
    }
    drop(graph);
    (input.at(node), steps)
}

fn repartition<K, V>(
    origin: &Handle,
    steps: &[NodeId],
    base: String,
    key: SerdeRef<K>,
    value: SerdeRef<V>,
    location: &'static Location<'static>,
) -> Handle
where
    K: Send + 'static,
    V: Send + 'static,
{
    fn add<K: Send + 'static, V: Send + 'static>(
        origin: &Handle,
        base: String,
        key: SerdeRef<K>,
        value: SerdeRef<V>,
        location: &'static Location<'static>,
    ) -> Handle {
        let spec = RepartitionSpec { base, key, value, partitions: None, partitioner: None };
        add_repartition(origin, spec, location)
    }
    let requires = {
        let graph = origin.graph();
        let all: Vec<_> = steps.iter().map(|&step| graph.node(step).required).collect();
        move |required| all.contains(&Some(required))
    };
    match (requires(Required::Key), requires(Required::Value)) {
        (false, false) => add(origin, base, key, value, location),
        (true, false) => add(origin, base, optional(key), value, location),
        (false, true) => add(origin, base, key, optional(value), location),
        (true, true) => add(origin, base, optional(key), optional(value), location),
    }
}

/// A copy of a step behind `parent`; the same one for all that use the step.
fn behind(parent: &Handle, step: NodeId) -> Handle {
    let known = parent.graph().join_repartitions.steps.get(&(parent.node, step)).copied();
    let copy = match known {
        Some(copy) => parent.at(copy),
        None => {
            let (wire, location, required) = {
                let graph = parent.graph();
                let node = graph.node(step);
                (node.wire.clone(), node.location, node.required)
            };
            let name = parent.graph().node(parent.node).name.clone();
            let copy = parent.add_kind(name, NodeKind::Hidden, location, wire);
            let mut graph = parent.graph();
            graph.node_mut(copy.node).required = required;
            graph.join_repartitions.steps.insert((parent.node, step), copy.node);
            copy
        }
    };
    copy.allow_fan_out_as(&parent.at(step));
    copy
}

#[cfg(test)]
mod tests {
    use std::panic::Location;

    use super::*;
    use crate::serde::DefaultSerde;
    use crate::testing::TestDriver;
    use crate::{KStream, StreamsBuilder, Topic};

    const IN: Topic<Option<String>, String> = Topic::new("in");
    const ONE: Topic<String, String> = Topic::new("one");
    const TWO: Topic<String, String> = Topic::new("two");

    fn rekeyed(builder: &StreamsBuilder) -> KStream<Option<String>, String> {
        builder.stream(&IN).select_key(|_, v| (v != "none").then(|| v.clone()))
    }

    fn joined<K: DefaultSerde + Send>(
        stream: &KStream<K, String>,
        join: Option<&str>,
        tolerant: bool,
    ) -> KStream<K, String> {
        let (key, value) = (K::serde(), String::serde());
        let handle =
            co_located::<K, String>(&stream.handle, join, JoinSide::Left, key, value, Location::caller());
        let stream = KStream::new(handle).peek(|_, _| {});
        stream.handle.graph().node_mut(stream.handle.node).tolerates_null_keys = tolerant;
        stream
    }

    #[test]
    fn unnamed_joins_share_a_repartition_whatever_they_require_of_keys_and_named_ones_do_not() {
        let builder = StreamsBuilder::new();
        let stream = rekeyed(&builder);
        joined(&stream.clone().require_key(), None, false).to(&ONE);
        joined(&stream.clone().require_key(), Some("j"), false).to(&ONE);
        joined(&stream, None, true).to(&TWO);
        let text = builder.build().unwrap().describe();
        assert_eq!(
            text.matches("(topics: [KSTREAM-KEY-SELECT-0000000001-repartition])").count(),
            1,
            "{text}"
        );
        assert_eq!(text.matches("(topics: [j-left-repartition])").count(), 1, "{text}");
        assert_eq!(text.matches("Sink: ").count(), 5, "{text}");
        // The first takes 2 to 4 for its repartition, the second 7 to 9; the third burns 12 to 14.
        assert!(text.contains("KSTREAM-PEEK-0000000015"), "{text}");
    }

    #[test]
    fn null_keys_pass_if_anything_behind_the_repartition_tolerates_them_and_are_then_counted_where_required()
    {
        for tolerant in [true, false] {
            let builder = StreamsBuilder::new();
            let stream = rekeyed(&builder);
            joined(&stream.clone().require_key(), None, false).to(&ONE);
            joined(&stream, None, tolerant).to(&TWO);
            let mut driver = TestDriver::new(&builder.build().unwrap()).unwrap();
            driver.pipe(&IN, None, "a".to_owned(), 1).unwrap();
            driver.pipe(&IN, None, "none".to_owned(), 2).unwrap();
            assert_eq!(driver.read(&ONE).unwrap().len(), 1);
            let dropped = driver.dropped();
            assert_eq!(dropped.of(crate::DropReason::NullKey), u64::from(tolerant));
            assert_eq!(dropped.of(crate::DropReason::NullKeyAtRepartition), u64::from(!tolerant));
            let two = driver.read_raw("two").len();
            assert_eq!(two, if tolerant { 2 } else { 1 });
        }
    }

    #[test]
    fn a_step_that_is_also_used_before_the_repartition_stays_there() {
        let builder = StreamsBuilder::new();
        let required = rekeyed(&builder).require_key();
        joined(&required.clone(), None, false).to(&ONE);
        joined(&required.clone(), None, false).to(&ONE);
        required.to(&TWO);
        let mut driver = TestDriver::new(&builder.build().unwrap()).unwrap();
        driver.pipe(&IN, None, "a".to_owned(), 1).unwrap();
        assert_eq!(driver.read(&ONE).unwrap().len(), 2);
        assert_eq!(driver.read(&TWO).unwrap().len(), 1);
    }
}
