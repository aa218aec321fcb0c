//! Starting over: the events that are in the log are counted once more.

use std::io::Write;
use std::path::Path;

use streams_core::{Error, ErrorKind, Result};

use crate::args::ResetArgs;
use crate::cluster::Cluster;
use crate::input::Settings;
use crate::service::Service;

/// Resets the service on `cluster`, or else in the data directory, or says what that would do.
pub fn reset(
    cluster: Option<&Cluster>,
    data_dir: &Path,
    settings: Settings,
    args: &ResetArgs,
    out: &mut dyn Write,
) -> Result<()> {
    if cluster.is_none() && !data_dir.join("log").exists() {
        let message = format!("there is no log in {}: nothing to reset; give --data-dir", data_dir.display());
        return Err(Error::new(ErrorKind::NotFound, message));
    }
    let service = Service::open(cluster, data_dir, settings, 1)?;
    let mut words = vec!["--to".to_owned(), args.to.clone()];
    words.extend(args.dry_run.then(|| "--dry-run".to_owned()));
    service.app()?.reset_command(words, out)
}
