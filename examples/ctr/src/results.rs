//! Result topics, and the CSV files made of them.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use streams_core::ids::TopicPartition;
use streams_core::log::{Log, PartitionReader, Wakeup};
use streams_core::record::{RecordBatch, RecordView};
use streams_core::serde::DefaultSerde;
use streams_core::{Error, ErrorKind, Result};

use crate::model::CtrMetrics;
use crate::time::utc;

/// How long a log may be silent before reading to its end is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads all partitions of a topic, one after the other.
pub struct TopicReader {
    topic: String,
    partitions: Vec<(TopicPartition, Box<dyn PartitionReader>)>,
    wakeup: Arc<Wakeup>,
}

impl TopicReader {
    /// A reader of `topic` from `last` records before the end of each partition, or from the beginning.
    pub fn open(log: &dyn Log, topic: &str, last: Option<i64>) -> Result<Self> {
        let info = log.describe_topic(topic)?;
        let info =
            info.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("there is no topic {topic}")))?;
        let wakeup = Arc::new(Wakeup::new());
        let mut partitions = Vec::new();
        for number in 0..info.partitions {
            let partition = TopicPartition::new(topic, number);
            let start = log.start_offset(&partition)?;
            let from = match last {
                Some(last) => start.max(log.end_offset(&partition)? - last),
                None => start,
            };
            let reader = log.open_reader(&partition, from, &wakeup)?;
            partitions.push((partition, reader));
        }
        Ok(TopicReader { topic: topic.to_owned(), partitions, wakeup })
    }

    /// Shows every committed record that is at hand and was not shown before to `take`.
    pub fn read(&mut self, mut take: impl FnMut(RecordView<'_>) -> Result<()>) -> Result<()> {
        let mut batch = RecordBatch::new();
        for (_, reader) in &mut self.partitions {
            loop {
                batch.clear();
                if reader.read(&mut batch, 1 << 20)? == 0 {
                    break;
                }
                batch.iter().try_for_each(&mut take)?;
            }
        }
        Ok(())
    }

    /// As [`read`](Self::read), up to the end that the topic has in `log` now; waits for transactions that are open
    /// before it. Errs with [`ErrorKind::Timeout`] if nothing comes for a minute.
    pub fn read_all(
        &mut self,
        log: &dyn Log,
        mut take: impl FnMut(RecordView<'_>) -> Result<()>,
    ) -> Result<()> {
        let mut batch = RecordBatch::new();
        for (partition, reader) in &mut self.partitions {
            let end = log.written_offset(partition)?;
            let mut last = Instant::now();
            while reader.position() < end {
                batch.clear();
                if reader.read(&mut batch, 1 << 20)? > 0 {
                    batch.iter().try_for_each(&mut take)?;
                    last = Instant::now();
                } else if last.elapsed() > PATIENCE {
                    let at = reader.position();
                    let message = format!("{partition} cannot be read from {at} to {end}: nothing comes");
                    return Err(Error::new(ErrorKind::Timeout, message));
                } else if reader.position() < end {
                    self.wakeup.wait(Duration::from_millis(50));
                }
            }
        }
        Ok(())
    }

    /// The results at hand that were not read before, by category and window.
    pub fn read_metrics(&mut self) -> Result<Vec<CtrMetrics>> {
        let (mut rows, topic) = (Vec::new(), self.topic.clone());
        self.read(|record| {
            rows.push(row(&topic, record)?);
            Ok(())
        })?;
        Ok(sorted(rows))
    }

    /// The results that were not read before, up to the end that the topic has now, by category and window.
    pub fn read_all_metrics(&mut self, log: &dyn Log) -> Result<Vec<CtrMetrics>> {
        let (mut rows, topic) = (Vec::new(), self.topic.clone());
        self.read_all(log, |record| {
            rows.push(row(&topic, record)?);
            Ok(())
        })?;
        Ok(sorted(rows))
    }
}

fn row(topic: &str, record: RecordView<'_>) -> Result<CtrMetrics> {
    let value = record.value.unwrap_or_default();
    CtrMetrics::serde()
        .deserialize(value)
        .map_err(|e| e.context(format!("topic {topic}, offset {}", record.offset)))
}

fn sorted(mut rows: Vec<CtrMetrics>) -> Vec<CtrMetrics> {
    rows.sort_by(|a, b| (&a.site_category, a.window_start).cmp(&(&b.site_category, b.window_start)));
    rows
}

/// Writes the results as CSV. The file is there as a whole or not at all.
pub fn write_csv(path: &Path, rows: &[CtrMetrics], with_category: bool) -> Result<()> {
    write_whole(path, |out| {
        if with_category {
            write!(out, "site_category,")?;
        }
        writeln!(out, "window_start,window_end,impressions,clicks,ctr")?;
        for row in rows {
            if with_category {
                write!(out, "{},", quoted(row.site_category.as_deref().unwrap_or_default()))?;
            }
            let (start, end) = (utc(row.window_start), utc(row.window_end));
            // `{:?}` is the shortest text that is read back as the same number.
            writeln!(out, "{start},{end},{},{},{:?}", row.impressions, row.clicks, row.ctr)?;
        }
        Ok(())
    })
}

/// Writes a file under another name and renames it when it is complete.
pub fn write_whole(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    let attempt = || {
        let mut out = BufWriter::new(File::create(&unfinished)?);
        write(&mut out)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&unfinished, path)
    };
    attempt()
        .map_err(|e| Error::new(ErrorKind::Io, format!("{} cannot be written", path.display())).caused_by(e))
}

/// A CSV field, in quotes where it needs them.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ctr;

    #[test]
    fn rows_are_written_with_times_in_utc_and_the_shortest_rate() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("ctr.csv");
        let row = |category: Option<&str>, impressions, clicks| CtrMetrics {
            site_category: category.map(Into::into),
            window_start: 1_413_849_600_000,
            window_end: 1_413_849_660_000,
            impressions,
            clicks,
            ctr: ctr(impressions, clicks),
        };
        write_csv(&path, &[row(None, 28, 12), row(None, 0, 1), row(None, 32, 8)], false).expect("writes");
        let expected = "window_start,window_end,impressions,clicks,ctr\n\
            2014-10-21 00:00:00,2014-10-21 00:01:00,28,12,42.857142857142854\n\
            2014-10-21 00:00:00,2014-10-21 00:01:00,0,1,0.0\n\
            2014-10-21 00:00:00,2014-10-21 00:01:00,32,8,25.0\n";
        assert_eq!(fs::read_to_string(&path).expect("reads"), expected);

        write_csv(&path, &[row(Some("a,\"b"), 1, 0)], true).expect("writes");
        let text = fs::read_to_string(&path).expect("reads");
        assert_eq!(text.lines().nth(1), Some("\"a,\"\"b\",2014-10-21 00:00:00,2014-10-21 00:01:00,1,0,0.0"));
    }
}
