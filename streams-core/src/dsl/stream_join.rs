//! Adds a join of two streams to the graph: repartitions, stores and nodes, with Kafka Streams' names and numbers.

use std::any::Any;
use std::panic::Location;
use std::sync::{Arc, Mutex};

use crate::dsl::KStream;
use crate::dsl::co_locate::{JoinSide, co_located};
use crate::dsl::handle::{Handle, wire_stage};
use crate::dsl::options::StreamJoined;
use crate::ids::{NodeId, StoreId};
use crate::operators::JoinKey;
use crate::operators::join::stream_stream::{
    JoinKind, Joiner, LeftSide, RightSide, Scratch, SelfJoin, Serdes, SideNodes, SidePort, Stores, StreamJoin,
};
use crate::operators::stage::{PassThrough, Stage};
use crate::serde::SerdeRef;
use crate::state::{StoreSpec, UnmatchedStore, WindowExpiry, WindowSpec, WindowStore};
use crate::time::StreamTime;
use crate::topology::{StoreNode, WireFn, Wirer, boxed, place};
use crate::windows::JoinWindows;

type Place = &'static Location<'static>;

/// What a join is, for all tasks.
struct Plan<K: JoinKey, V1: 'static, V2: 'static, R> {
    kind: JoinKind,
    windows: JoinWindows,
    joiner: Arc<dyn Joiner<K, V1, V2, R>>,
    key: SerdeRef<K::Key>,
    left: SerdeRef<V1>,
    right: SerdeRef<V2>,
    stores: StoreIds,
    /// Name of the left store, which what the join keeps with a commit is named after.
    name: String,
}

#[derive(Clone, Copy)]
struct StoreIds {
    left: StoreId,
    right: StoreId,
    unmatched: Option<StoreId>,
}

/// Joins two streams.
pub(crate) fn add_stream_join<K, K2, V1, V2, R>(
    (left, right): (KStream<K, V1>, KStream<K2, V2>),
    kind: JoinKind,
    windows: JoinWindows,
    joiner: Arc<dyn Joiner<K, V1, V2, R>>,
    options: StreamJoined<K::Key, V1, V2>,
    location: Place,
) -> KStream<K, R>
where
    K: JoinKey,
    K2: JoinKey<Key = K::Key>,
    V1: Clone + Send + 'static,
    V2: Clone + Send + 'static,
    R: Send + 'static,
{
    let verb = match kind {
        JoinKind::Inner => "join",
        JoinKind::Left => "left_join",
        JoinKind::Outer => "outer_join",
    };
    if !left.handle.same_builder(&right.handle, verb, location) {
        return KStream::new(left.handle);
    }
    if let Some(mistake) = windows.mistake() {
        left.handle.graph().mistakes.add(format!("the join windows at {}: {mistake}", place(location)));
    }
    let name = options.name.clone();
    let (left_key, right_key) =
        (K::join_serde(Arc::clone(&options.key)), K2::join_serde(Arc::clone(&options.key)));
    let left = co_located::<K, V1>(
        &left.handle,
        name.as_deref(),
        JoinSide::Left,
        left_key,
        Arc::clone(&options.left),
        location,
    );
    let right = co_located::<K2, V2>(
        &right.handle,
        name.as_deref(),
        JoinSide::Right,
        right_key,
        Arc::clone(&options.right),
        location,
    );

    let names = Names::of(&left, kind, &options);
    let stores = add_stores(&left, &names, &windows, kind, &options, location);
    let StreamJoined { key, left: left_serde, right: right_serde, .. } = options;
    let plan = Arc::new(Plan {
        kind,
        windows,
        joiner,
        key,
        left: left_serde,
        right: right_serde,
        stores,
        name: names.left_store,
    });

    let self_join = if kind == JoinKind::Inner { plan.wire_as_self_join() } else { None };
    let wire_left: Arc<WireFn> = {
        let plan = Arc::clone(&plan);
        Arc::new(move |wirer, node| {
            boxed::<K, V1>(SidePort::<LeftSide, K, V1, V2, R>::new(plan.wire(wirer, node)))
        })
    };
    let wire_right: Arc<WireFn> = Arc::new(move |wirer, node| {
        boxed::<K2, V2>(SidePort::<RightSide, K, V1, V2, R>::new(plan.wire(wirer, node)))
    });
    let [left_windowed, right_windowed, left_join, right_join, merge] = names.nodes;
    let left_windowed = left.add_named(left_windowed, location, wire_left);
    let right_windowed = right.add_named(right_windowed, location, wire_right);
    // These are part of the node that both ports lead to.
    let pass: Arc<dyn Stage<K, R, K, R>> = Arc::new(PassThrough);
    let left_join = left_windowed.add_named(left_join, location, wire_stage(Arc::clone(&pass)));
    let right_join = right_windowed.add_named(right_join, location, wire_stage(Arc::clone(&pass)));
    let merge = left_join.add_named(merge, location, wire_stage(pass));
    {
        let mut graph = merge.graph();
        graph.node_mut(merge.node).parents.push(right_join.node);
        graph.node_mut(right_join.node).children.push(merge.node);
        graph.node_mut(merge.node).self_join = self_join;
        for node in [left_windowed.node, right_windowed.node] {
            graph.node_mut(node).tolerates_null_keys = kind != JoinKind::Inner;
        }
        graph.co_partition(merge.node, &[left.node, right.node]);
    }
    left_windowed.connect(stores.left);
    right_windowed.connect(stores.right);
    left_join.connect(stores.right);
    right_join.connect(stores.left);
    if let Some(store) = stores.unmatched {
        for join in [left_join, right_join] {
            join.connect(store);
            join.graph().node_mut(join.node).facts.unmatched = Some(store);
        }
    }
    KStream::new(merge)
}

