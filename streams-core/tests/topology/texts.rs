//! The texts for programs and drawings: what is in them, that they are the same every time, and that names cannot
//! break them.

use std::collections::BTreeSet;

use serde_json::Value;
use streams_core::windows::TimeWindows;
use streams_core::{
    Consumed, Grouped, Materialized, Repartitioned, Result, Store, StreamsBuilder, Topic, Topology,
    WindowStoreOptions,
};

use crate::support::{Nothing, ms};

const IN: Topic<String, String> = Topic::new("in");
const OUT: Topic<String, String> = Topic::new("out");
const COUNTS: Topic<String, i64> = Topic::new("counts");

/// One of everything.
fn everything() -> Result<Topology> {
    const RECENT: Store<String, String> = Store::new("recent");
    let builder = StreamsBuilder::new();
    let stream = builder.stream(&IN).named("source");
    stream.clone().to_dynamic(|_, value, _| value.clone());
    let by_value = stream.clone().group_by_with(|_, v| v.clone(), Grouped::new().named("by-value"));
    by_value.clone().count_with(Materialized::named("counts").max_keys(9)).to_stream().to(&COUNTS);
    let windows = TimeWindows::hopping(ms(60), ms(20)).grace(ms(5));
    let _ = by_value.windowed_by(windows).count_with(Materialized::named("windows").logged(false));
    let fixed = Repartitioned::new().named("fixed").partitions(3);
    builder.add_window_store(
        &RECENT,
        WindowStoreOptions { retain_duplicates: true, ..WindowStoreOptions::new(ms(5), ms(9)) },
    );
    let _ = stream.repartition_with(fixed).process(|| Nothing).with_store(&RECENT);
    builder.stream_matching::<String, String>("logs-[a-z]+\\.\"x\"").require_key_free().to(&OUT);
    let table =
        builder.table_with(&Topic::<String, i64>::new("rows"), Consumed::new(), Materialized::named("rows"));
    table.filter(|_, v| *v > 0).to_stream().to(&COUNTS);
    builder.build()
}

/// A step that only changes types stands in no text.
trait RequireKeyFree {
    fn require_key_free(self) -> Self;
}

impl RequireKeyFree for streams_core::KStream<String, String> {
    fn require_key_free(self) -> Self {
        self.map_values(Some).require_value()
    }
}

fn json(topology: &Topology) -> Value {
    serde_json::from_str(&topology.to_json()).unwrap()
}

/// The value under `name` of the one in a list whose `by` is `is`.
fn at<'v>(list: &'v Value, by: &str, is: &str) -> &'v Value {
    list.as_array().unwrap().iter().find(|one| one[by] == is).unwrap()
}

/// Every field of `value`, as paths like `stores[].window.size_ms`.
fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                found.insert(path.clone());
                paths(value, &path, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, &format!("{path}[]"), found)),
        _ => {}
    }
}

/// The fields of the table in the documentation of `to_json`.
fn documented() -> BTreeSet<String> {
    let source = include_str!("../../src/topology/texts/json.rs");
    let rows = source.lines().filter_map(|line| line.trim().strip_prefix("/// | `"));
    let mut found = BTreeSet::new();
    for row in rows {
        let names = row.split(" | ").next().unwrap_or_default();
        for name in names.split('`').filter(|part| part.chars().any(char::is_alphanumeric)) {
            let name = match name.strip_prefix("….") {
                Some(rest) if rest.starts_with("nodes") => format!("sub_topologies[].{rest}"),
                Some(rest) => format!("sub_topologies[].nodes[].{rest}"),
                None => name.to_owned(),
            };
            found.insert(name);
        }
    }
    found
}

#[test]
fn the_json_has_the_documented_fields_and_no_others() -> Result<()> {
    let mut found = BTreeSet::new();
    paths(&json(&everything()?), "", &mut found);
    assert_eq!(found, documented());
    Ok(())
}

