//! Joins of two tables.

use std::panic::Location;
use std::sync::Arc;

use crate::dsl::handle::Handle;
use crate::dsl::ktable::{derived, materialization};
use crate::dsl::options::Materialized;
use crate::dsl::{KTable, materialize};
use crate::ids::{NodeId, StoreId};
use crate::operators::Change;
use crate::operators::table::{Alone, JoinedRows, Lookup, TableJoin, TableJoiner, TableMerge, View};
use crate::serde::MaybeNull;
use crate::topology::{OldValues, WireFn, boxed, lookup_or};

/// Which rows a join has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Inner,
    Left,
    Outer,
}

impl Kind {
    fn verb(self) -> &'static str {
        match self {
            Kind::Inner => "join",
            Kind::Left => "left_join",
            Kind::Outer => "outer_join",
        }
    }
}

/// What all joins of `K` take: both sides, of which those that the kind requires are there.
type Joiner<K, V, V2, R> = TableJoiner<K, V, V2, R>;

impl<K, V> KTable<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// The rows that both tables have, joined: a change of either side updates the result, and a row that leaves one
    /// side leaves the result. A joiner that returns `None` deletes; where it returns an `Option`, say what the rows
    /// are: `let joined: KTable<_, Price> = ..`.
    ///
    /// Both topics need the same number of partitions, or the application does not start.
    ///
    /// ```
    /// use streams_core::{StreamsBuilder, Topic, testing::TestDriver};
    ///
    /// const NAMES: Topic<i64, String> = Topic::new("names");
    /// const CITIES: Topic<i64, String> = Topic::new("cities");
    /// const PEOPLE: Topic<i64, String> = Topic::new("people");
    ///
    /// let builder = StreamsBuilder::new();
    /// let (names, cities) = (builder.table(&NAMES), builder.table(&CITIES));
    /// names.join(cities, |name, city| format!("{name} of {city}")).to_stream().to(&PEOPLE);
    ///
    /// let mut driver = TestDriver::new(&builder.build()?)?;
    /// driver.pipe(&NAMES, 1, "Ann".to_owned(), 10)?;
    /// driver.pipe(&CITIES, 1, "Oslo".to_owned(), 20)?;
    /// assert_eq!(driver.read(&PEOPLE)?[0].value, "Ann of Oslo");
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    #[track_caller]
    pub fn join<V2, R, VR>(
        self,
        other: KTable<K, V2>,
        joiner: impl Fn(&V, &V2) -> R + Send + Sync + 'static,
    ) -> KTable<K, VR>
    where
        V2: Clone + Send + 'static,
        R: MaybeNull<VR>,
        VR: Clone + Send + 'static,
    {
        self.join_with_key(other, move |_, left, right| joiner(left, right))
    }

    /// The same, kept in a store as `materialized` says; without a name the store's name is generated.
    #[track_caller]
    pub fn join_with<V2, R, VR>(
        self,
        other: KTable<K, V2>,
        joiner: impl Fn(&V, &V2) -> R + Send + Sync + 'static,
        materialized: Materialized<K, VR>,
    ) -> KTable<K, VR>
    where
        V2: Clone + Send + 'static,
        R: MaybeNull<VR>,
        VR: Clone + Send + 'static,
    {
        let joiner = inner(move |_, left, right| joiner(left, right));
        self.joined(other, Kind::Inner, joiner, Some(materialized), Location::caller())
    }

    /// [`join`](Self::join) with a joiner that sees the key.
    #[track_caller]
    pub fn join_with_key<V2, R, VR>(
        self,
        other: KTable<K, V2>,
        joiner: impl Fn(&K, &V, &V2) -> R + Send + Sync + 'static,
    ) -> KTable<K, VR>
    where
        V2: Clone + Send + 'static,
        R: MaybeNull<VR>,
        VR: Clone + Send + 'static,
    {
        self.joined(other, Kind::Inner, inner(joiner), None, Location::caller())
    }

    /// All rows of this table, joined with those of the other one where it has them: as [`join`](Self::join), but
    /// rows without a partner stay.
    ///
    /// ```
    /// # use streams_core::{StreamsBuilder, Topic};
    /// # const ORDERS: Topic<i64, String> = Topic::new("orders");
    /// # const PAYMENTS: Topic<i64, i64> = Topic::new("payments");
    /// # const STATES: Topic<i64, String> = Topic::new("states");
    /// # let builder = StreamsBuilder::new();
    /// let payments = builder.table(&PAYMENTS);
    /// builder
    ///     .table(&ORDERS)
    ///     .left_join(payments, |order, paid| match paid {
    ///         Some(amount) => format!("{order}: {amount} paid"),
    ///         None => format!("{order}: open"),
    ///     })
    ///     .to_stream()
    ///     .to(&STATES);
    /// # builder.build().unwrap();
    /// ```
    #[track_caller]
    pub fn left_join<V2, R, VR>(
        self,
        other: KTable<K, V2>,
        joiner: impl Fn(&V, Option<&V2>) -> R + Send + Sync + 'static,
    ) -> KTable<K, VR>
    where
        V2: Clone + Send + 'static,
        R: MaybeNull<VR>,
        VR: Clone + Send + 'static,
    {
        self.left_join_with_key(other, move |_, left, right| joiner(left, right))
    }

    /// The same, kept in a store as `materialized` says; without a name the store's name is generated.
    #[track_caller]
    pub fn left_join_with<V2, R, VR>(
        self,
        other: KTable<K, V2>,
        joiner: impl Fn(&V, Option<&V2>) -> R + Send + Sync + 'static,
        materialized: Materialized<K, VR>,
    ) -> KTable<K, VR>
    where
        V2: Clone + Send + 'static,
        R: MaybeNull<VR>,
        VR: Clone + Send + 'static,
    {
        let joiner = left(move |_, left, right| joiner(left, right));
        self.joined(other, Kind::Left, joiner, Some(materialized), Location::caller())
    }

    /// [`left_join`](Self::left_join) with a joiner that sees the key.
    #[track_caller]
    pub fn left_join_with_key<V2, R, VR>(
        self,
        other: KTable<K, V2>,
        joiner: impl Fn(&K, &V, Option<&V2>) -> R + Send + Sync + 'static,
    ) -> KTable<K, VR>
    where
        V2: Clone + Send + 'static,
        R: MaybeNull<VR>,
        VR: Clone + Send + 'static,
    {
        self.joined(other, Kind::Left, left(joiner), None, Location::caller())
    }

    /// The rows that either table has: as [`join`](Self::join), but rows without a partner stay, whichever table they
    /// are of. At least one of the joiner's arguments is there.
    #[track_caller]
    pub fn outer_join<V2, R, VR>(
        self,
        other: KTable<K, V2>,
        joiner: impl Fn(Option<&V>, Option<&V2>) -> R + Send + Sync + 'static,
    ) -> KTable<K, VR>
    where
        V2: Clone + Send + 'static,
        R: MaybeNull<VR>,
        VR: Clone + Send + 'static,
    {
        self.outer_join_with_key(other, move |_, left, right| joiner(left, right))
    }

    /// The same, kept in a store as `materialized` says; without a name the store's name is generated.
    #[track_caller]
    pub fn outer_join_with<V2, R, VR>(
        self,
        other: KTable<K, V2>,
        joiner: impl Fn(Option<&V>, Option<&V2>) -> R + Send + Sync + 'static,
        materialized: Materialized<K, VR>,
    ) -> KTable<K, VR>
    where
        V2: Clone + Send + 'static,
        R: MaybeNull<VR>,
        VR: Clone + Send + 'static,
    {
        let joiner = outer(move |_, left, right| joiner(left, right));
        self.joined(other, Kind::Outer, joiner, Some(materialized), Location::caller())
    }

    /// [`outer_join`](Self::outer_join) with a joiner that sees the key.
    #[track_caller]
    pub fn outer_join_with_key<V2, R, VR>(
        self,
        other: KTable<K, V2>,
        joiner: impl Fn(&K, Option<&V>, Option<&V2>) -> R + Send + Sync + 'static,
    ) -> KTable<K, VR>
    where
        V2: Clone + Send + 'static,
        R: MaybeNull<VR>,
        VR: Clone + Send + 'static,
    {
        self.joined(other, Kind::Outer, outer(joiner), None, Location::caller())
    }

    fn joined<V2, VR>(
        self,
        other: KTable<K, V2>,
        kind: Kind,
        joiner: impl Fn(&K, Option<&V>, Option<&V2>) -> Option<VR> + Send + Sync + 'static,
        materialized: Option<Materialized<K, VR>>,
        location: &'static Location<'static>,
    ) -> KTable<K, VR>
    where
        V2: Clone + Send + 'static,
        VR: Clone + Send + 'static,
    {
        let (left, right) = (self.handle, other.handle);
        // With the mistake on record nothing of this is ever wired.
        let right = if left.same_builder(&right, kind.verb(), location) { right } else { left.clone() };
        let joiner = Arc::new(joiner);
        let [store_name, merge_name, this_name, other_name] = names(&left, materialized.as_ref());
        let sides = Sides::between(&left, &right, kind);

        let reversed = Arc::clone(&joiner);
        let this_joiner: Arc<Joiner<K, V, V2, VR>> = joiner;
        let other_joiner: Arc<Joiner<K, V2, V, VR>> =
            Arc::new(move |key, own, other| reversed(key, other, own));
        let needs_other = [kind == Kind::Inner, kind != Kind::Outer];
        let alone = |side: usize| Alone {
            rows: !needs_other[side],
            deletions: !needs_other[side] || sides.one_table,
            knows_old: sides.know_old[side],
        };
        let wire = wire_side(right.node, Arc::clone(&this_joiner), alone(0));
        let this = left.add_named(this_name, location, wire);
        let wire = wire_side(left.node, other_joiner, alone(1));
        let that = right.add_named(other_name, location, wire);
        sides.right_stores.iter().for_each(|&store| this.connect(store));
        sides.left_stores.iter().for_each(|&store| that.connect(store));

        let store = materialized.map(|m| {
            let named = if m.name.is_some() { m } else { m.name(store_name) };
            materialize::key_value(&mut left.graph(), named, location)
        });
        let merge = this.add_named(merge_name, location, wire_merge::<K, VR>());
        merge.add_parent(that.node);
        {
            let mut graph = merge.graph();
            graph.node_mut(merge.node).named_after =
                vec![(this.node, "-join-this"), (that.node, "-join-other")];
            graph.co_partition(merge.node, &[left.node, right.node]);
        }
        let (left_node, right_node) = (left.node, right.node);
        let lookup = lookup_or::<K, VR>(move |wirer, view| {
            let (left, right) = (wirer.lookup(left_node, view), wirer.lookup(right_node, view));
            Lookup::Computed(Box::new(JoinedRows { left, right, joiner: Arc::clone(&this_joiner) }))
        });
        derived(merge, &[&left, &right], store, lookup)
    }
}

