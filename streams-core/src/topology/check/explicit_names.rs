//! Stores and internal topics whose names were generated, where the user asked for explicit ones (KIP-1111).

use crate::ids::StoreId;
use crate::topology::{Graph, Node, NodeKind, SourceTopics};

impl Graph {
    pub(super) fn check_explicit_names(&self, found: &mut Vec<String>) {
        for (index, store) in self.stores.iter().enumerate() {
            let name = &store.spec.name;
            if self.names.is_generated(name) {
                let own = store.spec.logged && !self.is_restored_from_its_topic(StoreId(index as u16));
                let with = if own { ", and with it its changelog," } else { "" };
                found.push(format!(
                    "the store made at {}{with} has a generated name (`{name}`): name it with {}",
                    store.place(),
                    store_method(name)
                ));
            }
        }
        for node in &self.nodes {
            let NodeKind::Source(SourceTopics::Repartition { name, .. }) = &node.kind else { continue };
            let base = name.strip_suffix("-repartition").unwrap_or(name);
            if self.names.is_generated(base) {
                found.push(format!(
                    "the repartition topic made at {} has a generated name (`{name}`): name it with {}",
                    node.place(),
                    repartition_method(base)
                ));
            }
        }
    }
}

impl Graph {
    /// Whether the topic of a table will be the changelog of its store.
    fn is_restored_from_its_topic(&self, store: StoreId) -> bool {
        let of_topic = |node: &Node| node.table_of.is_some() && node.stores.first() == Some(&store);
        self.optimization.reuse_source_topics && self.nodes.iter().any(of_topic)
    }
}

/// What names a store, by the prefix of its generated name.
fn store_method(name: &str) -> &'static str {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    if begins(&["KSTREAM-AGGREGATE-", "KSTREAM-REDUCE-", "KTABLE-AGGREGATE-"]) {
        "`Materialized::named(..)`, given to `count_with`, `reduce_with` or `aggregate_with`"
    } else if begins(&["KSTREAM-JOIN", "KSTREAM-OUTER"]) {
        "`StreamJoined::store_name(..)`, given to the join"
    } else if begins(&["KTABLE-MERGE-"]) {
        "`Materialized::named(..)`, given to the join"
    } else if begins(&["KSTREAM-TOTABLE-"]) {
        "`Materialized::named(..)`, given to `to_table_with`"
    } else {
        "`Materialized::named(..)`, given to `table_with`"
    }
}

/// What names a repartition topic, by the prefix of the generated name that it is called after.
fn repartition_method(base: &str) -> &'static str {
    let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| base.starts_with(prefix));
    if begins(&["KSTREAM-REPARTITION-"]) {
        "`Repartitioned::named(..)`, given to `repartition_with`"
    } else if begins(&["KSTREAM-AGGREGATE-", "KSTREAM-REDUCE-", "KTABLE-AGGREGATE-"]) {
        "`Grouped::named(..)`, given to `group_by_with` or `group_by_key_with`"
    } else if begins(&["KSTREAM-TOTABLE-"]) {
        "`Repartitioned::named(..)`, given to a `repartition_with` before `to_table`"
    } else {
        "the name of the join: `Joined::named(..)` or `StreamJoined::named(..)`"
    }
}
