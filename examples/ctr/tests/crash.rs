//! `kill -9` at random instants: the outcome is that of an undisturbed run, and a restart replays only the tail.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::process::{Running, ctr, restored, run_well, size_of, text};
use common::{assert_same, made_up, to_lines};
use streams_core::ids::TopicPartition;
use streams_core::log::Log;
use streams_core::log::embedded::{EmbeddedLog, EmbeddedLogOptions};

const FILES: [&str; 4] = ["ctr_1min.csv", "ctr_5min.csv", "ctr_by_site_category_1h.csv", "dead.jsonl"];
const KILLS: usize = 24;

/// A small generator of random numbers with a seed, so that a failure can be looked at again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

fn arguments(inputs: &[PathBuf], dir: &Path, threads: &str) -> Vec<String> {
    let mut arguments: Vec<String> =
        inputs.iter().flat_map(|input| ["--input".to_owned(), text(input).to_owned()]).collect();
    let (output, data, letters) = (dir.join("out"), dir.join("data"), dir.join("out/dead.jsonl"));
    let rest = ["--output-dir", text(&output), "--data-dir", text(&data), "--grace", "150s"];
    arguments.extend(rest.map(str::to_owned));
    arguments.extend(
        ["--partitions", "4", "--threads", threads, "--dead-letter", text(&letters)].map(str::to_owned),
    );
    arguments
}

fn results(dir: &Path) -> [String; 4] {
    FILES.map(|file| {
        let text = fs::read_to_string(dir.join("out").join(file)).expect("the run has written it");
        // Dead letters of several tasks lie in no order.
        let mut lines: Vec<&str> = text.lines().collect();
        if file.ends_with(".jsonl") {
            lines.sort_unstable();
        }
        lines.join("\n")
    })
}

/// Size of the log's journal, which grows with every commit.
fn journal(log: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(log) else { return 0 };
    let journals =
        entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("journal"));
    journals.map(|entry| entry.metadata().map_or(0, |found| found.len())).sum()
}

/// Records in all changelogs, those included that compaction has removed.
fn changelog_records(log: &Path) -> u64 {
    let log = EmbeddedLog::open(log, EmbeddedLogOptions::default()).expect("nobody has it open");
    let topics = log.list_topics().expect("lists");
    let changelogs = topics.into_iter().filter(|topic| topic.ends_with("-changelog"));
    let of_topic = |topic: String| {
        let partitions = log.describe_topic(&topic).expect("describes").expect("exists").partitions;
        let end = |number| log.end_offset(&TopicPartition::new(topic.clone(), number)).expect("exists");
        (0..partitions).map(end).sum::<i64>()
    };
    changelogs.map(of_topic).sum::<i64>().unsigned_abs()
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_as_an_undisturbed_one() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let events = made_up(11, 30_000, 10.0);
    let (first, second) = events.split_at(17_000);
    let inputs = [dir.path().join("first.jsonl"), dir.path().join("second.jsonl")];
    for (path, events) in inputs.iter().zip([first, second]) {
        // A bad line in each thousand: they must not be kept twice either.
        let lines = to_lines(events);
        let lines: Vec<&str> = lines.lines().collect();
        let text: String = lines.chunks(1000).map(|part| part.join("\n") + "\nbad line\n").collect();
        fs::write(path, text).expect("writes");
    }
    let undisturbed = dir.path().join("undisturbed");
    let before = arguments(&inputs, &undisturbed, "1");
    run_well(&before.iter().map(String::as_str).collect::<Vec<_>>());
    let expected = results(&undisturbed);
    let whole = [size_of(&undisturbed.join("data/log")), journal(&undisturbed.join("data/log"))];
    assert!(expected[3].lines().count() >= 30, "the bad lines are kept");

    let seed = 20;
    let mut dice = Dice(seed);
    let (mut kills, mut restarts) = (0, Vec::new());
    let mut logged = u64::MAX;
    for round in 0.. {
        if kills >= KILLS {
            break;
        }
        let folder = dir.path().join(format!("round-{round}"));
        let data = folder.join("data/log");
        let arguments = arguments(&inputs, &folder, if round % 2 == 0 { "1" } else { "2" });
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        loop {
            let mut command = ctr(&arguments);
            // State goes to the engine every now and then, as it does in a long run.
            command.env("STREAMS_FLUSH_INTERVAL", "20ms").env("STREAMS_COMMIT_INTERVAL", "5ms");
            let mut running = Running::start(command, false);
            // Progress is seen by the log growing; it is killed at a random point of it. Most bytes are written
            // while files are read, most entries of the journal while events are counted.
            let kind = dice.below(2) as usize;
            let seen = || if kind == 0 { size_of(&data) } else { journal(&data) };
            let until = seen() + dice.below(whole[kind] / 6);
            if running.wait_until(|| seen() >= until) {
                kills += 1;
                restarts.extend(restored(&running.kill()));
                continue;
            }
            let (well, said) = running.end();
            assert!(well, "seed {seed}, round {round}: {said:?}");
            restarts.extend(restored(&said));
            break;
        }
        logged = logged.min(changelog_records(&data));
        for ((found, expected), file) in results(&folder).iter().zip(&expected).zip(FILES) {
            assert_same(found, expected, &format!("{file}, seed {seed}, round {round}, {kills} kills"));
        }
    }
    eprintln!("{kills} kills; records restored: {restarts:?}, logged: {logged}");
    assert!(restarts.iter().all(|&records| records < logged / 2), "only the tail is replayed: {restarts:?}");
    assert!(restarts.iter().any(|&records| records > 0), "there was a tail to replay: {restarts:?}");
}
