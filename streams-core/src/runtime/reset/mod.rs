//! Starting an application over: its positions, its internal topics and its local state.
//!
//! What belongs to the application is known by its topology, never by what names look like. A reset can be killed at
//! any point and run again: before anything is removed, the positions are marked, and an application that finds a mark
//! refuses to start; the last step takes the marks away.

mod command;
mod execute;
mod plan;
mod state;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};
use crate::ids::{Offset, TopicPartition};
use crate::log::{Committed, Log};
use crate::runtime::config::Config;
use crate::time::Timestamp;

pub(super) use command::run as run_command;
pub(super) use plan::plan;

/// What stands beside the positions of an application whose reset is under way.
const MARK: &str = "reset under way";

/// Where an application begins to read after a reset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ResetTo {
    /// At the first record that is there.
    #[default]
    Earliest,
    /// Behind the last record: what is there now is left out.
    Latest,
    /// At the first record of this time or later.
    Timestamp(Timestamp),
    /// At these offsets, or the nearest that there are; partitions that are not named at their first record.
    Offsets(BTreeMap<TopicPartition, Offset>),
}

impl FromStr for ResetTo {
    type Err = Error;

    /// `earliest`, `latest`, a timestamp in milliseconds, or offsets as `topic:partition:offset`, with commas.
    ///
    /// ```
    /// use streams_core::ids::TopicPartition;
    /// use streams_core::runtime::ResetTo;
    ///
    /// assert_eq!("latest".parse::<ResetTo>()?, ResetTo::Latest);
    /// assert_eq!("1700000000000".parse::<ResetTo>()?, ResetTo::Timestamp(1_700_000_000_000));
    /// let offsets = [(TopicPartition::new("in", 0), 7), (TopicPartition::new("in", 1), 0)];
    /// assert_eq!("in:0:7,in:1:0".parse::<ResetTo>()?, ResetTo::Offsets(offsets.into()));
    /// # Ok::<(), streams_core::Error>(())
    /// ```
    fn from_str(text: &str) -> Result<Self> {
        let offset = |part: &str| {
            let (rest, offset) = part.rsplit_once(':')?;
            let (topic, partition) = rest.rsplit_once(':')?;
            Some((TopicPartition::new(topic, partition.parse().ok()?), offset.parse().ok()?))
        };
        match text {
            "earliest" => Ok(ResetTo::Earliest),
            "latest" => Ok(ResetTo::Latest),
            _ => {
                let time = text.parse().ok().map(ResetTo::Timestamp);
                let offsets = || text.split(',').map(offset).collect::<Option<_>>().map(ResetTo::Offsets);
                time.or_else(offsets).ok_or_else(|| {
                    let message = format!(
                        "`{text}` is no place to begin at; give `earliest`, `latest`, a timestamp in milliseconds, or \
                         offsets as `topic:partition:offset,...`"
                    );
                    Error::new(ErrorKind::Config, message)
                })
            }
        }
    }
}

/// Where one input partition is read from, now and after a reset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionReset {
    /// The partition.
    pub partition: TopicPartition,
    /// What is committed; `None` if nothing was.
    pub from: Option<Offset>,
    /// What is going to be.
    pub to: Offset,
}

/// What a reset is going to do; from [`App::plan_reset`](crate::runtime::App::plan_reset). Shown, it says all of it.
pub struct ResetPlan {
    log: Arc<dyn Log>,
    config: Config,
    positions: Vec<PositionReset>,
    /// Internal topics that exist, with their partition counts.
    topics: Vec<(String, u32)>,
    state: Option<PathBuf>,
}

impl ResetPlan {
    /// Every partition of the topics that the application reads and does not write itself.
    pub fn positions(&self) -> &[PositionReset] {
        &self.positions
    }

    /// The internal topics that are going to be deleted, of those that the topology has.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.topics.iter().map(|(name, _)| name.as_str())
    }

    /// The folder whose content is going to be removed, if there is one. Instances on other machines notice by
    /// themselves that their state belongs to topics that are gone.
    pub fn state_dir(&self) -> Option<&Path> {
        self.state.as_deref()
    }

    /// Does it. Errs with `Fenced` while the application runs anywhere, naming its members, and with `Locked` while a
    /// process uses the local state; nothing is changed then. When it is killed, the application cannot be started
    /// until a reset has run to its end.
    pub fn execute(self) -> Result<()> {
        self.execute_with(&mut |_| Ok(()))
    }

    /// The same; `step` is told what is done next and stops it by an error.
    pub fn execute_with(self, step: &mut dyn FnMut(&str) -> Result<()>) -> Result<()> {
        execute::execute(&self, step)
    }
}

impl fmt::Display for ResetPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "reset of application `{}`", self.config.application_id)?;
        for PositionReset { partition, from, to } in &self.positions {
            match from {
                Some(from) => writeln!(f, "  position of {partition}: {from} -> {to}")?,
                None => writeln!(f, "  position of {partition}: none -> {to}")?,
            }
        }
        for (topic, partitions) in &self.topics {
            writeln!(f, "  delete topic {topic} ({partitions} partitions)")?;
        }
        match &self.state {
            Some(dir) => writeln!(f, "  remove local state in {}", dir.display()),
            None => writeln!(f, "  no local state here"),
        }
    }
}

impl fmt::Debug for ResetPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ResetPlan { positions, topics, state, .. } = self;
        let mut text = f.debug_struct("ResetPlan");
        text.field("positions", positions)
            .field("topics", topics)
            .field("state", state)
            .finish_non_exhaustive()
    }
}

/// Errs if a reset was begun and did not come to its end.
pub(super) fn check(application_id: &str, committed: &Committed) -> Result<()> {
    if committed.metadata != MARK {
        return Ok(());
    }
    let message = format!(
        "a reset of application `{application_id}` is under way, or was cut short: let it finish, or run it again"
    );
    Err(Error::new(ErrorKind::State, message))
}
