//! The local state of an application that is reset.

use std::fs;
use std::io::ErrorKind as IoKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::runtime::app::open_state;
use crate::runtime::config::Config;
use crate::runtime::reset::ResetPlan;
use crate::state::Backend;

/// What stays: it names the process, whose older producers a new one fences.
const KEPT: &str = "process-id";
/// Memory of an engine that is opened to be held only.
const CACHE: u64 = 1 << 20;

/// The folder with the local state, if there is anything in it.
pub(super) fn folder(config: &Config) -> Result<Option<PathBuf>> {
    let Some(dir) = config.state_dir.as_ref().map(|dir| dir.join(&config.application_id)) else {
        return Ok(None);
    };
    Ok((!content(&dir)?.is_empty()).then_some(dir))
}

/// Holds the state, so that no process uses it. Errs with `Locked` if one does.
pub(super) fn hold(plan: &ResetPlan) -> Result<Option<Arc<dyn Backend>>> {
    plan.state.as_ref().map(|dir| open_state(plan.config.engine, dir, CACHE)).transpose()
}

/// Removes the state that is held.
pub(super) fn remove(dir: &Path, held: Option<Arc<dyn Backend>>) -> Result<()> {
    if let Some(backend) = held {
        // First what a killed process must not leave half of.
        backend.tasks()?.into_iter().try_for_each(|task| backend.wipe_task(task))?;
    }
    for path in content(dir)? {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != IoKind::NotFound => return Err(failed("remove", &path, error)),
            _ => {}
        }
    }
    Ok(())
}

fn content(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == IoKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|error| failed("read", dir, error))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| failed("read", dir, error))?;
        if entry.file_name() != KEPT {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> Error {
    Error::from(error).context(format!("cannot {what} {}", path.display()))
}
