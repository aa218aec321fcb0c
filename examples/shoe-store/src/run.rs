//! Runs queries: each is an application of its own on one log, which ends at the end of its input.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use streams_core::Result;
use streams_core::log::Log;
use streams_core::log::embedded::EmbeddedLog;
use streams_core::runtime::{App, Config};

use crate::queries::Query;
use crate::rows::Rows;
use crate::{input, topics};

/// A log with the store's topics, and the queries that were run on it.
pub struct Store {
    log: Arc<dyn Log>,
    threads: usize,
    done: BTreeSet<&'static str>,
}

impl Store {
    /// A log in memory with the files of `folder` in it. Queries will run on so many threads.
    pub fn open(folder: &Path, threads: usize) -> Result<Self> {
        let log: Arc<dyn Log> = Arc::new(EmbeddedLog::in_memory());
        topics::create(&*log)?;
        input::load(folder, &*log)?;
        Ok(Store { log, threads, done: BTreeSet::new() })
    }

    /// Runs a query, and before it those whose results it reads; what it answers.
    pub fn answer(&mut self, query: &Query) -> Result<Rows> {
        self.run(query)?;
        (query.rows)(&self.log).map_err(|e| e.context(query.name))
    }

    fn run(&mut self, query: &Query) -> Result<()> {
        if !self.done.insert(query.name) {
            return Ok(());
        }
        for needed in query.needs {
            self.run(needed)?;
        }
        let mut config = Config::new(format!("shoe-store-{}", query.name));
        config.num_threads = self.threads;
        // The input is bounded and nobody waits for results in between: one commit at the end, or whenever a transaction
        // is large, puts out fewer versions of each row.
        config.commit_interval = Some(Duration::from_secs(600));
        let app = App::new((query.topology)()?, config, Arc::clone(&self.log));
        app.run_to_end().map_err(|e| e.context(query.name))?;
        Ok(())
    }
}
