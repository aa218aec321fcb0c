//! The service as a process without a terminal: what it prints, that it stops cleanly, and that it continues.

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::process::{Running, ctr, text};

fn start(data: &Path) -> Running {
    Running::start(ctr(&["--data-dir", text(data), "--speed", "600", "--rate", "2000"]), true)
}

/// Waits for so many windows of one minute; what was printed.
fn windows(running: &Running, count: usize) -> Vec<String> {
    let mut lines = Vec::new();
    while lines.iter().filter(|line: &&String| line.starts_with("1min")).count() < count {
        let line = running.lines.recv_timeout(common::process::PATIENCE);
        lines.push(line.expect("windows are closed all the time"));
    }
    lines
}

#[test]
fn the_service_stops_at_ctrl_c_and_continues_when_started_again() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut seen = BTreeSet::new();
    for start_number in 0..3 {
        let running = start(dir.path());
        let mut lines = windows(&running, 8);
        running.interrupt();
        let (well, rest) = running.end();
        assert!(well, "start {start_number}: {rest:?}");
        lines.extend(rest);
        for line in lines {
            // `1min START to END impressions=..`: up to the category, if there is one.
            let window = line.split("impressions=").next().unwrap_or_default().to_owned();
            assert!(seen.insert(window), "start {start_number}: twice: {line}");
        }
    }
    // Minute follows minute over all starts: none is lost.
    let minutes: Vec<&str> = seen.iter().filter_map(|line| line.strip_prefix("1min ")).collect();
    assert!(minutes.len() >= 24);
    for pair in minutes.windows(2) {
        let (end, start) = (pair[0].split(" to ").nth(1), pair[1].split(" to ").next());
        assert_eq!(end.map(str::trim), start.map(str::trim));
    }
}

#[test]
fn the_service_says_what_it_does_where_the_data_lies_and_how_to_stop() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let running = Running::start(ctr(&["--data-dir", text(dir.path())]), false);
    let mut said = Vec::new();
    while !said.iter().any(|line: &String| line.starts_with("restored")) {
        said.push(running.lines.recv_timeout(common::process::PATIENCE).expect("it explains itself"));
    }
    running.interrupt();
    let (well, rest) = running.end();
    said.extend(rest);
    let said = said.join("\n");
    assert!(well, "{said}");
    for part in
        ["clicks in percent of impressions", "a generator", text(dir.path()), "Ctrl-C", "stopped cleanly"]
    {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
}

#[test]
fn a_service_that_was_reset_counts_the_events_of_its_log_once_more() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let reset = |more: &[&str]| {
        let words = [&["reset", "--data-dir", text(dir.path())], more].concat();
        let output = ctr(&words).output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).expect("text"))
    };
    let running = start(dir.path());
    let first = windows(&running, 3);
    let (well, said) = reset(&[]);
    assert!(!well && said.contains("open in another process"), "{said}");
    running.interrupt();
    assert!(running.end().0);

    let (well, said) = reset(&["--dry-run"]);
    assert!(well && said.contains("nothing was done"), "{said}");
    assert!(said.contains("  delete topic ctr-") && said.contains("  remove local state in "), "{said}");
    let (well, said) = reset(&["--to", "earliest"]);
    assert!(well && said.contains("done: the application begins anew"), "{said}");

    let window = first.iter().find(|line| line.starts_with("1min")).expect("a window");
    let running = start(dir.path());
    while running.lines.recv_timeout(common::process::PATIENCE).expect("it counts") != *window {}
    running.interrupt();
    assert!(running.end().0);
}