/// The names a join may need, taking the JVM's numbers: its store, the merge node, both sides.
fn names<K, V>(left: &Handle, materialized: Option<&Materialized<K, V>>) -> [String; 4] {
    let names = &mut left.graph().names;
    let store = match materialized {
        Some(Materialized { name: None, .. }) => names.next("KTABLE-MERGE-STATE-STORE-"),
        _ => String::new(),
    };
    [store, names.next("KTABLE-MERGE-"), names.next("KTABLE-JOINTHIS-"), names.next("KTABLE-JOINOTHER-")]
}

/// What a join asks of its two tables.
struct Sides {
    left_stores: Vec<StoreId>,
    right_stores: Vec<StoreId>,
    /// An inner join of a table with itself, or with one made of it: a row that is deleted may be gone from both sides
    /// at once, and only its old value tells that there was one.
    one_table: bool,
    /// Whether the left and the right table tell old values, where they are needed.
    know_old: [bool; 2],
}

impl Sides {
    fn between(left: &Handle, right: &Handle, kind: Kind) -> Sides {
        let mut graph = left.graph();
        let left_stores = graph.stores_behind(left.node);
        let right_stores = graph.stores_behind(right.node);
        let one_table = kind == Kind::Inner && graph.share_rows(left.node, right.node);
        let ask = [kind != Kind::Inner || one_table, kind == Kind::Outer || one_table];
        let mut know_old = ask;
        for (know, side) in know_old.iter_mut().zip([left, right]) {
            *know = *know && graph.ask_old(side.node, OldValues::Exact, true);
        }
        Sides { left_stores, right_stores, one_table, know_old }
    }
}

