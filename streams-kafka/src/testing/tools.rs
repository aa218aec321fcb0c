//! Kafka's own command line tools, run from its jars as its scripts run them.

use std::io::{Error, Result};
use std::process::{Command, Stdio};

use super::cluster::jars;

/// Scripts of Kafka's `bin` folder and the classes they run.
const TOOLS: &[(&str, &str)] = &[
    ("kafka-topics.sh", "org.apache.kafka.tools.TopicCommand"),
    ("kafka-configs.sh", "kafka.admin.ConfigCommand"),
    ("kafka-acls.sh", "org.apache.kafka.tools.AclCommand"),
    ("kafka-consumer-groups.sh", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"),
];

/// Runs a command line such as `kafka-topics.sh --bootstrap-server HOST:PORT --list`; what it prints. Words are
/// divided by spaces; single quotes around a word are left out.
pub fn run_tool(command: &str) -> Result<String> {
    let mut words = command.split_whitespace().map(|word| word.trim_matches('\''));
    let script = words.next().unwrap_or_default();
    let class = TOOLS.iter().find(|(name, _)| *name == script).map(|(_, class)| class);
    let class =
        class.ok_or_else(|| Error::other(format!("`{script}` is not among the tools that tests run")))?;
    let mut java = Command::new("java");
    java.args(["-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-cp"]);
    let output = java.arg(format!("{}/*", jars()?)).arg(class).args(words).stdin(Stdio::null()).output()?;
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(out);
    }
    let err = String::from_utf8_lossy(&output.stderr);
    Err(Error::other(format!("`{command}` failed:\n{out}{err}")))
}
