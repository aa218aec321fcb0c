//! The engines there are, and which of them a state directory belongs to.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
#[cfg(feature = "fjall")]
use crate::state::engine::FjallBackend;
use crate::state::engine::{Backend, MemoryBackend, SledBackend};

/// Which engine the stores of an application use.
///
/// `Fjall` measured better than `Sled` at everything that stores ask of an engine (`BENCHMARKS.md`): it restores and takes
/// changes some ten times cheaper, and in an amount of memory that does not grow with the keys. Take it for stores of
/// more than some hundred thousand keys. `Sled` is the default: it needs no feature and brings fewer crates, and is
/// good enough while stores are small. `Memory` is for state that fits into memory and may be restored at each start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum EngineKind {
    /// sled: a tree on disk, survives the process.
    #[default]
    Sled,
    /// fjall: sorted files on disk, survives the process. With the feature `fjall`.
    #[cfg(feature = "fjall")]
    Fjall,
    /// A sorted map in memory: nothing on disk, restored from the changelog at start.
    Memory,
}

/// The file in a state directory that names the engine.
const MARK: &str = "engine";
/// What sled makes, by which directories without a mark are known.
const SLED_FILES: [&str; 2] = ["conf", "db"];

impl EngineKind {
    /// Opens the backend in `dir`, which is created if it is missing and used by engines on disk only. `cache_bytes`
    /// is how much memory such an engine may use for its own cache. Errs with `Locked` if another process uses the
    /// directory, and with `Config` if it has the state of another engine.
    pub fn open(self, dir: &Path, cache_bytes: u64) -> Result<Arc<dyn Backend>> {
        Ok(match self {
            EngineKind::Sled => {
                self.mark(dir)?;
                Arc::new(SledBackend::open(dir, cache_bytes)?)
            }
            #[cfg(feature = "fjall")]
            EngineKind::Fjall => {
                self.mark(dir)?;
                Arc::new(FjallBackend::open(&dir.join("fjall"), cache_bytes)?)
            }
            EngineKind::Memory => Arc::new(MemoryBackend::new()),
        })
    }

    /// Names this engine in the directory, or errs if another one is named there.
    fn mark(self, dir: &Path) -> Result<()> {
        let path = dir.join(MARK);
        let failed = |error: std::io::Error| {
            Error::from(error).context(format!("the state directory `{}`", dir.display()))
        };
        let found = match fs::read_to_string(&path) {
            Ok(name) => Some(name.trim().to_owned()),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            Err(_) if SLED_FILES.iter().all(|file| dir.join(file).exists()) => Some("sled".to_owned()),
            Err(_) => None,
        };
        match found {
            Some(name) if name == self.to_string() => Ok(()),
            Some(name) => Err(Error::new(
                ErrorKind::Config,
                format!(
                    "the state directory `{}` was written by the engine `{name}`, and `{self}` is asked for; set \
                     `engine = '{name}'`, or remove the directory: the changelogs restore its content into `{self}`",
                    dir.display()
                ),
            )),
            None => {
                fs::create_dir_all(dir).map_err(failed)?;
                // Before anything of the engine is there, so that no crash leaves state without a name. A name that is
                // cut off by a crash is that of no engine: so it is put in place whole.
                let new = dir.join(format!("{MARK}.new"));
                fs::write(&new, format!("{self}\n")).map_err(failed)?;
                fs::rename(&new, &path).map_err(failed)
            }
        }
    }
}

impl std::str::FromStr for EngineKind {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let refuse = |text: String| Err(Error::new(ErrorKind::Config, text));
        match name {
            "sled" => Ok(EngineKind::Sled),
            #[cfg(feature = "fjall")]
            "fjall" => Ok(EngineKind::Fjall),
            #[cfg(not(feature = "fjall"))]
            "fjall" => refuse(
                "the engine `fjall` is not in this program: build it with the feature `fjall` of streams-core"
                    .to_owned(),
            ),
            "memory" => Ok(EngineKind::Memory),
            _ => refuse(format!("`{name}` is not a state engine; use `sled`, `fjall` or `memory`")),
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EngineKind::Sled => "sled",
            #[cfg(feature = "fjall")]
            EngineKind::Fjall => "fjall",
            EngineKind::Memory => "memory",
        })
    }
}
