//! The real binary over files: results, bad lines, dead letters, what it says and how it ends.

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;

use common::process::{Running, ctr, run, run_well, text};
use common::{assert_same, five_columns, made_up, real_data, reference, to_lines};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

const MINUTE: i64 = 60_000;

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("the run has written it")
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).expect("writes to memory");
    encoder.finish().expect("writes to memory")
}

#[test]
fn results_do_not_depend_on_partitions_and_threads_and_are_those_of_the_reference() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    // Nothing is more than two minutes behind.
    let (events, grace) = (made_up(5, 6000, 300.0), 150_000);
    let input = dir.path().join("events.jsonl");
    fs::write(&input, to_lines(&events)).expect("writes");
    for (partitions, threads) in [("1", "1"), ("4", "1"), ("4", "2")] {
        let output = dir.path().join(format!("{partitions}-{threads}"));
        let said = run_well(&[
            "--input",
            text(&input),
            "--output-dir",
            text(&output),
            "--grace",
            "150s",
            "--partitions",
            partitions,
            "--threads",
            threads,
        ]);
        assert!(said.contains("records read:         6000\n"), "{said}");
        assert!(said.contains("late records dropped: 0 of 1 minute"), "{said}");
        let what = format!("{partitions} partitions, {threads} threads");
        for (file, size, by_category) in [
            ("ctr_1min.csv", MINUTE, false),
            ("ctr_5min.csv", 5 * MINUTE, false),
            ("ctr_by_site_category_1h.csv", 60 * MINUTE, true),
        ] {
            let (expected, _) = reference(&events, size, grace, by_category);
            assert_same(&read(&output.join(file)), &expected, &format!("{file} with {what}"));
        }
        assert!(!output.join(".ctr-data").exists(), "its own data directory is removed");
    }
}

#[test]
fn late_events_are_those_of_the_reference_counted_and_kept() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let events = made_up(6, 6000, 300.0);
    let (input, output) = (dir.path().join("events.jsonl"), dir.path().join("out"));
    let letters = dir.path().join("dead.jsonl");
    fs::write(&input, to_lines(&events)).expect("writes");
    let said = run_well(&[
        "--input",
        text(&input),
        "--output-dir",
        text(&output),
        "--grace",
        "2s",
        "--dead-letter",
        text(&letters),
    ]);
    let (expected, late) = reference(&events, MINUTE, 2000, false);
    assert!(!late.is_empty());
    assert_same(&read(&output.join("ctr_1min.csv")), &expected, "1 minute");
    assert!(said.contains(&format!("late records dropped: {} of 1 minute", late.len())), "{said}");
    assert_eq!(ids_of_late(&letters), late);
}

/// Ids of the events that were late for their minute, in the order of the file.
fn ids_of_late(letters: &Path) -> Vec<f64> {
    let letters = read(letters);
    let letters = letters.lines().map(|line| serde_json::from_str::<Value>(line).expect("is JSON"));
    letters.filter(|l| l["window"] == "ctr-1min").map(|l| l["id"].as_f64().expect("a number")).collect()
}

#[test]
fn the_real_events_give_the_expected_files() {
    let Some(data) = real_data() else { return };
    let dir = tempfile::tempdir().expect("a temporary folder");
    for partitions in ["1", "4"] {
        let output = dir.path().join(partitions);
        let input = data.join("ad_events.jsonl.gz");
        run_well(&["--input", text(&input), "--output-dir", text(&output), "--partitions", partitions]);
        for name in ["ctr_1min.csv", "ctr_5min.csv"] {
            let expected = five_columns(&data.join(format!("expected_{name}")));
            assert_same(&read(&output.join(name)), &expected, name);
        }
    }
}

#[test]
fn the_late_ones_among_the_real_events_are_dropped_counted_and_kept() {
    let Some(data) = real_data() else { return };
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (output, letters) = (dir.path().join("out"), dir.path().join("dead.jsonl"));
    let input = data.join("ad_events_late.jsonl.gz");
    let said = run_well(&[
        "--input",
        text(&input),
        "--output-dir",
        text(&output),
        "--grace",
        "10s",
        "--partitions",
        "1",
        "--dead-letter",
        text(&letters),
    ]);
    let expected = five_columns(&data.join("expected_ctr_1min_late_dropped.csv"));
    assert_same(&read(&output.join("ctr_1min.csv")), &expected, "late dropped");
    assert!(said.contains("late records dropped: 292 of 1 minute windows"), "{said}");
    let ids = read(&data.join("expected_late_dropped_ids_1min.csv"));
    let ids = ids.lines().skip(1).map(|line| line.split(',').next().and_then(|id| id.parse().ok()));
    let mut ids: Vec<f64> = ids.map(|id| id.expect("a number")).collect();
    let mut late = ids_of_late(&letters);
    ids.sort_by(f64::total_cmp);
    late.sort_by(f64::total_cmp);
    assert_eq!(late, ids);
}

