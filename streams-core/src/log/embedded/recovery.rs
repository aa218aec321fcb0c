//! Opening a directory: what the journal says, with what no commit stands for cut off.

use std::collections::HashSet;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use super::block::{HEADER, Header};
use super::change::{Change, SegmentMeta};
use super::core::{segment_path, topic_dir};
use super::image::{Image, PartitionId};
use super::journal::{Frame, Journal, read_newest};
use super::storage::io_error;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::Offset;

/// What was found in a directory.
pub(super) struct Recovered {
    pub(super) image: Image,
    pub(super) journal: Journal,
    /// Segments, by the offset they start at, that may not be on the disk in full.
    pub(super) tail: HashSet<(PartitionId, Offset)>,
}

/// Reads what the directory holds, or makes it hold an empty log.
pub(super) fn recover(dir: &Path, log_id: Option<u64>) -> Result<Recovered> {
    let topics = dir.join("topics");
    let Some(contents) = read_newest(dir)? else {
        // Opening may have been cut short before the first journal: the folder is there then, with nothing in it.
        if fs::read_dir(&topics).is_ok_and(|mut entries| entries.next().is_some()) {
            let message = format!("{} has topics but no journal; restore it from a copy", dir.display());
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
        fs::create_dir_all(&topics).map_err(|e| io_error("create", &topics, e))?;
        let log_id = log_id.unwrap_or_else(|| RandomState::new().hash_one("log"));
        let image = Image { log_id, ..Image::default() };
        let journal = Journal::create(dir, 1, 1, &image)?;
        return Ok(Recovered { image, journal, tail: HashSet::new() });
    };
    let mut image = Image::default();
    let synced = contents.frames.iter().flat_map(|f| &f.changes).filter_map(|change| match change {
        Change::Synced { through } => Some(*through),
        _ => None,
    });
    let first = contents.frames.first().map_or(0, |f| f.sequence);
    let synced = synced.max().unwrap_or(0).max(first);
    let snapshot_len = contents.frames.first().map_or(0, |f| f.end);
    let (mut end, mut sequence) = (snapshot_len, first);
    let mut tail = HashSet::new();
    for frame in contents.frames {
        if frame.sequence > synced && !is_whole(dir, &image, &frame) {
            break;
        }
        (end, sequence) = (frame.end, frame.sequence);
        for change in frame.changes {
            if let Change::Appended { partition, segment, .. } = &change
                && sequence > synced
            {
                tail.insert((*partition, segment.base));
            }
            image.apply(change);
        }
    }
    if end < contents.len {
        let bytes = contents.len - end;
        tracing::warn!(journal = %contents.path.display(), bytes, "cut off what was not committed in full");
    }
    let mut known = HashSet::new();
    for (&id, topic) in &image.topics {
        for (number, partition) in (0..).zip(&topic.partitions) {
            for meta in &partition.segments {
                known.insert(cut(dir, (id, number), meta)?);
            }
        }
    }
    remove_unknown(&topics, &image, dir, &known)?;
    let journal = Journal::open(dir, contents.number, end, snapshot_len, sequence)?;
    Ok(Recovered { image, journal, tail })
}

/// Whether the blocks that a frame stands for are in their files.
fn is_whole(dir: &Path, image: &Image, frame: &Frame) -> bool {
    frame.changes.iter().all(|change| match change {
        Change::Appended { partition, segment, .. } => {
            let before = image.partition(*partition).and_then(|p| p.segments.last());
            let from = before.filter(|s| s.base == segment.base).map_or(0, |s| s.len);
            blocks_are_whole(&segment_path(dir, *partition, segment), from, segment.len)
        }
        _ => true,
    })
}

fn blocks_are_whole(path: &Path, from: u64, to: u64) -> bool {
    let Ok(file) = fs::File::open(path) else {
        return false;
    };
    let mut at = from;
    let mut bytes = Vec::new();
    while at < to {
        bytes.resize(HEADER, 0);
        if super::storage::read_exact_at(&file, &mut bytes, at).is_err() {
            return false;
        }
        let Some(header) = Header::parse(&bytes) else {
            return false;
        };
        if at + header.total_len() as u64 > to {
            return false;
        }
        bytes.resize(header.body_len, 0);
        let read = super::storage::read_exact_at(&file, &mut bytes, at + HEADER as u64);
        if read.is_err() || !header.verify(&bytes) {
            return false;
        }
        at += header.total_len() as u64;
    }
    at == to
}

/// Cuts a segment file to its committed length; its path.
fn cut(dir: &Path, partition: PartitionId, meta: &SegmentMeta) -> Result<PathBuf> {
    let path = segment_path(dir, partition, meta);
    let len = match fs::metadata(&path) {
        Ok(found) => found.len(),
        Err(_) if meta.len == 0 => {
            let parent = topic_dir(dir, partition.0);
            fs::create_dir_all(&parent).map_err(|e| io_error("create", &parent, e))?;
            fs::File::create(&path).map_err(|e| io_error("create", &path, e))?;
            0
        }
        Err(error) => return Err(io_error("open", &path, error)),
    };
    if len < meta.len {
        let message = format!(
            "segment {} has {len} of its {} committed bytes; restore it from a copy",
            path.display(),
            meta.len
        );
        return Err(Error::new(ErrorKind::Corrupt, message));
    }
    if len > meta.len {
        let file = fs::OpenOptions::new().write(true).open(&path);
        file.and_then(|f| f.set_len(meta.len)).map_err(|e| io_error("truncate", &path, e))?;
    }
    Ok(path)
}

/// Removes topics and segments that the image does not know: what was being written or removed.
fn remove_unknown(topics: &Path, image: &Image, dir: &Path, known: &HashSet<PathBuf>) -> Result<()> {
    let kept: HashSet<PathBuf> = image.topics.keys().map(|id| topic_dir(dir, *id)).collect();
    for topic in list(topics)? {
        if !kept.contains(&topic) {
            fs::remove_dir_all(&topic).map_err(|e| io_error("remove", &topic, e))?;
            continue;
        }
        for file in list(&topic)? {
            if !known.contains(&file) {
                fs::remove_file(&file).map_err(|e| io_error("remove", &file, e))?;
            }
        }
    }
    Ok(())
}

fn list(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).map_err(|e| io_error("read", dir, e))?;
    entries.map(|entry| entry.map(|e| e.path()).map_err(|e| io_error("read", dir, e))).collect()
}