#[test]
fn the_json_says_what_there_is() -> Result<()> {
    let json = json(&everything()?);
    assert_eq!(json["version"], 1);
    let first = &json["sub_topologies"][0];
    let source = at(&first["nodes"], "name", "source");
    assert_eq!((&source["kind"], &source["topics"][0]), (&Value::from("source"), &Value::from("in")));
    assert!(source["line"].as_str().unwrap().contains("tests/topology/texts.rs:"));
    assert_eq!(source["children"].as_array().unwrap().len(), 3);
    let by_value = at(&first["nodes"], "name", "by-value");
    assert_eq!(by_value["parents"], serde_json::json!(["source"]));
    let windows = at(&json["stores"], "name", "windows");
    assert_eq!(
        windows["window"],
        serde_json::json!({"size_ms": 60, "retention_ms": 65, "retain_duplicates": false})
    );
    assert_eq!((&windows["changelog"], &windows["logged"]), (&Value::Null, &Value::Bool(false)));
    assert_eq!(at(&json["stores"], "name", "counts")["max_keys"], 9);
    let topics = &json["internal_topics"];
    assert_eq!(at(topics, "name", "fixed-repartition")["partitions"], 3);
    assert_eq!(at(topics, "name", "by-value-repartition")["partitions"], Value::Null);
    for (name, policy) in [("counts-changelog", "compact"), ("recent-changelog", "delete")] {
        assert_eq!(at(topics, "name", name)["cleanup_policy"], policy);
    }
    Ok(())
}

#[test]
fn the_same_program_gives_the_same_texts() -> Result<()> {
    let (one, two) = (everything()?, everything()?);
    assert_eq!(one.to_json(), two.to_json());
    assert_eq!(one.to_mermaid(), two.to_mermaid());
    assert_eq!(one.to_dot(), two.to_dot());
    assert_eq!(one.explain(), two.explain());
    Ok(())
}

#[test]
fn hidden_steps_are_in_no_text() -> Result<()> {
    let topology = everything()?;
    let names: Vec<String> = json(&topology)["sub_topologies"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|sub| sub["nodes"].as_array().unwrap())
        .map(|node| node["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "{names:?}");
    assert_eq!(
        topology.describe().matches("Source: ").count()
            + topology.describe().matches("Processor: ").count()
            + topology.describe().matches("Sink: ").count(),
        names.len()
    );
    Ok(())
}

/// Ids that are drawn, and pairs of ids that a line connects, of a drawing with these arrows.
fn drawn(text: &str, arrows: &[&str]) -> (BTreeSet<String>, Vec<(String, String)>) {
    let (mut shapes, mut edges) = (BTreeSet::new(), Vec::new());
    for line in text.lines().map(|line| line.trim().trim_end_matches(';')) {
        let edge = arrows.iter().find_map(|arrow| line.split_once(&format!(" {arrow} ")));
        // A label may hold anything, but it is between quotes, behind the id.
        if let Some((from, to)) = edge.filter(|(from, _)| from.chars().all(char::is_alphanumeric)) {
            let to = to.split(' ').next().unwrap_or_default();
            edges.push((from.to_owned(), to.to_owned()));
        } else if let Some((id, _)) = line.split_once('"')
            && !line.starts_with("subgraph")
            && !line.starts_with("label")
        {
            let id: String = id.chars().take_while(|c| c.is_alphanumeric()).collect();
            shapes.insert(id);
        }
    }
    (shapes, edges)
}

#[test]
fn drawings_connect_what_is_drawn_and_what_belongs_together() -> Result<()> {
    let topology = everything()?;
    let mermaid = drawn(&topology.to_mermaid(), &["-->", "---", "-.->"]);
    let dot = drawn(&topology.to_dot(), &["->"]);
    assert_eq!(mermaid, dot, "both are drawings of one thing");
    let (shapes, edges) = mermaid;
    for (from, to) in &edges {
        assert!(shapes.contains(from) && shapes.contains(to), "{from} to {to}");
    }
    let json = json(&topology);
    let count = |list: &str| -> usize {
        let subs = json["sub_topologies"].as_array().unwrap().iter();
        subs.flat_map(|sub| sub["nodes"].as_array().unwrap()).map(|n| n[list].as_array().unwrap().len()).sum()
    };
    // Two lines are of a source by pattern and of a sink that chooses.
    let changelogs = json["stores"].as_array().unwrap().iter().filter(|s| s["changelog"].is_string()).count();
    assert_eq!(edges.len(), count("children") + count("topics") + count("stores") + changelogs + 2);
    Ok(())
}

#[test]
fn patterns_with_quotes_and_backslashes_stay_inside_of_their_labels() -> Result<()> {
    let topology = everything()?;
    assert!(topology.to_dot().contains(r#"[label="topics matching logs-[a-z]+\\.\"x\"", shape=ellipse]"#));
    assert!(topology.to_mermaid().contains(r##"(["topics matching logs-#91;a-z#93;#43;#92;.#34;x#34;"])"##));
    let pattern = at(&json(&topology)["sub_topologies"][3]["nodes"], "kind", "source")["pattern"].clone();
    assert_eq!(pattern, "logs-[a-z]+\\.\"x\"");
    Ok(())
}
