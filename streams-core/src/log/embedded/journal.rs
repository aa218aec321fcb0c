//! The journal: the file whose growth by one frame is a commit.
//!
//! A frame is `u32` length and `u32` CRC-32 of what follows, then the `u64` number of the frame and the bytes of
//! its changes; all little-endian. A file starts with 8 magic bytes and one frame that holds a whole snapshot; it
//! got its name only after that was on the disk. Frames are numbered without gaps over all files.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

use super::change::Change;
use super::image::Image;
use super::storage::{io_error, write_all_at};
use crate::error::{Error, ErrorKind, Result};

const MAGIC: &[u8; 8] = b"SLOGJRN1";
const FRAME: usize = 16;

/// The journal, open for appending.
#[derive(Debug)]
pub(super) struct Journal {
    dir: PathBuf,
    number: u64,
    path: PathBuf,
    file: File,
    len: u64,
    snapshot_len: u64,
    /// Number of the last frame.
    sequence: u64,
    frame: Vec<u8>,
}

impl Journal {
    /// Starts file `number` with a snapshot of `image` as frame `sequence`. It is on the disk when this returns.
    pub(super) fn create(dir: &Path, number: u64, sequence: u64, image: &Image) -> Result<Journal> {
        let path = dir.join(file_name(number));
        let unfinished = dir.join(format!("{}.new", file_name(number)));
        let mut bytes = MAGIC.to_vec();
        put_frame(&mut bytes, sequence, &image.to_changes());
        let file = File::create(&unfinished).map_err(|e| io_error("create", &unfinished, e))?;
        write_all_at(&file, &bytes, 0).map_err(|e| io_error("write", &unfinished, e))?;
        file.sync_all().map_err(|e| io_error("sync", &unfinished, e))?;
        fs::rename(&unfinished, &path).map_err(|e| io_error("rename", &unfinished, e))?;
        sync_dir(dir)?;
        let len = bytes.len() as u64;
        let dir = dir.to_owned();
        Ok(Journal { dir, number, path, file, len, snapshot_len: len, sequence, frame: Vec::new() })
    }

    /// Opens file `number` to append behind `len`, cutting off what follows.
    pub(super) fn open(
        dir: &Path,
        number: u64,
        len: u64,
        snapshot_len: u64,
        sequence: u64,
    ) -> Result<Journal> {
        let path = dir.join(file_name(number));
        let file = OpenOptions::new().read(true).write(true).open(&path);
        let file = file.map_err(|e| io_error("open", &path, e))?;
        file.set_len(len).map_err(|e| io_error("truncate", &path, e))?;
        let dir = dir.to_owned();
        Ok(Journal { dir, number, path, file, len, snapshot_len, sequence, frame: Vec::new() })
    }

    /// Appends one frame; all of it or, if this errs, nothing.
    pub(super) fn append(&mut self, changes: &[Change]) -> Result<()> {
        self.frame.clear();
        put_frame(&mut self.frame, self.sequence + 1, changes);
        if let Err(error) = write_all_at(&self.file, &self.frame, self.len) {
            // What was written of it has no valid checksum; should cutting fail, the next frame overwrites it.
            let _ = self.file.set_len(self.len);
            return Err(io_error("write", &self.path, error));
        }
        self.len += self.frame.len() as u64;
        self.sequence += 1;
        Ok(())
    }

    /// Takes back the last frame, appended by the last call.
    pub(super) fn take_back(&mut self) -> Result<()> {
        let len = self.len - self.frame.len() as u64;
        self.file.set_len(len).map_err(|e| io_error("truncate", &self.path, e))?;
        self.len = len;
        self.sequence -= 1;
        Ok(())
    }

    /// Forces it to the disk.
    pub(super) fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(|e| io_error("sync", &self.path, e))
    }

    /// Another handle to the same file, to sync it without holding a lock.
    pub(super) fn second_handle(&self) -> Result<File> {
        self.file.try_clone().map_err(|e| io_error("open", &self.path, e))
    }

    /// Replaces the file by one that starts with a snapshot. Everything else must be on the disk.
    pub(super) fn rotate(&mut self, image: &Image) -> Result<()> {
        let next = Journal::create(&self.dir, self.number + 1, self.sequence + 1, image)?;
        let old = std::mem::replace(self, next);
        // What stays behind is removed by the next opening.
        let _ = fs::remove_file(&old.path);
        Ok(())
    }

    /// Number of the last frame.
    pub(super) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Bytes appended behind the snapshot.
    pub(super) fn grown(&self) -> u64 {
        self.len - self.snapshot_len
    }
}

