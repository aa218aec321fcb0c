//! Stores: who uses them, what bounds them, what they cost.

use crate::ids::{NodeId, StoreId};
use crate::state::{StoreKind, StoreSpec};
use crate::topology::Topology;
use crate::topology::internal::changelog_cleanup;
use crate::topology::texts::cleanup_text;
use crate::topology::texts::explain::windows::CHANGELOG_KEY;
use crate::topology::texts::explain::{Text, counted};

/// Bytes of the timestamp before each value in the engine.
pub(super) const STAMP: usize = 8;
/// Bytes beside key and value of a record without a partner: time and side; kind and number of values; length and side
/// of the value.
const UNMATCHED: usize = 8 + 1 + 1 + 4 + 4 + 1;

impl Topology {
    pub(super) fn explain_stores(&self, text: &mut Text) {
        for sub in self.subs() {
            for id in self.stores_of(sub) {
                self.explain_store(sub, id, text);
            }
        }
    }

    fn explain_store(&self, sub: u32, id: StoreId, text: &mut Text) {
        let store = self.store(id);
        let spec = &store.spec;
        let kind = match &spec.kind {
            StoreKind::KeyValue if self.is_unmatched(id) => "records without a partner so far".to_owned(),
            StoreKind::KeyValue => "a value per key".to_owned(),
            StoreKind::Window(window) if window.retain_duplicates => {
                format!("values per key and time, kept for {:?}", window.retention)
            }
            StoreKind::Window(window) => {
                format!("a value per key and window of {:?}, kept for {:?}", window.size, window.retention)
            }
        };
        text.head(format!("Store `{}` of sub-topology {sub}: {kind} ({})", spec.name, store.place()));
        text.point("used by", self.node_texts(&self.users_of(id)));
        if let Some(reason) = self.demand(id) {
            text.point("on demand", reason);
        }
        match &spec.kind {
            StoreKind::KeyValue if self.is_unmatched(id) => Self::explain_unmatched(text),
            StoreKind::KeyValue => Self::explain_key_value(spec, text),
            StoreKind::Window(window) => self.explain_windows(id, window, text),
        }
        self.explain_log(id, text);
        self.explain_forwarding(id, text);
    }

    /// Whether a store keeps a row for every key it has seen, until the user deletes it.
    pub(super) fn is_unbounded(&self, id: StoreId) -> bool {
        let spec = &self.store(id).spec;
        matches!(spec.kind, StoreKind::KeyValue) && spec.max_keys.is_none() && !self.is_unmatched(id)
    }

    /// Whether it is the store of a join's records that have no partner yet.
    fn is_unmatched(&self, id: StoreId) -> bool {
        self.users_of(id).into_iter().any(|node| self.node(node).facts.unmatched == Some(id))
    }

    fn explain_unmatched(text: &mut Text) {
        text.point(
            "size",
            "bounded by time: a record leaves with its first partner, or when it is put out without one, after its \
             window and grace period",
        );
        text.point(
            "per record",
            format!(
                "a row of key + value + {} bytes (time, side, lengths, timestamp), shared by those of one key, side and \
                 time; kept in memory, too",
                UNMATCHED + STAMP
            ),
        );
    }

    fn explain_key_value(spec: &StoreSpec, text: &mut Text) {
        match spec.max_keys {
            Some(keys) => text.point(
                "size",
                format!("at most {} per task: the one used longest ago goes first", counted(keys, "key")),
            ),
            None => text.point(
                "size",
                "grows without bound: a key stays until it is deleted (`Materialized::max_keys` bounds a store)",
            ),
        }
        text.point(
            "per key",
            format!(
                "1 row of key + value + {STAMP} bytes (the timestamp), beside what the engine and the memory budget add"
            ),
        );
    }

