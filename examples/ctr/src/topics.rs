//! The topics of the service. The library adds its own: changelogs and repartition topics.

use streams_core::Topic;
use streams_core::log::{CleanupPolicy, Log, NewTopic, TopicConfig};
use streams_core::windows::Windowed;
use streams_core::{Error, ErrorKind, Result};

use crate::cluster::Place;
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
/// Errs with [`ErrorKind::Config`] if the events are in `place` with another number of partitions.
pub fn create(log: &dyn Log, partitions: u32, endless: bool, place: &Place) -> Result<()> {
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
    for topic in wanted {
        let found = match log.describe_topic(&topic.name)? {
            Some(found) => found.partitions,
            None => match log.create_topics(std::slice::from_ref(&topic)) {
                // Another process was faster.
                Err(error) if error.kind() == ErrorKind::Exists => {
                    log.describe_topic(&topic.name)?.map_or(topic.partitions, |found| found.partitions)
                }
                created => created.map(|()| topic.partitions)?,
            },
        };
        if found != topic.partitions {
            let message = format!(
                "topic {} has {found} partitions in {place}, not {}; say --partitions {found}, or {}",
                topic.name,
                topic.partitions,
                place.elsewhere()
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
    }
    Ok(())
}
