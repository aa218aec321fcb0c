//! Every verb of the DSL has laws: the sources are read, and each public method of a handle must be in the list of
//! operators, or be named here with the reason why it has none of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::operators::all;

/// Methods that do nothing to records.
const NOT_VERBS: &[(&str, &str)] = &[
    ("KStream::named", "names a node"),
    ("KTable::named", "names a node"),
    ("Split::named", "names a node"),
    ("StreamsBuilder::new", "begins a topology"),
    ("StreamsBuilder::require_explicit_names", "refuses topologies, changes none"),
    ("StreamsBuilder::build", "ends a topology"),
];

#[test]
fn every_verb_of_the_dsl_has_laws() {
    let covered: BTreeSet<&str> = all().iter().flat_map(|operator| operator.verbs).copied().collect();
    let exempt: BTreeMap<&str, &str> = NOT_VERBS.iter().copied().collect();
    let verbs = verbs();
    let mut findings = Vec::new();
    for (verb, place) in &verbs {
        if !covered.contains(verb.as_str()) && !exempt.contains_key(verb.as_str()) {
            findings.push(format!(
                "{place}: `{verb}` has no laws: add an `Operator` with it to a file in tests/laws/operators (a \
                 topology, its events, and a slow and obvious reference), or name it in NOT_VERBS if it does nothing \
                 to records"
            ));
        }
    }
    for verb in covered.iter().chain(exempt.keys()).filter(|verb| !verbs.contains_key(**verb)) {
        findings.push(format!("the DSL has no `{verb}`: take it from the list, or correct its name"));
    }
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn operators_use_the_verbs_they_are_listed_for() {
    let mut sources = String::new();
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/laws/operators")) {
        sources.push_str(&fs::read_to_string(path).unwrap());
    }
    for verb in all().iter().flat_map(|operator| operator.verbs) {
        let method = verb.rsplit("::").next().unwrap_or_default();
        let forms =
            [format!(".{method}("), format!(".{method}::<"), format!("::{method},"), format!("::{method})")];
        assert!(
            forms.iter().any(|form| sources.contains(form)),
            "`{verb}` is listed, but no topology uses it"
        );
    }
}

/// Public methods of the types of the DSL that are no options, as `Type::method`, with file and line.
fn verbs() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut verbs = BTreeMap::new();
    for path in files(&root.join("src/dsl"))
        .into_iter()
        .filter(|path| !path.components().any(|c| c.as_os_str() == "options"))
    {
        let text = fs::read_to_string(&path).unwrap();
        let mut owner = None;
        for (index, line) in text.lines().enumerate() {
            if line.starts_with("impl") {
                owner = inherent(line);
            }
            let method = line.strip_prefix("    pub fn ").or_else(|| line.strip_prefix("    pub const fn "));
            if let (Some(method), Some(owner)) = (method, &owner) {
                let name: String = method.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let file = path.strip_prefix(root).unwrap().display();
                verbs.entry(format!("{owner}::{name}")).or_insert(format!("{file}:{}", index + 1));
            }
        }
    }
    assert!(verbs.len() > 40, "the scan of src/dsl found only {} methods", verbs.len());
    verbs
}

/// The type that an `impl` line is about, if it is no trait's.
fn inherent(line: &str) -> Option<String> {
    let mut rest = line.strip_prefix("impl")?;
    if rest.starts_with('<') {
        let mut depth = 0;
        let end = rest.char_indices().find(|&(at, c)| {
            match c {
                '<' => depth += 1,
                '>' if !rest[..at].ends_with('-') => depth -= 1,
                _ => {}
            }
            depth == 0
        })?;
        rest = &rest[end.0 + 1..];
    }
    if rest.contains(" for ") {
        return None;
    }
    Some(rest.trim().chars().take_while(|c| c.is_alphanumeric()).collect())
}

#[test]
fn the_type_of_an_impl_is_found() {
    let of = |line| inherent(line).unwrap_or_default();
    assert_eq!(of("impl<K: Fn() -> i64, V> KStream<Option<K>, V> {"), "KStream");
    assert_eq!(of("impl StreamsBuilder {"), "StreamsBuilder");
    assert_eq!(of("impl<K, V> KTable<K, V>"), "KTable");
    assert_eq!(of("impl<K, V> Clone for KTable<K, V>"), "");
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