/// Names of nodes and stores (sections 19.1 and 19.2 of the reference).
struct Names {
    /// Windowed left and right, join left and right, merge.
    nodes: [String; 5],
    left_store: String,
    right_store: String,
    unmatched_store: String,
}

impl Names {
    fn of<K, V1, V2>(handle: &Handle, kind: JoinKind, options: &StreamJoined<K, V1, V2>) -> Names {
        let (left_outer, right_outer) = (kind == JoinKind::Outer, kind != JoinKind::Inner);
        let mut graph = handle.graph();
        let mut next = |prefix: &str| graph.names.next(prefix);
        let generated = [
            next("KSTREAM-WINDOWED-"),
            next("KSTREAM-WINDOWED-"),
            next(if left_outer { "KSTREAM-OUTERTHIS-" } else { "KSTREAM-JOINTHIS-" }),
            next(if right_outer { "KSTREAM-OUTEROTHER-" } else { "KSTREAM-JOINOTHER-" }),
            next("KSTREAM-MERGE-"),
        ];
        let this = if left_outer { "outer-this" } else { "this" };
        let other = if right_outer { "outer-other" } else { "other" };
        let shared = if left_outer { "outer" } else { "left" };
        let (left_store, right_store, unmatched_store) = match (&options.own_stores, &options.store_name) {
            (Some((left, right)), _) => {
                (left.clone(), right.clone(), format!("{left}-{shared}-shared-join-store"))
            }
            (None, Some(name)) => (
                format!("{name}-{this}-join-store"),
                format!("{name}-{other}-join-store"),
                format!("{name}-{shared}-shared-join-store"),
            ),
            (None, None) => {
                let number = generated[2].rsplit('-').next().unwrap_or_default();
                (
                    format!("{}-store", generated[2]),
                    format!("{}-store", generated[3]),
                    format!("KSTREAM-OUTERSHARED-{number}-store"),
                )
            }
        };
        let nodes = match &options.name {
            None => generated,
            Some(name) => [
                format!("{name}-this-windowed"),
                format!("{name}-other-windowed"),
                format!("{name}-{this}-join"),
                format!("{name}-{other}-join"),
                format!("{name}-merge"),
            ],
        };
        Names { nodes, left_store, right_store, unmatched_store }
    }
}

