//! Values of the configuration as text.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::operators::policies::ErrorPolicy;
use crate::runtime::config::{Forwarding, Guarantee, OffsetReset, TaskIdle};

/// A choice that is written as a word.
pub(super) trait FromText: Sized {
    fn from_text(text: &str) -> Result<Self>;
}

impl FromText for Guarantee {
    fn from_text(text: &str) -> Result<Self> {
        choose(text, &[("exactly-once", Guarantee::ExactlyOnce), ("at-least-once", Guarantee::AtLeastOnce)])
    }
}

impl FromText for Forwarding {
    fn from_text(text: &str) -> Result<Self> {
        choose(text, &[("per-commit", Forwarding::PerCommit), ("per-update", Forwarding::PerUpdate)])
    }
}

impl FromText for OffsetReset {
    fn from_text(text: &str) -> Result<Self> {
        choose(
            text,
            &[
                ("earliest", OffsetReset::Earliest),
                ("latest", OffsetReset::Latest),
                ("fail", OffsetReset::Fail),
            ],
        )
    }
}

impl FromText for TaskIdle {
    fn from_text(text: &str) -> Result<Self> {
        if text == "never" {
            return Ok(TaskIdle::Never);
        }
        duration(text).map(TaskIdle::UpTo).map_err(|e| e.context("neither `never` nor a duration"))
    }
}

pub(super) fn policy(text: &str) -> Result<ErrorPolicy> {
    choose(
        text,
        &[("fail", ErrorPolicy::Fail), ("skip", ErrorPolicy::Skip), ("dead-letter", ErrorPolicy::DeadLetter)],
    )
}

pub(super) fn boolean(text: &str) -> Result<bool> {
    choose(text, &[("true", true), ("false", false)])
}

pub(super) fn optional(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

pub(super) fn count(text: &str) -> Result<usize> {
    text.parse().map_err(|_| refuse(text, "a whole number"))
}

/// `100ms`, `30s`, `5m`, `1h` or `2d`.
pub(super) fn duration(text: &str) -> Result<Duration> {
    let wanted = "a duration such as `100ms`, `30s`, `5m`, `1h` or `2d`";
    let (number, unit) = split(text).ok_or_else(|| refuse(text, wanted))?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(refuse(text, wanted)),
    };
    number.checked_mul(millis).map(Duration::from_millis).ok_or_else(|| refuse(text, wanted))
}

/// Bytes, or `64 KiB`, `10 MB`, `1 GiB`.
pub(super) fn bytes(text: &str) -> Result<usize> {
    let wanted = "a size such as `65536`, `64 KiB`, `10 MB` or `1 GiB`";
    let (number, unit) = split(text).ok_or_else(|| refuse(text, wanted))?;
    let factor = match unit {
        "" | "B" => 1,
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(refuse(text, wanted)),
    };
    let bytes = number.checked_mul(factor).and_then(|bytes| usize::try_from(bytes).ok());
    bytes.ok_or_else(|| refuse(text, wanted))
}

fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..digits].parse().ok()?, text[digits..].trim()))
}

fn choose<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T> {
    let found = choices.iter().find(|(name, _)| *name == text.to_ascii_lowercase().replace('_', "-"));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("`{name}`")).collect();
        refuse(text, &format!("one of {}", names.join(", ")))
    })
}

fn refuse(text: &str, wanted: &str) -> Error {
    Error::new(ErrorKind::Config, format!("`{text}` is not {wanted}"))
}
