//! Static membership, and leaving without it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use streams_core::ErrorKind;
use streams_core::log::{Log, NewTopic};
use streams_kafka::GroupProtocol;

use crate::members::{Member, settle};
use crate::support::*;

const PROTOCOLS: [GroupProtocol; 2] = [GroupProtocol::Classic, GroupProtocol::Consumer];
const SESSION: Duration = Duration::from_secs(20);

fn group(protocol: GroupProtocol, fixed: bool) -> (Arc<dyn Log>, &'static str, Vec<Vec<String>>) {
    let log = log_with(|config| {
        config.group_protocol = protocol;
        config.static_membership = fixed;
    });
    let name = unique("static");
    log.create_topics(&[NewTopic::new(name, 4)]).unwrap();
    (log, name, vec![vec![name.to_owned()]])
}

#[test]
fn a_static_member_that_comes_back_in_time_gets_its_partitions_without_a_rebalance() {
    for protocol in PROTOCOLS {
        let (log, name, lists) = group(protocol, true);
        let mut one = Member::join(&*log, name, "one", &lists, SESSION);
        let mut two = Member::join(&*log, name, "two", &lists, SESSION);
        settle(&mut [&mut one, &mut two], &[2, 2]);
        for round in 0..3 {
            let (owned, events, generation) =
                (one.owned.clone(), two.events, two.member.metadata().generation);
            let left = Instant::now();
            one.member.leave().unwrap();
            one = Member::join(&*log, name, "one", &lists, SESSION);
            settle(&mut [&mut one, &mut two], &[2, 2]);
            assert_eq!(one.owned, owned, "{protocol:?}");
            // With the consumer protocol the session is the broker's, 3 s on those of the tests.
            if left.elapsed() > Duration::from_millis(2500) && round < 2 {
                continue;
            }
            assert_eq!(two.events, events, "{protocol:?}: the other member was disturbed");
            if protocol == GroupProtocol::Classic {
                assert_eq!(two.member.metadata().generation, generation);
            }
        }
        one.member.leave().unwrap();
        two.member.leave().unwrap();
    }
}

#[test]
fn a_member_that_leaves_is_replaced_long_before_its_session_is_over() {
    for protocol in PROTOCOLS {
        let (log, name, lists) = group(protocol, false);
        let session = Duration::from_secs(60);
        let mut one = Member::join(&*log, name, "one", &lists, session);
        let mut two = Member::join(&*log, name, "two", &lists, session);
        settle(&mut [&mut one, &mut two], &[2, 2]);
        let left = Instant::now();
        one.member.leave().unwrap();
        settle(&mut [&mut two], &[4]);
        assert!(left.elapsed() < session / 2, "{protocol:?}: {:?}", left.elapsed());
        two.member.leave().unwrap();
    }
}

#[test]
fn two_static_members_of_one_name_are_told_apart_by_a_clear_error() {
    for protocol in PROTOCOLS {
        let (log, name, lists) = group(protocol, true);
        let session = Duration::from_secs(6);
        let mut members = [0, 1].map(|number| {
            let mut member = Member::join(&*log, name, "same", &lists, session);
            if number == 0 {
                settle(&mut [&mut member], &[4]);
            }
            member
        });
        // The classic protocol puts out the older one, the other refuses the newer one.
        let error = wait_for("an error", || members.iter_mut().find_map(|member| member.poll().err()));
        assert_eq!(error.kind(), ErrorKind::Config, "{protocol:?}: {error}");
        let text = error.to_string();
        assert!(text.contains("another member of the name same") && text.contains("process-id"), "{text}");
    }
}

#[test]
fn a_static_member_that_crashed_comes_back_by_itself() {
    for protocol in PROTOCOLS {
        let (log, name, lists) = group(protocol, true);
        let session = Duration::from_secs(6);
        let mut one = Member::join(&*log, name, "one", &lists, session);
        settle(&mut [&mut one], &[4]);
        // Nothing polls it any more, so that its client falls silent as that of a dead process.
        let mut again = Member::join(&*log, name, "one", &lists, session);
        settle(&mut [&mut again], &[4]);
        again.member.leave().unwrap();
    }
}
