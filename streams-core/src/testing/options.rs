//! How a test driver runs.

use std::collections::BTreeMap;

use crate::operators::policies::ErrorPolicies;
use crate::time::Timestamp;

/// How a [`TestDriver`](crate::testing::TestDriver) runs its topology.
#[derive(Debug, Clone)]
pub struct TestDriverOptions {
    /// The application id: the prefix of internal topics.
    pub application_id: String,
    /// Number of partitions of topics that are not named in `partitions`.
    pub default_partitions: u32,
    /// Number of partitions by topic.
    pub partitions: BTreeMap<String, u32>,
    /// Commits after every record, as Kafka's driver does. Without, [`commit`](crate::testing::TestDriver::commit)
    /// is a step of the test, and nothing reaches an output or repartition topic before it.
    pub commit_each_record: bool,
    /// Forwards results of cached stores once per key and commit instead of on every update.
    pub forward_per_commit: bool,
    /// Aligns event time behind repartition topics as an application does: time there is what all upstream tasks
    /// have committed. Without, it is that of the records as they come, which in a driver is the order of piping.
    pub aligned_event_time: bool,
    /// What is done with records that fail.
    pub policies: ErrorPolicies,
    /// Where the wall clock begins, in milliseconds since the epoch.
    pub start: Timestamp,
}

impl Default for TestDriverOptions {
    /// One partition per topic, a commit after every record, results on every update, clock at 0.
    fn default() -> Self {
        TestDriverOptions {
            application_id: "app".to_owned(),
            default_partitions: 1,
            partitions: BTreeMap::new(),
            commit_each_record: true,
            forward_per_commit: false,
            aligned_event_time: false,
            policies: ErrorPolicies::default(),
            start: 0,
        }
    }
}
