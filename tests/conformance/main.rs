//! Runs every recording for which there is a topology, and says how it compares.
//!
//! Without the test harness, so that the table is shown when all is well, too. `README.md` beside this file tells
//! what counts as equal.

#![expect(clippy::print_stdout, reason = "the table is what this program is for")]

mod cases;
mod changelog;
mod compare;
mod describe;
mod deviations;
mod driver;
mod on_log;
mod report;
mod stores;
mod types;
mod vector;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cases::Case;
use crate::driver::Crashes;
use crate::report::{Line, Outcome};
use crate::vector::{Run, Vector};

/// Every case that passes runs once more with crashes, after which the library has what was committed and nothing else.
const STEPS_BETWEEN_CRASHES: usize = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        println!("conformance: test");
        return ExitCode::SUCCESS;
    }
    let words: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));

    // A failing run is told in the report; the default message would only repeat it in between.
    std::panic::set_hook(Box::new(|_| {}));
    let mut lines = Vec::new();
    if let Err(wrong) = changelog::self_test() {
        lines.push(line("the comparison itself", Outcome::Failed(vec![wrong])));
    }
    let cases = cases::all();
    let recordings = recordings().unwrap_or_else(|wrong| {
        lines.push(line("the recordings", Outcome::Failed(vec![wrong])));
        Vec::new()
    });
    let (mut crashed, mut on_log) = (Vec::new(), Vec::new());
    for path in recordings.iter().filter(|path| wanted(&name(path))) {
        let vector = match Vector::load(path) {
            Ok(vector) => vector,
            Err(wrong) => {
                lines.push(line(&name(path), Outcome::Failed(vec![wrong])));
                continue;
            }
        };
        let case = cases.iter().find(|case| case.name == vector.name);
        let judged = judge(&vector, case, Way::Plain);
        if judged.outcome.is_good() && !deviations::loses_state(&vector.name) {
            crashed.push(judge(&vector, case, Way::Crashing));
        }
        if judged.outcome.is_good() && deviations::same_on_a_log(&vector.name) && on_log::fits(&vector) {
            on_log.push(judge(&vector, case, Way::OnLog));
        }
        lines.push(judged);
    }
    for case in cases.iter().filter(|case| wanted(case.name)) {
        if !recordings.iter().any(|path| name(path) == case.name) {
            lines.push(line(
                case.name,
                Outcome::Failed(vec!["there is no recording of this name".to_owned()]),
            ));
        }
    }
    let crashes = format!("with a crash after every {STEPS_BETWEEN_CRASHES} steps");
    println!("{}", report::again(&crashed, &crashes));
    println!("{}", report::again(&on_log, "on the embedded log"));
    println!("{}", report::text(&lines));
    let failed = [lines, crashed, on_log].iter().map(|lines| report::failed(lines)).sum::<usize>();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The recordings' files, by name.
fn recordings() -> Result<Vec<PathBuf>, String> {
    let folder = std::env::var_os("CONFORMANCE_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/vectors"), PathBuf::from);
    let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    if paths.is_empty() { Err(format!("{}: no recordings", folder.display())) } else { Ok(paths) }
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn line(case: &str, outcome: Outcome) -> Line {
    Line { case: case.to_owned(), runs: 0, steps: 0, outcome }
}

/// How a case is run.
#[derive(Clone, Copy)]
enum Way {
    /// In the test driver.
    Plain,
    /// In the test driver, with crashes.
    Crashing,
    /// As an application.
    OnLog,
}

impl Way {
    fn run(self, case: &Case, vector: &Vector, recorded: &Run) -> Result<Run, String> {
        match self {
            Way::Plain => driver::run(case, vector, recorded, Crashes::Never),
            Way::Crashing => driver::run(case, vector, recorded, Crashes::Every(STEPS_BETWEEN_CRASHES)),
            Way::OnLog => on_log::run(case, vector, recorded),
        }
    }

    /// What can be compared.
    fn expected(self, recorded: &Run) -> Run {
        if matches!(self, Way::OnLog) { on_log::as_one_step(recorded) } else { recorded.clone() }
    }
}

/// Runs all seeds of one case.
fn judge(vector: &Vector, case: Option<&Case>, way: Way) -> Line {
    let mut line = line(&vector.name, Outcome::NotYet);
    let Some(case) = case else { return line };
    line.runs = vector.runs.len();
    line.steps = vector.runs.iter().map(|run| run.steps.len()).sum();
    let deviation = deviations::of(&vector.name);
    let mut deviates = false;
    let mut found = Vec::new();
    for recorded in &vector.runs {
        let got = match catch_unwind(AssertUnwindSafe(|| way.run(case, vector, recorded))) {
            Ok(Ok(got)) => got,
            Ok(Err(wrong)) => {
                found.push(wrong);
                break;
            }
            Err(panic) => {
                found.push(format!("seed {}: panicked: {}", recorded.seed, message(&*panic)));
                continue;
            }
        };
        let mut differences = compare::differences(&way.expected(recorded), &got);
        if let (Some(deviation), false) = (deviation, differences.is_empty()) {
            let mut instead: Run = recorded.clone();
            (deviation.instead)(&mut instead);
            differences = compare::differences(&way.expected(&instead), &got);
            deviates = true;
        }
        found.extend(
            differences.into_iter().map(|difference| format!("seed {}, {difference}", recorded.seed)),
        );
    }
    line.outcome = match deviation {
        _ if !found.is_empty() => Outcome::Failed(found),
        Some(deviation) if deviates => Outcome::Deviates(format!("{}: {}", deviation.rule, deviation.reason)),
        _ => Outcome::Equal,
    };
    line
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
