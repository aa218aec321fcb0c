//! Results as rows of text, and as CSV.

use std::fs;
use std::path::Path;

use streams_core::{Error, ErrorKind, Result};

/// A table of text: what a query answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// The names of the columns.
    pub columns: Vec<&'static str>,
    /// The rows in the order in which they are shown.
    pub rows: Vec<Vec<String>>,
}

/// A row of anything that can be written.
#[macro_export]
macro_rules! row {
    ($($field:expr),* $(,)?) => { vec![$($field.to_string()),*] };
}

impl Rows {
    /// These rows under these columns.
    pub fn new(columns: &[&'static str], rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        Rows { columns: columns.to_vec(), rows: rows.into_iter().collect() }
    }

    /// As CSV: fields in quotes where they need them, lines that end in `\n`.
    pub fn to_csv(&self) -> Result<Vec<u8>> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let failed =
            |e: csv::Error| Error::new(ErrorKind::Io, "the rows cannot be written as CSV").caused_by(e);
        writer.write_record(&self.columns).map_err(failed)?;
        for row in &self.rows {
            writer.write_record(row).map_err(failed)?;
        }
        writer.into_inner().map_err(|e| Error::new(ErrorKind::Io, e.to_string()))
    }

    /// Writes the CSV file. It is there as a whole or not at all.
    pub fn write(&self, path: &Path) -> Result<()> {
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".unfinished");
        let written = fs::write(&unfinished, self.to_csv()?).and_then(|()| fs::rename(&unfinished, path));
        written.map_err(|e| {
            Error::new(ErrorKind::Io, format!("{} cannot be written", path.display())).caused_by(e)
        })
    }
}
