//! How long streams-core takes to build with everything it needs, from nothing.

use std::path::Path;
use std::process::Command;

use crate::harness::{Outcome, Settings, timed};
use crate::table::{Figure, verdict};

const TARGET_SECONDS: f64 = 60.0;

pub(crate) fn measure(_settings: &Settings) -> Outcome<Vec<Figure>> {
    let target = tempfile::tempdir()?;
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seconds = timed(|| cargo(&["build", "--package", "streams-core"], repository, target.path()))?;
    Ok(vec![Figure {
        name: "build streams-core from nothing, debug, once".to_owned(),
        ours: format!("{seconds:.0} s"),
        bare: "—".to_owned(),
        ratio: "—".to_owned(),
        target: verdict(&format!("< {TARGET_SECONDS} s"), seconds < TARGET_SECONDS),
    }])
}

/// Runs cargo in a folder, with a target folder of its own.
pub(crate) fn cargo(arguments: &[&str], folder: &Path, target: &Path) -> Outcome<()> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output =
        Command::new(program).args(arguments).current_dir(folder).env("CARGO_TARGET_DIR", target).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("cargo {arguments:?} failed:\n{}", String::from_utf8_lossy(&output.stderr)).into())
}
