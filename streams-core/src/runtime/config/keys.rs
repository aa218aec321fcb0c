//! The keys of the configuration as text.

use crate::error::{Error, ErrorKind, Result};
use crate::runtime::config::nearest::nearest;
use crate::runtime::config::text::{FromText, boolean, bytes, count, duration, optional, policy};
use crate::runtime::config::{Config, Forwarding, Guarantee, OffsetReset, TaskIdle};

/// One key: its name, and how its value is taken over.
type Key = (&'static str, fn(&mut Config, &str) -> Result<()>);

/// Every key. Error policies are in the table `errors`.
const KEYS: &[Key] = &[
    ("application-id", |c, v| set(&mut c.application_id, Ok(v.to_owned()))),
    ("guarantee", |c, v| set(&mut c.guarantee, Guarantee::from_text(v))),
    ("commit-interval", |c, v| set(&mut c.commit_interval, duration(v).map(Some))),
    ("num-threads", |c, v| set(&mut c.num_threads, count(v))),
    ("max-task-idle", |c, v| set(&mut c.max_task_idle, TaskIdle::from_text(v))),
    ("forwarding", |c, v| set(&mut c.forwarding, Forwarding::from_text(v))),
    ("aligned-event-time", |c, v| set(&mut c.aligned_event_time, boolean(v))),
    ("idle-after", |c, v| set(&mut c.idle_after, duration(v))),
    ("state-dir", |c, v| set(&mut c.state_dir, Ok(Some(v.into())))),
    ("engine", |c, v| set(&mut c.engine, v.parse())),
    ("memory-budget", |c, v| set(&mut c.memory_budget, bytes(v))),
    ("flush-interval", |c, v| set(&mut c.flush_interval, duration(v))),
    ("session-timeout", |c, v| set(&mut c.session_timeout, duration(v))),
    ("repartition-purge-interval", |c, v| set(&mut c.repartition_purge_interval, duration(v))),
    ("repartition-purge-bytes", |c, v| set(&mut c.repartition_purge_bytes, bytes(v))),
    ("topic-check-interval", |c, v| set(&mut c.topic_check_interval, duration(v))),
    ("fetch-bytes", |c, v| set(&mut c.fetch_bytes, bytes(v))),
    ("buffered-records", |c, v| set(&mut c.buffered_records, count(v))),
    ("max-transaction-bytes", |c, v| set(&mut c.max_transaction_bytes, bytes(v))),
    ("offset-reset", |c, v| set(&mut c.offset_reset, OffsetReset::from_text(v))),
    ("changelog-additional-retention", |c, v| set(&mut c.changelog_additional_retention, duration(v))),
    ("close-timeout", |c, v| set(&mut c.close_timeout, duration(v))),
    ("stuck-after", |c, v| set(&mut c.stuck_after, duration(v))),
    ("process-id", |c, v| set(&mut c.process_id, Ok(optional(v)))),
    ("errors.deserialization", |c, v| set(&mut c.errors.deserialization, policy(v))),
    ("errors.processing", |c, v| set(&mut c.errors.processing, policy(v))),
    ("errors.production", |c, v| set(&mut c.errors.production, policy(v))),
    ("errors.dead-letter-topic", |c, v| set(&mut c.errors.dead_letter_topic, Ok(optional(v)))),
    ("errors.dead-letter-drops", |c, v| set(&mut c.errors.dead_letter_drops, boolean(v))),
];

impl Config {
    /// Sets one key from text. Keys are those of the TOML form, as `commit-interval` or `errors.processing`; case
    /// does not matter, and `_` may stand for `-` and `.`. Durations are `100ms`, `30s`, `5m`, `1h`, `2d`; sizes are
    /// bytes, or `64 KiB`, `10 MB`, `1 GiB`.
    pub fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let plain = plain(key);
        match KEYS.iter().find(|(name, _)| plain == self::plain(name)) {
            Some((name, apply)) => {
                apply(self, value.trim()).map_err(|e| e.context(format!("the setting `{name}`")))
            }
            None => Err(unknown(key)),
        }
    }

    pub(super) fn apply_table(&mut self, prefix: &str, table: &toml::Table) -> Result<()> {
        for (key, value) in table {
            let key = format!("{prefix}{key}");
            match value {
                toml::Value::Table(inner) if KEYS.iter().any(|(k, _)| k.starts_with(&format!("{key}."))) => {
                    self.apply_table(&format!("{key}."), inner)?;
                }
                toml::Value::String(text) => self.set(&key, text)?,
                toml::Value::Integer(number) => self.set(&key, &number.to_string())?,
                toml::Value::Boolean(value) => self.set(&key, &value.to_string())?,
                _ if KEYS.iter().any(|(name, _)| plain(&key) == plain(name)) => {
                    return Err(Error::new(
                        ErrorKind::Config,
                        format!(
                            "the setting `{key}` is a {}: write it as text, number or boolean",
                            value.type_str()
                        ),
                    ));
                }
                _ => return Err(unknown(&key)),
            }
        }
        Ok(())
    }
}

