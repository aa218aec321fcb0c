//! Where the bytes of a segment are: in memory or in a file, behind one interface.
//!
//! Files are opened when needed; a [`FileCache`] bounds how many stay open. Nothing here knows what the bytes mean.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};

use crate::error::{Error, ErrorKind, Result};

/// Locks; a panic of another thread while it held the lock is not ours to handle.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The error for a failed operation on a file, by what the operating system said.
pub(super) fn io_error(what: &str, path: &Path, error: io::Error) -> Error {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let path = path.display();
    if matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge) {
        let message =
            format!("no space left to {what} {path}; free some and try again, nothing committed is lost");
        Error::new(ErrorKind::Full, message).caused_by(error)
    } else {
        Error::new(ErrorKind::Io, format!("could not {what} {path}")).caused_by(error)
    }
}

/// The bytes of one segment. Who appends says where, so that what a failed attempt left is overwritten.
#[derive(Debug)]
pub(super) enum Storage {
    Memory(RwLock<Vec<u8>>),
    File(Arc<StoredFile>),
}

impl Storage {
    pub(super) fn memory() -> Self {
        Storage::Memory(RwLock::default())
    }

    /// Writes `bytes` at `at`, which is not behind what was written before.
    pub(super) fn write_at(&self, bytes: &[u8], at: u64) -> Result<()> {
        match self {
            Storage::Memory(memory) => {
                let mut memory = memory.write().unwrap_or_else(PoisonError::into_inner);
                memory.truncate(at as usize);
                memory.extend_from_slice(bytes);
                Ok(())
            }
            Storage::File(file) => file.write_at(bytes, at),
        }
    }

    /// Cuts off what lies behind `len`.
    pub(super) fn truncate(&self, len: u64) -> Result<()> {
        match self {
            Storage::Memory(memory) => {
                memory.write().unwrap_or_else(PoisonError::into_inner).truncate(len as usize);
                Ok(())
            }
            Storage::File(file) => file.open()?.set_len(len).map_err(|e| io_error("truncate", &file.path, e)),
        }
    }

    /// Appends the `len` bytes at `at` to `out`.
    pub(super) fn read_into(&self, out: &mut Vec<u8>, at: u64, len: usize) -> Result<()> {
        match self {
            Storage::Memory(memory) => {
                let memory = memory.read().unwrap_or_else(PoisonError::into_inner);
                let at = at as usize;
                let bytes = memory.get(at..at + len).ok_or_else(|| {
                    Error::new(ErrorKind::Corrupt, format!("a segment in memory has no {len} bytes at {at}"))
                })?;
                out.extend_from_slice(bytes);
                Ok(())
            }
            Storage::File(file) => file.read_into(out, at, len),
        }
    }

    /// Gives back memory that is reserved but not used.
    pub(super) fn shrink(&self) {
        if let Storage::Memory(memory) = self {
            memory.write().unwrap_or_else(PoisonError::into_inner).shrink_to_fit();
        }
    }

    /// Forces what was written to the disk.
    pub(super) fn sync(&self) -> Result<()> {
        match self {
            Storage::Memory(_) => Ok(()),
            Storage::File(file) => file.open()?.sync_data().map_err(|e| io_error("sync", &file.path, e)),
        }
    }

    /// Removes the file. Errors are of no consequence: the next opening removes what does not belong.
    pub(super) fn remove(&self) {
        if let Storage::File(file) = self {
            lock(&file.handle).take();
            let _ = fs::remove_file(&file.path);
        }
    }

    /// The file, if there is one.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Storage::Memory(_) => None,
            Storage::File(file) => Some(&file.path),
        }
    }
}

/// A file that is opened when needed.
#[derive(Debug)]
pub(super) struct StoredFile {
    path: PathBuf,
    handle: Mutex<Option<Arc<File>>>,
    used: AtomicBool,
    cache: Arc<FileCache>,
}

impl StoredFile {
    pub(super) fn new(path: PathBuf, cache: &Arc<FileCache>) -> Arc<Self> {
        Arc::new(StoredFile {
            path,
            handle: Mutex::default(),
            used: AtomicBool::new(true),
            cache: cache.clone(),
        })
    }

    /// Makes the file, empty, with the directory it is in.
    pub(super) fn create(&self) -> Result<()> {
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent).map_err(|e| io_error("create", parent, e))?;
        }
        File::create(&self.path).map(drop).map_err(|e| io_error("create", &self.path, e))
    }

    fn open(self: &Arc<Self>) -> Result<Arc<File>> {
        let mut handle = lock(&self.handle);
        self.used.store(true, Ordering::Relaxed);
        if let Some(file) = &*handle {
            return Ok(file.clone());
        }
        let file = OpenOptions::new().read(true).write(true).open(&self.path);
        let file = Arc::new(file.map_err(|e| io_error("open", &self.path, e))?);
        *handle = Some(file.clone());
        drop(handle);
        self.cache.opened(self);
        Ok(file)
    }

    fn write_at(self: &Arc<Self>, bytes: &[u8], at: u64) -> Result<()> {
        write_all_at(&*self.open()?, bytes, at).map_err(|e| io_error("write", &self.path, e))
    }

    fn read_into(self: &Arc<Self>, out: &mut Vec<u8>, at: u64, len: usize) -> Result<()> {
        let file = self.open()?;
        let start = out.len();
        out.resize(start + len, 0);
        let read = read_exact_at(&file, &mut out[start..], at);
        if read.is_err() {
            out.truncate(start);
        }
        read.map_err(|e| io_error("read", &self.path, e))
    }
}

/// Bounds the number of open files: closes the one not used for longest, nearly.
#[derive(Debug)]
pub(super) struct FileCache {
    capacity: usize,
    open: Mutex<VecDeque<Weak<StoredFile>>>,
}

impl FileCache {
    pub(super) fn new(capacity: usize) -> Arc<Self> {
        Arc::new(FileCache { capacity: capacity.max(1), open: Mutex::default() })
    }

    fn opened(&self, file: &Arc<StoredFile>) {
        let mut open = lock(&self.open);
        open.push_back(Arc::downgrade(file));
        while open.len() > self.capacity {
            let Some(oldest) = open.pop_front() else { return };
            let Some(oldest) = oldest.upgrade() else { continue };
            // One that was used since it was looked at last gets another round.
            if oldest.used.swap(false, Ordering::Relaxed) && !Arc::ptr_eq(&oldest, file) {
                open.push_back(Arc::downgrade(&oldest));
            } else if let Ok(mut handle) = oldest.handle.try_lock() {
                handle.take();
            } else {
                open.push_back(Arc::downgrade(&oldest));
            }
        }
    }
}

#[cfg(unix)]
pub(super) fn write_all_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(unix)]
pub(super) fn read_exact_at(file: &File, out: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, at)
}

#[cfg(windows)]
pub(super) fn write_all_at(file: &File, mut bytes: &[u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        bytes = &bytes[written..];
        at += written as u64;
    }
    Ok(())
}

#[cfg(windows)]
pub(super) fn read_exact_at(file: &File, mut out: &mut [u8], mut at: u64) -> io::Result<()> {
    while !out.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, out, at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        out = &mut out[read..];
        at += read as u64;
    }
    Ok(())
}
