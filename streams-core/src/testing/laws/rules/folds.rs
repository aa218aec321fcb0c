//! A store is what its changelog says.

use crate::testing::TestDriver;
use crate::testing::laws::compare::{Broken, raw_text};
use crate::testing::laws::stores::{Rows, Stored, fold, start_of};
use crate::testing::laws::{Laws, Violation};
use crate::time::Timestamp;

impl Laws {
    /// Every declared store has the rows that come of folding its changelog - the last value per key, nulls delete -
    /// and the topic its changes are written to. Windows that are past their retention may be missing in it.
    pub fn fold_of_changelog(&self) -> Result<(), Violation> {
        for store in &self.stores {
            let name = format!("store {} as the fold of its changelog", store.name);
            self.search(&name, |scenario| {
                let driver = self.bench().marked(&scenario.steps, scenario.per_commit, true)?;
                check(store, &driver)
            })?;
        }
        Ok(())
    }
}

fn check(store: &Stored, driver: &TestDriver) -> Result<(), Broken> {
    let partitions = store.partitions(driver)?;
    let (mut all, mut kept_from) = (Rows::new(), Timestamp::MIN);
    for &partition in &partitions {
        let (rows, from) = store.content(driver, partition)?;
        let what = format!("partition {partition} of store {}, against its changelog,", store.name);
        same_rows(&what, &store.of_changelog(driver, partition), &rows, store.windowed.then_some(from))?;
        all.extend(rows);
        kept_from = kept_from.max(from);
    }
    let Some(topic) = store.topic else { return Ok(()) };
    let what = format!("store {}, against the topic {topic},", store.name);
    same_rows(&what, &fold(driver, topic, None), &all, store.windowed.then_some(kept_from))
}

fn same_rows(what: &str, expected: &Rows, got: &Rows, kept_from: Option<Timestamp>) -> Result<(), Broken> {
    let keys = expected.keys().chain(got.keys());
    for key in keys {
        let gone = kept_from.is_some_and(|from| start_of(key) <= from) && !got.contains_key(key);
        let [should, is] = [expected, got].map(|rows| rows.get(key).map(Vec::as_slice));
        if should != is && !gone {
            let text = |bytes: Option<&[u8]>| bytes.map_or("nothing".to_owned(), |b| raw_text(Some(b)));
            return Err(Broken(format!(
                "{what} differs:\nkey {}\n  expected {}\n  got      {}",
                raw_text(Some(key)),
                text(should),
                text(is)
            )));
        }
    }
    Ok(())
}
