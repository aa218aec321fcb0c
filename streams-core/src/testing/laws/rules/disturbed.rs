//! Crashes and commits change nothing.

use crate::testing::laws::compare::{Broken, latest, same, same_drops, same_topics, sorted};
use crate::testing::laws::run::{outputs, written};
use crate::testing::laws::{Laws, Violation};
use crate::testing::{RawRecord, TestDriver};

impl Laws {
    /// Crashes change nothing: with and without them, everything that is written - outputs, changelogs, repartition
    /// topics - and what is counted as dropped is the same, record by record.
    ///
    /// A crash comes before a commit, and what was not committed is processed again, or right behind it. Cases with
    /// results on every update and with results per commit take turns.
    pub fn restart_invariance(&self) -> Result<(), Violation> {
        self.search("restart invariance", |scenario| {
            let bench = self.bench();
            let undisturbed = bench.marked(&scenario.steps, scenario.per_commit, false)?;
            let crashed = bench.marked(&scenario.steps, scenario.per_commit, true)?;
            let [expected, got] = [&undisturbed, &crashed].map(|driver| written(driver, &self.input_topics));
            same_topics(expected, got, |topic| self.show(topic), |_, records| records)?;
            same_drops(&undisturbed.dropped(), &crashed.dropped())
        })
    }

    /// Commits may come anywhere, and records in batches of any size: outputs and drops are those of a run with a
    /// commit behind each record.
    ///
    /// This holds where commits do not change the order in which a task sees its records. If a task reads a
    /// repartition topic and something else, or one that several tasks write to, they do, and this errs.
    pub fn commit_invariance(&self) -> Result<(), Violation> {
        let name = "invariance under commits and batches";
        let flow = self.flow(name)?;
        if !flow.is_in_order() {
            return Err(self.unchecked(
                name,
                "a task reads records that several others write, so their order depends on commits; check \
                 `order_invariance` instead",
            ));
        }
        self.search(name, |scenario| {
            let bench = self.bench();
            let each = bench.plain(&scenario.steps)?;
            let batches = bench.batched(&scenario.steps)?;
            let [expected, got] = [&each, &batches].map(|driver| outputs(driver, &self.input_topics));
            let order = |topic: &str, records: Vec<RawRecord>| {
                if flow.has_one_writer(topic) { records } else { sorted(records) }
            };
            same_topics(expected, got, |topic| self.show(topic), order)?;
            same_drops(&each.dropped(), &batches.dropped())
        })
    }

    /// Forwarding once per key and commit shows the same tables as forwarding every update: after each commit, the
    /// last value of each key is the same in every topic declared by `table_output`. Its time may not be: updates that
    /// came and went between two commits were never seen.
    pub fn per_commit_invariance(&self) -> Result<(), Violation> {
        self.search("equality of tables after each commit", |scenario| {
            let bench = self.bench();
            let views = |per_commit| -> Result<Vec<Vec<Vec<RawRecord>>>, Broken> {
                let mut views = Vec::new();
                bench
                    .observed(&scenario.steps, per_commit, false, |driver| views.push(self.tables(driver)))?;
                Ok(views)
            };
            for (number, (updates, commits)) in views(false)?.iter().zip(views(true)?).enumerate() {
                let tables = self.outputs.iter().filter(|output| output.is_table);
                for ((output, expected), got) in tables.zip(updates).zip(&commits) {
                    let what = format!("after commit {}, the table of topic {}", number + 1, output.topic);
                    same(&what, expected, got, &output.show)?;
                }
            }
            Ok(())
        })
    }

    /// The last values per key of each table output.
    fn tables(&self, driver: &TestDriver) -> Vec<Vec<RawRecord>> {
        let tables = self.outputs.iter().filter(|output| output.is_table);
        let timeless = |record| RawRecord { timestamp: 0, ..record };
        let rows = |topic| latest(driver.topic_records(topic)).into_values().map(timeless).collect();
        tables.map(|output| rows(output.topic)).collect()
    }
}
