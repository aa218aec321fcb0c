//! Settings of topics that exist: what must not be, and what should not.
//!
//! Kafka Streams looks at partition counts only. What a wrong setting does shows weeks later, when rows or records are
//! gone; so it is refused here.

use std::time::Duration;

use crate::log::{CleanupPolicy, NewTopic, Replication, TopicInfo};
use crate::state::{StoreKind, StoreSpec};

/// What is wrong with a topic's settings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Whether records or rows would be lost; otherwise it is only not as it should be.
    pub(super) grave: bool,
    pub(super) what: String,
    /// What to set, in Kafka's words.
    pub(super) settings: Vec<(&'static str, String)>,
}

fn grave(what: String, settings: Vec<(&'static str, String)>) -> Finding {
    Finding { grave: true, what, settings }
}

fn light(what: String, settings: Vec<(&'static str, String)>) -> Finding {
    Finding { grave: false, what, settings }
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

fn policy(policy: CleanupPolicy) -> (&'static str, String) {
    ("cleanup.policy", policy.to_string())
}

/// Records stay in a repartition topic until they are processed, each of them.
pub(super) fn of_repartition(found: &TopicInfo) -> Vec<Finding> {
    let (config, mut all) = (&found.config, Vec::new());
    if config.cleanup_policy != CleanupPolicy::Delete {
        let what = format!(
            "cleanup.policy is `{}` and must be `delete`: records would go before they are processed, when others of \
             their keys come",
            config.cleanup_policy
        );
        all.push(grave(what, vec![policy(CleanupPolicy::Delete)]));
    }
    if let Some(retention) = config.retention {
        let what = format!(
            "retention.ms is {} and must be -1: records would go by age before they are processed, for example while \
             the application is stopped; the application deletes them itself",
            millis(retention)
        );
        all.push(grave(what, vec![("retention.ms", "-1".to_owned())]));
    }
    if let Some(bytes) = config.retention_bytes {
        let what = format!(
            "retention.bytes is {bytes} and must be -1: records would go by size before they are processed; the \
             application deletes them itself"
        );
        all.push(grave(what, vec![("retention.bytes", "-1".to_owned())]));
    }
    all
}

/// A changelog keeps what its store has, and windows at least as long as the store.
pub(super) fn of_changelog(found: &TopicInfo, wanted: &NewTopic, store: &StoreSpec) -> Vec<Finding> {
    let (config, name) = (&found.config, &store.name);
    let found_policy = config.cleanup_policy;
    let StoreKind::Window(window) = &store.kind else {
        let limited = config.retention.is_some() || config.retention_bytes.is_some();
        let what = match found_policy {
            CleanupPolicy::Compact => return Vec::new(),
            CleanupPolicy::CompactDelete if !limited => return Vec::new(),
            found => format!(
                "cleanup.policy is `{found}` and must be `compact`: rows of store `{name}` would be lost by age or size"
            ),
        };
        return vec![grave(what, vec![policy(CleanupPolicy::Compact)])];
    };
    let mut all = Vec::new();
    let wanted_retention = ("retention.ms", wanted.config.retention.map_or_else(|| "-1".to_owned(), millis));
    match (wanted.config.cleanup_policy, found_policy) {
        (CleanupPolicy::Delete, CleanupPolicy::Compact | CleanupPolicy::CompactDelete) => {
            let what = format!(
                "cleanup.policy is `{found_policy}` and must be `delete`: store `{name}` keeps several rows of one key"
            );
            all.push(grave(what, vec![policy(CleanupPolicy::Delete), wanted_retention.clone()]));
        }
        (CleanupPolicy::CompactDelete, CleanupPolicy::Compact) => {
            let what = format!(
                "cleanup.policy is `compact` and should be `compact,delete`: windows that store `{name}` has long \
                 forgotten would stay for ever"
            );
            all.push(light(what, vec![policy(CleanupPolicy::CompactDelete), wanted_retention.clone()]));
        }
        (CleanupPolicy::CompactDelete, CleanupPolicy::Delete) => {
            let what = format!(
                "cleanup.policy is `delete` and should be `compact,delete`: every change of store `{name}` is kept, \
                 and read when it is restored"
            );
            all.push(light(what, vec![policy(CleanupPolicy::CompactDelete), wanted_retention.clone()]));
        }
        _ => {}
    }
    if found_policy != CleanupPolicy::Compact
        && let Some(retention) = config.retention.filter(|retention| *retention < window.retention)
    {
        let what = format!(
            "retention.ms is {} and must be at least {}: store `{name}` keeps its windows that long, and could not be \
             restored",
            millis(retention),
            millis(window.retention)
        );
        all.push(grave(what, vec![wanted_retention]));
    }
    if found_policy != CleanupPolicy::Compact
        && let Some(bytes) = config.retention_bytes
    {
        let what = format!(
            "retention.bytes is {bytes} and must be -1: rows of store `{name}` would be lost by size"
        );
        all.push(grave(what, vec![("retention.bytes", "-1".to_owned())]));
    }
    all
}

/// A topic that a table is made of has to keep what the table has; even more so if it is the changelog of a store.
pub(super) fn of_table(found: &TopicInfo, store: Option<&str>) -> Vec<Finding> {
    let config = &found.config;
    let limited = config.retention.is_some() || config.retention_bytes.is_some();
    if config.cleanup_policy == CleanupPolicy::Compact || !limited {
        return Vec::new();
    }
    let lost = match store {
        Some(store) => {
            format!("and is the changelog of store `{store}`, whose older rows could not be restored")
        }
        None => "and would lack the older rows when it is read anew".to_owned(),
    };
    let what = format!(
        "cleanup.policy is `{}` and should be `compact`: the topic is read as a table, {lost}",
        config.cleanup_policy
    );
    vec![light(what, vec![policy(CleanupPolicy::Compact)])]
}

/// How safely a topic that is written to is copied.
pub(super) fn of_replication(found: &TopicInfo) -> Vec<Finding> {
    let Some(Replication { replicas, min_insync }) = found.replication else { return Vec::new() };
    let settings = |count: u32| vec![("min.insync.replicas", count.to_string())];
    let safe = (replicas / 2 + 1).min(replicas.saturating_sub(1)).max(1);
    if min_insync > replicas {
        let what = format!(
            "min.insync.replicas is {min_insync}, and there are {replicas} replicas: nothing can be written to it"
        );
        vec![light(what, settings(safe))]
    } else if replicas > 1 && min_insync == replicas {
        let what = format!(
            "min.insync.replicas is {min_insync} of {replicas}: nothing can be written to it while one broker is away"
        );
        vec![light(what, settings(safe))]
    } else if replicas > 2 && min_insync == 1 {
        let what =
            format!("min.insync.replicas is 1 of {replicas}: what was written may be lost with one broker");
        vec![light(what, settings(safe))]
    } else {
        Vec::new()
    }
}
