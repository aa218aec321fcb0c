//! What keeps an application from starting, and what only should be otherwise: texts with how to change it.

use crate::error::{Error, ErrorKind, Result};
use crate::log::{Log, TopicFix};

pub(super) struct Problems<'a> {
    log: &'a dyn Log,
    /// Of the first one.
    kind: Option<ErrorKind>,
    texts: Vec<String>,
    pub(super) warnings: Vec<String>,
}

impl<'a> Problems<'a> {
    pub(super) fn on(log: &'a dyn Log) -> Self {
        Problems { log, kind: None, texts: Vec::new(), warnings: Vec::new() }
    }

    /// The application cannot start; `fixes` are all to be made.
    pub(super) fn refuse(&mut self, kind: ErrorKind, what: &str, fixes: &[TopicFix]) {
        self.kind.get_or_insert(kind);
        self.texts.push(self.text(what, fixes));
    }

    /// It can start.
    pub(super) fn warn(&mut self, what: &str, fixes: &[TopicFix]) {
        self.warnings.push(self.text(what, fixes));
    }

    pub(super) fn into_result(self, application_id: &str) -> Result<Vec<String>> {
        let Some(kind) = self.kind else { return Ok(self.warnings) };
        let text = match self.texts.as_slice() {
            [only] => format!("application `{application_id}` cannot start: {only}"),
            all => format!(
                "application `{application_id}` cannot start, for {} reasons:\n- {}",
                all.len(),
                all.join("\n- ")
            ),
        };
        Err(Error::new(kind, text))
    }

    fn text(&self, what: &str, fixes: &[TopicFix]) -> String {
        let mut text = what.to_owned();
        if !fixes.is_empty() {
            text.push(':');
        }
        for fix in fixes {
            text.push_str(&format!("\n    {}", self.log.remedy(fix)));
        }
        text
    }
}
