//! Stores: who uses them, what bounds them, what they cost.

use crate::ids::{NodeId, StoreId};
use crate::state::{StoreKind, StoreSpec};
use crate::topology::internal::changelog_cleanup;
use crate::topology::texts::cleanup_text;
use crate::topology::texts::explain::{Text, counted};
use crate::topology::{StoreNode, Topology};

/// Bytes of the timestamp before each value in the engine.
pub(super) const STAMP: usize = 8;

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
        match &spec.kind {
            StoreKind::KeyValue => Self::explain_key_value(spec, text),
            StoreKind::Window(window) => self.explain_windows(id, window, text),
        }
        self.explain_log(store, text);
        self.explain_forwarding(id, text);
    }

    /// Whether a store keeps a row for every key it has seen, until the user deletes it.
    pub(super) fn is_unbounded(spec: &StoreSpec) -> bool {
        matches!(spec.kind, StoreKind::KeyValue) && spec.max_keys.is_none()
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

    fn explain_log(&self, store: &StoreNode, text: &mut Text) {
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
        let (what, key) = match spec.kind {
            StoreKind::KeyValue => ("key", "key".to_owned()),
            StoreKind::Window(_) => {
                ("window", format!("key + {} bytes (window start, sequence)", super::windows::CHANGELOG_KEY))
            }
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

    pub(super) fn explain_storeless_tables(&self, text: &mut Text) {
        let all = self.subs().flat_map(|sub| self.shown_nodes(sub));
        let tables: Vec<_> = all
            .filter(|&id| self.node(id).table.as_ref().is_some_and(|table| table.store.is_none()))
            .collect();
        if tables.is_empty() {
            return;
        }
        text.head(
            "Tables without a store, because nothing needs their rows: they pass changes on and cost nothing",
        );
        tables.into_iter().for_each(|id| text.line(format!("  {}", self.node_text(id))));
    }
}
