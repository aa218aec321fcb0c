//! A durable log closed and opened again.

use super::*;
use crate::log::embedded::EmbeddedLogOptions;
use crate::log::{Committed, GroupEvent, GroupOptions, NewTopic, ProducerOptions};
use crate::record::RecordView;

#[test]
fn a_durable_log_comes_back_with_records_and_offsets() {
    let dir = tempfile::tempdir().unwrap();
    let tp = TopicPartition::new("t", 1);
    let committed = Committed { offset: 5, metadata: "m".into() };
    for round in 0..3 {
        let log = EmbeddedLog::open(dir.path(), EmbeddedLogOptions::default()).unwrap();
        if round == 0 {
            log.create_topics(&[NewTopic::new("t", 2)]).unwrap();
        }
        let options = GroupOptions {
            group: "g".into(),
            member_name: "m".into(),
            subscription: vec![vec!["t".into()]],
            ..GroupOptions::default()
        };
        let mut member = log.join_group(options, &Arc::new(Wakeup::new())).unwrap();
        let Some(GroupEvent::Assigned(assigned)) = member.poll().unwrap() else { panic!() };
        assert_eq!(assigned.len(), 2);
        let mut producer = log.open_producer(ProducerOptions { transactional_id: Some("p".into()) }).unwrap();
        let topic = producer.topic("t").unwrap();
        producer.begin().unwrap();
        for n in 0..10_000 {
            let value = format!("{round}-{n}");
            let record = RecordView { value: Some(value.as_bytes()), timestamp: n, ..Default::default() };
            producer.send(topic, 1, record).unwrap();
        }
        producer.send_offsets(&member.metadata(), &[(tp.clone(), committed.clone())]).unwrap();
        assert_eq!(log.end_offset(&tp).unwrap(), round * 10_000);
        producer.commit().unwrap();
        assert_eq!(log.end_offset(&tp).unwrap(), (round + 1) * 10_000);
        let all = read_all(&log, &tp, 3);
        assert_eq!(all.len() as i64, (round + 1) * 10_000 - 3);
        assert!((3..).zip(&all).all(|(n, (offset, value))| {
            *offset == n && *value == format!("{}-{}", n / 10_000, n % 10_000).into_bytes()
        }));
        assert_eq!(log.committed("g", std::slice::from_ref(&tp)).unwrap(), [Some(committed.clone())]);
    }
}
