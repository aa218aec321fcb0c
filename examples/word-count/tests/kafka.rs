//! The program on a real broker.
#![allow(clippy::unwrap_used, reason = "a test that unwraps fails with the line that was wrong")]

use std::io::Write;
use std::process::{Command, Stdio};

use streams_kafka::testing::{Cluster, ClusterOptions};

/// What it prints about these lines.
fn count(cluster: &Cluster, lines: &str) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_word-count"));
    program.args(["--bootstrap", cluster.bootstrap()]);
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn words_are_counted_on_a_cluster_and_on_top_of_what_was_counted_before() {
    let cluster =
        Cluster::start(&ClusterOptions { heap: "300m".into(), ..ClusterOptions::default() }).unwrap();
    assert_eq!(count(&cluster, "To be, or\nnot to be\n"), "     2 be\n     1 not\n     1 or\n     2 to\n");
    assert_eq!(
        count(&cluster, "that is not it\n"),
        "     2 be\n     1 is\n     1 it\n     2 not\n     1 or\n     1 that\n     2 to\n"
    );
}
