//! The topics of the service. The library adds its own: changelogs and repartition topics.

use streams_core::Topic;
use streams_core::log::{CleanupPolicy, Log, NewTopic, TopicConfig};
use streams_core::windows::Windowed;
use streams_core::{Error, ErrorKind, Result};

use crate::model::{AdEvent, CtrMetrics, SiteCategory};

/// Ad events as JSON. Records read from files have the key `<file number>:<line>`, others have none.
pub const AD_EVENTS: Topic<Option<String>, AdEvent> = Topic::new("ad_events_raw");
/// One record per closed minute.
pub const CTR_1MIN: Topic<Windowed<()>, CtrMetrics> = Topic::new("ctr_metrics_1min");
/// One record per five closed minutes.
pub const CTR_5MIN: Topic<Windowed<()>, CtrMetrics> = Topic::new("ctr_metrics_5min");
/// One record per site category and closed hour.
pub const CTR_BY_SITE_CATEGORY: Topic<Windowed<SiteCategory>, CtrMetrics> =
    Topic::new("ctr_metrics_by_site_category_1h");
/// Records that were not counted, with the reason in their headers.
pub const DEAD_LETTERS: &str = "ctr_dead_letters";
/// How far the input was read; written in the transaction of the records it stands for.
pub const POSITION: &str = "ctr_ingest_position";

/// Bytes of events and of dead letters that a service without end keeps, per partition.
const KEPT: u64 = 64 << 20;

/// Creates the topics that do not exist yet, `partitions` partitions each. In `endless` ones old events and dead
/// letters are deleted, so that the disk does not fill up.
///
/// Errs with [`ErrorKind::Config`] if the events are there with another number of partitions.
pub fn create(log: &dyn Log, partitions: u32, endless: bool) -> Result<()> {
    let input = TopicConfig {
        retention_bytes: endless.then_some(KEPT),
        segment_bytes: KEPT / 4,
        ..TopicConfig::default()
    };
    let latest = TopicConfig {
        cleanup_policy: CleanupPolicy::Compact,
        segment_bytes: 1 << 20,
        ..TopicConfig::default()
    };
    let wanted = [
        NewTopic::new(AD_EVENTS.name(), partitions).with_config(input.clone()),
        NewTopic::new(CTR_1MIN.name(), partitions),
        NewTopic::new(CTR_5MIN.name(), partitions),
        NewTopic::new(CTR_BY_SITE_CATEGORY.name(), partitions),
        NewTopic::new(DEAD_LETTERS, 1).with_config(input),
        NewTopic::new(POSITION, 1).with_config(latest),
    ];
    let mut missing = Vec::new();
    for topic in wanted {
        match log.describe_topic(&topic.name)? {
            None => missing.push(topic),
            Some(found) if found.partitions != topic.partitions => {
                return Err(Error::new(
                    ErrorKind::Config,
                    format!(
                        "topic {} has {} partitions in this data directory, not {}; say --partitions {} or take another --data-dir",
                        topic.name, found.partitions, topic.partitions, found.partitions
                    ),
                ));
            }
            Some(_) => {}
        }
    }
    log.create_topics(&missing)
}
