//! The input of a task from one partition.

use std::collections::VecDeque;

use crate::error::Result;
use crate::ids::Offset;
use crate::operators::source::SourceHead;
use crate::operators::{Coming, Origin, TaskContext};
use crate::record::RecordBatch;
use crate::task::aligned::{AlignedTime, Marker};
use crate::time::{StreamTime, Timestamp};

/// So many records are announced at once to those who will look up their keys.
const ANNOUNCED: usize = 16;

/// Records of one partition in order. Only the first is ever decoded (rule X-4).
pub(crate) struct InputQueue {
    pub(crate) topic: String,
    pub(crate) partition: u32,
    /// Number of the topic in the task's table.
    topic_number: u32,
    /// One per source that reads the topic.
    heads: Vec<Box<dyn SourceHead>>,
    batches: VecDeque<RecordBatch>,
    /// Next record in the first batch.
    cursor: usize,
    len: usize,
    /// Time of the first record, once it is decoded.
    head_time: Option<Timestamp>,
    /// Which heads hold the first record: one that refused it does not run.
    loaded: Vec<bool>,
    /// Where reading begins, if nothing was committed.
    pub(crate) start: Option<Offset>,
    /// Offset behind the last record taken or skipped: what is committed.
    pub(crate) position: Option<Offset>,
    pub(crate) partition_time: StreamTime,
    /// Time of the record that was run last.
    pub(crate) last_time: Option<Timestamp>,
    /// Time as the upstream tasks tell it, if several write to the topic.
    pub(crate) aligned: Option<AlignedTime>,
    /// Whether a marker of an upstream task was passed since this was last asked.
    pub(crate) heard: bool,
    /// Markers passed so far: they are no records.
    pub(crate) markers: u64,
    /// Emptied batches, to be filled again.
    spare: Vec<RecordBatch>,
}

impl InputQueue {
    pub(crate) fn new(
        topic: String,
        partition: u32,
        topic_number: u32,
        heads: Vec<Box<dyn SourceHead>>,
        aligned: Option<AlignedTime>,
    ) -> Self {
        let loaded = vec![false; heads.len()];
        InputQueue {
            topic,
            partition,
            topic_number,
            heads,
            batches: VecDeque::new(),
            cursor: 0,
            len: 0,
            head_time: None,
            loaded,
            start: None,
            position: None,
            partition_time: StreamTime::unknown(),
            last_time: None,
            aligned,
            heard: false,
            markers: 0,
            spare: Vec::new(),
        }
    }

    /// Records that wait.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, batch: RecordBatch) {
        if !batch.is_empty() {
            self.len += batch.len();
            self.batches.push_back(batch);
        }
    }

    /// Bytes of the batches that they are in.
    pub(crate) fn byte_len(&self) -> usize {
        self.batches.iter().map(RecordBatch::byte_len).sum()
    }

    /// Number of the topic in the task's table.
    pub(crate) fn topic_number(&self) -> u32 {
        self.topic_number
    }

    /// An empty batch, with memory if there is one to spare.
    pub(crate) fn spare_batch(&mut self) -> RecordBatch {
        self.spare.pop().unwrap_or_default()
    }

    /// Time of the first record; skips those that cannot be decoded, as far as the policy lets them pass.
    pub(crate) fn head_time(&mut self, ctx: &mut TaskContext) -> Result<Option<Timestamp>> {
        while self.head_time.is_none() {
            let Some(batch) = self.batches.front() else {
                return Ok(None);
            };
            let raw = batch.get(self.cursor);
            if let Some(marker) = Marker::of(raw) {
                if let Some(aligned) = &mut self.aligned {
                    aligned.take(marker);
                    self.heard = true;
                }
                self.markers += 1;
                self.advance();
                // What comes behind the marker is judged by the new time.
                if self.heard {
                    return Ok(None);
                }
                continue;
            }
            let origin = Origin { topic: self.topic_number, partition: self.partition, offset: raw.offset };
            ctx.take_up(Some(origin));
            if ctx.policies.uses_dead_letters() {
                ctx.raw.clear();
                ctx.raw.push(raw);
            }
            if self.cursor.is_multiple_of(ANNOUNCED) {
                let end = batch.len().min(self.cursor + ANNOUNCED);
                let coming = Coming { batch, first: self.cursor, end };
                self.heads.iter_mut().for_each(|head| head.announce(coming));
            }
            for (head, loaded) in self.heads.iter_mut().zip(&mut self.loaded) {
                let time = head.load(ctx, raw, self.partition_time.get())?;
                *loaded = time.is_some();
                self.head_time = self.head_time.or(time);
            }
            if self.head_time.is_none() {
                self.advance();
            }
        }
        Ok(self.head_time)
    }

    /// Runs the first record, whose time is known.
    pub(crate) fn fire(&mut self, ctx: &mut TaskContext) -> Result<()> {
        let (Some(time), Some(batch)) = (self.head_time.take(), self.batches.front()) else {
            return Ok(());
        };
        let raw = batch.get(self.cursor);
        let origin = Origin { topic: self.topic_number, partition: self.partition, offset: raw.offset };
        ctx.take_up(Some(origin));
        if ctx.policies.uses_dead_letters() {
            ctx.raw.clear();
            ctx.raw.push(raw);
        }
        self.partition_time.advance(time);
        self.last_time = Some(time);
        if self.aligned.is_none() {
            ctx.stream_time.advance(time);
        }
        self.advance();
        for (head, loaded) in self.heads.iter_mut().zip(&self.loaded) {
            if *loaded {
                head.fire(ctx)?;
            }
        }
        Ok(())
    }

    /// Moves behind the first record.
    fn advance(&mut self) {
        let Some(batch) = self.batches.front() else { return };
        self.position = Some(batch.get(self.cursor).offset + 1);
        self.cursor += 1;
        self.len -= 1;
        if self.cursor == batch.len() {
            self.cursor = 0;
            if let Some(mut batch) = self.batches.pop_front() {
                batch.clear();
                self.spare.push(batch);
            }
        }
    }
}
