//! Records of repartition topics are deleted once they are processed and committed, and not before.

use std::time::Duration;

use streams_core::ids::TopicPartition;

use crate::support::*;

#[test]
fn processed_records_of_repartition_topics_are_deleted_and_no_others() {
    let log = log();
    let words = Words::create(&*log, "purge", 2);
    let mut config = words.config();
    config.repartition_purge_interval = Duration::from_millis(50);
    config.commit_interval = Some(Duration::from_millis(200));
    let app = words.start(&log, config);
    let topic = format!("{}-totals-repartition", words.id);
    let partitions = [0, 1].map(|number| TopicPartition::new(topic.clone(), number));
    let mut starts = vec![Vec::new(); 2];
    let mut total = 0;
    for round in 1..=8 {
        words.send(&*log, 20);
        total += 20;
        words.wait_for(&log, total, 0);
        for (partition, starts) in partitions.iter().zip(&mut starts) {
            // What was deleted is looked up first: what is committed may have moved on by then, and never goes back.
            let start = log.start_offset(partition).unwrap();
            let committed =
                wait_for("a commit", || log.committed(words.id, std::slice::from_ref(partition)).ok());
            let committed = committed[0].as_ref().map_or(0, |committed| committed.offset);
            assert!(start <= committed, "round {round}: {partition} begins at {start} behind {committed}");
            starts.push(start);
        }
    }
    for (partition, starts) in partitions.iter().zip(&starts) {
        wait_for("the last records to be deleted", || {
            let committed = log.committed(words.id, std::slice::from_ref(partition)).ok()?.remove(0)?.offset;
            (log.start_offset(partition).unwrap() == committed).then_some(())
        });
        assert!(starts.is_sorted(), "{starts:?}");
        assert!(starts.last() > starts.first(), "nothing was deleted meanwhile: {starts:?}");
    }
    app.shutdown(PATIENCE).unwrap();
}
