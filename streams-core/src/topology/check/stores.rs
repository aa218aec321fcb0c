//! Stores: their names, settings and users.

use std::collections::BTreeMap;

use crate::ids::StoreId;
use crate::state::{StoreKind, StoreSpec};
use crate::topology::check::listed;
use crate::topology::names::mistake_in_name;
use crate::topology::{Graph, StoreNode};

impl Graph {
    pub(super) fn check_stores(&self, found: &mut Vec<String>) {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, store) in self.stores.iter().enumerate() {
            by_name.entry(&store.spec.name).or_default().push(index);
        }
        for (index, store) in self.stores.iter().enumerate() {
            let StoreNode { spec, .. } = store;
            let (name, place) = (&spec.name, store.place());
            let twins = &by_name[name.as_str()];
            if twins[0] == index {
                found.extend(mistake_in_name(name).map(|m| format!("store at {place}: {m}")));
                found.extend(self.repeated(name, twins));
                if !twins.iter().any(|&twin| self.is_used(twin)) {
                    found.push(format!(
                        "store `{name}` ({place}) is used by no node: connect it with `with_store` or leave it out"
                    ));
                }
            }
            if let StoreKind::Window(window) = &spec.kind
                && window.retention < window.size
            {
                found.push(format!(
                    "the window store `{name}` ({place}) keeps windows for {:?}, which is less than their size ({:?}): \
                     keep them for at least their size and grace",
                    window.retention, window.size
                ));
            }
            if spec.max_keys == Some(0) {
                found.push(format!("store `{name}` ({place}) may keep 0 keys: at least 1 is needed"));
            }
        }
    }

    fn is_used(&self, index: usize) -> bool {
        self.nodes.iter().any(|node| node.stores.contains(&StoreId(index as u16)))
    }

    /// What is wrong with several stores of one name.
    fn repeated(&self, name: &str, twins: &[usize]) -> Option<String> {
        let stores: Vec<&StoreNode> = twins.iter().map(|&twin| &self.stores[twin]).collect();
        let differ = stores.iter().any(|store| store.spec != stores[0].spec);
        let place = |store: &&StoreNode| match differ {
            true => format!("at {} ({})", store.place(), settings(&store.spec)),
            false => format!("at {}", store.place()),
        };
        let places = listed(&stores.iter().map(place).collect::<Vec<_>>());
        let advice = if differ {
            "give each a name of its own"
        } else {
            "name them apart, or add it once and use it twice"
        };
        (stores.len() > 1).then(|| format!("{} stores are named `{name}`, {places}: {advice}", stores.len()))
    }
}

/// What tells stores apart.
fn settings(spec: &StoreSpec) -> String {
    let kind = match &spec.kind {
        StoreKind::KeyValue => "key-value".to_owned(),
        StoreKind::Window(window) => {
            format!("windows of {:?} kept for {:?}", window.size, window.retention)
        }
    };
    let logged = if spec.logged { "" } else { ", not logged" };
    let bound = spec.max_keys.map_or(String::new(), |keys| format!(", at most {keys} keys"));
    format!("{kind}{bound}{logged}")
}