#[test]
fn bad_lines_are_counted_by_reason_and_kept_with_file_and_line() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let good = to_lines(&made_up(7, 100, 60.0));
    let (first, second) = (dir.path().join("first.jsonl.gz"), dir.path().join("second.jsonl"));
    fs::write(&first, packed(format!("nonsense\n\n{good}{{\"id\":1}}\n").as_bytes())).expect("writes");
    let long = "x".repeat(600 << 10);
    fs::write(&second, format!("{}\n{long}\n\n", good.lines().next().expect("a line"))).expect("writes");
    let (output, letters) = (dir.path().join("out"), dir.path().join("dead.jsonl"));
    let output_dir = text(&output).to_owned();
    let said = run_well(&[
        "--input",
        text(&first),
        "--input",
        text(&second),
        "--output-dir",
        &output_dir,
        "--grace",
        "150s",
        "--dead-letter",
        text(&letters),
        "--verbose",
    ]);
    assert!(
        said.contains("bad records skipped:  3 (1 line too long, 1 missing field, 1 not JSON)"),
        "{said}"
    );
    assert!(said.contains("first.jsonl.gz") && said.contains("line=103"), "at debug it names the line");
    let letters = read(&letters);
    let mut places: Vec<(String, u64)> = letters
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("is JSON"))
        .map(|l| {
            (l["file"].as_str().expect("a name").to_owned(), l["line_number"].as_u64().expect("a number"))
        })
        .collect();
    places.sort();
    let expected = [("first.jsonl.gz", 1), ("first.jsonl.gz", 103), ("second.jsonl", 2)];
    assert_eq!(places, expected.map(|(file, line)| (file.to_owned(), line)));
}

#[test]
fn files_of_bad_lines_only_or_of_nothing_give_empty_results() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for (name, content, bad) in [("bad", "a\nb\n", 2), ("empty", "", 0)] {
        let (input, output) = (dir.path().join(name), dir.path().join(format!("{name}-out")));
        fs::write(&input, content).expect("writes");
        let said = run_well(&["--input", text(&input), "--output-dir", text(&output), "--partitions", "4"]);
        assert!(said.contains(&format!("bad records skipped:  {bad}")), "{said}");
        assert_eq!(read(&output.join("ctr_1min.csv")), "window_start,window_end,impressions,clicks,ctr\n");
    }
}

#[test]
fn a_run_on_a_finished_data_directory_writes_the_same_files_again() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let input = dir.path().join("events.jsonl");
    fs::write(&input, to_lines(&made_up(8, 2000, 100.0))).expect("writes");
    let (output, data) = (dir.path().join("out"), dir.path().join("data"));
    let arguments = ["--input", text(&input), "--output-dir", text(&output), "--data-dir", text(&data)];
    run_well(&arguments);
    let files = ["ctr_1min.csv", "ctr_5min.csv", "ctr_by_site_category_1h.csv"];
    let before = files.map(|file| read(&output.join(file)));
    fs::remove_dir_all(&output).expect("removes");
    let said = run_well(&arguments);
    assert!(said.contains("records read:         2000 (0 since this start)"), "{said}");
    assert!(said.contains("restored 0 records"), "{said}");
    for (file, before) in files.iter().zip(before) {
        assert_same(&read(&output.join(file)), &before, file);
    }
}

/// Runs the binary, which must fail; what it says.
fn refused(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_cannot_be_done_is_refused_with_a_message_that_names_it() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (input, output) = (dir.path().join("events.jsonl"), dir.path().join("out"));
    let (missing, broken) = (dir.path().join("missing.jsonl"), dir.path().join("broken.gz"));
    let data = dir.path().join("data");
    let lines = to_lines(&made_up(9, 500, 100.0));
    fs::write(&input, &lines).expect("writes");
    let whole = packed(lines.as_bytes());
    fs::write(&broken, &whole[..whole.len() / 2]).expect("writes");
    let (input, output, data) = (text(&input), text(&output), text(&data));

    let said = refused(&["--input", text(&missing), "--output-dir", output]);
    assert!(said.contains("missing.jsonl cannot be read"), "{said}");
    let said = refused(&["--input", text(&broken), "--output-dir", output]);
    assert!(said.contains("broken.gz cannot be read behind line"), "{said}");
    let said = refused(&["--input", input]);
    assert!(said.contains("--output-dir"), "{said}");
    let said = refused(&["--input", input, "--output-dir", input]);
    assert!(said.contains("cannot make the folder"), "{said}");

    run_well(&["--input", input, "--output-dir", output, "--data-dir", data]);
    let again = ["--input", input, "--output-dir", output, "--data-dir", data];
    let said = refused(&[&again[..], &["--grace", "1s"]].concat());
    assert!(said.contains("--grace 0ns, not 1s"), "{said}");
    let said = refused(&[&again[..], &["--partitions", "2"]].concat());
    assert!(said.contains("--partitions 1, not 2"), "{said}");
    let said = refused(&[&again[..], &["--input", input]].concat());
    assert!(said.contains("belongs to a run over events.jsonl"), "{said}");
}

#[test]
fn a_data_directory_in_use_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let data = dir.path().join("data");
    let mut service = Running::start(ctr(&["--data-dir", text(&data)]), false);
    assert!(
        service.wait_until(|| data.join("log/ctr_ingest_position").exists() || data.join("state").exists())
    );
    let said = refused(&["--data-dir", text(&data)]);
    assert!(said.contains("open in another process"), "{said}");
    service.kill();
}
