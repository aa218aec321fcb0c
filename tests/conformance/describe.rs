//! Compares two texts of `describe()`.
//!
//! The order of nodes, sub-topologies and of names within a list follows hash maps in Java (rule D-2), so lists
//! are compared as sets, and nodes by name within their sub-topology.

use std::collections::{BTreeMap, BTreeSet};

/// The nodes of each block, by their first line.
type Blocks = Vec<(String, BTreeMap<String, BTreeSet<String>>)>;

/// What differs, if anything.
pub(crate) fn difference(expected: &str, got: &str) -> Option<String> {
    let (want, have) = (blocks(expected), blocks(got));
    if want == have {
        return None;
    }
    for ((title, nodes), (other_title, other_nodes)) in want.iter().zip(&have) {
        if title != other_title {
            return Some(format!("describe: expected `{title}`, got `{other_title}`"));
        }
        for (node, lines) in nodes {
            match other_nodes.get(node) {
                None => {
                    return Some(format!(
                        "describe: {title} lacks `{node}`; it has {:?}",
                        other_nodes.keys()
                    ));
                }
                Some(other) if other != lines => {
                    return Some(format!("describe: `{node}`: expected {lines:?}, got {other:?}"));
                }
                Some(_) => {}
            }
        }
        if let Some(more) = other_nodes.keys().find(|node| !nodes.contains_key(*node)) {
            return Some(format!("describe: {title} has `{more}`, which is not expected"));
        }
    }
    Some(format!("describe: expected {} sub-topologies, got {}", want.len(), have.len()))
}

fn blocks(text: &str) -> Blocks {
    let mut blocks: Blocks = Vec::new();
    let mut node = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "Topologies:") {
        let Some((_, nodes)) = blocks.last_mut().filter(|_| !line.starts_with("Sub-topology:")) else {
            blocks.push((line.to_owned(), BTreeMap::new()));
            continue;
        };
        if !line.starts_with("-->") && !line.starts_with("<--") {
            line.split(" (").next().unwrap_or_default().clone_into(&mut node);
            nodes.insert(node.clone(), BTreeSet::new());
        }
        if let Some(parts) = nodes.get_mut(&node) {
            parts.extend(set(line));
        }
    }
    blocks
}

/// `--> a, b` as `--> a` and `--> b`; `Source: n (topics: [a, b])` as `topics a` and `topics b`.
fn set(line: &str) -> BTreeSet<String> {
    let (title, list) = if line.starts_with("-->") || line.starts_with("<--") {
        line.split_at(3)
    } else {
        line.split_once(" (").and_then(|(_, rest)| rest.split_once(": ")).unwrap_or((line, ""))
    };
    let list = list.trim().trim_end_matches(')').trim_start_matches('[').trim_end_matches(']');
    list.split(", ").map(|name| format!("{title} {name}")).collect()
}
