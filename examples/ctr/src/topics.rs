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

/// Creates the topics that do not exist yet, `partitions` partitions each.
///
/// Errs with [`ErrorKind::Config`] if the events are there with another number of partitions.
pub fn create(log: &impl Log, partitions: u32) -> Result<()> {
    let one = |name: &str| NewTopic::new(name, 1);
    let many = |name: &str| NewTopic::new(name, partitions);
    let compacted = TopicConfig { cleanup_policy: CleanupPolicy::Compact, ..TopicConfig::default() };
    let wanted = [
        many(AD_EVENTS.name()),
        many(CTR_1MIN.name()),
        many(CTR_5MIN.name()),
        many(CTR_BY_SITE_CATEGORY.name()),
        one(DEAD_LETTERS),
        one(POSITION).with_config(compacted),
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
