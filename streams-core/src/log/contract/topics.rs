//! Laws of topics.

use super::Law;
use super::helpers::{append, at, nothing_from, topic, tp, unique, values};
use crate::error::ErrorKind;
use crate::log::{CleanupPolicy, Log, NewTopic, TopicConfig};
use crate::testing::wait_for;

pub const LAWS: &[Law] = &[
    ("a topic that was created is described and listed", created_is_described),
    ("creating topics of which one exists creates none", create_is_all_or_none),
    ("a name that Kafka does not take is refused", bad_names_are_refused),
    ("a topic that was created again has another id, no records and no commits", created_again_is_new),
    ("deleted records are gone and the others are not", delete_records_moves_the_start),
];

fn created_is_described(log: &dyn Log) {
    let name = unique("law");
    let config = TopicConfig { cleanup_policy: CleanupPolicy::Compact, ..TopicConfig::default() };
    log.create_topics(&[NewTopic::new(&name, 3).with_config(config.clone())]).unwrap();
    let info = wait_for("the topic", || log.describe_topic(&name).unwrap());
    assert_eq!((info.name, info.partitions), (name.clone(), 3));
    assert_eq!(info.config.cleanup_policy, config.cleanup_policy);
    assert!(log.list_topics().unwrap().contains(&name));
    assert!(log.list_topics().unwrap().is_sorted());
    assert!(log.describe_topic(&unique("never")).unwrap().is_none());
    assert_eq!(log.start_offset(&tp(&name, 2)).unwrap(), log.end_offset(&tp(&name, 2)).unwrap());
    assert_eq!(log.end_offset(&tp(&name, 3)).unwrap_err().kind(), ErrorKind::NotFound);
}

fn create_is_all_or_none(log: &dyn Log) {
    let old = topic(log, 1);
    let new = unique("law");
    let error = log.create_topics(&[NewTopic::new(&new, 1), NewTopic::new(&old, 1)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exists);
    assert!(error.to_string().contains(&old), "{error}");
    assert!(log.describe_topic(&new).unwrap().is_none());
}

fn bad_names_are_refused(log: &dyn Log) {
    for name in ["", ".", "..", "a/b", "with space", &"x".repeat(250)] {
        assert!(log.create_topics(&[NewTopic::new(name, 1)]).is_err(), "{name:?} was taken");
    }
}

fn created_again_is_new(log: &dyn Log) {
    let name = topic(log, 1);
    let (partition, group) = (tp(&name, 0), unique("group"));
    append(log, &name, 0, &["old"]);
    log.alter_committed(&group, &[(partition.clone(), Some(at(1)))]).unwrap();
    let old = log.describe_topic(&name).unwrap().unwrap();
    log.delete_topics(&[&name]).unwrap();
    wait_for("the topic to go", || log.describe_topic(&name).unwrap().is_none().then_some(()));
    assert_eq!(log.delete_topics(&[&name]).unwrap_err().kind(), ErrorKind::NotFound);
    wait_for("the topic to come back", || log.create_topics(&[NewTopic::new(&name, 1)]).ok());
    let new = wait_for("the topic", || log.describe_topic(&name).unwrap());
    assert_ne!(old.id, new.id);
    nothing_from(log, &partition, 0);
    wait_for("the commit to go", || {
        (log.committed(&group, std::slice::from_ref(&partition)).unwrap() == [None]).then_some(())
    });
    append(log, &name, 0, &["new"]);
    assert_eq!(values(log, &partition, 1), ["new"]);
}

fn delete_records_moves_the_start(log: &dyn Log) {
    let name = topic(log, 2);
    append(log, &name, 0, &["a", "b", "c"]);
    append(log, &name, 1, &["x"]);
    log.delete_records(&[(tp(&name, 0), 2)]).unwrap();
    assert_eq!(log.start_offset(&tp(&name, 0)).unwrap(), 2);
    assert_eq!(values(log, &tp(&name, 0), 1), ["c"]);
    assert_eq!(values(log, &tp(&name, 1), 1), ["x"]);
    let end = log.end_offset(&tp(&name, 0)).unwrap();
    assert_eq!(
        log.delete_records(&[(tp(&name, 0), end + 5)]).unwrap_err().kind(),
        ErrorKind::OffsetOutOfRange
    );
    log.delete_records(&[(tp(&name, 0), end)]).unwrap();
    assert_eq!(log.start_offset(&tp(&name, 0)).unwrap(), end);
    nothing_from(log, &tp(&name, 0), end);
}
