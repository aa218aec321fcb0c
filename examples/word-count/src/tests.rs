//! The topology in the test driver: no log, no files, no threads.

use streams_core::Result;
use streams_core::testing::TestDriver;

use super::{COUNTS, LINES, topology};

#[test]
fn every_word_is_counted_over_all_lines_whatever_its_case() -> Result<()> {
    let mut driver = TestDriver::new(&topology()?)?;
    driver.pipe(&LINES, None, "To be, or not".to_owned(), 0)?;
    driver.pipe(&LINES, None, "to  be:".to_owned(), 1)?;

    let counts: Vec<_> = driver.read(&COUNTS)?.into_iter().map(|r| (r.key, r.value)).collect();
    let expected = [("to", 1), ("be", 1), ("or", 1), ("not", 1), ("to", 2), ("be", 2)];
    assert_eq!(counts, expected.map(|(word, count)| (word.to_owned(), count)));
    Ok(())
}
