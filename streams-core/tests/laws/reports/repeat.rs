//! The seed in a report repeats it to the letter: given in code, and in the environment of another process.

use std::cell::Cell;
use std::process::Command;
use std::rc::Rc;

use streams_core::testing::laws::{Event, Events, Laws, keys};
use streams_core::{StreamsBuilder, Topic};

use crate::operators::ms;
use crate::reports::broken::broken;

const IN: Topic<String, i64> = Topic::new("in");
const OUT: Topic<String, i64> = Topic::new("out");

/// Counts, against a reference that forgets a key when another one comes at the same time.
fn miscounted() -> Laws {
    let builder = StreamsBuilder::new();
    builder.stream(&IN).group_by_key().count().to_stream().to(&OUT);
    let reference = |events: &[Event]| {
        let (mut counts, mut rows) = (std::collections::BTreeMap::new(), Vec::new());
        let mut last: Option<&Event> = None;
        for event in events {
            let Some((key, _)) = event.record(&IN) else { continue };
            let before = last.filter(|e| e.time() == event.time()).and_then(|e| e.record(&IN));
            if let Some((other, _)) = before.filter(|(other, _)| *other != key) {
                counts.remove(other);
            }
            let (count, time) = counts.entry(key.clone()).or_insert((0, 0));
            (*count, *time) = (*count + 1, event.time().max(*time));
            rows.push((key.clone(), *count, *time));
            last = Some(event);
        }
        rows
    };
    Laws::of(&builder.build().unwrap())
        .input(&IN, Events::of(keys(5), 0..100i64).disorder(ms(30)).late(ms(500)).jumps(ms(10_000)))
        .longest(60)
        .table_output(&OUT)
        .reference(&OUT, reference)
}

#[test]
fn a_seed_repeats_the_report_to_the_letter() {
    for _ in 0..8 {
        let first = broken(miscounted().declared_laws(), "equality with its reference", 3, &[]);
        let again = broken(miscounted().seed(first.seed()).declared_laws(), first.law(), 3, &[]);
        assert_eq!(first.to_string(), again.to_string());
    }
}

#[test]
fn the_environment_of_a_test_names_the_seed() {
    let first = miscounted().declared_laws().unwrap_err();
    let run = |seed: &str| in_another_process("prints_its_report", "STREAMS_SEED", seed);
    let printed = run(&format!("{:#x}", first.seed()));
    assert!(printed.contains(&first.to_string()), "expected\n{first}\nin\n{printed}");
    assert!(printed.contains(&run(&first.seed().to_string())[..100]), "decimal numbers are seeds too");
    let refused = run("twelve");
    assert!(refused.contains("STREAMS_SEED is `twelve`"), "{refused}");
}

#[test]
fn the_environment_of_a_test_multiplies_the_cases() {
    let run = |factor| in_another_process("prints_its_cases", "STREAMS_LAWS_CASES", factor);
    assert!(run("3").contains("21 cases"), "{}", run("3"));
    assert!(run("many").contains("STREAMS_LAWS_CASES is `many`"), "{}", run("many"));
}

/// What an ignored test of this file prints with one more variable in its environment.
fn in_another_process(test: &str, variable: &str, value: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("reports::repeat::{test}"), "--ignored", "--nocapture"])
        .env_remove("STREAMS_SEED")
        .env_remove("STREAMS_LAWS_CASES")
        .env(variable, value)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Run by the test before, in a process with a factor.
#[test]
#[ignore = "is a part of another test"]
#[allow(clippy::print_stdout, reason = "another test reads it")]
fn prints_its_cases() {
    let count = Rc::new(Cell::new(0));
    let counted = Rc::clone(&count);
    let builder = StreamsBuilder::new();
    builder.stream(&IN).to(&OUT);
    let laws = Laws::of(&builder.build().unwrap()).input(&IN, Events::of(keys(2), 0..3i64)).cases(7);
    let checked = laws.law("counting", move |_, _| {
        counted.set(counted.get() + 1);
        Ok(())
    });
    match checked.declared_laws() {
        Ok(()) => println!("{} cases", count.get()),
        Err(violation) => println!("{violation}"),
    }
}

/// Run by a test before, in a process with a seed.
#[test]
#[ignore = "is a part of another test"]
#[allow(clippy::print_stdout, reason = "another test reads it")]
fn prints_its_report() {
    println!("{}", miscounted().declared_laws().unwrap_err());
}
