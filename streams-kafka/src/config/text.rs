//! The configuration as TOML and in the environment.

use std::collections::BTreeMap;
use std::time::Duration;

use streams_core::{Error, ErrorKind, Result};

use super::{GroupProtocol, KafkaConfig};

const KEYS: [&str; 6] = [
    "bootstrap-servers",
    "group-protocol",
    "static-membership",
    "replication-factor",
    "request-timeout",
    "transaction-timeout",
];

impl KafkaConfig {
    /// The settings in a TOML text, over the defaults: those of this crate by their names with `-` or `_`, and tables
    /// `client`, `consumer` and `producer` with librdkafka's. Errs on unknown and refused keys and on values that do
    /// not parse.
    pub fn from_toml(text: &str) -> Result<Self> {
        let mut config = KafkaConfig::new("");
        config.apply_toml(text)?;
        config.check()?;
        Ok(config)
    }

    /// Takes over the settings in a TOML text. Errs as [`from_toml`](Self::from_toml) does, but not for brokers that
    /// are missing.
    pub fn apply_toml(&mut self, text: &str) -> Result<()> {
        let table: toml::Table = toml::from_str(text)
            .map_err(|e| Error::new(ErrorKind::Config, "the configuration is not TOML").caused_by(e))?;
        self.apply_table(&table)
    }

    /// The settings in a TOML table, as [`from_toml`](Self::from_toml) takes them: a part of a larger file.
    pub fn from_table(table: &toml::Table) -> Result<Self> {
        let mut config = KafkaConfig::new("");
        config.apply_table(table)?;
        config.check()?;
        Ok(config)
    }

    fn apply_table(&mut self, table: &toml::Table) -> Result<()> {
        for (key, value) in table {
            match (self.section(key), value) {
                (Some(section), toml::Value::Table(settings)) => {
                    section.extend(settings.iter().map(|(key, value)| (key.clone(), plain(value))));
                }
                _ => self.set(key, &plain(value))?,
            }
        }
        self.check_owned()
    }

    /// The settings in the environment, over the defaults: `KAFKA_BOOTSTRAP_SERVERS`, `KAFKA_GROUP_PROTOCOL` and so on,
    /// and librdkafka's with `KAFKA_CLIENT_`, `KAFKA_CONSUMER_` or `KAFKA_PRODUCER_` before them and `_` for each dot:
    /// `KAFKA_CLIENT_SECURITY_PROTOCOL=SSL`. Other variables are left alone.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(std::env::vars())
    }

    pub(super) fn from_variables(variables: impl IntoIterator<Item = (String, String)>) -> Result<Self> {
        let mut config = KafkaConfig::new("");
        config.apply_env(variables)?;
        config.check()?;
        Ok(config)
    }

    /// Takes over those of these variables that are settings for Kafka.
    pub fn apply_env(&mut self, variables: impl IntoIterator<Item = (String, String)>) -> Result<()> {
        for (name, value) in variables {
            let Some(key) = name.strip_prefix("KAFKA_").map(str::to_ascii_lowercase) else { continue };
            let in_section = key
                .split_once('_')
                .and_then(|(section, rest)| Some((self.section(section)?, rest.replace('_', "."))));
            if let Some((section, key)) = in_section {
                section.insert(key, value);
            } else if KEYS.contains(&key.replace('_', "-").as_str()) {
                self.set(&key, &value).map_err(|e| e.context(format!("the environment variable {name}")))?;
            }
        }
        self.check_owned()
    }

    fn section(&mut self, name: &str) -> Option<&mut BTreeMap<String, String>> {
        match name {
            "client" => Some(&mut self.client),
            "consumer" => Some(&mut self.consumer),
            "producer" => Some(&mut self.producer),
            _ => None,
        }
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let refuse = |wanted: &str| {
            let message = format!("`{key}` is `{value}`, which is not {wanted}");
            Err(Error::new(ErrorKind::Config, message))
        };
        match key.replace('_', "-").as_str() {
            "bootstrap-servers" => self.bootstrap_servers = value.to_owned(),
            "group-protocol" => {
                self.group_protocol = match value.to_ascii_lowercase().as_str() {
                    "classic" => GroupProtocol::Classic,
                    "consumer" => GroupProtocol::Consumer,
                    _ => return refuse("`classic` or `consumer`"),
                }
            }
            "static-membership" => match value.parse() {
                Ok(on) => self.static_membership = on,
                Err(_) => return refuse("`true` or `false`"),
            },
            "replication-factor" => match value.parse() {
                Ok(factor) => self.replication_factor = Some(factor),
                Err(_) => return refuse("a number of brokers"),
            },
            "request-timeout" => match duration(value) {
                Some(timeout) => self.request_timeout = timeout,
                None => return refuse("a duration such as `500ms` or `30s`"),
            },
            "transaction-timeout" => match duration(value) {
                Some(timeout) => self.transaction_timeout = timeout,
                None => return refuse("a duration such as `500ms` or `30s`"),
            },
            _ => {
                let known = KEYS.join("`, `");
                let message = format!(
                    "`{key}` is no setting here; there are `{known}`, and librdkafka's settings in tables `client`, \
                     `consumer` and `producer`"
                );
                return Err(Error::new(ErrorKind::Config, message));
            }
        }
        Ok(())
    }
}

/// A value without the quotes that TOML writes around texts.
fn plain(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u64 = text[..digits].parse().ok()?;
    match &text[digits..] {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}