    fn explain_log(&self, id: StoreId, text: &mut Text) {
        let store = self.store(id);
        let spec = &store.spec;
        let Some(changelog) = self.changelog_of(store) else {
            text.point("changelog", "none: what the state directory loses is lost");
            return;
        };
        if store.source.is_some() {
            text.point(
                "changelog",
                format!("`{changelog}`, which fills the store: nothing is written, and it must keep every key's last record"),
            );
            return;
        }
        let stamped = format!("key + {CHANGELOG_KEY} bytes (window start, sequence)");
        let (what, key) = match &spec.kind {
            StoreKind::KeyValue if self.is_unmatched(id) => {
                ("key, side and time", format!("key + {UNMATCHED} bytes (time, side, lengths)"))
            }
            StoreKind::KeyValue => ("key", "key".to_owned()),
            StoreKind::Window(window) if window.retain_duplicates => ("record", stamped),
            StoreKind::Window(_) => ("window", stamped),
        };
        text.point(
            "changelog",
            format!(
                "`{changelog}` ({}): at each commit one record per changed {what}, of {key} + value",
                cleanup_text(changelog_cleanup(spec))
            ),
        );
    }

    /// How often results go on, and whether they carry old values.
    fn explain_forwarding(&self, id: StoreId, text: &mut Text) {
        let makers: Vec<_> = self
            .users_of(id)
            .into_iter()
            .filter(|&node| self.node(node).table.as_ref().is_some_and(|table| table.store == Some(id)))
            .collect();
        if makers.is_empty() {
            return;
        }
        let often = if self.store(id).spec.cached {
            "once per key and commit where the application does so, else on every update"
        } else {
            "as their operator says, not held back to the commit"
        };
        let sends_old = |node: &NodeId| self.node(*node).table.as_ref().is_some_and(|t| t.old.are_sent());
        let old = if makers.iter().any(sends_old) {
            "with the value before, because something behind needs it"
        } else {
            "without the value before, which nothing behind needs"
        };
        text.point("results", format!("go on {often}; {old}"));
    }

    /// Why a table is kept that the user did not ask to keep.
    fn demand(&self, id: StoreId) -> Option<String> {
        let users = self.users_of(id);
        let kept = |node: &&NodeId| {
            let table = self.node(**node).table.as_ref();
            table.is_some_and(|table| table.store == Some(id) && table.on_demand.is_some())
        };
        let table = *users.iter().find(kept)?;
        let readers: Vec<NodeId> = users.into_iter().filter(|&user| user != table).collect();
        let groupings = self.groupings_of(table);
        let needs = |nodes: &[NodeId], what: &str| {
            let verb = if nodes.len() == 1 { "needs" } else { "need" };
            (!nodes.is_empty()).then(|| format!("{} {verb} {what}", self.node_texts(nodes)))
        };
        let reasons = [needs(&readers, "its rows"), needs(&groupings, "the values before its changes")];
        let reasons: Vec<String> = reasons.into_iter().flatten().collect();
        Some(format!("the table {} is kept because {}", self.node_text(table), reasons.join(", and ")))
    }

    /// The groupings that take old values from a table, directly or through tables without a store.
    fn groupings_of(&self, table: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        for &child in &self.node(table).children {
            let node = self.node(child);
            match &node.table {
                None if node.facts.rekeys => found.push(child),
                Some(derived) if derived.store.is_none() && derived.old.are_sent() => {
                    found.extend(self.groupings_of(child));
                }
                _ => {}
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    pub(super) fn explain_storeless_tables(&self, text: &mut Text) {
        let all = self.subs().flat_map(|sub| self.shown_nodes(sub));
        let tables: Vec<_> = all
            .filter(|&id| self.node(id).table.as_ref().is_some_and(|table| table.store.is_none()))
            .collect();
        if tables.is_empty() {
            return;
        }
        text.head(
            "Tables without a store of their own, which cost nothing: rows that are looked up in them are computed \
             from the tables they are made of",
        );
        tables.into_iter().for_each(|id| text.line(format!("  {}", self.node_text(id))));
    }
}
