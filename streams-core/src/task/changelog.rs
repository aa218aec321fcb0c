//! Where the changes of a task's stores are kept: in a topic of their own, or in the one that fills the store.

use std::sync::Arc;

use crate::ids::{Offset, TopicPartition};
use crate::operators::TaskContext;
use crate::operators::source::SourceRows;
use crate::task::{InputTopic, Task};
use crate::topology::StoreNode;

/// Where the changes of one store are kept.
pub(super) enum ChangelogOf {
    /// Nowhere, or in a topic that this task does not read: none of its records fill the store.
    None,
    /// In the changelog topic of this number in the task's table.
    Own(u32),
    /// In the topic of this input queue.
    Source { queue: usize, rows: Arc<dyn SourceRows> },
}

impl ChangelogOf {
    pub(super) fn new(store: &StoreNode, inputs: &[InputTopic], ctx: &mut TaskContext) -> Self {
        if let Some(source) = &store.source {
            let queue = inputs.iter().position(|input| input.topic == source.topic);
            return queue.map_or(ChangelogOf::None, |queue| ChangelogOf::Source {
                queue,
                rows: Arc::clone(&source.rows),
            });
        }
        match store.has_changelog() {
            true => {
                let topic = format!("{}-{}-changelog", ctx.application_id, store.spec.name);
                ChangelogOf::Own(ctx.topics.number(&topic))
            }
            false => ChangelogOf::None,
        }
    }
}

/// What a store is restored from.
pub(crate) struct RestoreFrom {
    pub(crate) partition: TopicPartition,
    /// Of a topic that fills the store: the input queue that reads it, up to whose committed position the store is to
    /// be restored, and what its records are in the store.
    pub(crate) source: Option<(usize, Arc<dyn SourceRows>)>,
}

impl Task {
    /// What each store is restored from, in the order of the stores; `None` for those that are not.
    pub(crate) fn restores(&self) -> Vec<Option<RestoreFrom>> {
        let from = |changelog: &ChangelogOf| match changelog {
            ChangelogOf::None => None,
            ChangelogOf::Own(topic) => {
                let topic = self.ctx.topics.name(*topic).to_string();
                Some(RestoreFrom { partition: TopicPartition::new(topic, self.id.partition), source: None })
            }
            ChangelogOf::Source { queue, rows } => {
                let topic = self.queues[*queue].topic.clone();
                let partition = TopicPartition::new(topic, self.id.partition);
                Some(RestoreFrom { partition, source: Some((*queue, Arc::clone(rows))) })
            }
        };
        self.changelogs.iter().map(from).collect()
    }

    /// The name of each store's own changelog topic, in the order of the stores; `None` where there is none.
    pub(crate) fn changelog_topics(&self) -> Vec<Option<String>> {
        let name = |changelog: &ChangelogOf| match changelog {
            ChangelogOf::Own(topic) => Some(self.ctx.topics.name(*topic).to_string()),
            _ => None,
        };
        self.changelogs.iter().map(name).collect()
    }

    /// How far each store has come in what it is restored from, when its own changelog has come to `ends`.
    pub(super) fn store_ends(&self, ends: &[Option<Offset>]) -> Vec<Option<Offset>> {
        let end = |(changelog, end): (&ChangelogOf, &Option<Offset>)| match changelog {
            ChangelogOf::Source { queue, .. } => self.queues[*queue].position,
            _ => *end,
        };
        self.changelogs.iter().zip(ends).map(end).collect()
    }
}
