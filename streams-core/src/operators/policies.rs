//! What to do with a record that cannot be processed.

use crate::error::{Error, ErrorKind, Result};

/// What to do with a record that cannot be read, processed or written (Kafka's three exception handlers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorPolicy {
    /// Stop with an error that names the record; nothing of the transaction is committed.
    #[default]
    Fail,
    /// Count it and go on.
    Skip,
    /// Count it, send it to the dead-letter topic and go on.
    DeadLetter,
}

/// The policy of each stage, and where dead letters go.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ErrorPolicies {
    /// Input bytes that the serde refuses, a null where the type has none, or an invalid timestamp.
    pub deserialization: ErrorPolicy,
    /// User code that returns an error. A panic always fails the application.
    pub processing: ErrorPolicy,
    /// A result that its serde cannot write or the log refuses.
    pub production: ErrorPolicy,
    /// The topic for dead letters. It must exist; required if anything is to be sent there.
    pub dead_letter_topic: Option<String>,
    /// Whether records that are dropped by a rule (late, null key, expired) are sent there too.
    pub dead_letter_drops: bool,
}

impl ErrorPolicies {
    /// Errs if dead letters are asked for but have no topic to go to.
    pub(crate) fn check(&self) -> Result<()> {
        if self.uses_dead_letters() && self.dead_letter_topic.is_none() {
            return Err(Error::new(
                ErrorKind::Config,
                "an error policy sends to the dead-letter topic: set `errors.dead-letter-topic`",
            ));
        }
        Ok(())
    }

    pub(crate) fn uses_dead_letters(&self) -> bool {
        self.dead_letter_drops
            || [self.deserialization, self.processing, self.production].contains(&ErrorPolicy::DeadLetter)
    }
}
