//! What several tests need.

use std::time::Duration;

use streams_core::processor::{Processor, ProcessorContext, UserResult};
use streams_core::{Record, Result};

pub(crate) fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// The error's text, with `@` for lines of this package's tests and `_` for the numbers of generated names.
pub(crate) fn message<T>(result: Result<T>) -> String {
    steady(&result.err().map(|error| error.to_string()).unwrap_or_default())
}

/// A text that does not change with the lines of this package's tests and with numbers of generated names.
pub(crate) fn steady(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("streams-core/tests/topology/") {
        out.push_str(&rest[..at]);
        out.push('@');
        rest = rest[at..].split_once(".rs:").map_or("", |(_, rest)| rest);
        rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    out.push_str(rest);
    without_numbers(&out)
}

/// Ten digits in a row become `_`.
fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        out.push_str(if digits.len() == 10 { "_" } else { &digits });
        digits.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

/// A processor that drops everything.
pub(crate) struct Nothing;

impl Processor<String, String, String, String> for Nothing {
    fn process(
        &mut self,
        _ctx: &mut ProcessorContext<'_, String, String>,
        _record: Record<String, String>,
    ) -> UserResult {
        Ok(())
    }
}
