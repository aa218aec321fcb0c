//! Undisturbed runs of both sides put out the same for the same input.

use crate::apps::{Commit, Job, log};
use crate::compare::assert_equal;
use crate::input::{Input, seed, unique};
use crate::programs::Program;

const RECORDS: usize = 200;

#[test]
fn folds_and_windows_are_equal() {
    check(Program::Folds, false);
}

#[test]
fn what_goes_through_repartitions_is_equal() {
    check(Program::Rekeyed, false);
}

#[test]
fn joins_of_streams_with_tables_are_equal() {
    check(Program::StreamTable, false);
}

#[test]
fn joins_and_groups_of_tables_are_equal() {
    check(Program::Tables, false);
}

#[test]
fn joins_of_streams_are_equal() {
    check(Program::Streams, false);
}

#[test]
fn windows_that_close_are_equal() {
    check(Program::Closing, false);
}

/// What comes in between depends on when each commits; so does what is made of tables.
#[test]
fn what_caches_leave_is_equal() {
    check(Program::Folds, true);
}

fn check(program: Program, cached: bool) {
    let (seed, log) = (seed(), log());
    let name = |side: &str| unique(&format!("equal-{program:?}-{cached}-{side}"));
    let mut input = Input::new(name("in"), program, seed, &*log);
    input.write(&*log, RECORDS);
    if program == Program::Streams {
        input.close(&*log);
    }
    let job = |side: &str| {
        let mut job = Job::new(name(side), program, &input);
        job.cached = cached;
        job
    };
    let (java, rust) = (job("java"), job("rust"));
    java.run_java(Commit::Often, true);
    rust.run_rust(Commit::Often);
    assert_equal(&java, &rust);
}