fn plain(key: &str) -> String {
    key.to_ascii_lowercase().replace(['_', '.'], "-")
}

fn unknown(key: &str) -> Error {
    let names = KEYS.iter().map(|(name, _)| *name);
    let nearest = nearest(&plain(key), names).unwrap_or("application-id");
    Error::new(ErrorKind::Config, format!("there is no setting `{key}`; the nearest is `{nearest}`"))
}

fn set<T>(field: &mut T, value: Result<T>) -> Result<()> {
    *field = value?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_key_can_be_set_from_toml_and_from_the_environment() {
        for (key, _) in KEYS {
            let value = match *key {
                "guarantee" => "at-least-once",
                "forwarding" => "per-update",
                "engine" => "memory",
                "offset-reset" => "latest",
                "aligned-event-time" => "false",
                "errors.dead-letter-drops" => "true",
                k if k.starts_with("errors.") && k != "errors.dead-letter-topic" => "skip",
                k if k.ends_with("interval") || k.ends_with("timeout") => "7s",
                k if k.ends_with("idle") || k.ends_with("retention") || k.ends_with("after") => "7s",
                _ => "7",
            };
            let (mut from_toml, mut from_env) = (Config::new("a"), Config::new("a"));
            let text = match key.split_once('.') {
                Some((table, key)) => format!("[{table}]\n{key} = '{value}'"),
                None => format!("{} = '{value}'", key.replace('-', "_")),
            };
            from_toml.apply_toml(&text).unwrap();
            let name = format!("STREAMS_{}", key.to_ascii_uppercase().replace(['-', '.'], "_"));
            from_env.apply_env([(name, value.to_owned()), ("OTHER".to_owned(), "x".to_owned())]).unwrap();
            assert_eq!(from_toml, from_env, "{key}");
            assert_ne!(from_toml, Config::new("a"), "{key}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_known_one() {
        let error = Config::from_toml("application-id = 'a'\ncomit-interval = '1s'").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("`comit-interval`"), "{error}");
        assert!(error.to_string().contains("`commit-interval`"), "{error}");
        let error = Config::new("a").apply_env([("STREAMS_NUM_THREAD".to_owned(), "1".to_owned())]);
        assert!(error.unwrap_err().to_string().contains("`num-threads`"));
        let error = Config::from_toml("[error]\nprocessing = 'skip'").unwrap_err();
        assert!(error.to_string().contains("`error`"), "{error}");
    }

    #[test]
    fn a_missing_application_id_and_values_out_of_range_are_refused() {
        for text in ["", "application-id = 'a b'", "application-id = 'a'\nnum-threads = 0"] {
            assert_eq!(Config::from_toml(text).unwrap_err().kind(), ErrorKind::Config, "{text}");
        }
        let dead = "application-id = 'a'\n[errors]\nprocessing = 'dead-letter'";
        assert!(Config::from_toml(dead).unwrap_err().to_string().contains("dead-letter-topic"));
    }

    proptest! {
        #[test]
        fn durations_are_read_in_every_unit(number in 0u64..1_000_000, unit in 0usize..5) {
            let (name, ms) = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)][unit];
            let mut config = Config::new("a");
            config.set("commit-interval", &format!("{number}{name}")).unwrap();
            prop_assert_eq!(config.commit_interval, Some(Duration::from_millis(number * ms)));
        }

        #[test]
        fn no_text_makes_reading_panic(key in "\\PC*", value in "\\PC*") {
            let _ = Config::new("a").set(&key, &value);
            for (key, _) in KEYS {
                let _ = Config::new("a").set(key, &value);
            }
            let _ = Config::from_toml(&value);
        }
    }
}
