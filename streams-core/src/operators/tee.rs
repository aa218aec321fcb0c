//! Fan-out: one record to several children, in the order they were attached (rule M-2).

use crate::error::Result;
use crate::operators::{Coming, DropReason, Port, TaskContext};
use crate::record::Record;
use crate::time::Timestamp;

/// Clones each record for all children but the last.
pub(crate) struct Tee<K, V>(Vec<Box<dyn Port<K, V>>>);

impl<K, V> Tee<K, V>
where
    K: Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    pub(crate) fn boxed(children: Vec<Box<dyn Port<K, V>>>) -> Box<dyn Port<K, V>> {
        Box::new(Tee(children))
    }
}

impl<K: Clone + Send, V: Clone + Send> Port<K, V> for Tee<K, V> {
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, V>) -> Result<()> {
        if let Some((last, others)) = self.0.split_last_mut() {
            for child in others {
                child.push(ctx, record.clone())?;
            }
            last.push(ctx, record)?;
        }
        Ok(())
    }

    fn push_nth(&mut self, ctx: &mut TaskContext, child: usize, record: Record<K, V>) -> Result<()> {
        self.0[child].push(ctx, record)
    }

    fn announce(&mut self, coming: Coming<'_>) {
        self.0.iter_mut().for_each(|child| child.announce(coming));
    }

    fn skipped(
        &mut self,
        ctx: &mut TaskContext,
        reason: DropReason,
        key: Option<&K>,
        timestamp: Timestamp,
    ) -> Result<bool> {
        let mut counted = false;
        for child in &mut self.0 {
            counted |= child.skipped(ctx, reason, key, timestamp)?;
        }
        Ok(counted)
    }
}

/// Children that are only ever addressed one at a time, so that nothing has to be cloned.
pub(crate) struct Choice<K, V>(pub(crate) Vec<Box<dyn Port<K, V>>>);

impl<K, V> Port<K, V> for Choice<K, V> {
    fn push(&mut self, ctx: &mut TaskContext, record: Record<K, V>) -> Result<()> {
        self.push_nth(ctx, 0, record)
    }

    fn push_nth(&mut self, ctx: &mut TaskContext, child: usize, record: Record<K, V>) -> Result<()> {
        self.0.get_mut(child).map_or(Ok(()), |child| child.push(ctx, record))
    }
}

/// The end of a path without a sink.
pub(crate) struct Discard;

impl<K, V> Port<K, V> for Discard {
    fn push(&mut self, _ctx: &mut TaskContext, _record: Record<K, V>) -> Result<()> {
        Ok(())
    }
}
