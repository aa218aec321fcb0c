//! What is reported when a law does not hold.

use std::fmt;

use crate::testing::laws::compare::Broken;
use crate::testing::laws::scenario::{Action, Mark, Scenario};

/// A law that does not hold, with the fewest steps found that show it, what was expected and what came, and the seed
/// that repeats it. `Debug` prints the same text, so that a test can return it with `?`.
pub struct Violation {
    law: String,
    seed: u64,
    records: usize,
    text: String,
}

impl Violation {
    pub(super) fn new(law: &str, seed: u64, drawn: usize, scenario: &Scenario, broken: &Broken) -> Self {
        let records = scenario.events().len();
        let text = format!(
            "{law} does not hold:\n\n{}\n{}\n\nshrunk from {drawn} steps; to repeat it: STREAMS_SEED={seed:#018x}",
            steps(scenario),
            broken.0,
        );
        Violation { law: law.to_owned(), seed, records, text }
    }

    /// A value that breaks a law by itself.
    pub(super) fn of_value(law: &str, seed: u64, value: &str, why: &str) -> Self {
        let text =
            format!("{law} does not hold for {value}: {why}\n\nto repeat it: STREAMS_SEED={seed:#018x}");
        Violation { law: law.to_owned(), seed, records: 1, text }
    }

    /// The law could not be checked at all.
    pub(super) fn unchecked(law: &str, seed: u64, why: &str) -> Self {
        let text = format!("{law} cannot be checked: {why}");
        Violation { law: law.to_owned(), seed, records: 0, text }
    }

    /// The law's name.
    pub fn law(&self) -> &str {
        &self.law
    }

    /// The seed that repeats the case: for [`Laws::seed`](crate::testing::laws::Laws::seed) and `STREAMS_SEED`.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How many records it takes to show it.
    pub fn records(&self) -> usize {
        self.records
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Violation {}

/// The steps, one per line: topic and partition, key, value, time, and what happens behind it.
fn steps(scenario: &Scenario) -> String {
    let mut lines: Vec<[String; 4]> = Vec::new();
    for step in &scenario.steps {
        let behind = match step.mark {
            Mark::Nothing => "",
            Mark::Commit => "then commit",
            Mark::Crash => "then crash, commit",
            Mark::Restart => "then commit, crash",
        };
        let [place, what, time] = match &step.action {
            Action::Event(event) => [
                format!("{}-{}", event.topic(), event.partition()),
                format!("{:?}", event.draft),
                format!("@{}", event.time()),
            ],
            Action::Clock(by) => ["clock".to_owned(), format!("+{}ms", by.as_millis()), String::new()],
        };
        lines.push([place, what, time, behind.to_owned()]);
    }
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    for (number, [place, what, time, behind]) in lines.iter().enumerate() {
        let [a, b, c] = widths;
        let line = format!("{:>4}  {place:a$}  {what:b$}  {time:c$}  {behind}", number + 1);
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if scenario.per_commit {
        text.push_str("      (results are forwarded once per key and commit)\n");
    }
    text
}
