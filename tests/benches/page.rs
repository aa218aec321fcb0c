//! The sections of `BENCHMARKS.md` that benchmarks write: each between two marks; the rest of the page stays.

use std::error::Error;
use std::path::Path;
use std::process::Command;

/// Puts rows of a table into a section of the page: each in place of the one of its name, which is its first cell, or
/// behind the others. `header` are the two lines above them.
pub(crate) fn write(section: &str, header: &str, rows: &[String]) -> Result<(), Box<dyn Error>> {
    let (begin, end) = (format!("<!-- {section}: begin -->"), format!("<!-- {section}: end -->"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../BENCHMARKS.md");
    let page = std::fs::read_to_string(&path)?;
    let marks = page.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?)));
    let (before, (known, after)) = marks
        .ok_or_else(|| format!("BENCHMARKS.md has lost the marks between which {section} are written"))?;
    let place = format!("Measured on {}, {}.", machine(), text_of("rustc", &["--version"]));
    let date = text_of("date", &["-u", "+%Y-%m-%d"]);
    let rows: String = merged(known, header, rows).iter().map(|row| format!("{row}\n")).collect();
    let text = format!("{begin}\n{date}. {place}\n\n{header}{rows}{end}");
    std::fs::write(&path, format!("{before}{text}{after}"))?;
    Ok(())
}

/// The rows of a table that stands, with the new ones in place of those of the same name.
fn merged(known: &str, header: &str, new: &[String]) -> Vec<String> {
    let name = |row: &str| row.split('|').nth(1).map(|cell| cell.trim().to_owned());
    let title = header.lines().next().and_then(name);
    let rows = known.lines().filter(|line| line.starts_with("| ") && name(line) != title);
    let mut rows: Vec<String> = rows.map(str::to_owned).collect();
    for row in new {
        match rows.iter_mut().find(|known| name(known) == name(row)) {
            Some(known) => known.clone_from(row),
            None => rows.push(row.clone()),
        }
    }
    rows
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
