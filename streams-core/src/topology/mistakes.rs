//! Everything wrong with a topology, in one error.

use std::panic::Location;

use crate::error::{Error, ErrorKind, Result};

/// The user's line as `file:line`.
pub(crate) fn place(location: &Location<'_>) -> String {
    format!("{}:{}", location.file(), location.line())
}

/// Mistakes found while building.
#[derive(Debug, Default, Clone)]
pub(crate) struct Mistakes(Vec<String>);

impl Mistakes {
    pub(crate) fn add(&mut self, mistake: impl Into<String>) {
        self.0.push(mistake.into());
    }

    /// Whether nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them as one error, if there are any.
    pub(crate) fn into_result(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let list: String = self.0.iter().map(|m| format!("\n- {m}")).collect();
        let count = self.0.len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        Err(Error::new(ErrorKind::Topology, format!("the topology has {count} {noun}:{list}")))
    }
}