fn wire_side<K, V, VO, R>(other: NodeId, joiner: Arc<Joiner<K, V, VO, R>>, alone: Alone) -> Arc<WireFn>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
    VO: Clone + Send + 'static,
    R: Clone + Send + 'static,
{
    Arc::new(move |wirer, node| {
        let merge = wirer.topology.node(node).children[0];
        let other = wirer.lookup::<K, VO>(other, View::Forwarded);
        boxed::<K, Change<V>>(TableJoin {
            node,
            other,
            joiner: Arc::clone(&joiner),
            alone,
            send_old: wirer.old_values(merge).are_sent(),
            next: wirer.next::<K, Change<R>>(node),
        })
    })
}

fn wire_merge<K, R>() -> Arc<WireFn>
where
    K: Clone + Send + 'static,
    R: Clone + Send + 'static,
{
    Arc::new(|wirer, node| {
        let next = wirer.next::<K, Change<R>>(node);
        match materialization(wirer, node) {
            Some(store) => wirer.register::<K, Change<R>, _>(node, TableMerge { node, store, next }),
            // Without a store there is nothing to do here.
            None => Box::new(next),
        }
    })
}

/// Rows where both sides have one.
fn inner<K, V, V2, R: MaybeNull<VR>, VR>(
    joiner: impl Fn(&K, &V, &V2) -> R,
) -> impl Fn(&K, Option<&V>, Option<&V2>) -> Option<VR> {
    move |key, left, right| joiner(key, left?, right?).into_option()
}

/// Rows where the left side has one.
fn left<K, V, V2, R: MaybeNull<VR>, VR>(
    joiner: impl Fn(&K, &V, Option<&V2>) -> R,
) -> impl Fn(&K, Option<&V>, Option<&V2>) -> Option<VR> {
    move |key, left, right| joiner(key, left?, right).into_option()
}

/// Rows where either side has one.
fn outer<K, V, V2, R: MaybeNull<VR>, VR>(
    joiner: impl Fn(&K, Option<&V>, Option<&V2>) -> R,
) -> impl Fn(&K, Option<&V>, Option<&V2>) -> Option<VR> {
    move |key, left, right| match (left, right) {
        (None, None) => None,
        _ => joiner(key, left, right).into_option(),
    }
}
