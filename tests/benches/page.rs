//! The section of `BENCHMARKS.md` that this program writes: between two marks; the rest of the page stays.

use std::path::Path;
use std::process::Command;

use crate::harness::Outcome;
use crate::table::{Figure, markdown};

const BEGIN: &str = "<!-- figures: begin -->";
const END: &str = "<!-- figures: end -->";

/// Puts the figures into the page.
pub(crate) fn write(figures: &[Figure]) -> Outcome<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../BENCHMARKS.md");
    let page = std::fs::read_to_string(&path)?;
    let marks = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let (before, after) =
        marks.ok_or("BENCHMARKS.md has lost the marks between which figures are written")?;
    let place = format!("Measured on {}, {}.", machine(), text_of("rustc", &["--version"]));
    let date = text_of("date", &["-u", "+%Y-%m-%d"]);
    let section = format!("{BEGIN}\n{date}. {place}\n\n{}{END}", markdown(figures));
    std::fs::write(&path, format!("{before}{section}{after}"))?;
    Ok(())
}

/// Processors and memory, as far as the system tells.
fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("MemTotal"))?;
        line.split_whitespace().nth(1)?.parse::<f64>().ok()
    });
    let memory = memory.map_or("unknown".to_owned(), |kib| format!("{:.0} GB", kib / 1e6));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown").to_owned();
    format!("{cores} shared {} cores, {memory} of memory, load {load} at the end", std::env::consts::ARCH)
}

fn text_of(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(|_| "unknown".to_owned(), |o| String::from_utf8_lossy(&o.stdout).trim().to_owned())
}