/// A frame as read.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) sequence: u64,
    pub(super) changes: Vec<Change>,
    /// Where the next one starts.
    pub(super) end: u64,
}

/// A journal file as read: the frames up to the first that is not whole.
#[derive(Debug)]
pub(super) struct JournalContents {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) frames: Vec<Frame>,
    pub(super) len: u64,
}

/// Reads the newest journal of the directory; `None` if there is none. Older and unfinished ones are removed.
pub(super) fn read_newest(dir: &Path) -> Result<Option<JournalContents>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| io_error("read", dir, e))? {
        let entry = entry.map_err(|e| io_error("read", dir, e))?;
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|n| n.strip_prefix("journal-")) else {
            continue;
        };
        match rest.parse() {
            Ok(number) => numbers.push(number),
            Err(_) => fs::remove_file(entry.path()).map_err(|e| io_error("remove", &entry.path(), e))?,
        }
    }
    numbers.sort_unstable();
    let Some(number) = numbers.pop() else {
        return Ok(None);
    };
    let path = dir.join(file_name(number));
    let bytes = fs::read(&path).map_err(|e| io_error("read", &path, e))?;
    let contents = parse(number, path, &bytes)?;
    for older in numbers {
        let path = dir.join(file_name(older));
        fs::remove_file(&path).map_err(|e| io_error("remove", &path, e))?;
    }
    Ok(Some(contents))
}

fn parse(number: u64, path: PathBuf, bytes: &[u8]) -> Result<JournalContents> {
    let corrupt = |what: &str| {
        let message = format!("journal {} {what}; restore the directory from a copy", path.display());
        Error::new(ErrorKind::Corrupt, message)
    };
    if !bytes.starts_with(MAGIC) {
        return Err(corrupt("does not start as a journal of this version"));
    }
    let mut at = MAGIC.len();
    let mut frames: Vec<Frame> = Vec::new();
    while let Some(frame) = parse_frame(bytes, at) {
        if frames.last().is_some_and(|last| frame.sequence != last.sequence + 1) {
            break;
        }
        at = frame.end as usize;
        frames.push(frame);
    }
    let Some(last) = frames.last() else {
        return Err(corrupt("has a broken snapshot"));
    };
    // A torn tail is what a crash leaves. A broken frame before one that says it was on the disk is not.
    let synced = |frame: &Frame| {
        frame.changes.iter().any(|c| matches!(c, Change::Synced { through } if *through > last.sequence))
    };
    if (at + 1..bytes.len()).filter_map(|at| parse_frame(bytes, at)).any(|frame| synced(&frame)) {
        return Err(corrupt(&format!("is broken at byte {at}, though it was on the disk in full")));
    }
    Ok(JournalContents { number, frames, len: bytes.len() as u64, path })
}

fn parse_frame(bytes: &[u8], start: usize) -> Option<Frame> {
    let head = bytes.get(start..start + FRAME)?;
    let len = u32::from_le_bytes(*head.first_chunk()?) as usize;
    let crc = u32::from_le_bytes(*head[4..].first_chunk()?);
    let end = start.checked_add(8)?.checked_add(len)?;
    let covered = bytes.get(start + 8..end)?;
    if len < 8 || crc32fast::hash(covered) != crc {
        return None;
    }
    let sequence = u64::from_le_bytes(*covered.first_chunk()?);
    let mut at = 8;
    let mut changes = Vec::new();
    while at < covered.len() {
        changes.push(Change::decode(covered, &mut at)?);
    }
    Some(Frame { sequence, changes, end: end as u64 })
}

fn put_frame(out: &mut Vec<u8>, sequence: u64, changes: &[Change]) {
    let start = out.len();
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&sequence.to_le_bytes());
    for change in changes {
        change.encode(out);
    }
    let len = (out.len() - start - 8) as u32;
    let crc = crc32fast::hash(&out[start + 8..]);
    out[start..start + 4].copy_from_slice(&len.to_le_bytes());
    out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
}

fn file_name(number: u64) -> String {
    format!("journal-{number:010}")
}

/// Forces the names in a directory to the disk, where directories can be synced.
pub(super) fn sync_dir(dir: &Path) -> Result<()> {
    if cfg!(unix) {
        File::open(dir).and_then(|d| d.sync_all()).map_err(|e| io_error("sync", dir, e))?;
    }
    Ok(())
}
