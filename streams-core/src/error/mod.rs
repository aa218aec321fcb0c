//! The one error type of this crate.
//!
//! An [`Error`] has a [`ErrorKind`] for code, a message for people that names the thing (topic, partition,
//! offset, node, line of the user's source) and says what to do, and the chain of causes.

use std::error::Error as StdError;
use std::fmt;

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, for code that decides by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A topology that cannot be built; the message lists every mistake.
    Topology,
    /// A setting that is unknown, missing or out of range.
    Config,
    /// Bytes that are not what their serde expects, or a null where the type has none.
    Serde,
    /// An invalid timestamp.
    Timestamp,
    /// User code failed: a processor returned an error or a closure panicked.
    User,
    /// A store or its engine failed.
    State,
    /// A topic, partition or group that does not exist.
    NotFound,
    /// Something that exists already, with other properties than asked for.
    Exists,
    /// An offset outside of what the partition holds.
    OffsetOutOfRange,
    /// A newer producer or group member has taken over.
    Fenced,
    /// The data directory is in use by another process.
    Locked,
    /// Stored data fails its checksum or cannot be parsed.
    Corrupt,
    /// No space is left; nothing that was committed is lost.
    Full,
    /// A record larger than the log takes.
    TooLarge,
    /// A record that its topic does not take for another reason, such as a null key where the topic is compacted.
    InvalidRecord,
    /// Methods called in an order that has no meaning, such as `send` outside of a transaction.
    Misuse,
    /// The operating system refused a read or a write.
    Io,
    /// Used after it was closed or stopped.
    Closed,
    /// Did not finish in the time given.
    Timeout,
}

/// An error with its kind, a message and its cause. One word wide.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind. The message names the thing and says what to do.
    #[cold]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { kind, message: message.into(), source: None }))
    }

    /// The same error with its cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The same error seen from one level up: `context` is put before its message.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.0.message = format!("{context}: {}", self.0.message);
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether a newer producer or member has taken over, so that this one has to start again.
    pub fn is_fenced(&self) -> bool {
        self.kind() == ErrorKind::Fenced
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            // Our own errors print their causes themselves.
            cause = if error.is::<Error>() { None } else { error.source() };
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        let kind =
            if error.kind() == std::io::ErrorKind::StorageFull { ErrorKind::Full } else { ErrorKind::Io };
        Error::new(kind, "input or output failed").caused_by(error)
    }
}
