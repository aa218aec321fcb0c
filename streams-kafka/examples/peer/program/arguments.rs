//! The arguments: pairs of a name with `--` and a value.

use std::path::PathBuf;
use std::time::Duration;

use streams_core::runtime::Guarantee;
use streams_core::{Error, ErrorKind, Result};

/// What to run and how.
pub(crate) struct Arguments {
    /// `--workload`: W1 to W8.
    pub(crate) workload: String,
    /// `--bootstrap`: `host:port` of the brokers.
    pub(crate) bootstrap: String,
    /// `--guarantee`: `eos`, or `alos`, which it is by default.
    pub(crate) guarantee: Guarantee,
    /// `--commit-ms`, 100 by default.
    pub(crate) commit_interval: Duration,
    /// `--cache`: 0 forwards every update, anything else once per commit.
    pub(crate) cache: u64,
    /// `--state-dir`, unless `--store mem` is given.
    pub(crate) state_dir: Option<PathBuf>,
    /// `--threads`, 1 by default.
    pub(crate) threads: usize,
    /// `--app-id`: the group, and the prefix of internal topics.
    pub(crate) app_id: String,
    /// `--in`: topics with commas.
    pub(crate) inputs: Vec<String>,
    /// `--out`: the topic of the results.
    pub(crate) output: String,
    /// `--records`: when to say that it is done; never by default.
    pub(crate) records: u64,
    /// `--warm`: when to say that it is warm; at 1,000,000 by default.
    pub(crate) warm: u64,
}

impl Arguments {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self> {
        let mut arguments = Arguments {
            workload: "W1".into(),
            bootstrap: "127.0.0.1:9092".into(),
            guarantee: Guarantee::AtLeastOnce,
            commit_interval: Duration::from_millis(100),
            cache: 10 << 20,
            state_dir: Some("state".into()),
            threads: 1,
            app_id: "bench".into(),
            inputs: Vec::new(),
            output: "out".into(),
            records: u64::MAX,
            warm: 1_000_000,
        };
        let mut in_memory = false;
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| wrong(format!("{name} has no value")))?;
            let number = || value.parse().map_err(|_| wrong(format!("{name} takes a number, not {value}")));
            match name.as_str() {
                "--workload" => arguments.workload = value,
                "--bootstrap" => arguments.bootstrap = value,
                "--guarantee" => arguments.guarantee = guarantee(&value)?,
                "--commit-ms" => arguments.commit_interval = Duration::from_millis(number()?),
                "--cache" => arguments.cache = number()?,
                "--store" => in_memory = value == "mem",
                "--state-dir" => arguments.state_dir = Some(value.into()),
                "--threads" => arguments.threads = number()? as usize,
                "--app-id" => arguments.app_id = value,
                "--in" => arguments.inputs = value.split(',').map(str::to_owned).collect(),
                "--out" => arguments.output = value,
                "--records" => arguments.records = number()?,
                "--warm" => arguments.warm = number()?,
                _ => return Err(wrong(format!("there is no argument {name}"))),
            }
        }
        if in_memory {
            arguments.state_dir = None;
        }
        Ok(arguments)
    }

    /// Input topic `number`, from 0.
    pub(crate) fn input(&self, number: usize) -> Result<&str> {
        let input = self.inputs.get(number).map(String::as_str);
        input.ok_or_else(|| wrong(format!("{} needs {} topics behind --in", self.workload, number + 1)))
    }
}

fn guarantee(text: &str) -> Result<Guarantee> {
    match text {
        "eos" => Ok(Guarantee::ExactlyOnce),
        "alos" => Ok(Guarantee::AtLeastOnce),
        _ => Err(wrong(format!("--guarantee is eos or alos, not {text}"))),
    }
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::Config, message)
}
