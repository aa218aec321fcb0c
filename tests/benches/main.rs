//! The project's figures: `cargo bench -p streams-tests [-- NAME..]` measures and prints one table.
//!
//! Every figure stands beside a bare loop that does the same work with nothing but the standard library, measured in
//! turn with it in the same run. `-- --write` puts the table into `BENCHMARKS.md`. Without `--bench`, which is how
//! `cargo test` runs this, sizes are tiny and nothing is measured but that every benchmark runs.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints a table")]

mod figures;
mod harness;
mod page;
mod table;

use std::process::ExitCode;

use crate::harness::{Outcome, Settings};
use crate::table::Figure;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        println!("figures: test");
        return ExitCode::SUCCESS;
    }
    let result = match arguments.split_first() {
        Some((first, rest)) if first == "--child" => figures::child(rest),
        _ => run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Outcome<()> {
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    let settings = Settings::new(!has("--bench") || has("--quick"));
    let names: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let (mut measured, mut failed): (Vec<(&str, Figure)>, Vec<&str>) = Default::default();
    for group in figures::ALL {
        let wanted = names.is_empty() || names.iter().any(|name| group.name.contains(name.as_str()));
        if !wanted || (settings.quick && names.is_empty() && !group.in_quick) {
            continue;
        }
        eprintln!("{} ..", group.name);
        let found = match (group.measure)(&settings) {
            Ok(found) => found,
            Err(error) => {
                eprintln!("{}: {error}", group.name);
                failed.push(group.name);
                continue;
            }
        };
        for figure in &found {
            eprintln!("{}", figure.line());
        }
        measured.extend(found.into_iter().map(|figure| (group.section, figure)));
    }
    if settings.quick {
        println!("{} figures; sizes were tiny, so they say nothing of speed", measured.len());
    } else {
        println!("{}", table::markdown(measured.iter().map(|(_, figure)| figure.line())));
    }
    if has("--write") && !settings.quick {
        for section in measured.chunk_by(|one, next| one.0 == next.0) {
            let rows: Vec<String> = section.iter().map(|(_, figure)| figure.line()).collect();
            page::write(section[0].0, table::HEADER, &rows)?;
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("these could not be measured: {failed:?}").into()) }
}
