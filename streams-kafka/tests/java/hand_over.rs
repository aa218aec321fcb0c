//! An application goes on where the other side has stopped, again and again, and ends as one that nobody stopped.

use std::time::Duration;

use streams_core::runtime::Guarantee;
use streams_kafka::GroupProtocol;

use crate::apps::{Commit, Job, log};
use crate::compare::assert_equal;
use crate::input::{Input, seed, unique};
use crate::programs::Program;
use crate::records::pending;

/// Records of each part in each partition.
const RECORDS: usize = 60;

/// Who runs the first part; they take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Java,
    Rust,
}

#[test]
fn folds_and_windows_go_on() {
    check(Program::Folds, First::Java, 3, |_| {});
}

#[test]
fn cached_folds_and_windows_go_on_at_least_once() {
    check(Program::Folds, First::Rust, 3, |job| {
        job.cached = true;
        job.guarantee = Guarantee::AtLeastOnce;
    });
}

#[test]
fn records_inside_repartitions_are_taken_over() {
    check(Program::Rekeyed, First::Java, 5, |job| job.num_threads = 2);
}

#[test]
fn cached_records_inside_repartitions_are_taken_over_at_least_once() {
    check(Program::Rekeyed, First::Rust, 3, |job| {
        job.cached = true;
        job.java_protocol = "streams";
        job.guarantee = Guarantee::AtLeastOnce;
    });
}

#[test]
fn joins_of_streams_with_tables_go_on_with_the_consumer_protocol() {
    check(Program::StreamTable, First::Java, 3, |job| job.protocol = GroupProtocol::Consumer);
}

#[test]
fn tables_whose_topic_is_their_changelog_go_on() {
    check(Program::StreamTableOptimized, First::Rust, 3, |_| {});
}

#[test]
fn joins_and_groups_of_tables_go_on_from_and_to_the_streams_protocol() {
    check(Program::Tables, First::Java, 3, |job| job.java_protocol = "streams");
}

#[test]
fn joins_of_streams_go_on_with_records_that_have_no_partner_yet() {
    check(Program::Streams, First::Java, 5, |_| {});
}

#[test]
fn windows_that_were_put_out_are_not_put_out_again() {
    check(Program::Closing, First::Java, 3, |_| {});
}

#[test]
fn the_time_of_a_partition_goes_on() {
    check(Program::Times, First::Java, 3, |_| {});
}

/// An application that aligned event time over its repartition topics has markers in them, which Kafka Streams takes
/// for records. A run that does not align it takes them out.
#[test]
fn a_run_without_aligned_event_time_leaves_no_markers_before_aggregations() {
    leaves_no_markers(Program::Rekeyed, 2);
}

#[test]
fn a_run_without_aligned_event_time_leaves_no_markers_before_grouped_tables() {
    leaves_no_markers(Program::Tables, 1);
}

fn leaves_no_markers(program: Program, rounds: usize) {
    let (seed, log) = (seed(), log());
    let name = |what: &str| unique(&format!("markers-{program:?}-{what}"));
    let mut input = Input::new(name("in"), program, seed, &*log);
    let mut handed = Job::new(name("handed"), program, &input);
    let alone = Job::new(name("alone"), program, &input);
    for _ in 0..rounds {
        input.write(&*log, RECORDS);
        handed.aligned = true;
        handed.run_rust(Commit::AtTheEnd);
        handed.aligned = false;
        handed.run_rust(Commit::Often);
        input.write(&*log, RECORDS);
        handed.run_java(Commit::AtTheEnd, false);
    }
    handed.run_java(Commit::Often, false);
    alone.run_rust(Commit::Often);
    assert_equal(&handed, &alone);
}

fn check(program: Program, first: First, parts: usize, settle: fn(&mut Job)) {
    let (seed, log) = (seed(), log());
    let name = |what: &str| unique(&format!("hand-over-{program:?}-{first:?}-{what}"));
    let mut input = Input::new(name("in"), program, seed, &*log);
    let job = |what: &str| {
        let mut job = Job::new(name(what), program, &input);
        settle(&mut job);
        job
    };
    let (mut handed, alone) = (job("handed"), job("alone"));
    handed.purge = Duration::from_millis(500);
    for part in 0..parts {
        input.write(&*log, RECORDS);
        if part == parts - 1 && program == Program::Streams {
            input.close(&*log);
        }
        let commit = if part < 2 { Commit::AtTheEnd } else { Commit::Often };
        // With the local state that there was, and after a while without.
        let wipe = part >= 3;
        if (part % 2 == 0) == (first == First::Java) {
            handed.run_java(commit, wipe);
        } else {
            if wipe {
                handed.wipe_rust();
            }
            handed.run_rust(commit);
        }
        if commit == Commit::AtTheEnd && handed.guarantee == Guarantee::ExactlyOnce {
            let inside = pending(&*log, &handed.id, &handed.repartitions());
            assert!(program.repartitions().is_empty() || inside > 0, "nothing is inside to be taken over");
        }
    }
    alone.run_rust(Commit::Often);
    assert_equal(&handed, &alone);
}
