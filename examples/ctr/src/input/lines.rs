//! Lines of a file, plain or gzip, with the position behind each; whether it is gzip is told by its first bytes.
//!
//! A line that is longer than [`MAX_LINE`] is cut, so that memory is bounded whatever the file holds.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use streams_core::{Error, ErrorKind, Result};

/// Longest line that is taken, in bytes; half of what a topic takes of one record.
pub const MAX_LINE: usize = 512 << 10;

/// The lines of one file, from a position on.
pub struct Lines {
    name: String,
    reader: Box<dyn BufRead + Send>,
    line: u64,
    bytes: u64,
    buffer: Vec<u8>,
}

/// One line without its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// The whole line.
    Whole(&'a [u8]),
    /// The first [`MAX_LINE`] bytes of a line that is longer.
    Cut(&'a [u8]),
}

impl Lines {
    /// Opens `path` behind the first `line` lines, which have `bytes` bytes (unpacked). `read` counts the bytes that
    /// are read of the file itself.
    ///
    /// Errs with [`ErrorKind::NotFound`] if there is no such file, and with [`ErrorKind::Io`] if it cannot be read or
    /// is too short.
    pub fn open(path: &Path, line: u64, bytes: u64, read: &Arc<AtomicU64>) -> Result<Self> {
        let name = path.display().to_string();
        let refuse = |error: io::Error| {
            let kind = match error.kind() {
                io::ErrorKind::NotFound => ErrorKind::NotFound,
                _ => ErrorKind::Io,
            };
            Error::new(kind, format!("the input {name} cannot be read")).caused_by(error)
        };
        let mut file = File::open(path).map_err(refuse)?;
        let mut magic = [0; 2];
        let gzip = file.read(&mut magic).map_err(refuse)? == 2 && magic == [0x1f, 0x8b];
        file.seek(SeekFrom::Start(if gzip { 0 } else { bytes })).map_err(refuse)?;
        if !gzip {
            read.fetch_add(bytes, Ordering::Relaxed);
        }
        let file = BufReader::with_capacity(256 << 10, Counted { file, read: Arc::clone(read) });
        let mut reader: Box<dyn BufRead + Send> = if gzip {
            Box::new(BufReader::with_capacity(256 << 10, MultiGzDecoder::new(file)))
        } else {
            Box::new(file)
        };
        if gzip {
            // A packed file can only be read from its beginning.
            let skipped = io::copy(&mut reader.by_ref().take(bytes), &mut io::sink()).map_err(refuse)?;
            if skipped < bytes {
                return Err(Error::new(
                    ErrorKind::Io,
                    format!(
                        "the input {name} has become shorter since it was read to line {line}; start with an empty --data-dir"
                    ),
                ));
            }
        }
        Ok(Lines { name, reader, line, bytes, buffer: Vec::new() })
    }

    /// The next line, `None` at the end. Errs if the file cannot be read on, naming the line.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>> {
        self.buffer.clear();
        let mut cut = false;
        let mut any = false;
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    let message = format!("the input {} cannot be read behind line {}", self.name, self.line);
                    return Err(Error::new(ErrorKind::Io, message).caused_by(error));
                }
            };
            if available.is_empty() {
                break;
            }
            any = true;
            let end = memchr(available);
            let part = &available[..end.unwrap_or(available.len())];
            let room = MAX_LINE - self.buffer.len();
            cut |= part.len() > room;
            self.buffer.extend_from_slice(&part[..part.len().min(room)]);
            let used = part.len() + usize::from(end.is_some());
            self.reader.consume(used);
            self.bytes += used as u64;
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.line += 1;
        if !cut && self.buffer.last() == Some(&b'\r') {
            self.buffer.pop();
        }
        Ok(Some(if cut { Line::Cut(&self.buffer) } else { Line::Whole(&self.buffer) }))
    }

    /// Number of the line returned last, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Bytes (unpacked) up to the end of the line returned last.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Where the line ends: looked for eight bytes at a time by the compiler's vectorised search.
fn memchr(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == b'\n')
}

/// Counts what is read.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn all(path: &Path, line: u64, bytes: u64) -> Vec<(u64, u64, String, bool)> {
        let mut lines = Lines::open(path, line, bytes, &Arc::default()).expect("opens");
        let mut found = Vec::new();
        while let Some(line) = lines.next_line().expect("reads") {
            let (text, cut) = match line {
                Line::Whole(text) => (text, false),
                Line::Cut(text) => (text, true),
            };
            let text = String::from_utf8_lossy(text).into_owned();
            found.push((lines.line(), lines.bytes(), text, cut));
        }
        found
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("writes to memory");
        encoder.finish().expect("writes to memory")
    }

    #[test]
    fn reading_goes_on_behind_any_line_whether_packed_or_not() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let text = b"one\r\ntwo\n\nlast without end";
        for (name, bytes) in [("plain", text.to_vec()), ("packed", packed(text))] {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).expect("writes");
            let whole = all(&path, 0, 0);
            let texts: Vec<&str> = whole.iter().map(|(_, _, text, _)| text.as_str()).collect();
            assert_eq!(texts, ["one", "two", "", "last without end"], "{name}");
            for (index, (line, bytes, _, _)) in whole.iter().enumerate() {
                assert_eq!(all(&path, *line, *bytes), whole[index + 1..], "{name} behind line {line}");
            }
        }
    }

    #[test]
    fn packed_files_one_behind_the_other_are_one_file() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("two.gz");
        std::fs::write(&path, [packed(b"a\n"), packed(b"b\n")].concat()).expect("writes");
        assert_eq!(all(&path, 0, 0).len(), 2);
    }

    #[test]
    fn a_line_without_bounds_is_cut() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("long");
        let mut text = vec![b'x'; 3 * MAX_LINE];
        text.extend_from_slice(b"\nnext\n");
        std::fs::write(&path, text).expect("writes");
        let lines = all(&path, 0, 0);
        assert_eq!((lines[0].2.len(), lines[0].3), (MAX_LINE, true));
        assert_eq!((lines[1].0, lines[1].2.as_str(), lines[1].3), (2, "next", false));
    }

    #[test]
    fn files_that_are_missing_or_broken_are_errors_that_name_them() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let missing = dir.path().join("missing.jsonl");
        let error = Lines::open(&missing, 0, 0, &Arc::default()).err().expect("there is no such file");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("missing.jsonl"), "{error}");

        let broken = dir.path().join("broken.gz");
        let whole = packed("a line\n".repeat(100_000).as_bytes());
        std::fs::write(&broken, &whole[..whole.len() / 2]).expect("writes");
        let mut lines = Lines::open(&broken, 0, 0, &Arc::default()).expect("opens");
        let error = loop {
            match lines.next_line() {
                Ok(Some(_)) => {}
                Ok(None) => unreachable!("half of a packed file has no end"),
                Err(error) => break error,
            }
        };
        assert!(error.to_string().contains("broken.gz cannot be read behind line"), "{error}");
    }
}
