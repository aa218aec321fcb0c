//! Repartitions below one change of key become one (`merge.repartition.topics`, reference section 20.4).
//!
//! The one that stays is named by the first of them. What lies between the change of key and a repartition that goes
//! moves below the one that stays, and runs there. So nothing may lie between that changes values: such a repartition
//! keeps its own topic, as does one of other serdes than the first, or one that the user asked for.
//!
//! Where streams were merged, the repartitions below belong to the merge. Kafka Streams moves them up to one of the
//! changes of key above if others hang there, and then does not repartition what came from the rest.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ids::NodeId;
use crate::topology::{Effect, Graph, Node, NodeKind, Repartition, RepartitionWires};

/// Merges the repartitions below each change of key.
pub(super) fn merge(graph: &mut Graph) {
    let mut by_owner: BTreeMap<NodeId, Vec<Candidate>> = BTreeMap::new();
    for repartition in graph.all_repartitions.clone() {
        if let Some((owner, candidate)) = candidate(graph, repartition) {
            by_owner.entry(owner).or_default().push(candidate);
        }
    }
    for (owner, mut candidates) in by_owner {
        let order = graph.node(owner).order;
        let owner = behind_hidden(graph, owner, &mut candidates);
        let wires = Arc::clone(&candidates[0].wires[0]);
        candidates.retain(|candidate| wires.same(&*candidate.wires[0]));
        part_hidden(graph, owner, &mut candidates);
        merge_below(graph, owner, order, &wires, &candidates);
    }
}

/// A repartition that can be moved up to its owner.
struct Candidate {
    repartition: Repartition,
    /// The nodes between the owner and the repartition, from top to bottom.
    between: Vec<NodeId>,
    /// Its wires for the types of the outputs of the owner and of the nodes between.
    wires: Vec<Arc<dyn RepartitionWires>>,
}

/// The change of key, or merge, that a repartition can be moved up to.
fn candidate(graph: &Graph, repartition: Repartition) -> Option<(NodeId, Candidate)> {
    let mut wires = vec![Arc::clone(repartition.wires.as_ref()?)];
    let changes_key = |node: NodeId| graph.node(node).effect == Effect::ChangesKey;
    let changes = |node: NodeId| matches!(graph.node(node).effect, Effect::ChangesKey | Effect::ChangesValue);
    // No change of value may lie between, where several ways lead up on none of them.
    let nearest = nearest(graph, repartition.filter, &changes)?;
    if self::nearest(graph, repartition.filter, &changes_key) != Some(nearest) {
        return None;
    }
    let (mut last, mut between) = (repartition.filter, Vec::new());
    loop {
        let above = *graph.node(last).parents.first()?;
        let node = graph.node(above);
        match (node.effect, &node.kind) {
            (Effect::ChangesKey, _) => return Some((above, Candidate { repartition, between, wires })),
            (Effect::Keeps, _) if node.parents.len() > 1 => {
                return Some((above, Candidate { repartition, between, wires }));
            }
            (Effect::Keeps, _) => wires.insert(0, Arc::clone(&wires[0])),
            (_, NodeKind::Hidden) => wires.insert(0, (node.lift.as_ref()?)(&*wires[0])?),
            _ => return None,
        }
        between.insert(0, above);
        last = above;
    }
}

/// The nearest node above `start` that matches. Of several parents the last one leads on, as in Kafka Streams, so that
/// the same repartitions are merged.
fn nearest(graph: &Graph, start: NodeId, matches: &dyn Fn(NodeId) -> bool) -> Option<NodeId> {
    let mut found = None;
    for &parent in &graph.node(start).parents {
        if matches(parent) {
            return Some(parent);
        }
        found = nearest(graph, parent, matches);
    }
    found
}

