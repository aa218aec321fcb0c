//! A recording of one topology on Apache Kafka Streams: the model of the files in `vectors/`.
//!
//! What the library puts out is brought into the same form ([`Run`]), so that two runs can be compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::types::TopicTypes;

/// One case: its topics and its runs.
pub(crate) struct Vector {
    pub(crate) name: String,
    pub(crate) application_id: String,
    /// Settings beyond those of all recordings.
    pub(crate) config: BTreeMap<String, String>,
    pub(crate) inputs: BTreeMap<String, TopicTypes>,
    pub(crate) outputs: BTreeMap<String, TopicTypes>,
    pub(crate) runs: Vec<Run>,
}

/// What went in and what came out, for one seed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    pub(crate) seed: u64,
    /// The text of the topology, the same in all runs.
    pub(crate) describe: String,
    pub(crate) steps: Vec<Step>,
    /// Content of the stores at the end, as rows of key, value and, where the store has one, timestamp.
    pub(crate) stores: BTreeMap<String, Vec<Value>>,
    /// Everything written to changelog and repartition topics; `None` where it was not recorded.
    pub(crate) internals: Option<BTreeMap<String, Vec<Internal>>>,
    /// Records that were dropped and counted.
    pub(crate) dropped: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) input: Input,
    /// Rows by output topic, in order.
    pub(crate) out: BTreeMap<String, Vec<Row>>,
    /// Name of the failure that ended the run.
    pub(crate) error: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum Input {
    Record(String, Row),
    ClockMs(u64),
}

/// A typed record as JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) key: Value,
    pub(crate) value: Value,
    pub(crate) timestamp: i64,
    /// The last value of each name: the recordings keep no more.
    pub(crate) headers: BTreeMap<String, String>,
}

/// A record of an internal topic as bytes in hex.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Internal {
    pub(crate) key: Option<String>,
    pub(crate) value: Option<String>,
    /// `None` where the recording's producer sets the time.
    pub(crate) timestamp: Option<i64>,
    pub(crate) headers: BTreeMap<String, String>,
    /// Number of the step that wrote it; recordings do not have it.
    pub(crate) step: usize,
}

impl Vector {
    /// Reads a file; the message names what is wrong in it.
    pub(crate) fn load(path: &Path) -> Result<Vector, String> {
        let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let json: Value = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        Self::parse(&json).map_err(|e| format!("{}: {e}", path.display()))
    }

    fn parse(json: &Value) -> Result<Vector, String> {
        let text = |name: &str| json[name].as_str().map(str::to_owned).ok_or(format!("no text `{name}`"));
        let describe = text("describe")?;
        Ok(Vector {
            name: text("name")?,
            application_id: text("application_id")?,
            config: object(&json["config"]).map(|(name, value)| (name.clone(), plain(value))).collect(),
            inputs: topics(&json["inputs"])?,
            outputs: topics(&json["outputs"])?,
            runs: list(&json["runs"]).iter().map(|json| run(json, &describe)).collect::<Result<_, _>>()?,
        })
    }
}

impl Step {
    pub(crate) fn new(input: Input) -> Step {
        Step { input, out: BTreeMap::new(), error: None }
    }

    /// The rows put out to `topic`.
    pub(crate) fn rows(&self, topic: &str) -> &[Row] {
        self.out.get(topic).map_or(&[], Vec::as_slice)
    }
}

fn topics(json: &Value) -> Result<BTreeMap<String, TopicTypes>, String> {
    object(json).map(|(name, types)| Ok((name.clone(), TopicTypes::parse(types)?))).collect()
}

fn run(json: &Value, describe: &str) -> Result<Run, String> {
    let internals = match &json["internals"] {
        Value::Null => None,
        recorded => Some(
            object(recorded)
                .map(|(topic, rows)| {
                    Ok((topic.clone(), list(rows).iter().map(internal).collect::<Result<_, String>>()?))
                })
                .collect::<Result<_, String>>()?,
        ),
    };
    Ok(Run {
        describe: describe.to_owned(),
        seed: json["seed"].as_u64().ok_or("a run without a seed")?,
        steps: list(&json["steps"]).iter().map(step).collect::<Result<_, _>>()?,
        stores: object(&json["stores"]).map(|(name, rows)| (name.clone(), list(rows).to_vec())).collect(),
        internals,
        dropped: json["metrics"]["dropped-records-total"].as_u64().unwrap_or(0),
    })
}

fn step(json: &Value) -> Result<Step, String> {
    let input = match (&json["in"], json["clock_ms"].as_u64()) {
        (Value::Null, Some(ms)) => Input::ClockMs(ms),
        (record, _) => {
            let (topic, row) = row(record)?;
            Input::Record(topic, row)
        }
    };
    let mut step = Step::new(input);
    for record in list(&json["out"]) {
        let (topic, row) = row(record)?;
        step.out.entry(topic).or_default().push(row);
    }
    step.error = json["error"].as_str().map(str::to_owned);
    Ok(step)
}

fn row(json: &Value) -> Result<(String, Row), String> {
    let wrong = || format!("not a record: {json}");
    let topic = json[0].as_str().ok_or_else(wrong)?.to_owned();
    let timestamp = json[3].as_i64().ok_or_else(wrong)?;
    let headers = object(&json[4]).map(|(name, value)| (name.clone(), plain(value))).collect();
    Ok((topic, Row { key: json[1].clone(), value: json[2].clone(), timestamp, headers }))
}

fn internal(json: &Value) -> Result<Internal, String> {
    let hex = |value: &Value| value.as_str().map(str::to_owned);
    Ok(Internal {
        key: hex(&json[0]),
        value: hex(&json[1]),
        timestamp: json[2].as_i64(),
        headers: object(&json[3]).map(|(name, value)| (name.clone(), plain(value))).collect(),
        step: 0,
    })
}

fn list(json: &Value) -> &[Value] {
    json.as_array().map_or(&[], Vec::as_slice)
}

fn object(json: &Value) -> impl Iterator<Item = (&String, &Value)> {
    json.as_object().into_iter().flatten()
}

/// Text without quotes, everything else as JSON.
fn plain(json: &Value) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}
