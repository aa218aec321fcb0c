//! The table at the end.

use std::fmt::Write;

/// How a case came out.
pub(crate) enum Outcome {
    Equal,
    /// As an entry of the deviations says: its rule and reason.
    Deviates(String),
    NotYet,
    /// What is wrong, one entry per difference.
    Failed(Vec<String>),
}

impl Outcome {
    /// Whether there is a topology, and it does as it should.
    pub(crate) fn is_good(&self) -> bool {
        matches!(self, Outcome::Equal | Outcome::Deviates(_))
    }
}

/// One line of the table.
pub(crate) struct Line {
    pub(crate) case: String,
    pub(crate) runs: usize,
    pub(crate) steps: usize,
    pub(crate) outcome: Outcome,
}

/// Differences that are shown of one case; the rest is mostly a consequence.
const SHOWN: usize = 3;

/// The table, the failures and the sum, in this order.
pub(crate) fn text(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines {
        let (word, remark) = match &line.outcome {
            Outcome::Equal => ("equal", String::new()),
            Outcome::Deviates(why) => ("deviates", format!("  {why}")),
            Outcome::NotYet => ("not yet", String::new()),
            Outcome::Failed(found) => ("FAILED", format!("  {} differences", found.len())),
        };
        let size = if matches!(line.outcome, Outcome::NotYet) {
            String::new()
        } else {
            format!("{} runs, {} steps", line.runs, line.steps)
        };
        let row = format!("{word:<9} {:<44} {size:<19}{remark}", line.case);
        let _ = writeln!(text, "{}", row.trim_end());
    }
    failures(lines, "", &mut text);
    let count = |matches: fn(&Outcome) -> bool| lines.iter().filter(|line| matches(&line.outcome)).count();
    let _ = writeln!(
        text,
        "\nconformance: {} equal, {} deviate, {} not yet, {} failed",
        count(|o| matches!(o, Outcome::Equal)),
        count(|o| matches!(o, Outcome::Deviates(_))),
        count(|o| matches!(o, Outcome::NotYet)),
        failed(lines),
    );
    text
}

/// What became of the cases that ran once more in another way.
pub(crate) fn again(lines: &[Line], how: &str) -> String {
    let mut text = String::new();
    failures(lines, &format!(" {how}"), &mut text);
    let (all, failed) = (lines.len(), failed(lines));
    let _ = write!(text, "{how}: {} as recorded, {failed} failed", all - failed);
    text
}

fn failures(lines: &[Line], how: &str, text: &mut String) {
    for line in lines {
        if let Outcome::Failed(found) = &line.outcome {
            let _ = writeln!(text, "\n{}{how} FAILED:", line.case);
            for difference in found.iter().take(SHOWN) {
                let _ = writeln!(text, "- {}", difference.replace('\n', "\n  "));
            }
            if found.len() > SHOWN {
                let _ = writeln!(text, "- and {} more", found.len() - SHOWN);
            }
        }
    }
}

/// How many cases failed.
pub(crate) fn failed(lines: &[Line]) -> usize {
    lines.iter().filter(|line| matches!(line.outcome, Outcome::Failed(_))).count()
}