/// The owner, or the node below it that only changes types, if there is nothing else: it need not be parted then.
fn behind_hidden(graph: &Graph, owner: NodeId, candidates: &mut [Candidate]) -> NodeId {
    let mut owner = owner;
    while let [only] = graph.node(owner).children[..]
        && matches!(graph.node(only).kind, NodeKind::Hidden)
    {
        owner = only;
        for candidate in &mut *candidates {
            candidate.between.remove(0);
            candidate.wires.remove(0);
        }
    }
    owner
}

/// Nodes that only change types belong to what is behind them: where one stands first below the owner, a copy of it moves
/// below the repartition with what leads to candidates, and the node stays for what else is behind it.
fn part_hidden(graph: &mut Graph, owner: NodeId, candidates: &mut [Candidate]) {
    let mut copies: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for Candidate { repartition, between, .. } in candidates {
        let hidden = |node: &&mut NodeId| matches!(graph.nodes[node.index()].kind, NodeKind::Hidden);
        let tops: Vec<&mut NodeId> = between.iter_mut().take_while(hidden).collect();
        let (mut parent, mut original) = (owner, owner);
        let count = tops.len();
        for top in tops {
            original = *top;
            let copy = match copies.get(&original) {
                Some(copy) => *copy,
                None => {
                    let copy =
                        Node { parents: vec![parent], children: Vec::new(), ..graph.node(original).clone() };
                    let copy = graph.add(copy);
                    copies.insert(original, copy);
                    copy
                }
            };
            *top = copy;
            parent = copy;
        }
        let next = between.get(count).copied().unwrap_or(repartition.filter);
        if count > 0 && graph.node(original).children.contains(&next) {
            graph.cut(original, next);
            graph.tie(parent, next);
        }
    }
    // From bottom to top: what has nothing behind it any more goes.
    for (&original, &copy) in copies.iter().rev() {
        if graph.node(original).children.is_empty() {
            let parent = graph.node(original).parents[0];
            graph.cut(parent, original);
            graph.remove(original, copy);
        }
    }
}

/// Puts one repartition below `owner` in place of all candidates, on the nodes of the first one.
fn merge_below(
    graph: &mut Graph,
    owner: NodeId,
    order: u32,
    wires: &Arc<dyn RepartitionWires>,
    candidates: &[Candidate],
) {
    let kept = candidates[0].repartition.clone();
    // What the kept repartition led to is behind the node before it like that of the others.
    let mut below = Vec::new();
    for Candidate { repartition, between, .. } in candidates {
        let above = graph.node(repartition.filter).parents[0];
        graph.cut(above, repartition.filter);
        if let Some(top) = between.first() {
            graph.move_children(repartition.source, above);
            // Behind the repartition keys are where they belong.
            between.iter().for_each(|&node| graph.node_mut(node).key_changed = false);
            below.push((*top, None));
        } else {
            let children = std::mem::take(&mut graph.node_mut(repartition.source).children);
            let tee = graph.node_mut(repartition.source).tee.take();
            for &child in &children {
                graph.node_mut(child).parents.retain(|parent| *parent != repartition.source);
            }
            below.extend(children.into_iter().map(|child| (child, tee.clone())));
        }
    }
    let name = |part: &str| format!("{}-{part}", kept.topic.name);
    for (id, name, wire) in [
        (kept.filter, name("filter"), wires.filter()),
        (kept.sink, name("sink"), wires.sink(&kept.topic)),
        (kept.source, name("source"), wires.source()),
    ] {
        let node = graph.node_mut(id);
        (node.name, node.wire, node.order) = (name, wire, order);
    }
    let mut tee = graph.node(owner).tee.clone();
    for (child, own) in below {
        if graph.node(kept.source).children.contains(&child) {
            continue;
        }
        graph.cut(owner, child);
        graph.tie(kept.source, child);
        tee = tee.or(own);
    }
    graph.node_mut(kept.source).tee = tee;
    graph.tie(owner, kept.filter);
    for Candidate { repartition: gone, .. } in &candidates[1..] {
        graph.cut(gone.filter, gone.sink);
        for node in [gone.filter, gone.sink, gone.source] {
            graph.remove(node, kept.source);
        }
    }
}
