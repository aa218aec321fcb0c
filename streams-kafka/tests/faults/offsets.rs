//! Changing what a group has committed, with the cluster away for a while.

use std::time::Duration;

use streams_core::ErrorKind;
use streams_core::ids::TopicPartition;
use streams_core::log::{Committed, Log};
use streams_kafka::testing::Cut;
use streams_kafka::{KafkaConfig, KafkaLog};

use crate::arena::Arena;
use crate::job::{Job, Writer};

#[test]
fn a_change_of_positions_that_nobody_answers_is_an_error_and_may_be_made_again() {
    let _beside_others = Arena::beside_others();
    let arena = Arena::shared();
    let job = Job::new("positions");
    Writer::create(&job, arena.cluster.bootstrap());
    let lane = arena.lane();
    let mut config = KafkaConfig::new(lane.bootstrap());
    config.request_timeout = Duration::from_secs(2);
    let log = KafkaLog::connect(config).unwrap();
    let partition = |number| TopicPartition::new(job.lines(), number);
    let (set, removed) = (Committed { offset: 3, metadata: "m".into() }, None);
    let change = [(partition(0), Some(set.clone())), (partition(1), removed)];
    let change = || log.alter_committed(&job.id, &change);

    lane.cut(Cut::Stall);
    assert_eq!(change().unwrap_err().kind(), ErrorKind::Timeout);
    lane.heal();
    // The coordinator is found after the time of the first request was over.
    let mut changed = change();
    for _ in 0..20 {
        if changed.is_ok() {
            break;
        }
        changed = change();
    }
    changed.unwrap();
    let mut found = log.committed(&job.id, &[partition(0), partition(1)]);
    for _ in 0..20 {
        if found.is_ok() {
            break;
        }
        found = log.committed(&job.id, &[partition(0), partition(1)]);
    }
    assert_eq!(found.unwrap(), [Some(set), None]);
}
