//! Compares two texts of `describe()`.
//!
//! Names within a list come in the order of Java's hash maps (rule D-2), so lists are compared as sets. Everything
//! else is compared as it is: sub-topologies and their numbers, nodes and their order.

use std::collections::BTreeSet;

/// Blocks by title, each with its nodes.
type Blocks = Vec<(String, Vec<Node>)>;

#[derive(PartialEq)]
struct Node {
    name: String,
    /// Stores, topics, successors and predecessors.
    parts: BTreeSet<String>,
}

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
        let names =
            |nodes: &[Node]| nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>().join(", ");
        if names(nodes) != names(other_nodes) {
            return Some(format!(
                "describe, {title}: nodes\n  expected {}\n  got      {}",
                names(nodes),
                names(other_nodes)
            ));
        }
        if let Some((node, other)) = nodes.iter().zip(other_nodes).find(|(node, other)| node != other) {
            return Some(format!(
                "describe, {}:\n  expected {:?}\n  got      {:?}",
                node.name, node.parts, other.parts
            ));
        }
    }
    Some(format!("describe: expected {} sub-topologies, got {}", want.len(), have.len()))
}

fn blocks(text: &str) -> Blocks {
    let mut blocks: Blocks = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "Topologies:") {
        if line.starts_with("Sub-topology:") {
            blocks.push((line.to_owned(), Vec::new()));
            continue;
        }
        let Some((_, nodes)) = blocks.last_mut() else { continue };
        if !line.starts_with("-->") && !line.starts_with("<--") {
            let name = line.split(" (").next().unwrap_or_default().to_owned();
            nodes.push(Node { name, parts: BTreeSet::new() });
        }
        if let Some(node) = nodes.last_mut() {
            node.parts.extend(set(line));
        }
    }
    blocks
}

/// `--> a, b` as `--> a` and `--> b`; `Source: n (topics: [a, b])` as `topics a` and `topics b`.
fn set(line: &str) -> BTreeSet<String> {
    let (title, list) = if line.starts_with("-->") || line.starts_with("<--") {
        line.split_at(3)
    } else if line.contains("(extractor class: ") {
        // Java shows a class; here it is a closure.
        ("extractor", "")
    } else {
        line.split_once(" (").and_then(|(_, rest)| rest.split_once(": ")).unwrap_or((line, ""))
    };
    let list = list.trim().trim_end_matches(')').trim_start_matches('[').trim_end_matches(']');
    list.split(", ").map(|name| format!("{title} {name}")).collect()
}
