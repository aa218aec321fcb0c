//! The topics that a task writes to, by number.

use std::collections::HashMap;
use std::sync::Arc;

use crate::error::Result;

/// Tells how many partitions a topic has; errs if it does not exist.
pub(crate) type TopicCounts = Arc<dyn Fn(&str) -> Result<u32> + Send + Sync>;

/// Names of topics by number, so that a record in flight carries four bytes and not a name.
pub(crate) struct TopicTable {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    counts: TopicCounts,
    known_counts: HashMap<u32, u32>,
}

impl TopicTable {
    pub(crate) fn new(counts: TopicCounts) -> Self {
        TopicTable { names: Vec::new(), numbers: HashMap::new(), counts, known_counts: HashMap::new() }
    }

    /// The number of this topic, a new one if it has none yet.
    pub(crate) fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let name: Arc<str> = name.into();
        let number = self.names.len() as u32;
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    pub(crate) fn name(&self, number: u32) -> &Arc<str> {
        &self.names[number as usize]
    }

    /// Number of partitions of the topic.
    pub(crate) fn partitions(&mut self, number: u32) -> Result<u32> {
        if let Some(&count) = self.known_counts.get(&number) {
            return Ok(count);
        }
        let count = (self.counts)(&self.names[number as usize])?;
        self.known_counts.insert(number, count);
        Ok(count)
    }
}