fn add_stores<K, V1, V2>(
    handle: &Handle,
    names: &Names,
    windows: &JoinWindows,
    kind: JoinKind,
    options: &StreamJoined<K, V1, V2>,
    location: Place,
) -> StoreIds
where
    K: Clone + Send + 'static,
    V1: Clone + Send + 'static,
    V2: Clone + Send + 'static,
{
    let mut window = WindowSpec::new(windows.size(), windows.retention());
    window.retain_duplicates = true;
    if options.in_memory {
        window.expiry = WindowExpiry::InMemory;
    }
    let spec = |name: &String| StoreSpec::window(name.clone(), window.clone()).logged(options.logged);
    let mut graph = handle.graph();
    let left = window_store(spec(&names.left_store), &options.key, &options.left, location);
    let right = window_store(spec(&names.right_store), &options.key, &options.right, location);
    let (left, right) = (graph.add_store(left), graph.add_store(right));
    let unmatched = (kind != JoinKind::Inner && !windows.is_eager()).then(|| {
        let spec = StoreSpec::key_value(names.unmatched_store.clone()).logged(options.logged);
        let (made, left, right) = (spec.clone(), Arc::clone(&options.left), Arc::clone(&options.right));
        let factory = move |_: bool| {
            let store = UnmatchedStore::<V1, V2>::new(made.clone(), Arc::clone(&left), Arc::clone(&right));
            Ok((store.for_task(), Arc::new(store) as Arc<dyn Any + Send + Sync>))
        };
        graph.add_store(StoreNode::new(spec, location, Arc::new(factory)))
    });
    StoreIds { left, right, unmatched }
}

/// The store of one side.
fn window_store<K, V>(spec: StoreSpec, key: &SerdeRef<K>, value: &SerdeRef<V>, location: Place) -> StoreNode
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    let (made, key, value) = (spec.clone(), Arc::clone(key), Arc::clone(value));
    let factory = move |_: bool| {
        let store = WindowStore::<K, V>::for_join(made.clone(), Arc::clone(&key), Arc::clone(&value))?;
        Ok((store.for_task(), Arc::new(store) as Arc<dyn Any + Send + Sync>))
    };
    StoreNode::new(spec, location, Arc::new(factory))
}

impl<K, V1, V2, R> Plan<K, V1, V2, R>
where
    K: JoinKey,
    V1: Clone + Send + 'static,
    V2: Clone + Send + 'static,
    R: Send + 'static,
{
    /// Makes the node that keeps the left side join it with itself; `None` if the values of the two sides have not
    /// one type.
    fn wire_as_self_join(self: &Arc<Self>) -> Option<Arc<WireFn>> {
        let joiner: &dyn Any = &self.joiner;
        let joiner = Arc::clone(joiner.downcast_ref::<Arc<dyn Joiner<K, V1, V1, R>>>()?);
        let plan = Arc::clone(self);
        Some(Arc::new(move |wirer, windowed| {
            let merge = wirer.topology.node(windowed).children[0];
            let join = SelfJoin {
                windowed,
                merge,
                windows: plan.windows,
                joiner: Arc::clone(&joiner),
                key_serde: Arc::clone(&plan.key),
                value_serde: Arc::clone(&plan.left),
                store: wirer.store(plan.stores.left),
                clock: StreamTime::unknown(),
                next: wirer.next::<K, R>(merge),
                key: Vec::new(),
                results: Vec::new(),
            };
            wirer.register::<K, V1, _>(windowed, join)
        }))
    }

    /// The join of a task, whichever of its sides is wired first; `windowed` is the node of one of them.
    fn wire(&self, wirer: &mut Wirer<'_>, windowed: NodeId) -> Arc<Mutex<StreamJoin<K, V1, V2, R>>> {
        let topology = wirer.topology;
        let child = |node: NodeId| topology.node(node).children[0];
        let merge = child(child(windowed));
        let sides = &topology.node(merge).parents;
        let side = |join: NodeId| SideNodes { windowed: topology.node(join).parents[0], join };
        let (left, right) = (side(sides[0]), side(sides[1]));
        wirer.made_once(left.join, |wirer| StreamJoin {
            kind: self.kind,
            left,
            right,
            name: self.name.clone(),
            windows: self.windows,
            joiner: Arc::clone(&self.joiner),
            serdes: Serdes {
                key: Arc::clone(&self.key),
                left: Arc::clone(&self.left),
                right: Arc::clone(&self.right),
            },
            stores: Stores {
                left: wirer.store(self.stores.left),
                right: wirer.store(self.stores.right),
                unmatched: self.stores.unmatched.map(|store| wirer.store(store)),
            },
            clock: StreamTime::unknown(),
            // What is between the sides and what comes behind the merge does nothing of its own.
            next: wirer.next::<K, R>(merge),
            scratch: Scratch::default(),
        })
    }
}
